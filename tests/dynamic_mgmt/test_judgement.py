"""What a table's answers point to: pure rules, each with a control that it stays silent about; then the verbs."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamic_mgmt.judgement import Peer, TableFacts, findings_of, own_hints, proposals_of, slip_of
from dynamic_mgmt.models import ListedUnit, UnitVisit
from dynamic_mgmt.selectors.catalogue import indicators, newest_book
from dynamic_mgmt.selectors.table_detail import detail
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
from tests.factories.tables import ANSWERS, actor, make_filed, make_stage

LIMITS = {key: item.value for key, item in newest_book().dynamic_limits.items()}


def facts(category="factory", **values):
    answers = values.pop("answers", {})
    return TableFacts(answers={**ANSWERS, **answers}, indicators=indicators(category), limits=LIMITS, **values)


def rules(**values) -> set[str]:
    return {f.rule for f in findings_of(facts(**values)) if f.open}


QUIET = rules()
DAY = date(2022, 2, 1)


def test_ordinary_answers_raise_nothing():
    assert {"TABLE_REQUIREMENT"} == QUIET  # 待人工核实: values that we do not hold
    assert [p.opinion.value for p in proposals_of(findings_of(facts()))] == ["keep"]


@pytest.mark.parametrize(
    ("rule", "answers", "opinion"),
    [
        ("TABLE_STOPPED", {"in_production": "no", "stopped_text": "搬迁"}, "on_site"),
        ("TABLE_FLAG", {"safety_exists": "yes", "safety_text": "一般事故"}, "on_site"),
        ("TABLE_FLAG", {"tax_exists": "yes"}, "on_site"),
        ("TABLE_RENAMED", {"renamed": "yes", "rename_proof": "登记通知书"}, "renamed"),
        ("TABLE_MAJOR", {"major_change": "yes", "major_text": "迁址"}, "major_change"),
        ("TABLE_JUMP", {"energy_total_y1": "1800"}, "keep"),
        ("TABLE_SLIP", {"water_total_y1": "9"}, "keep"),
        ("TABLE_SLIP", {"water_total_y1": "900000"}, "keep"),
        ("TABLE_SHARE", {"solid_waste_rate_y0": "101"}, "keep"),
        ("TABLE_EVIDENCE", {"evidence_water": ""}, "keep"),
        ("TABLE_WORSE", {"energy_per_product_y0": "12", "energy_per_product_y1": "10"}, "keep"),
    ],
)
def test_each_soft_rule_speaks_and_is_silent_without_its_cause(rule, answers, opinion):
    assert rule in rules(answers=answers)
    assert rule not in QUIET
    assert proposals_of(findings_of(facts(answers=answers)))[0].opinion == opinion


@pytest.mark.parametrize(
    "answers", [{"energy_total_y1": "1800"}, {"water_total_y1": "9"}, {"solid_waste_rate_y0": "101"}]
)
def test_a_unit_is_told_of_its_own_numbers_and_of_nothing_else(answers):
    """Peers, incidents and conduct stay with the officers."""
    secret = {"peers": {"energy_per_value": Peer("tce/万元", Decimal("0.001"), 9)}, "incidents": ["不该看见的事故"]}
    told = own_hints(facts(answers={**answers, "safety_exists": "yes"}, **secret))
    assert len(told) == 1
    assert own_hints(facts(**secret)) == []


def test_a_finding_names_the_unit_of_product_that_the_table_uses():
    texts = [f.because for f in findings_of(facts(answers={"energy_per_product_y0": "12"}))]
    assert "单位产品综合能耗为12tce/万套；系统没有这一指标的评价要求值。" in texts
    assert not [text for text in texts if "产品单位" in text]


def test_no_finding_ever_refuses():
    everything = facts(
        answers={"safety_exists": "yes", "in_production": "no", "water_total_y1": "9"}, refused_reason="拒"
    )
    assert {f.severity.value for f in findings_of(everything) if f.open} == {"warning"}


def test_jump_stays_silent_up_to_the_limit():
    assert "TABLE_JUMP" not in rules(answers={"energy_total_y1": "2400"})  # +30.0 %
    assert "TABLE_JUMP" in rules(answers={"energy_total_y1": "2399"})


def test_requirement_is_only_compared_where_the_rulebook_holds_a_sure_value():
    park = {"industrial_share_y0": "50"}
    (found,) = [
        f
        for f in findings_of(facts("park", answers=park))
        if f.rule == "TABLE_REQUIREMENT" and f.data["indicator"] == "industrial_share"
    ]
    assert (found.outcome, found.clause) == ("not_met", "通知 一、（三）")  # 50 % is not more than 50 %
    above = findings_of(facts("park", answers={"industrial_share_y0": "50.01"}))
    assert [f.outcome for f in above if f.data.get("indicator") == "industrial_share"] == ["met"]
    low = findings_of(facts(answers={"building_density_y0": "20"}))
    assert [f.outcome for f in low if f.data.get("indicator") == "building_density"] == ["manual"]


@pytest.mark.parametrize(("count", "speaks"), [(4, False), (5, True)])
def test_peers_count_from_five_on(count, speaks):
    peers = {"energy_per_product": Peer("tce/万套", Decimal(10), count)}
    assert ("TABLE_PEERS" in rules(answers={"energy_per_product_y0": "12"}, peers=peers)) is speaks
    assert "TABLE_PEERS" not in rules(answers={"energy_per_product_y0": "11"}, peers=peers)


def test_incident_lateness_refusal_and_another_past_are_told():
    found = rules(
        incidents=["2022-05-01 环境污染事故"],
        late_reason="停电",
        refused_reason="拒",
        recorded={"energy_total": Decimal(5)},
        answers={"energy_total_y1": "3000"},
    )
    assert {"TABLE_INCIDENT", "TABLE_LATE", "TABLE_REFUSED", "TABLE_PREVIOUS"} <= found
    assert proposals_of(findings_of(facts(refused_reason="拒")))[0].opinion == "remove"


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"answers": {"energy_per_product_y0": "12", "energy_per_product_y1": "10"}}, "比上一年变差20.0%"),
        ({"answers": {"energy_total_y1": "1800"}}, "同比增加"),
        ({"answers": {"water_total_y1": "9"}}, "可能是计量单位填错"),
        ({"late_reason": "停电"}, "在期限之后补报：停电"),
        (
            {
                "answers": {"energy_per_product_y0": "12"},
                "peers": {"energy_per_product": Peer("tce/万套", Decimal(10), 5)},
            },
            "本市同类名单单位（5家）中位数为10tce/万套",
        ),
    ],
)
def test_keeping_is_proposed_with_every_open_doubt_named(values, named):
    (proposal,) = proposals_of(findings_of(facts(**values)))
    assert proposal.opinion == "keep" and "保留前须核实" in proposal.reason and named in proposal.reason
    assert "未发现应当调整的情形" not in proposal.reason
    # control: without the doubt it says that there is none, and how many values nobody compared
    (quiet,) = proposals_of(findings_of(facts()))
    assert quiet.reason.startswith("已按要求填报，未发现应当调整的情形。有") and "人工核实" in quiet.reason


def test_a_grave_accident_and_a_failed_visit_point_to_removal():
    text = "2022-05-01发生生产安全（重大）。"
    grave = proposals_of(findings_of(facts(incidents=[text], grave_incidents=frozenset({text}))))
    assert [(p.opinion.value, p.reason) for p in grave] == [("remove", text)]
    # controls: a lesser one asks for a look on site; a visit that was passed says nothing
    assert [p.opinion.value for p in proposals_of(findings_of(facts(incidents=[text])))] == ["on_site"]
    assert [p.opinion.value for p in proposals_of(findings_of(facts(visit_result="fails")))] == ["remove"]
    assert [p.opinion.value for p in proposals_of(findings_of(facts(visit_result="fits")))] == ["keep"]


@given(st.decimals("0.001", "100000", places=3), st.integers(-6, 6), st.integers(-150, 150))
def test_slips_of_tens_are_recognised_and_nothing_else(value, power, permille):
    shifted = value * Decimal(10) ** power * (1 + Decimal(permille) / 1000)
    assert slip_of(shifted, value, Decimal(20)) == power


# --- verbs -------------------------------------------------------------------------------------------------------


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
    values = {"actor": reviewer, "table_id": table.pk}
    with pytest.raises(Invalid) as caught:
        judging.propose(seen_version=table.version, proposal="remove", **values)
    assert set(caught.value.errors) == {"proposal"}
    with pytest.raises(ReasonRequired):
        judging.propose(seen_version=table.version, proposal="renamed", **values)
    table = judging.propose(seen_version=table.version, proposal="keep", **values)
    assert (table.state, table.proposal, table.proposed_by_id) == ("opinion_given", "keep", reviewer.user_id)
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
