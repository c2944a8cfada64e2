"""The pages behind a unit's dated link: filled, with evidence, filed, used up; nothing of anybody else."""

import re
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from dynamic_mgmt.constants import FILE_EVIDENCE, TABLE_LINK_DAYS
from dynamic_mgmt.models import ListedUnit, TableEvidence
from dynamic_mgmt.selectors.evidence import evidence_for
from dynamic_mgmt.services import filing, periods
from dynamic_mgmt.services.evidencing import attach_evidence
from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.files.models import StoredFile
from greenportal.files.selectors import visible_to
from greenportal.files.services import receive
from greenportal.filings.models import Filing
from tests.factories.accounts import make_user, sign_in
from tests.factories.dynamic_mgmt import make_listed
from tests.factories.files import make_upload
from tests.factories.rounds import DURING
from tests.factories.tables import ANSWERS, Stage, fill, make_filed, make_stage

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def stands_still(monkeypatch):
    monkeypatch.setattr(clock, "running", lambda: DURING)


def token_for(stage: Stage) -> str:
    return filing.issue_table_link(actor=stage.officer, table_id=stage.table().pk)[1]


def page(name: str, token: str, *rest: str) -> str:
    return reverse(f"dynamic_mgmt:{name}", args=[token, *rest])


def upload(who: Actor, name: str) -> StoredFile:
    owner = who.organisation_id
    return receive(actor=who, upload=make_upload(name), kind=FILE_EVIDENCE, accept={"pdf"}, owner_organisation_id=owner)


def test_looking_changes_nothing_and_the_press_begins_the_table():
    stage = make_stage()
    front = page("table_link", token_for(stage))
    client = Client()
    assert "开始填报" in client.get(front).content.decode()
    assert stage.table().state == "due"
    shown = client.post(front, {"begin": "1"}, follow=True).content.decode()
    assert stage.table().state == "draft" and "佐证材料" in shown and "提交动态管理表" in shown


@pytest.mark.parametrize(
    ("today", "due_on", "ends", "shown"),
    [
        ("2022-11-10", "2022-11-20", "2022-11-20", "修改期限：<strong>2022年11月20日（星期日）24:00"),
        ("2022-11-18", "2022-11-20", "2022-11-20", "修改期限：<strong>2022年11月20日（星期日）24:00"),
        ("2022-11-10", None, None, "退回修改。每一部分"),
    ],
)
def test_the_link_of_a_returned_table_ends_with_its_own_day(monkeypatch, today, due_on, ends, shown):
    stage = make_stage()
    table = make_filed(stage)
    now = clock.local_instant(date.fromisoformat(today))
    monkeypatch.setattr(clock, "running", lambda: now)
    with clock.fixed(now):
        day = date.fromisoformat(due_on) if due_on else None
        values = {"actor": stage.officer, "table_id": table.pk, "reason": "数据有误"}
        filing.return_table(seen_version=table.version, due_on=day, **values)
        link, token = filing.issue_table_link(actor=stage.officer, table_id=table.pk)
    latest = now + timedelta(days=TABLE_LINK_DAYS)
    assert link.expires_at == (min(clock.end_of(date.fromisoformat(ends)), latest) if ends else latest)
    text = Client().get(page("table_link", token)).content.decode()
    assert shown in text and "截止" not in text


def test_control_the_link_of_a_table_that_is_due_shows_the_clock_and_an_overdue_one_still_opens(monkeypatch):
    stage = make_stage()
    assert "截止：<strong>2022年11月15日" in Client().get(page("table_link", token_for(stage))).content.decode()
    table = make_filed(stage)
    values = {"actor": stage.officer, "table_id": table.pk, "reason": "数据有误"}
    filing.return_table(seen_version=table.version, due_on=clock.today(), **values)
    late = DURING + timedelta(days=3)
    monkeypatch.setattr(clock, "running", lambda: late)
    with clock.fixed(late):
        link, token = filing.issue_table_link(actor=stage.officer, table_id=table.pk)
    assert link.expires_at == late + timedelta(days=TABLE_LINK_DAYS)
    assert Client().get(page("table_link", token)).status_code == 200


def test_a_section_keeps_what_was_typed_wrongly_and_the_link_stays_usable_until_filing():
    stage = make_stage()
    token = token_for(stage)
    client = Client()
    fill(stage.unit_actor, stage.table(), **{"energy_total_y0": ""})
    refused = client.post(page("table_link", token), {"file": "1"})
    assert refused.status_code == 400 and "年综合能源消费量" in refused.content.decode()
    part = page("table_link_section", token, "figures_y0")
    body = client.get(part).content.decode()
    sent = dict(re.findall(r'<input type="hidden" name="(_\w+)" value="([^"]*)"', body))
    wrong = client.post(part, {**sent, "energy_total_y0": "三千吨"})
    assert wrong.status_code == 422 and "三千吨" in wrong.content.decode()
    filing_row = Filing.objects.get()
    kept = {key: str(value) for key, value in filing_row.answers.items() if key in ANSWERS}
    client.post(part, {**sent, **kept, "_version": str(filing_row.version), "energy_total_y0": "3120"})
    done = client.post(page("table_link", token), {"file": "1"})
    assert done.status_code == 200 and "已提交" in done.content.decode()
    receipt = stage.table().receipts.get()
    assert (receipt.by_link, receipt.by_id) == (True, None)
    for address in (page("table_link", token), part, page("table_link_evidence", token)):
        over = client.get(address)
        assert over.status_code in {404, 409} and stage.unit.name_as_listed not in over.content.decode()


def test_evidence_is_uploaded_and_taken_out_without_an_account():
    stage = make_stage()
    token = token_for(stage)
    client = Client()
    client.post(page("table_link", token), {"begin": "1"})
    address = page("table_link_evidence", token)
    missed = client.post(address, {"group": "", "title": "虚构报表"}).content.decode()
    assert "虚构报表" in missed and "选择" in missed
    none = client.post(address, {"group": "energy", "title": "虚构报表"}).content.decode()
    assert "选择要上传的佐证材料" in none
    done = client.post(
        address, {"group": "energy", "title": "虚构报表", "document": make_upload("甲.pdf")}, follow=True
    )
    assert "已上传：虚构报表。" in done.content.decode()
    row = TableEvidence.objects.get()
    assert (row.added_by_id, row.file.uploaded_by_id) == (None, None)
    assert row.file.owner_organisation_id == stage.organisation.pk, "it counts against the unit's quota"
    assert evidence_for(stage.officer).get() == row
    client.post(address, {"remove": str(row.pk)})
    row.refresh_from_db()
    assert (row.removed_at, row.removed_by_id) == (clock.now(), None)


def test_a_refused_attempt_keeps_the_file_for_the_next():
    stage = make_stage()
    token = token_for(stage)
    client = Client()
    client.post(page("table_link", token), {"begin": "1"})
    address = page("table_link_evidence", token)
    client.post(address, {"group": "energy", "document": make_upload("甲.pdf")})
    twice = client.post(address, {"group": "energy", "document": make_upload("甲.pdf")}).content.decode()
    kept = re.search(r'name="document_id" value="([0-9a-f-]+)"', twice)
    assert "同一份材料已上传" in twice and kept
    client.post(address, {"group": "water", "document_id": kept[1]})
    assert set(TableEvidence.objects.values_list("group", flat=True)) == {"energy", "water"}


def test_a_link_shows_and_takes_nothing_of_any_other_table():
    stage, neighbour = make_stage(), make_stage("庄河市")
    sister = Stage(**{**vars(stage), "unit": sister_unit(stage)})
    others = []
    for other in (neighbour, sister):
        table = fill(other.unit_actor, other.table())
        file = upload(other.unit_actor, f"秘密{other.unit.pk}.pdf")
        row = attach_evidence(actor=other.unit_actor, table_id=table.pk, group="energy", file_id=file.pk, title="秘密")
        others.append(row)
    token = token_for(stage)
    client = Client()
    client.post(page("table_link", token), {"begin": "1"})
    address = page("table_link_evidence", token)
    for shown in (client.get(page("table_link", token)), client.get(address)):
        text = shown.content.decode()
        assert stage.unit.name_as_listed in text, "control: its own name is there"
        assert "秘密" not in text and neighbour.unit.name_as_listed not in text
    for row in others:
        assert client.post(address, {"remove": str(row.pk)}).status_code == 404
        assert client.post(address, {"group": "water", "document_id": str(row.file_id)}).status_code == 404
        assert client.get(reverse("files:download", args=[row.file_id])).status_code in {302, 403, 404}
    assert list(TableEvidence.objects.values_list("removed_at", flat=True)) == [None, None]
    assert client.get(page("table_link", "x" * 43)).status_code == 404
    assert client.get(address.replace(token, "x" * 43)).status_code == 404


def sister_unit(stage: Stage) -> ListedUnit:
    """Another listing of the same legal person, with a table of its own."""
    unit = make_listed("虚构姊妹厂有限公司", authority=stage.authority, organisation=stage.organisation, batch="4")
    periods.make_due(period_id=stage.period.pk, unit_ids=[unit.pk])
    return unit


def test_what_somebody_signed_in_put_there_stays():
    stage = make_stage()
    table = fill(stage.unit_actor, stage.table())
    file = upload(stage.officer, "区县的.pdf")
    row = attach_evidence(actor=stage.officer, table_id=table.pk, group="energy", file_id=file.pk)
    address = page("table_link_evidence", token_for(stage))
    client = Client()
    assert 'name="remove"' not in client.get(address).content.decode()
    assert client.post(address, {"remove": str(row.pk)}).status_code == 404
    row.refresh_from_db()
    assert row.removed_at is None


def test_uploads_through_a_link_are_seen_by_no_stranger_and_by_the_city_after_filing():
    stage, neighbour = make_stage(), make_stage("庄河市")
    token = token_for(stage)
    client = Client()
    fill(stage.unit_actor, stage.table())
    client.post(page("table_link_evidence", token), {"group": "energy", "document": make_upload("甲.pdf")})
    file_id = TableEvidence.objects.get().file_id
    nobody = Actor.anonymous()
    behind, _ = filing.behind_link(token_for(neighbour))

    def seen(who: Actor) -> bool:
        return visible_to(who, kind=FILE_EVIDENCE).filter(pk=file_id).exists()

    city = sign_in(Client(), make_user(Role.CITY_REVIEWER))
    download = reverse("files:download", args=[file_id])
    assert [seen(who) for who in (stage.unit_actor, stage.officer)] == [True, True]
    assert [seen(who) for who in (neighbour.unit_actor, neighbour.officer, behind, nobody)] == [False] * 4
    assert city.get(download).status_code == 404
    client.post(page("table_link", token), {"file": "1"})
    assert b"".join(city.get(download)).startswith(b"%PDF")
    assert "经链接上传" in city.get(reverse("dynamic_mgmt:table", args=[stage.table().pk])).content.decode()
