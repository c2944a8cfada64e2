"""定稿, 撤销定稿, seal: what freezes, what refuses, what the database never lets happen."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.audit.models import AuditEntry
from greenportal.filings.models import Filing
from greenportal.findings.types import Invalid, NotVisible, ReasonRequired, WrongState
from greenportal.jobs.models import Job
from nominations.constants import FILE_SCAN, Category
from nominations.models import ListEntry, ListVersion, Nomination, NominationVersion, StateChange, Submission
from nominations.services import (
    finalising,
    rechecking,
    sealing,
    withdrawing,
)
from nominations.validators import digest, list_code
from tests.factories import nominations as make
from tests.factories.accounts import make_actor

pytestmark = pytest.mark.django_db


def test_finalising_freezes_every_checked_nomination_in_order(district):
    ready = make.ready_list(district, categories=["product", "factory", "factory"], stage="finalised")
    version = ready.list.current
    assert version.number == 1
    placed = [(e.category, e.position, e.nomination_id) for e in ListEntry.objects.order_by("category", "position")]
    product, one, two = ready.nominations
    assert placed == [("factory", 1, one.pk), ("factory", 2, two.pk), ("product", 1, product.pk)]
    assert [e["category"] for e in version.payload["entries"]] == ["factory", "factory", "product"]
    assert {n.state for n in ready.nominations} == {"finalised"}
    assert ready.list.state == "finalised"


def test_the_hash_of_every_version_verifies(district):
    make.ready_list(district, categories=Category.values, stage="finalised")
    versions = [*ListVersion.objects.all(), *NominationVersion.objects.all()]
    assert len(versions) == 5
    assert [v.sha256 for v in versions] == [digest(v.payload) for v in versions]


def test_a_version_holds_answers_hashes_revision_and_findings(district):
    ready = make.ready_list(district, stage="finalised")
    payload = ready.nominations[0].versions.get().payload
    assert [s["key"] for s in payload["sheets"]] == list(
        ready.nominations[0].sheets.values_list("sheet_key", flat=True)
    )
    assert {d["slot"] for d in payload["documents"]} == {"self_report", "third_party_report"}
    assert payload["revision"]["number"] == ready.nominations[0].versions.get().revision.number
    assert payload["check"]["id"] == ready.nominations[0].versions.get().check_run_id
    assert {g["hard"] for g in payload["gaps"]} == {False}


def test_the_printed_row_has_the_columns_of_the_official_form(district):
    ready = make.ready_list(district, stage="finalised")
    entry = ListEntry.objects.get()
    columns = [key for key, _ in ready.list.current.payload["columns"]["factory"]]
    assert sorted(entry.printed) == sorted(columns)
    assert entry.printed["organisation"] == ready.nominations[0].subject.name
    assert entry.printed["evaluator"] == ready.nominations[0].evaluator.organisation.name


def test_finalising_asks_for_the_packet_in_its_own_queue(district):
    ready = make.ready_list(district, stage="finalised")
    job = Job.objects.get(kind="nominations.build_packet")
    assert (job.queue, job.scope_id, job.state) == ("packet", ready.list.pk, "due")
    assert ready.list.current.packet.job_id == job.pk


def test_nominations_that_are_not_checked_stay_behind(district):
    left = make.make_handed_in(district)
    make.ready_list(district, stage="finalised")
    left.refresh_from_db()
    assert left.state == "handed_in"
    assert ListEntry.objects.count() == 1


def test_an_empty_list_is_not_finalised(district):
    make.make_handed_in(district)
    row = make.the_list(district)
    with pytest.raises(Invalid, match="还没有区县已核对的申报"):
        finalising.finalise(actor=district.officer, list_id=row.pk, seen_version=row.version, contact="李", phone="1")


def test_the_head_of_the_list_is_asked_for(district):
    make.make_checked(district)
    row = make.the_list(district)
    with pytest.raises(Invalid) as caught:
        finalising.finalise(actor=district.officer, list_id=row.pk, seen_version=row.version, contact=" ", phone="")
    assert sorted(caught.value.errors) == ["contact", "phone"]


def test_a_blocker_refuses_with_its_clause(district):
    nomination = make.make_checked(district, ex6_exists="yes", ex6_text="列入失信被执行人")
    row = make.the_list(district)
    with pytest.raises(Invalid) as caught:
        finalising.finalise(actor=district.officer, list_id=row.pk, seen_version=row.version, contact="李", phone="1")
    messages = caught.value.errors[str(nomination.pk)]
    assert [m for m in messages if "通知" in m] != []
    assert not ListVersion.objects.exists()
    nomination.refresh_from_db()
    assert nomination.state == "checked"


def test_an_undecided_principle_refuses_until_somebody_decides(district):
    nomination = make.make_needing_decision(district)
    rechecking.recheck(nomination_ids=[nomination.pk])
    nomination.refresh_from_db()
    waiting = [f for f in nomination.last_check.findings if f["severity"] == "decision" and f["outcome"] == "not_met"]
    assert [f["rule"] for f in waiting] == ["ENERGY"]
    row = make.the_list(district)
    head = {"contact": "李", "phone": "1"}
    with pytest.raises(Invalid) as caught:
        finalising.finalise(actor=district.officer, list_id=row.pk, seen_version=row.version, **head)
    assert "须书面决定" in caught.value.errors[str(nomination.pk)][0]
    make.decide(nomination, "ENERGY", actor=district.officer, keep=True, reason="改造中，年内达标")
    finalising.finalise(actor=district.officer, list_id=row.pk, seen_version=row.version, **head)
    payload = nomination.versions.get().payload
    assert [(d["rule"], d["reason"]) for d in payload["decisions"]] == [("ENERGY", "改造中，年内达标")]


def test_a_decision_against_keeps_the_nomination_off_the_list(district):
    nomination = make.make_needing_decision(district)
    rechecking.recheck(nomination_ids=[nomination.pk])
    nomination.refresh_from_db()
    make.decide(nomination, "ENERGY", actor=district.officer, keep=False, reason="未达标")
    row = make.the_list(district)
    with pytest.raises(Invalid, match="还不能定稿"):
        finalising.finalise(actor=district.officer, list_id=row.pk, seen_version=row.version, contact="李", phone="1")


def test_only_what_the_check_asks_is_decided(district):
    nomination = make.make_checked(district)
    rechecking.recheck(nomination_ids=[nomination.pk])
    nomination.refresh_from_db()
    with pytest.raises(WrongState, match="没有需要书面决定的这一项"):
        make.decide(nomination, "ENERGY", actor=district.officer, keep=True, reason="随便")


def test_reopening_voids_the_version_and_numbers_go_on(district):
    ready = make.ready_list(district, stage="sealed")
    first = ready.list.current
    job = Job.objects.get(kind="nominations.build_packet")
    row = finalising.reopen(
        actor=district.officer, list_id=ready.list.pk, seen_version=ready.list.version, reason="漏报一家"
    )
    first.refresh_from_db()
    job.refresh_from_db()
    assert (row.state, row.current_id) == ("drafting", None)
    assert (first.voided_at, first.void_reason) == (clock.now(), "漏报一家")
    assert job.state == "cancelled"
    assert Nomination.objects.get().state == "checked"
    again = make.finalise(district)
    assert again.current.number == 2


def test_reopening_needs_a_reason(district):
    ready = make.ready_list(district, stage="finalised")
    with pytest.raises(ReasonRequired, match="撤销定稿需要写明理由"):
        finalising.reopen(actor=district.officer, list_id=ready.list.pk, seen_version=ready.list.version, reason=" ")


def test_a_submitted_list_is_not_reopened(district):
    ready = make.ready_list(district, stage="submitted")
    with pytest.raises(WrongState):
        finalising.reopen(actor=district.officer, list_id=ready.list.pk, seen_version=ready.list.version, reason="x")


# seal


def scan_with(monkeypatch, *texts: str) -> None:
    monkeypatch.setattr(sealing.jail, "read_codes", lambda path: list(texts))


def code_of(version: ListVersion) -> str:
    return list_code(version_id=version.pk, number=version.number, sha256=version.sha256).text


def upload(district, **values):
    row = make.the_list(district)
    file = make.make_file(district.officer, kind=FILE_SCAN)
    return sealing.seal(actor=district.officer, list_id=row.pk, seen_version=row.version, file_id=file.pk, **values)


def test_the_empty_page_that_other_tests_seal_with_bears_no_code(district):
    """Control: `make.seal` says so without reading it."""
    assert sealing.read_codes(make.make_scan(district.officer)) == []


def test_a_scan_is_matched_by_its_code(district, monkeypatch):
    ready = make.ready_list(district, stage="finalised")
    scan_with(monkeypatch, "https://example.com", code_of(ready.list.current))
    scan = upload(district)
    assert (scan.method, scan.code_text) == ("code", code_of(ready.list.current))
    assert make.the_list(district).state == "sealed"


def test_a_scan_of_the_voided_version_is_refused_with_both_numbers(district, monkeypatch):
    ready = make.ready_list(district, stage="finalised")
    old = code_of(ready.list.current)
    finalising.reopen(actor=district.officer, list_id=ready.list.pk, seen_version=ready.list.version, reason="重排")
    make.finalise(district)
    scan_with(monkeypatch, old)
    with pytest.raises(Invalid, match="扫描件是第1版（已作废），当前是第2版"):
        upload(district, declared_reason="一致")
    assert make.the_list(district).state == "finalised"


def test_a_scan_of_another_list_is_refused_even_when_declared(district, monkeypatch):
    make.ready_list(district, stage="finalised")
    scan_with(monkeypatch, "GP1:L:99999:1:abcdefabcdefabcd")
    with pytest.raises(Invalid, match="不属于这份材料"):
        upload(district, declared_reason="一致")


def test_a_code_with_another_hash_is_refused(district, monkeypatch):
    ready = make.ready_list(district, stage="finalised")
    version = ready.list.current
    scan_with(monkeypatch, list_code(version_id=version.pk, number=1, sha256="0" * 64).text)
    with pytest.raises(Invalid):
        upload(district)


def test_an_unreadable_code_is_no_dead_end(district, monkeypatch):
    make.ready_list(district, stage="finalised")
    scan_with(monkeypatch)
    with pytest.raises(ReasonRequired, match="没有读出扫描件上的二维码"):
        upload(district)
    scan = upload(district, declared_reason="印章压住二维码，已逐页核对")
    assert (scan.method, scan.declared_reason) == ("declared", "印章压住二维码，已逐页核对")


def test_the_scan_of_a_stranger_is_not_used(district):
    make.ready_list(district, stage="finalised")
    row = make.the_list(district)
    file = make.make_file(make_actor(Role.APPLICANT), kind=FILE_SCAN)
    with pytest.raises(NotVisible):
        sealing.seal(actor=district.officer, list_id=row.pk, seen_version=row.version, file_id=file.pk)


# never


@pytest.mark.parametrize(
    ("model", "changes"),
    [
        (NominationVersion, {"sha256": "0" * 64}),
        (NominationVersion, {"payload": {}}),
        (ListVersion, {"payload": {}}),
        (ListVersion, {"number": 9}),
        (ListEntry, {"position": 9}),
        (StateChange, {"reason": "改写"}),
        (Submission, {"receipt_no": "DL2022-9999"}),
    ],
)
def test_what_is_frozen_is_never_changed(district, model, changes):
    make.ready_list(district, stage="submitted")
    assert model.objects.exists()
    with pytest.raises(DatabaseError), transaction.atomic():
        model.objects.update(**changes)


@pytest.mark.parametrize("model", [NominationVersion, ListVersion, ListEntry, StateChange, Submission])
def test_what_is_frozen_is_never_deleted(district, model):
    make.ready_list(district, stage="submitted")
    with pytest.raises(DatabaseError), transaction.atomic():
        model.objects.all()._raw_delete(model.objects.db)


def test_each_change_of_state_has_exactly_one_audit_entry_of_the_same_actor(district):
    make.ready_list(district, categories=["factory", "product"], stage="submitted")
    changes = list(StateChange.objects.all())
    assert len(changes) == 8
    for change in changes:
        entries = AuditEntry.objects.filter(
            target=f"nominations.nomination:{change.nomination_id}", data__change=change.pk
        )
        assert [(e.action, e.user_id) for e in entries] == [(f"nomination.{change.action}", change.actor_id_value)]


def test_two_open_nominations_of_one_subject_never_exist(district):
    nomination = make.make_draft(district)
    with pytest.raises(IntegrityError, match="nomination_once"), transaction.atomic():
        Nomination.objects.create(
            round=nomination.round,
            category=nomination.category,
            subject=nomination.subject,
            applicant=nomination.applicant,
            authority=nomination.authority,
            created_at=clock.now(),
            updated_at=clock.now(),
        )


def test_a_withdrawn_subject_may_be_nominated_again(district):
    nomination = make.make_draft(district)
    withdrawing.withdraw(
        actor=district.officer, nomination_id=nomination.pk, seen_version=nomination.version, reason="重报"
    )
    assert make.make_draft(district, subject=nomination.subject).pk != nomination.pk


def test_answers_of_a_finalised_nomination_are_locked(district):
    make.ready_list(district, stage="finalised")
    assert set(Filing.objects.values_list("locked", flat=True)) == {True}
