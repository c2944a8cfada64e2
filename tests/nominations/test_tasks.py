"""Jobs of nominations: registered by name, thin, and safe to repeat."""

from __future__ import annotations

from datetime import timedelta

import pytest

from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.accounts.models import User
from greenportal.files.models import StoredFile
from greenportal.filings.services import save
from greenportal.findings.models import CheckRun
from greenportal.jobs import registry
from greenportal.jobs.models import Job
from greenportal.jobs.services import enqueue
from greenportal.rounds import selectors as rounds_read
from greenportal.rounds import services as rounds
from nominations import tasks
from nominations.constants import FILE_SCAN, JOB_CHANGED, JOB_PACKET, JOB_RECHECK
from nominations.models import Nomination, Packet, PacketPart
from nominations.services import drafting, rechecking, sealing
from tests.factories import nominations as make
from tests.factories.accounts import make_actor
from tests.factories.evaluators import make_engagement, make_sanction
from tests.factories.jobs import run_due_jobs

pytestmark = pytest.mark.django_db


def test_every_job_that_is_asked_for_by_name_is_known():
    assert {JOB_RECHECK, JOB_CHANGED, JOB_PACKET} <= registry.kinds()
    assert {"nominations.nightly", "nominations.clock"} <= {p.name for p in registry.periodics()}


def test_handing_in_leads_to_a_kept_check():
    nomination = make.make_handed_in(make.make_district())
    assert run_due_jobs(JOB_RECHECK) == ["done", "done"]
    nomination.refresh_from_db()
    assert nomination.last_check.cause == "hand_in"
    assert nomination.version == Nomination.objects.get().version
    assert {f["rule"] for f in nomination.last_check.findings} >= {"EX1", "OPINIONS", "CAP"}


def test_an_equal_result_is_written_once():
    nomination = make.make_complete(make.make_district())
    rechecking.recheck(nomination_ids=[nomination.pk])
    rechecking.recheck(nomination_ids=[nomination.pk])
    assert CheckRun.objects.count() == 1


def _fails_for(monkeypatch, nomination):
    honest = rechecking.evaluate

    def evaluate(fact, book):
        if fact.ref == str(nomination.pk):
            raise ArithmeticError("a fault of a rule")
        return honest(fact, book)

    monkeypatch.setattr(rechecking, "evaluate", evaluate)


def test_a_nomination_whose_rules_raise_stops_no_other_and_fails_as_a_job_of_its_own(monkeypatch):
    district = make.make_district()
    rows = [make.make_draft(district) for _ in range(3)]
    Job.objects.all().delete()
    _fails_for(monkeypatch, rows[1])
    assert rechecking.recheck(nomination_ids=[row.pk for row in rows], cause="nightly") == 2
    assert sorted(CheckRun.objects.values_list("scope_id", flat=True)) == [rows[0].pk, rows[2].pk]
    (own,) = Job.objects.all()
    assert (own.kind, own.scope_id, own.payload["nomination_ids"]) == (JOB_RECHECK, rows[1].pk, [rows[1].pk])
    assert run_due_jobs(JOB_RECHECK) == ["retry"]
    assert "ArithmeticError" in Job.objects.get().error


def test_control_a_nomination_asked_for_alone_is_not_swallowed(monkeypatch):
    nomination = make.make_draft(make.make_district())
    _fails_for(monkeypatch, nomination)
    with pytest.raises(ArithmeticError):
        rechecking.recheck(nomination_ids=[nomination.pk])


def test_a_changed_answer_is_checked_again():
    district = make.make_district()
    nomination = make.make_complete(district)
    rechecking.recheck(nomination_ids=[nomination.pk])
    filing = nomination.sheets.get(sheet_key="statement").filing
    changes = {"ex6_exists": "yes", "ex6_text": "被列入"}
    save(filing_id=filing.pk, seen_version=filing.version, changes=changes, actor=district.officer)
    assert run_due_jobs(JOB_CHANGED) == ["done"]
    nomination.refresh_from_db()
    outcome = {f["rule"]: f["outcome"] for f in nomination.last_check.findings}
    assert outcome["EX6"] == "not_met"


def test_a_draft_is_checked_at_night_and_a_later_sanction_shows_without_touching_its_version():
    nomination = make.make_complete(make.make_district())
    tasks.nightly()
    run_due_jobs(JOB_RECHECK)
    nomination.refresh_from_db()
    before, version = nomination.last_check, nomination.version
    people = [User.objects.get(pk=make_actor(r).user_id) for r in (Role.CITY_LEAD, Role.CITY_REVIEWER)]
    make_sanction(nomination.evaluator.organisation, *people, confirmed_at=clock.now() - timedelta(hours=1))
    enqueue(JOB_RECHECK, payload={"organisation_ids": [nomination.evaluator.organisation_id], "cause": "sanction"})
    run_due_jobs(JOB_RECHECK)
    nomination.refresh_from_db()
    assert (nomination.version, nomination.state) == (version, "draft")
    assert nomination.last_check_id != before.pk
    assert nomination.last_check.blockers == before.blockers + 1


def test_news_of_an_engagement_finds_its_nomination():
    nomination = make.make_complete(make.make_district())
    assert rechecking.affected_ids(engagement_ids=[nomination.engagement_id]) == [nomination.pk]
    assert rechecking.affected_ids(organisation_ids=[nomination.applicant_id]) == [nomination.pk]
    assert rechecking.affected_ids() == []


def test_many_changes_in_a_row_ask_once():
    district = make.make_district()
    nomination = make.make_draft(district)
    for standard in ("甲", "乙", "丙"):
        nomination = drafting.choose_standard(
            actor=district.officer, nomination_id=nomination.pk, seen_version=nomination.version, standard=standard
        )
    assert Job.objects.filter(kind=JOB_RECHECK).count() == 1


def test_the_packet_job_makes_a_packet_that_is_offered():
    ready = make.ready_list(categories=["factory", "product"], stage="finalised")
    assert run_due_jobs(JOB_PACKET) == ["done"]
    packet = Packet.objects.get(list_version=ready.list.current)
    names = [f["name"] for f in packet.manifest["files"]]
    assert [n for n in names if "推荐汇总表" in n and n.endswith(".xlsx")] != []
    assert len([n for n in names if n.startswith(("绿色工厂/", "绿色设计产品/"))]) == 2
    assert packet.ready_at is not None
    job = Job.objects.get(kind=JOB_PACKET)
    assert job.result == {"file": str(packet.file_id), "pages": packet.manifest["pages"]}


def test_a_printed_page_of_the_packet_seals_its_list():
    """The code that we print is read back from our own PDF, and matches the version."""
    ready = make.ready_list(stage="finalised")
    run_due_jobs(JOB_PACKET)
    part = PacketPart.objects.get(name__contains="附件1-推荐汇总表.pdf")
    scan = make.make_file(ready.district.officer, kind=FILE_SCAN)
    StoredFile.objects.filter(pk=scan.pk).update(
        key=part.file.key, sha256=part.file.sha256, served_sha256=part.file.served_sha256
    )
    done = sealing.seal(
        actor=ready.district.officer, list_id=ready.list.pk, seen_version=ready.list.version, file_id=scan.pk
    )
    assert done.method == "code"


def test_a_revised_round_checks_its_open_nominations_again_and_no_others():
    city = make_actor(Role.CITY_LEAD)
    district = make.make_district()
    nomination = make.make_complete(district)
    gone = make.make_complete(district)
    Nomination.objects.filter(pk=gone.pk).update(state="withdrawn")
    assert set(run_due_jobs(JOB_RECHECK)) == {"done"}
    nomination.refresh_from_db()
    before = nomination.last_check
    document = make.make_file(city, kind="rounds.document")
    year = district.round
    year.refresh_from_db()
    rounds.revise(
        actor=city,
        round_id=year.pk,
        seen_version=year.version,
        changes={"cap_rule|limit": 12},
        reason="按补充通知调整",
        document_id=str(document.pk),
        document_title="补充通知",
    )
    assert Job.objects.filter(kind=JOB_RECHECK, state="due").get().payload["round_ids"] == [year.pk]
    assert rechecking.affected_ids(round_ids=[year.pk]) == [nomination.pk]
    assert rechecking.affected_ids(round_ids=[year.pk + 1]) == []
    assert run_due_jobs(JOB_RECHECK) == ["done"]
    nomination.refresh_from_db()
    assert nomination.last_check_id != before.pk
    assert nomination.last_check.cause == "rulebook"
    assert nomination.last_check.rulebook_sha256 != before.rulebook_sha256


@pytest.mark.parametrize(("place", "cap", "beyond"), [(13, 12, [False, True]), (16, 20, [True, False])])
def test_a_revised_cap_asks_for_a_decision_on_what_lies_beyond_it_and_no_more(place, cap, beyond):
    city, district = make_actor(Role.CITY_LEAD), make.make_district()
    body = make.good_evaluator(district.round)
    for _ in range(place - 1):
        make_engagement(body, district.round)
    nomination = make.make_complete(district, evaluator=body)
    year = district.round
    found = []
    for limit in (None, cap):
        if limit is not None:
            year.refresh_from_db()
            rounds.revise(
                actor=city,
                round_id=year.pk,
                seen_version=year.version,
                changes={"cap_rule|limit": limit},
                reason="按补充通知调整",
                document_id=str(make.make_file(city, kind="rounds.document").pk),
                document_title="补充通知",
            )
        assert set(run_due_jobs(JOB_RECHECK)) == {"done"}
        nomination.refresh_from_db()
        asked = next(f for f in nomination.last_check.findings if f["rule"] == "CAP")
        found.append((nomination.engagement.over_cap, asked["outcome"] == "not_met", asked["severity"]))
        nomination = Nomination.objects.get(pk=nomination.pk)
    assert [row[:2] for row in found] == [(flag, flag) for flag in beyond]
    assert {severity for *_, severity in found} == {"decision"}


def test_a_moved_deadline_checks_nothing_again():
    district = make.make_district()
    make.make_complete(district)
    before = Job.objects.filter(kind=JOB_RECHECK).count()
    year, key = district.round, "nominations.hand_in"
    closes = rounds_read.window(round_id=year.pk, key=key, authority_id=district.authority.pk, at=clock.now()).closes_at
    rounds.set_deadline(
        actor=district.lead,
        round_id=year.pk,
        key=key,
        authority_id=district.authority.pk,
        closes_at=closes - timedelta(days=1),
    )
    assert before == Job.objects.filter(kind=JOB_RECHECK).count() == 1
