"""登记公示 in a browser: refused by date while the evaluator of a row is sanctioned, passed once the sanction is lifted."""

from __future__ import annotations

from datetime import timedelta

import pytest

from evaluators.models import Engagement
from evaluators.services import confirm_sanction, confirm_step, propose_lift, record_sanction
from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from nominations.models import CityList
from nominations.services import approving
from tests.e2e.desk import Desk
from tests.factories import nominations as make
from tests.factories.accounts import actor_for, make_user
from tests.factories.rounds import open_round_2022

pytestmark = pytest.mark.e2e


def approved(reviewer: Actor, lead: Actor) -> tuple[CityList, Engagement]:
    """An approved list of one factory, with the evaluation that it stands on: reported today."""
    district = make.make_district(year=open_round_2022())
    body = make.good_evaluator(district.round)
    ready = make.ready_list(district, categories=["factory"], evaluators=[body], stage="accepted")
    row = approving.prepare(actor=reviewer, round_id=district.round.pk, left_out={})
    done = approving.approve(actor=lead, city_list_id=row.pk, seen_sha256=row.sha256, note="已核对，同意")
    engagement = Engagement.objects.get(subject=ready.nominations[0].subject)
    Engagement.objects.filter(pk=engagement.pk).update(report_on=clock.today())
    return done, engagement


def pressed(desk: Desk, row: CityList) -> None:
    """The lead fills in day and document and presses the button."""
    desk.go("city_publish", row.pk)
    desk.page.fill("#id_published_on", clock.today().isoformat())
    desk.page.fill("#id_document", "演示公示〔2022〕30号")
    desk.press("登记公示")


@pytest.mark.django_db(transaction=True)
def test_publication_is_refused_by_date_and_passes_otherwise(live_portal, browser_context, screenshot, october) -> None:
    user = make_user(Role.CITY_LEAD)
    reviewer, lead = actor_for(make_user(Role.CITY_REVIEWER)), actor_for(user)
    row, engagement = approved(reviewer, lead)
    sanction = record_sanction(
        actor=reviewer,
        organisation_id=engagement.evaluator.organisation_id,
        round_id=row.round_id,
        verified_on=clock.today() - timedelta(days=3),
        document_no="演示文号〔2022〕9号",
        facts="演示：现场评价记录与事实不符。",
    )
    confirm_sanction(actor=lead, sanction_id=sanction.pk)
    desk = Desk(live_portal, browser_context, screenshot)
    desk.become(user)
    pressed(desk, row)
    desk.says("现在不能登记公示")
    desk.says("不予采信")
    desk.says(engagement.subject.name)
    assert desk.page.input_value("#id_document") == "演示公示〔2022〕30号"
    assert desk.page.input_value("#id_published_on") == clock.today().isoformat()
    desk.look("city-publish-refused")
    assert CityList.objects.get(pk=row.pk).state == "approved"
    step = propose_lift(
        actor=reviewer,
        sanction_id=sanction.pk,
        lift_on=sanction.verified_on,
        reason="演示：申诉成立",
        document_no="演示文号〔2022〕10号",
    )
    confirm_step(actor=lead, step_id=step.pk)
    pressed(desk, row)
    desk.says("已登记公示")
    desk.look("city-published")
    done = CityList.objects.get(pk=row.pk)
    assert (done.state, done.published_on, done.published_by_id) == ("published", clock.today(), user.pk)
    assert desk.violations == {}
