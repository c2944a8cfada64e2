"""重大变更 in the judgement leads to a change of the unit; re-checks that wait hold up other decisions."""

from datetime import date

import pytest

from dynamic_mgmt.models import UnitChange
from dynamic_mgmt.services import judging
from dynamic_mgmt.services.renaming import ChangeTold, decide_change, propose_change
from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.findings.types import Invalid, Refused, WrongState
from tests.factories.tables import actor, make_filed, make_stage

pytestmark = pytest.mark.django_db
FILED = {"major_change": "yes", "major_on": "2022-02-01", "major_text": "虚构：厂区整体搬迁"}


def checked(stage, opinion="major_change", **values):
    """Return the stage's table after the district's opinion and a passed re-check."""
    table = make_filed(stage, **FILED)
    told = {"actor": stage.officer, "table_id": table.pk, "opinion": opinion, "reason": "虚构：迁址", **values}
    table = judging.give_opinion(seen_version=table.version, **told)
    lead = actor(Role.CITY_LEAD)
    table = judging.open_recheck(actor=lead, table_id=table.pk, seen_version=table.version, reason="核实")
    visit = {"done_on": clock.today(), "people": "张某", "text": "虚构：新址符合要求", "result": "fits"}
    judging.conclude(actor=stage.officer, table_id=table.pk, seen_version=table.version, **visit)
    return stage.table()


def decide(stage, decision="major_change", who=None, **values):
    table = stage.table()
    told = {"table_id": table.pk, "seen_version": table.version, "decision": decision, **values}
    return judging.decide(actor=who or actor(Role.CITY_LEAD), **told)


def test_the_districts_opinion_proposes_and_the_leads_decision_confirms_with_the_recheck():
    stage = make_stage()
    checked(stage, change_kind="address")
    change = UnitChange.objects.get()
    assert (change.state, change.kind, change.changed_on, change.text) == (
        "proposed",
        "address",
        date(2022, 2, 1),
        "虚构：厂区整体搬迁",
    )
    before = (stage.unit.batch, stage.unit.list_year)
    decide(stage)
    change.refresh_from_db()
    stage.unit.refresh_from_db()
    assert (change.state, change.recheck_text) == ("confirmed", "虚构：新址符合要求")
    assert before == (stage.unit.batch, stage.unit.list_year)


def test_a_kind_that_nobody_told_is_asked_at_the_decision_and_nothing_moves_without():
    stage = make_stage()
    checked(stage)
    assert not UnitChange.objects.exists()
    with pytest.raises(Invalid) as caught:
        decide(stage)
    assert set(caught.value.errors) == {"change_kind"} and stage.table().state == "opinion_given"
    decide(stage, change_kind="boundary")
    assert (UnitChange.objects.get().kind, UnitChange.objects.get().state) == ("boundary", "proposed")


def test_a_confirmed_change_that_waits_for_its_recheck_holds_up_other_decisions():
    stage = make_stage()
    told = ChangeTold(kind="merger", changed_on=date(2022, 3, 1), text="虚构合并", document_no="虚构协议")
    change = propose_change(actor=stage.officer, unit_id=stage.unit.pk, told=told)
    lead = actor(Role.CITY_LEAD)
    decide_change(actor=lead, change_id=change.pk, seen_version=change.version, accept=True)
    checked(stage, opinion="keep")
    with pytest.raises(WrongState, match="兼并重组（2022-03-01）"):
        decide(stage, "keep")
    decide(stage, reason="虚构：主体未变")
    change.refresh_from_db()
    assert change.state == "confirmed"


def test_control_without_a_waiting_change_the_same_table_is_kept():
    stage = make_stage()
    checked(stage, opinion="keep")
    assert decide(stage, "keep").decision == "keep"


def test_the_reviewer_prepares_and_does_not_decide():
    stage = make_stage()
    checked(stage, opinion="keep")
    with pytest.raises(Refused, match="市局负责人"):
        decide(stage, "keep", who=actor(Role.CITY_REVIEWER))
    assert decide(stage, "keep").state == "decided"
