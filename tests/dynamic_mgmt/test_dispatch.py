"""Exports in the city's order, kept as issued, and what was sent up: an export, its receipts, once."""

import hashlib
import io
from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from dynamic_mgmt.models import TableExport, TablePeriod
from dynamic_mgmt.services import dispatching, filing, judging
from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.files.services import open_path
from greenportal.filings.services import save
from greenportal.findings.types import Invalid, NotVisible, Refused, Stale, WrongState
from tests.factories.accounts import make_user, sign_in
from tests.factories.rounds import DURING, make_lead
from tests.factories.tables import actor, make_filed, make_stage

pytestmark = pytest.mark.django_db


def grid_of(export):
    """Return the cells of an export's kept file, which bears the hash that was written down."""
    with open_path(export.file) as path:
        content = path.read_bytes()
    assert hashlib.sha256(content).hexdigest() == export.file.sha256
    return [[c for c in row if c is not None] for row in load_workbook(io.BytesIO(content)).worksheets[0].values]


def ready(stage):
    table = make_filed(stage)
    return judging.give_opinion(actor=stage.officer, table_id=table.pk, seen_version=table.version, opinion="keep")


def test_export_follows_the_columns_that_the_city_set():
    stage = make_stage()
    ready(stage)
    make_filed(make_stage("庄河市", period=stage.period))  # without an opinion: not exported
    city = actor(Role.CITY_REVIEWER)
    pairs = [("能耗", "energy_total_y0"), ("企业", "unit.current_name"), ("单耗", "energy_per_product_y0")]
    values = {"actor": city, "period": stage.period, "category": "factory", "note": "模板"}
    dispatching.set_columns(pairs=pairs, seen_version=0, **values)
    grid = grid_of(dispatching.export(actor=city, period=stage.period, category="factory"))
    assert ["能耗", "企业", "单耗"] in grid
    assert [r for r in grid if stage.unit.name_as_listed in r] == [["3120", stage.unit.name_as_listed, "12"]]
    with pytest.raises(Stale):
        dispatching.set_columns(pairs=pairs, seen_version=0, **values)
    with pytest.raises(Invalid) as caught:
        dispatching.set_columns(pairs=[("能耗", "energy"), ("", "authority")], seen_version=1, **values)
    assert caught.value.errors["columns"] == ["第1行：没有数据项“energy”，从下方列出的键中选用。", "第2行：填写列名。"]
    with pytest.raises(Refused):
        dispatching.export(actor=stage.officer, period=stage.period, category="factory")


def send(stage, export, **values):
    told = {"sent_on": clock.today(), "document_no": "回执1", **values}
    return dispatching.record_dispatch(
        actor=actor(Role.CITY_REVIEWER), period=stage.period, export_id=export.pk, **told
    )


def export_of(stage):
    return dispatching.export(actor=actor(Role.CITY_REVIEWER), period=stage.period, category="factory")


def test_what_was_sent_up_is_one_export_and_is_written_down_once():
    stage = make_stage()
    with pytest.raises(Invalid, match="还没有区县已提意见"):
        export_of(stage)
    ready(stage)
    made = export_of(stage)
    for day, told in ((1, "不晚于今天"), (-1, "早于这份文件的导出日期")):
        with pytest.raises(Invalid) as caught:
            send(stage, made, sent_on=clock.today() + timedelta(days=day))
        assert told in caught.value.errors["sent_on"][0]
    done = send(stage, made)
    assert [row.receipt for row in done.export.rows.all()] == [stage.table().receipts.get()]
    with pytest.raises(WrongState, match="已登记上报"):
        send(stage, made)
    with pytest.raises(Invalid, match="没有新的内容"):
        send(stage, export_of(stage))
    another = TablePeriod.objects.create(
        round=stage.period.round,
        key="2022h1",
        label="上半年",
        data_year=2022,
        clock="试验",
        created_at=clock.now(),
    )
    with pytest.raises(NotVisible):
        dispatching.record_dispatch(
            actor=make_lead(),
            period=another,
            export_id=made.pk,
            sent_on=clock.today(),
            document_no="回执2",
        )


def test_a_table_given_its_opinion_after_the_export_is_not_marked_as_sent():
    stage = make_stage()
    ready(stage)
    made = export_of(stage)
    later = make_stage("庄河市", period=stage.period)
    ready(later)
    done = send(stage, made)
    assert [row.table_id for row in done.export.rows.all()] == [stage.table().pk]
    assert grid_of(made) and not [row for row in grid_of(made) if later.unit.name_as_listed in row]
    again = send(stage, export_of(stage), document_no="回执2")
    assert later.table().pk in again.export.rows.values_list("table_id", flat=True)


def test_a_table_sent_back_corrected_and_reported_again_is_sent_again():
    stage = make_stage()
    ready(stage)
    first = export_of(stage)
    send(stage, first)
    table, lead = stage.table(), make_lead()
    judging.send_back(actor=lead, table_id=table.pk, seen_version=table.version, reason="虚构：能耗有误")
    table = stage.table()
    filing.return_table(actor=stage.officer, table_id=table.pk, seen_version=table.version, reason="虚构：更正能耗")
    table = stage.table()
    save(
        filing_id=table.filing_id,
        seen_version=table.filing.version,
        changes={"energy_total_y0": "2600"},
        actor=stage.unit_actor,
    )
    filing.file_table(actor=stage.unit_actor, table_id=table.pk, seen_version=stage.table().version)
    table = stage.table()
    judging.give_opinion(actor=stage.officer, table_id=table.pk, seen_version=table.version, opinion="keep")
    second = export_of(stage)
    send(stage, second, document_no="回执2")
    receipts = [export.rows.get().receipt_id for export in (first, second)]
    assert receipts[0] < receipts[1]
    assert any("3120" in row for row in grid_of(first)) and any("2600" in row for row in grid_of(second))


def test_a_decision_after_the_dispatch_may_be_sent_up_too():
    stage = make_stage()
    table = ready(stage)
    send(stage, export_of(stage))
    judging.decide(actor=make_lead(), table_id=table.pk, seen_version=table.version, decision="keep")
    assert send(stage, export_of(stage), document_no="回执2").export.rows.get().decision == "keep"


def test_exports_and_their_rows_stay_as_they_were():
    stage = make_stage()
    ready(stage)
    made = export_of(stage)
    for change in (
        lambda: TableExport.objects.update(columns=[]),
        lambda: TableExport.objects.all().delete(),
        lambda: made.rows.update(receipt=None),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_the_page_exports_then_takes_the_dispatch_of_that_file(monkeypatch):
    monkeypatch.setattr(clock, "running", lambda: DURING)
    stage = make_stage()
    ready(stage)
    client = sign_in(Client(), make_user(Role.CITY_REVIEWER))
    page = reverse("dynamic_mgmt:exports", args=[stage.period.pk])
    url = reverse("dynamic_mgmt:export", args=[stage.period.pk, "factory"])
    assert client.get(url).status_code == 405
    assert "已导出1张动态管理表" in client.post(url, follow=True).content.decode()
    made = TableExport.objects.get()
    told = {"export": str(made.pk), "sent_on": clock.today().isoformat(), "document_no": ""}
    wrong = client.post(page, told).content.decode()
    assert f'value="{made.pk}" selected' in wrong, "nothing chosen is lost"
    done = client.post(page, {**told, "document_no": "虚构回执9"}, follow=True).content.decode()
    assert "已登记上报1张动态管理表" in done and "虚构回执9" in done and made.file.name in done
    content = b"".join(client.get(reverse("files:download", args=[made.file_id])))
    assert hashlib.sha256(content).hexdigest() == made.file.sha256
    for outsider in (
        make_user(Role.DISTRICT_OFFICER, authority=stage.authority),
        make_user(Role.APPLICANT, organisation=stage.organisation),
    ):
        assert sign_in(Client(), outsider).get(reverse("files:download", args=[made.file_id])).status_code == 404
