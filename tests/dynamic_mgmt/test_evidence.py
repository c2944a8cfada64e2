"""Evidence (佐证材料) is a file on the table: put there while it is filled, seen by unit, district and city, judged by the rules."""

import pytest
from django.db import IntegrityError, InternalError, transaction
from django.test import Client
from django.urls import reverse

from dynamic_mgmt.constants import FILE_EVIDENCE
from dynamic_mgmt.models import TableEvidence
from dynamic_mgmt.services import filing
from dynamic_mgmt.services.evidencing import attach_evidence, remove_evidence
from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.audit.models import AuditEntry
from greenportal.files.models import StoredFile
from greenportal.files.selectors import visible_to
from greenportal.files.services import receive
from greenportal.findings.types import Invalid, NotVisible, Refused, WrongState
from tests.factories.accounts import make_user, sign_in
from tests.factories.files import make_upload
from tests.factories.rounds import DURING
from tests.factories.tables import Stage, actor, fill, make_stage

pytestmark = pytest.mark.django_db


def upload(who: Actor, name: str = "2021年能源统计报表.pdf") -> StoredFile:
    return receive(actor=who, upload=make_upload(name), kind=FILE_EVIDENCE, accept={"pdf", "image"})


def attached(stage: Stage, group: str = "energy") -> TableEvidence:
    table = fill(stage.unit_actor, stage.table(), **{f"evidence_{group}": ""})
    file = upload(stage.unit_actor)
    return attach_evidence(actor=stage.unit_actor, table_id=table.pk, group=group, file_id=file.pk)


def test_who_sees_a_file_of_a_table_and_when():
    stage = make_stage()
    row = attached(stage)
    neighbour = make_stage("庄河市")
    city = actor(Role.CITY_REVIEWER)

    def seen(who: Actor) -> bool:
        return visible_to(who, kind=FILE_EVIDENCE).filter(pk=row.file_id).exists()

    insiders, outsiders = (stage.unit_actor, stage.officer), (neighbour.unit_actor, neighbour.officer)
    assert [seen(who) for who in (*insiders, city, *outsiders)] == [True, True, False, False, False]
    filing.file_table(actor=stage.unit_actor, table_id=row.table_id)
    assert [seen(who) for who in (*insiders, city, *outsiders)] == [True, True, True, False, False]


@pytest.mark.parametrize("with_file", [True, False])
def test_a_file_is_evidence_as_well_as_a_report_named_in_words(with_file):
    stage = make_stage()
    if with_file:
        attached(stage)
    else:
        fill(stage.unit_actor, stage.table(), evidence_energy="")
    filing.file_table(actor=stage.unit_actor, table_id=stage.table().pk)
    found = [row["because"] for row in stage.table().findings if row["rule"] == "TABLE_EVIDENCE"]
    assert found == ([] if with_file else ["没有写明能源数据的依据，也没有上传佐证材料。"])


def test_a_file_taken_out_is_no_evidence_any_more_and_its_row_stays():
    stage = make_stage()
    row = attached(stage)
    remove_evidence(actor=stage.officer, table_id=row.table_id, evidence_id=row.pk)
    row.refresh_from_db()
    assert (row.removed_by_id, row.removed_at) == (stage.officer.user_id, clock.now())
    with pytest.raises(NotVisible):
        remove_evidence(actor=stage.officer, table_id=row.table_id, evidence_id=row.pk)
    filing.file_table(actor=stage.unit_actor, table_id=row.table_id)
    assert any(found["rule"] == "TABLE_EVIDENCE" for found in stage.table().findings)
    verbs = AuditEntry.objects.filter(action__contains="evidence").order_by("id").values_list("action", flat=True)
    assert list(verbs) == ["dynamic_mgmt.attach_evidence", "dynamic_mgmt.remove_evidence"]
    with pytest.raises((InternalError, IntegrityError)), transaction.atomic():
        row.delete()


def test_nothing_is_added_or_taken_out_once_the_table_is_filed():
    stage = make_stage()
    row = attached(stage)
    late = upload(stage.unit_actor, "另一份.pdf")
    filing.file_table(actor=stage.unit_actor, table_id=row.table_id)
    with pytest.raises(Refused):
        attach_evidence(actor=stage.unit_actor, table_id=row.table_id, group="water", file_id=late.pk)
    with pytest.raises(Refused):
        remove_evidence(actor=stage.unit_actor, table_id=row.table_id, evidence_id=row.pk)


def test_foreign_tables_foreign_files_and_repeats_are_refused():
    stage, neighbour = make_stage(), make_stage("庄河市")
    row = attached(stage)
    theirs = upload(neighbour.unit_actor)
    own = {"actor": stage.unit_actor, "table_id": row.table_id}
    with pytest.raises(NotVisible):
        attach_evidence(**own, group="water", file_id=theirs.pk)
    with pytest.raises(NotVisible):
        attach_evidence(actor=neighbour.unit_actor, table_id=row.table_id, group="water", file_id=theirs.pk)
    with pytest.raises(Refused):
        attach_evidence(actor=actor(Role.CITY_LEAD), table_id=row.table_id, group="water", file_id=row.file_id)
    with pytest.raises(WrongState, match="同一份材料已上传"):
        attach_evidence(**own, group="energy", file_id=row.file_id)
    with pytest.raises(Invalid) as caught:
        attach_evidence(**own, group="", file_id=None)
    assert caught.value.errors == {"group": ["选择这份材料用于哪些数据。"], "document": ["选择要上传的佐证材料。"]}


def test_unit_uploads_on_the_page_and_the_city_downloads_after_filing(monkeypatch):
    monkeypatch.setattr(clock, "running", lambda: DURING)
    stage = make_stage()
    table = fill(stage.unit_actor, stage.table())
    unit = sign_in(Client(), make_user(Role.APPLICANT, organisation=stage.organisation))
    page_url = reverse("dynamic_mgmt:evidence", args=[table.pk])
    assert page_url in unit.get(reverse("dynamic_mgmt:table", args=[table.pk])).content.decode()
    empty = unit.post(page_url, {"group": "", "title": "虚构报表"}).content.decode()
    assert "虚构报表" in empty, "what was typed stays"
    kept = unit.post(page_url, {"group": "energy", "title": "虚构报表"}).content.decode()
    assert "选择要上传的佐证材料" in kept
    done = unit.post(
        page_url, {"group": "energy", "title": "虚构报表", "document": make_upload("报表.pdf")}, follow=True
    )
    assert "已上传：虚构报表。" in done.content.decode()
    row = TableEvidence.objects.get()
    city = sign_in(Client(), make_user(Role.CITY_REVIEWER))
    download = reverse("files:download", args=[row.file_id])
    assert city.get(download).status_code == 404
    filing.file_table(actor=stage.unit_actor, table_id=table.pk)
    assert "虚构报表" in city.get(reverse("dynamic_mgmt:table", args=[table.pk])).content.decode()
    assert b"".join(city.get(download)).startswith(b"%PDF")
    assert unit.get(page_url).status_code == 403
