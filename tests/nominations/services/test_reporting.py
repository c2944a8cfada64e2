"""The evaluator's part: its report filled by it alone, stated finished, opened again, frozen with the nomination."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, InternalError, transaction

from evaluators.models import ProjectLead
from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.filings.models import Filing
from greenportal.filings.services import save
from greenportal.findings.types import Finding, Invalid, NotVisible, Refused, Stale, WrongState
from greenportal.rounds.rulebook import load
from nominations.eligibility import engine
from nominations.models import Nomination, ReportStatement
from nominations.selectors import facts
from nominations.selectors.reports import report_filing, report_states
from nominations.services import drafting, handing_in, rechecking, reporting
from tests.factories import nominations as make
from tests.factories.accounts import make_actor
from tests.factories.evaluators import make_evaluator

pytestmark = pytest.mark.django_db
DAY = date(2022, 9, 20)


def evaluator_of(nomination: Nomination, *, leads: bool = True) -> Actor:
    """A handler of the named evaluator, the evaluation's project lead unless told otherwise."""
    actor = make_actor(Role.EVALUATOR, organisation=nomination.evaluator.organisation)
    if leads:
        ProjectLead.objects.create(
            engagement_id=nomination.engagement_id, user_id=actor.user_id, assigned_at=clock.now()
        )
    return actor


def third(nomination: Nomination) -> Filing:
    return Filing.objects.get(pk=report_filing(nomination))


def finish(nomination: Nomination, actor: Actor | None = None, **values) -> ReportStatement:
    given = {"seen_version": third(nomination).version, "author": "乙样本", "report_on": DAY, **values}
    return reporting.finish_report(actor=actor or evaluator_of(nomination), nomination_id=nomination.pk, **given)


def test_finished_with_author_and_date_is_frozen_and_locked(district):
    nomination = make.make_complete(district)
    made = finish(nomination, author="  乙 样本 ")
    state = report_states([nomination.pk])[nomination.pk]
    assert (state.finished, state.author, state.report_on) == (True, "乙 样本", DAY)
    filing = third(nomination)
    assert filing.locked
    assert made.filing_version.answers == filing.answers
    with pytest.raises(Refused, match="已锁定"):
        save(filing_id=filing.pk, seen_version=filing.version, changes={"author": "丙"}, actor=evaluator_of(nomination))


def test_reopened_with_a_reason_it_is_written_again(district):
    nomination = make.make_complete(district)
    finish(nomination)
    actor = evaluator_of(nomination)
    with pytest.raises(Invalid):
        reporting.reopen_report(actor=actor, nomination_id=nomination.pk, reason=" ")
    reporting.reopen_report(actor=actor, nomination_id=nomination.pk, reason="更正能耗数据")
    filing = third(nomination)
    assert not filing.locked
    save(filing_id=filing.pk, seen_version=filing.version, changes={"author": "丙样本"}, actor=actor)
    assert not report_states([nomination.pk])[nomination.pk].finished
    finish(nomination, author="丙样本")
    kinds = list(ReportStatement.objects.filter(nomination=nomination).values_list("kind", flat=True))
    assert kinds == ["finished", "reopened", "finished"]


@pytest.mark.parametrize(
    ("values", "place"),
    [
        ({"author": " "}, "author"),
        ({"report_on": None}, "report_on"),
        ({"report_on": date(2999, 1, 1)}, "report_on"),
    ],
)
def test_author_and_date_are_needed_and_not_of_tomorrow(district, values, place):
    nomination = make.make_complete(district)
    with pytest.raises(Invalid) as told:
        finish(nomination, **values)
    assert place in told.value.errors
    assert not ReportStatement.objects.exists()
    assert not third(nomination).locked


def test_today_is_a_date_of_the_report(district):
    nomination = make.make_complete(district)
    assert finish(nomination, report_on=clock.today()).report_on == clock.today()


def test_answers_that_cannot_be_used_stop_it(district):
    nomination = make.make_complete(district)
    filing = third(nomination)
    Filing.objects.filter(pk=filing.pk).update(answers={**filing.answers, "third_party_score": "很高"})
    with pytest.raises(Invalid) as told:
        finish(nomination)
    assert told.value.errors["answers"]


def test_a_change_since_it_was_read_stops_it(district):
    nomination = make.make_complete(district)
    with pytest.raises(Stale):
        finish(nomination, seen_version=third(nomination).version - 1)


def test_twice_is_refused_and_so_is_opening_what_is_open(district):
    nomination = make.make_complete(district)
    actor = evaluator_of(nomination)
    with pytest.raises(WrongState):
        reporting.reopen_report(actor=actor, nomination_id=nomination.pk, reason="x")
    finish(nomination)
    with pytest.raises(WrongState):
        finish(nomination)


def test_nobody_but_the_named_evaluator_states_anything(district):
    nomination = make.make_complete(district)
    stranger = make_actor(Role.EVALUATOR, organisation=make_evaluator().organisation)
    for actor, refusal in (
        (make.applicant_of(nomination), Refused),
        (district.officer, Refused),
        (district.lead, Refused),
        (stranger, NotVisible),
        (make.make_city(), NotVisible),
    ):
        with pytest.raises(refusal):
            finish(nomination, actor)
        with pytest.raises(refusal):
            reporting.reopen_report(actor=actor, nomination_id=nomination.pk, reason="x")


def test_a_handler_who_does_not_lead_the_evaluation_states_nothing(district):
    nomination = make.make_complete(district)
    with pytest.raises(Refused):
        finish(nomination, evaluator_of(nomination, leads=False))
    assert not ReportStatement.objects.exists()


def test_each_side_writes_its_own_report_only(district):
    nomination = make.make_complete(district)
    evaluator, applicant = evaluator_of(nomination), make.applicant_of(nomination)
    for held in nomination.sheets.select_related("filing"):
        filing = held.filing
        wrong = evaluator if not held.sheet_key.endswith("_third") else applicant
        with pytest.raises(Refused):
            save(filing_id=filing.pk, seen_version=filing.version, changes={}, actor=wrong)


def test_after_hand_in_nothing_moves_until_it_is_returned_or_taken_back(district):
    nomination = make.make_handed_in(district)
    with pytest.raises(Refused, match="内容已锁定"):
        finish(nomination)
    applicant = make.applicant_of(nomination)
    handing_in.take_back(actor=applicant, nomination_id=nomination.pk, seen_version=nomination.version)
    assert finish(nomination).kind == "finished"


def test_taking_back_leaves_a_finished_report_locked_and_opens_the_rest(district):
    nomination = make.make_complete(district)
    finish(nomination)
    make.confirm(nomination)
    nomination.refresh_from_db()
    applicant = make.applicant_of(nomination)
    handed = handing_in.hand_in(actor=applicant, nomination_id=nomination.pk, seen_version=nomination.version)
    handing_in.take_back(actor=applicant, nomination_id=nomination.pk, seen_version=handed.nomination.version)
    locked = {row.sheet_key: row.filing.locked for row in nomination.sheets.select_related("filing")}
    assert [key for key, value in locked.items() if value] == ["factory_third"]


def test_another_evaluator_begins_with_an_open_report(district):
    nomination = make.make_complete(district)
    finish(nomination)
    nomination.refresh_from_db()
    drafting.choose_evaluator(
        actor=district.officer,
        nomination_id=nomination.pk,
        seen_version=nomination.version,
        evaluator_id=make.good_evaluator(district.round).pk,
    )
    assert not report_states([nomination.pk])[nomination.pk].finished
    assert not third(nomination).locked


def test_the_version_of_final_says_what_was_stated(district):
    nomination = make.make_complete(district)
    finish(nomination)
    make.confirm(nomination)
    nomination.refresh_from_db()
    handing_in.hand_in(actor=district.officer, nomination_id=nomination.pk, seen_version=nomination.version)
    nomination.refresh_from_db()
    make.checking.check(actor=district.officer, nomination_id=nomination.pk, seen_version=nomination.version)
    make.finalise(district)
    stated = nomination.versions.get().payload["third_party_report"]
    assert (stated["finished"], stated["author"], stated["report_on"]) == (True, "乙样本", "2022-09-20")


def test_the_same_hand_in_both_reports_is_found(district):
    nomination = make.make_complete(district)
    own = nomination.sheets.get(sheet_key="factory_basic").filing
    Filing.objects.filter(pk=own.pk).update(
        answers={**own.answers, "contact_name": "王 样本", "phone": "0411-8555 0100"}
    )
    filing = third(nomination)
    Filing.objects.filter(pk=filing.pk).update(answers={"author": "王样本", "author_phone": "0411-85550199"})
    rechecking.recheck(nomination_ids=[nomination.pk])
    nomination.refresh_from_db()
    finding = next(f for f in map(Finding.from_json, nomination.last_check.findings) if f.rule == "REPORT_HANDS")
    assert (finding.outcome, finding.severity) == ("not_met", "warning")
    assert "同名" in finding.because
    assert "电话" not in finding.because
    assert "王" not in finding.because


@pytest.mark.parametrize("lead", ["甲 样本", "丁样本"])
def test_who_wrote_the_self_evaluation_is_held_against_the_statement_and_the_report(district, lead):
    nomination = make.make_complete(district)
    Nomination.objects.filter(pk=nomination.pk).update(report_authors="丙样本\n甲样本")
    finish(nomination, author=lead)
    (found,) = facts.load([nomination.pk], as_of=clock.now())
    assert {"丙样本", "甲样本"} <= set(found.hands.self_names)
    assert "".join(lead.split()) in found.hands.third_names
    same = lead == "甲 样本"
    assert bool(set(found.hands.self_names) & set(found.hands.third_names)) is same
    told = engine.check_one("REPORT_HANDS", found, load("2022"))
    assert str(told.outcome) == ("not_met" if same else "met")
    assert ("编制人同名" in told.because, "甲" in told.because) == (same, False)


def test_the_author_typed_in_the_third_party_report_is_held_against_the_self_evaluations(district):
    nomination = make.make_complete(district)
    Nomination.objects.filter(pk=nomination.pk).update(report_authors="甲样本")
    Filing.objects.filter(pk=third(nomination).pk).update(answers={"author": "甲　样本"})
    (found,) = facts.load([nomination.pk], as_of=clock.now())
    assert str(engine.check_one("REPORT_HANDS", found, load("2022")).outcome) == "not_met"


def test_statements_are_never_changed_and_are_whole(district):
    nomination = make.make_complete(district)
    made = finish(nomination)
    with pytest.raises(InternalError), transaction.atomic():
        ReportStatement.objects.filter(pk=made.pk).update(author="别人")
    with pytest.raises(IntegrityError), transaction.atomic():
        ReportStatement.objects.create(
            nomination=nomination,
            evaluator=nomination.evaluator,
            kind="finished",
            stated_by=made.stated_by,
            stated_at=clock.now() + timedelta(1),
        )
