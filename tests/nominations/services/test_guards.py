"""Guards that a review asked for: blockers at a correction, due dates that hold, cancelled requests, lock order."""

from __future__ import annotations

from datetime import timedelta

import pytest

from greenportal import clock
from greenportal.filings.models import Filing
from greenportal.filings.services import save
from greenportal.findings.types import Invalid, WindowClosed
from greenportal.jobs.models import Job
from greenportal.rounds import services as rounds
from nominations.constants import CLOCK_APPLICANT
from nominations.services import accepting, consulting, correcting, handing_in, rechecking, returning
from tests.factories import nominations as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def returned():
    """A correction with the blocker EX3, confirmed again, ready to go in; and who does it."""
    nomination = make.ready_list(stage="submitted").nominations[0]
    nomination.refresh_from_db()
    values = {"nomination_id": nomination.pk, "seen_version": nomination.version, "reason": "请补正"}
    returning.return_by_city(actor=make.make_city(), due_at=clock.now() + timedelta(days=3), **values)
    actor = make.applicant_of(nomination)
    filing = Filing.objects.get(scope_id=nomination.pk, sheet_key="statement")
    save(filing_id=filing.pk, seen_version=filing.version, changes={"ex3_exists": "yes"}, actor=actor)
    nomination.refresh_from_db()
    make.confirm(nomination, actor=actor)
    nomination.refresh_from_db()
    return nomination, actor


def test_a_correction_that_brings_a_blocker_is_refused(returned):
    nomination, actor = returned
    with pytest.raises(Invalid, match="不得申报") as caught:
        correcting.correct(actor=actor, nomination_id=nomination.pk, seen_version=nomination.version)
    assert list(caught.value.errors) == ["EX3"]
    nomination.refresh_from_db()
    assert nomination.state == "returned_by_city"


def test_what_came_in_with_a_blocker_is_not_accepted(returned, monkeypatch):
    nomination, actor = returned
    with monkeypatch.context() as off:
        off.setattr(rechecking, "refuse_blockers", lambda *_: None)
        correcting.correct(actor=actor, nomination_id=nomination.pk, seen_version=nomination.version)
    nomination.refresh_from_db()
    with pytest.raises(Invalid, match="不能接收"):
        accepting.accept(actor=make.make_city(), nomination_id=nomination.pk, seen_version=nomination.version)
    nomination.refresh_from_db()
    assert nomination.state == "corrected"


def returned_past_the_cut_off(district):
    """Return a nomination with two days to mend it; the district's own cut-off falls in between."""
    nomination = make.make_handed_in(district)
    rounds.set_deadline(
        actor=district.lead,
        round_id=district.round.pk,
        key=CLOCK_APPLICANT,
        authority_id=district.authority.pk,
        closes_at=clock.now() + timedelta(days=1),
    )
    values = {"nomination_id": nomination.pk, "seen_version": nomination.version, "reason": "请修改"}
    returning.return_by_district(actor=district.officer, due_at=clock.now() + timedelta(days=2), **values)
    nomination.refresh_from_db()
    make.confirm(nomination, actor=make.applicant_of(nomination))
    nomination.refresh_from_db()
    return nomination


@pytest.mark.parametrize(("hours", "open_"), [(23, True), (36, True), (48, False)])
def test_an_applicant_hands_in_until_the_returns_due_date(hours, open_):
    nomination = returned_past_the_cut_off(make.make_district())
    values = {"nomination_id": nomination.pk, "seen_version": nomination.version}
    with clock.fixed(clock.now() + timedelta(hours=hours)):
        if open_:
            assert handing_in.hand_in(actor=make.applicant_of(nomination), **values).nomination.state == "handed_in"
        else:
            with pytest.raises(WindowClosed):
                handing_in.hand_in(actor=make.applicant_of(nomination), **values)


def test_the_district_hands_in_after_its_own_cut_off():
    district = make.make_district()
    nomination = returned_past_the_cut_off(district)
    values = {"nomination_id": nomination.pk, "seen_version": nomination.version}
    with clock.fixed(clock.now() + timedelta(days=3)):
        assert handing_in.hand_in(actor=district.officer, **values).nomination.state == "handed_in"


def test_cancelling_a_request_needs_a_reason_and_checks_again():
    district = make.make_district()
    make.make_handed_in(district)
    (asked,) = consulting.ask(
        actor=district.officer,
        round_id=district.round.pk,
        authority_id=district.authority.pk,
        departments=["生态环境部门"],
        due_on=clock.today(),
    )
    values = {"actor": district.officer, "consultation_id": asked.consultation.pk}
    with pytest.raises(Invalid, match="填写理由"):
        consulting.cancel(reason=" ", **values)
    Job.objects.filter(payload__cause="opinion").delete()
    assert consulting.cancel(reason="部门名称有误", **values).state == "cancelled"
    assert Job.objects.filter(payload__cause="opinion").count() == 1
