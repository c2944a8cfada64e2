"""Opinion, re-check, visit and decision: the verbs over what a table's answers point to."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from dynamic_mgmt.judgement import findings_of
from dynamic_mgmt.models import ListedUnit, UnitVisit
from dynamic_mgmt.selectors.catalogue import indicators
from dynamic_mgmt.selectors.table_detail import detail
from dynamic_mgmt.selectors.table_work import table_work
from dynamic_mgmt.services import assessing, filing, incidents, judging
from dynamic_mgmt.services.figures import FigureValue, record_figures
from dynamic_mgmt.services.removing import confirm_removals
from dynamic_mgmt.table_states import Opinion
from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.findings.types import ALLOWED, Invalid, ReasonRequired, Refused, Stale, WrongState
from tests.factories.dynamic_mgmt import make_listed
from tests.factories.jobs import run_due_jobs
from tests.factories.rounds import DURING
from tests.factories.tables import actor, make_filed, make_stage

DAY = date(2022, 2, 1)


@pytest.fixture
def stage(db):
    with clock.fixed(DURING):
        yield make_stage()


@pytest.fixture
def city(db):
    return actor(Role.CITY_LEAD)


def opined(stage, opinion="keep", reason=""):
    table = make_filed(stage)
    return judging.give_opinion(
        actor=stage.officer, table_id=table.pk, seen_version=table.version, opinion=opinion, reason=reason
    )


def test_opinion_then_decision(stage, city):
    table = opined(stage)
    assert table.state == "opinion_given"
    table = judging.decide(actor=city, table_id=table.pk, seen_version=table.version, decision="keep")
    assert (table.state, table.decision, table.decided_by_id) == ("decided", "keep", city.user_id)


def test_the_reviewer_proposes_and_the_lead_decides(stage, city):
    table, reviewer = opined(stage), actor(Role.CITY_REVIEWER)
    (mine,) = table_work(reviewer)
    assert (mine.title, mine.status) == (f"提出处理建议：{stage.period.label}", "1张")
    values = {"actor": reviewer, "table_id": table.pk}
    with pytest.raises(Invalid) as caught:
        judging.propose(seen_version=table.version, proposal="remove", **values)
    assert set(caught.value.errors) == {"proposal"}
    with pytest.raises(ReasonRequired):
        judging.propose(seen_version=table.version, proposal="renamed", **values)
    table = judging.propose(seen_version=table.version, proposal="keep", **values)
    assert (table.state, table.proposal, table.proposed_by_id) == ("opinion_given", "keep", reviewer.user_id)
    (asked,) = table_work(city)
    assert asked.title.startswith("决定动态调整意见") and table_work(reviewer) == [], (
        "what he proposed waits for the lead"
    )
    # the last one counts, and each stays in the history that the city alone reads
    table = judging.propose(seen_version=table.version, proposal="renamed", reason="登记已变更", **values)
    assert [e.what for e in detail(city, table).events].count("市局审核人员提出处理建议") == 2
    assert "市局审核人员提出处理建议" not in {e.what for e in detail(stage.officer, table).events}
    with pytest.raises(Refused):
        judging.decide(actor=reviewer, table_id=table.pk, seen_version=table.version, decision="keep")
    with pytest.raises(Stale):
        judging.decide(actor=city, table_id=table.pk, seen_version=table.version - 1, decision="keep")
    done = judging.decide(actor=city, table_id=table.pk, seen_version=table.version, decision="keep")
    assert (done.state, done.decision, done.proposal) == ("decided", "keep", "renamed"), "the lead is not bound by it"


@pytest.mark.parametrize("who", ["lead", "officer", "unit_actor"])
def test_nobody_but_the_reviewer_proposes(stage, city, who):
    table = opined(stage)
    one = city if who == "lead" else getattr(stage, who)
    with pytest.raises(Refused):
        judging.propose(actor=one, table_id=table.pk, seen_version=table.version, proposal="keep")
    assert stage.table().proposal == ""


@pytest.mark.parametrize("verb", ["send_back", "open_recheck", "open_on_site"])
def test_a_proposal_falls_when_the_table_goes_back(stage, city, verb):
    table = opined(stage)
    reviewer = actor(Role.CITY_REVIEWER)
    table = judging.propose(actor=reviewer, table_id=table.pk, seen_version=table.version, proposal="keep")
    move = getattr(judging, verb)
    table = move(actor=city, table_id=table.pk, seen_version=table.version, reason="数据存疑")
    assert (table.proposal, table.proposed_by_id, stage.table().proposal) == ("", None, "")


def test_a_major_change_is_not_proposed_before_its_recheck(stage):
    table = opined(stage, "major_change", "迁址")
    with pytest.raises(WrongState, match="重大变更须先复核"):
        judging.propose(
            actor=actor(Role.CITY_REVIEWER), table_id=table.pk, seen_version=table.version, proposal="major_change"
        )


def test_everything_but_keeping_needs_a_reason_and_deciding_otherwise_too(stage, city):
    table = make_filed(stage)
    values = {"actor": stage.officer, "table_id": table.pk, "seen_version": table.version}
    with pytest.raises(ReasonRequired):
        judging.give_opinion(opinion="on_site", **values)
    with pytest.raises(Invalid):
        judging.give_opinion(opinion="nothing", **values)
    table = judging.give_opinion(opinion="major_change", reason="迁址", **values)
    with pytest.raises(ReasonRequired):
        judging.decide(actor=city, table_id=table.pk, seen_version=table.version, decision="keep")
    with pytest.raises(Stale):
        judging.decide(actor=city, table_id=table.pk, seen_version=1, decision="keep", reason="不属实")
    with pytest.raises(Refused):
        judging.decide(actor=stage.officer, table_id=table.pk, seen_version=table.version, decision="keep", reason="x")
    done = judging.decide(actor=city, table_id=table.pk, seen_version=table.version, decision="keep", reason="不属实")
    assert done.decision_reason == "不属实"


def test_unit_that_refused_is_not_kept_without_a_reason(stage):
    table = filing.refuse_table(actor=stage.officer, table_id=stage.table().pk, seen_version=1, reason="拒报")
    values = {"actor": stage.officer, "table_id": table.pk, "seen_version": table.version}
    with pytest.raises(ReasonRequired):
        judging.give_opinion(opinion="keep", **values)
    assert judging.give_opinion(opinion="remove", reason="拒不填报", **values).state == "opinion_given"


@pytest.mark.parametrize(("verb", "state"), [("open_recheck", "recheck"), ("open_on_site", "on_site")])
def test_recheck_and_visit_come_back_with_a_result(stage, city, verb, state):
    table = opined(stage, "major_change", "迁址")
    opened = getattr(judging, verb)(actor=city, table_id=table.pk, seen_version=table.version, reason="核实")
    assert opened.state == state
    values = {"people": "张某、李某", "text": "已核实", "result": "fits"}
    day = clock.today()
    with pytest.raises(Invalid, match="核对日期"):
        judging.conclude(
            actor=stage.officer,
            table_id=table.pk,
            seen_version=opened.version,
            done_on=day + timedelta(days=1),
            **values,
        )
    visit = judging.conclude(actor=stage.officer, table_id=table.pk, seen_version=opened.version, done_on=day, **values)
    assert (visit.kind, visit.result, stage.table().state) == (state, "fits", "opinion_given")


def checked(stage, city, verb="open_recheck", result="fits"):
    """Return the stage's table of a 重大变更 after a concluded re-check or visit."""
    table = opined(stage, "major_change", "迁址") if stage.table().opinion == "" else stage.table()
    opened = getattr(judging, verb)(actor=city, table_id=table.pk, seen_version=table.version, reason="核实")
    told = {"done_on": clock.today(), "people": "张某", "text": "已核实", "result": result}
    judging.conclude(actor=stage.officer, table_id=table.pk, seen_version=opened.version, **told)
    return stage.table()


def decide_change(city, table):
    """Decide a 重大变更 by a change of address, as the page that shows `table` sends it."""
    values = {"actor": city, "table_id": table.pk, "seen_version": table.version}
    return judging.decide(decision="major_change", change_kind="address", changed_on=DAY, **values)


def test_a_major_change_is_not_decided_before_a_recheck_was_concluded(stage, city):
    table = opined(stage, "major_change", "迁址")
    with pytest.raises(WrongState, match="重大变更须先复核"):
        decide_change(city, table)
    opened = judging.open_recheck(actor=city, table_id=table.pk, seen_version=table.version, reason="核实")
    with pytest.raises(WrongState):
        decide_change(city, opened)
    guided = {"done_on": clock.today(), "people": "张某", "text": "指导"}
    judging.log_guidance(actor=stage.officer, unit_id=stage.unit.pk, **guided)
    assert stage.table().state == "recheck", "guidance is no re-check"


def test_control_without_the_guard_a_major_change_is_decided_unseen(stage, city, monkeypatch):
    monkeypatch.setattr(judging.table_rules, "may_settle", lambda decision, result: ALLOWED)
    table = opined(stage, "major_change", "迁址")
    done = decide_change(city, table)
    assert done.decision == "major_change"


@pytest.mark.parametrize("verb", ["open_recheck", "open_on_site"])
def test_a_major_change_that_passed_is_decided(stage, city, verb):
    table = checked(stage, city, verb)
    done = decide_change(city, table)
    assert (done.state, done.decision) == ("decided", "major_change")


def test_a_major_change_that_failed_is_not_kept_as_one_and_otherwise_only_with_a_reason(stage, city):
    table = checked(stage, city, result="fails")
    values = {"actor": city, "table_id": table.pk, "seen_version": table.version}
    with pytest.raises(WrongState, match="提出移出名单"):
        judging.decide(decision="major_change", reason="仍属同类", **values)
    with pytest.raises(ReasonRequired):
        judging.decide(decision="keep", **values)
    table = checked(stage, city, "open_on_site")
    values["seen_version"] = table.version
    assert (
        judging.decide(decision="major_change", change_kind="address", changed_on=DAY, **values).state == "decided"
    ), "the last result counts"


def told(**values):
    given = {"kind": "safety", "severity": "ordinary", "source": "creditchina", "happened_on": date(2022, 5, 20)}
    return incidents.Told(**{**given, "text": "虚构：试验事故", "document_no": "试验文书1号", **values})


def proposed(stage) -> list[str]:
    return [p.opinion.value for p in detail(stage.officer, stage.table()).proposals]


@pytest.mark.parametrize("filed", [True, False])
def test_an_incident_told_after_filing_reaches_the_judgement_and_leaves_it_again(stage, city, filed):
    if filed:
        make_filed(stage)
    else:
        filing.refuse_table(actor=stage.officer, table_id=stage.table().pk, seen_version=1, reason="三次催报未报")

    def heard() -> list[str]:
        run_due_jobs("dynamic_mgmt.reassess")
        found = detail(stage.officer, stage.table()).findings
        assert ("TABLE_REFUSED" in {f.rule for f in found}) is not filed, "what else was found stays"
        return [f.because for f in found if f.rule == "TABLE_INCIDENT"]

    assert heard() == []
    row = incidents.report_incident(actor=stage.officer, told=told(severity="major"), unit_id=stage.unit.pk)
    assert ["尚未核实" in text for text in heard()] == [True]
    assert ("on_site" in proposed(stage)) is True and ("remove" in proposed(stage)) is not filed
    row = incidents.decide_incident(actor=city, incident_id=row.pk, seen_version=row.version, verify=True)
    assert ["已核实" in text for text in heard()] == [True]
    assert proposed(stage)[0] == "remove" and "on_site" not in proposed(stage)
    incidents.decide_incident(actor=city, incident_id=row.pk, seen_version=row.version, verify=False, reason="异议成立")
    assert heard() == []


def test_control_a_decided_table_is_not_judged_again(stage, city):
    table = opined(stage)
    judging.decide(actor=city, table_id=table.pk, seen_version=table.version, decision="keep")
    incidents.report_incident(actor=stage.officer, told=told(), unit_id=stage.unit.pk)
    run_due_jobs("dynamic_mgmt.reassess")
    assert "TABLE_INCIDENT" not in {f["rule"] for f in stage.table().findings}


@pytest.mark.parametrize(
    ("kind", "severity", "grave"),
    [
        ("safety", "major", True),
        ("data", "extreme", True),
        ("environment", "major", True),
        ("quality", "major", True),
        ("safety", "larger", False),
        ("tax", "major", False),
        ("dishonest", "extreme", False),
    ],
)
def test_which_incidents_are_grave(stage, city, kind, severity, grave):
    row = incidents.report_incident(actor=stage.officer, told=told(kind=kind, severity=severity), unit_id=stage.unit.pk)
    assert [assessing.is_grave(fact) for fact in assessing.heard(stage.table())] == [False], "not yet verified"
    incidents.decide_incident(actor=city, incident_id=row.pk, seen_version=row.version, verify=True)
    assert [assessing.is_grave(fact) for fact in assessing.heard(stage.table())] == [grave]


def test_a_failed_recheck_is_in_the_judgement_and_a_passed_one_takes_it_out(stage, city):
    checked(stage, city, result="fails")
    assert proposed(stage)[0] == "remove"
    checked(stage, city, "open_on_site")
    assert "remove" not in proposed(stage)


@pytest.mark.parametrize(("count", "speaks"), [(5, True), (4, False)])
@pytest.mark.parametrize(
    ("category", "indicator"), [("park", "energy_productivity"), ("supply_chain", "product_recovery")]
)
def test_parks_and_supply_chains_are_compared_with_all_of_their_category(stage, category, indicator, count, speaks):
    item = indicators(category)[indicator]
    assert item.is_key and item.direction == "higher_is_better"
    mine = make_stage("庄河市", period=stage.period, category=category, industry_code="")
    others = [make_listed(category=category, industry_code="") for _ in range(count)]
    factories = [make_listed(industry_code="3451") for _ in range(5)]
    record_figures(
        actor=stage.officer,
        values=[
            FigureValue(unit.pk, 2021, indicator, item.unit, Decimal(90), "试验") for unit in (*others, *factories)
        ],
    )
    found = findings_of(assessing.facts_of(mine.table(), {f"{indicator}_y0": "40"}))
    peers = [f for f in found if f.rule == "TABLE_PEERS"]
    assert [f.data["indicator"] for f in peers] == [indicator] * speaks
    assert all(f"（{count}家）" in f.because for f in peers)
    better = findings_of(assessing.facts_of(mine.table(), {f"{indicator}_y0": "95"}))
    assert "TABLE_PEERS" not in {f.rule for f in better}


def test_a_visit_before_the_answers_were_mended_says_nothing_of_the_new_ones(stage, city):
    table = checked(stage, city)
    table = judging.send_back(actor=city, table_id=table.pk, seen_version=table.version, reason="数据有误")
    with clock.fixed(DURING + timedelta(hours=1)):
        filing.return_table(actor=stage.officer, table_id=table.pk, seen_version=table.version, reason="数据有误")
        filing.file_table(actor=stage.unit_actor, table_id=table.pk)
        table = judging.give_opinion(
            actor=stage.officer,
            table_id=table.pk,
            seen_version=stage.table().version,
            opinion="major_change",
            reason="迁址",
        )
        values = {
            "actor": city,
            "table_id": table.pk,
            "decision": "major_change",
            "change_kind": "address",
            "changed_on": DAY,
        }
        with pytest.raises(WrongState, match="重大变更须先复核"):
            judging.decide(seen_version=table.version, **values)
        # control: a new re-check of the new answers settles it
        table = checked(stage, city)
        assert judging.decide(seen_version=table.version, **values).state == "decided"


@pytest.mark.parametrize("opinion", [o.value for o in Opinion])
def test_every_proposal_to_the_city_has_a_reason_and_a_clause(stage, opinion):
    reason = "" if opinion == "keep" else "虚构理由"
    told = {"new_name": "虚构新名有限公司", "changed_on": clock.today(), "document_no": "虚构证明1号"}
    more = told if opinion == "renamed" else {}
    table = make_filed(stage)
    table = judging.give_opinion(
        actor=stage.officer, table_id=table.pk, seen_version=table.version, opinion=opinion, reason=reason, **more
    )
    assert (table.opinion, table.opinion_reason, table.opinion_clause) == (opinion, reason, "通知 三")


def test_removal_takes_two_people_and_moves_unit_and_table_together(stage):
    first, second = actor(Role.CITY_LEAD), actor(Role.CITY_LEAD, authority_id=0)
    table = opined(stage, "remove", "指标不符合要求")
    day = clock.today()
    table = judging.propose_unit_removal(
        actor=first,
        table_id=table.pk,
        seen_version=table.version,
        removed_on=day,
        reason="不符合要求",
        document_no="1号",
    )
    assert table.state == "removal_proposed"
    with pytest.raises(Refused, match="登记人不能复核"):
        judging.settle_removal(actor=first, table_id=table.pk, seen_version=table.version, confirm=True)
    assert ListedUnit.objects.get(pk=stage.unit.pk).removed_on is None
    table = judging.settle_removal(actor=second, table_id=table.pk, seen_version=table.version, confirm=True)
    assert (table.state, table.decision) == ("decided", "remove")
    assert ListedUnit.objects.get(pk=stage.unit.pk).removed_on == day
    with pytest.raises(WrongState):
        judging.settle_removal(actor=second, table_id=table.pk, seen_version=table.version, confirm=True)


def test_removal_confirmed_among_many_on_the_registers_page_moves_the_table_too(stage):
    first, second = actor(Role.CITY_LEAD), actor(Role.CITY_LEAD, authority_id=0)
    table = opined(stage, "remove", "指标不符合要求")
    values = {"removed_on": clock.today(), "reason": "不符合要求", "document_no": "1号"}
    table = judging.propose_unit_removal(actor=first, table_id=table.pk, seen_version=table.version, **values)
    confirm_removals(actor=second, proposal_ids=[table.removal_id])
    table.refresh_from_db()
    assert (table.state, table.decision, table.decided_by_id) == ("decided", "remove", second.user_id)


def test_dropped_removal_waits_for_another_decision(stage):
    first, second = actor(Role.CITY_LEAD), actor(Role.CITY_LEAD, authority_id=0)
    table = opined(stage, "remove", "指标不符合要求")
    table = judging.propose_unit_removal(
        actor=first,
        table_id=table.pk,
        seen_version=table.version,
        removed_on=clock.today(),
        reason="x",
        document_no="1",
    )
    table = judging.settle_removal(actor=second, table_id=table.pk, seen_version=table.version, confirm=False)
    assert (table.state, table.removal_id, stage.unit.removed_on) == ("opinion_given", None, None)


def test_guidance_is_logged_for_units_that_the_officer_sees(stage):
    values = {"done_on": clock.today(), "people": "王某", "text": "指导填报"}
    judging.log_guidance(actor=stage.officer, unit_id=stage.unit.pk, **values)
    assert UnitVisit.objects.get().kind == "guidance"
    with pytest.raises(Refused):
        judging.log_guidance(actor=stage.unit_actor, unit_id=stage.unit.pk, **values)
