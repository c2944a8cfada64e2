"""The district's opinion, the city's decision, re-checks and visits (通知 三: 跟踪指导, 动态调整意见)."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from dynamic_mgmt import table_rules
from dynamic_mgmt.judgement import CLAUSE
from dynamic_mgmt.models import DynamicTable, UnitVisit
from dynamic_mgmt.selectors.changes import open_rechecks
from dynamic_mgmt.selectors.lists import visible_to as units_visible_to
from dynamic_mgmt.selectors.tables import last_check, last_result, visible_to
from dynamic_mgmt.services.assessing import reassess
from dynamic_mgmt.services.removing import decide_removal, propose_removal
from dynamic_mgmt.services.table_majors import Major, follow_major, require_rechecked
from dynamic_mgmt.services.table_moving import STALE, clean, lock_table, move_table, person
from dynamic_mgmt.services.table_renames import NewName, follow_rename
from dynamic_mgmt.table_states import Opinion, TableState
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.findings.types import Invalid, NotVisible, Refused, Stale, WrongState


def _chosen(text: str, *, without: frozenset[str] = frozenset(), field: str = "opinion") -> Opinion:
    if text not in Opinion.values or text in without:
        raise Invalid("选择一项意见。", errors={field: ["选择一项意见。"]})
    return Opinion(text)


def give_opinion(
    *,
    actor: Actor,
    table_id: int,
    seen_version: int,
    opinion: str,
    reason: str = "",
    clause: str = CLAUSE,
    new_name: str = "",
    changed_on: date | None = None,
    document_no: str = "",
    change_kind: str = "",
) -> DynamicTable:
    """The district's 动态调整意见 on a filed or refused table; all but keeping need a reason.

    变更名称 proposes the rename with its proof (`follow_rename`), 重大变更 the change (`follow_major`); what is blank comes from the filed table.
    A unit that refused to file cannot simply be kept without a reason either. Raises Invalid, Refused, WrongState, Stale.
    """
    with transaction.atomic():
        table = lock_table(actor, table_id, seen_version=seen_version)
        table_rules.may_judge(actor, table).require()
        chosen = _chosen(opinion)
        needed = chosen != Opinion.KEEP or table.state == TableState.REFUSED
        table.opinion = chosen
        table.opinion_reason = clean(reason, label="意见的理由", field="reason", needed=needed)
        table.opinion_clause = clean(clause, label="依据", field="clause", limit=120, needed=False) or CLAUSE
        table.opinion_by_id, table.opinion_at = person(actor), clock.now()
        move_table(
            table,
            "give_opinion",
            actor=actor,
            reason=table.opinion_reason,
            fields=["opinion", "opinion_reason", "opinion_clause", "opinion_by", "opinion_at"],
            data={"opinion": chosen.value},
        )
        if chosen == Opinion.RENAMED:
            follow_rename(table, actor, NewName(new_name, changed_on, document_no), decided=False)
        elif chosen == Opinion.MAJOR:
            follow_major(table, actor, Major(change_kind, changed_on, document_no), reason=table.opinion_reason)
    return table


def send_back(*, actor: Actor, table_id: int, seen_version: int, reason: str) -> DynamicTable:
    """The city sends the opinion back to the district; the answers stay as filed."""
    return _city_move(actor, table_id, seen_version, "send_back", reason)


def open_recheck(*, actor: Actor, table_id: int, seen_version: int, reason: str) -> DynamicTable:
    """The city asks for a re-check (major change, doubtful data); the result comes back by `conclude`."""
    return _city_move(actor, table_id, seen_version, "open_recheck", reason)


def open_on_site(*, actor: Actor, table_id: int, seen_version: int, reason: str) -> DynamicTable:
    """The city asks for an evaluation on site."""
    return _city_move(actor, table_id, seen_version, "open_on_site", reason)


def _city_move(actor: Actor, table_id: int, seen_version: int, action: str, reason: str) -> DynamicTable:
    with transaction.atomic():
        table = lock_table(actor, table_id, seen_version=seen_version)
        table_rules.may_decide(actor).require()
        # What a reviewer proposed was said of the opinion and answers as they stood.
        table.proposal, table.proposal_reason, table.proposed_by, table.proposed_at = "", "", None, None
        move_table(table, action, actor=actor, reason=clean(reason, label="理由", field="reason"), fields=_PROPOSAL)
    return table


_PROPOSAL = ("proposal", "proposal_reason", "proposed_by", "proposed_at")


def propose(*, actor: Actor, table_id: int, seen_version: int, proposal: str, reason: str = "") -> DynamicTable:
    """The reviewer proposes to the lead how to decide: kept, renamed, major change; the last proposal counts.

    Re-check, visit, sending back and removal have their own verbs. Another than the district's opinion needs a reason;
    a major change what the decision needs (`may_settle`). Raises Refused, Invalid, WrongState, ReasonRequired, Stale.
    """
    with transaction.atomic():
        table = lock_table(actor, table_id, seen_version=seen_version)
        table_rules.may_propose(actor).require()
        chosen = _chosen(proposal, without=frozenset({Opinion.ON_SITE, Opinion.REMOVE}), field="proposal")
        verdict = table_rules.may_settle(chosen, last_result(table))
        if not verdict:
            raise WrongState(verdict.reason)
        needed = chosen != table.opinion
        table.proposal = chosen
        table.proposal_reason = clean(reason, label="建议的理由", field="reason", needed=needed)
        table.proposed_by_id, table.proposed_at = person(actor), clock.now()
        told = {"proposal": chosen.value}
        move_table(table, "propose", actor=actor, reason=table.proposal_reason, fields=_PROPOSAL, data=told)
    return table


def conclude(
    *, actor: Actor, table_id: int, seen_version: int, done_on: date, people: str, text: str, result: str
) -> UnitVisit:
    """Record the result of an open re-check or visit; the table waits for the city's decision again."""
    with transaction.atomic():
        table = lock_table(actor, table_id, seen_version=seen_version)
        if actor.is_district:
            table_rules.may_judge(actor, table).require()
        kind = UnitVisit.Kind.RECHECK if table.state == TableState.RECHECK else UnitVisit.Kind.ON_SITE
        if result not in UnitVisit.Result.values:
            raise Invalid("选择结果。", errors={"result": ["选择结果。"]})
        move_table(table, "conclude", actor=actor, data={"kind": kind.value, "result": result})
        visit = _visit(actor, table.unit_id, kind, done_on, people, text, result=result, table=table)
        reassess(table)
    return visit


def log_guidance(*, actor: Actor, unit_id: int, done_on: date, people: str, text: str) -> UnitVisit:
    """Write down a guidance visit (跟踪指导) to a unit that the officer may see."""
    if not (actor.is_district or actor.is_city):
        raise Refused("走访记录由区市县或市局登记。")
    if not units_visible_to(actor).filter(pk=unit_id).exists():
        raise NotVisible
    with transaction.atomic():
        return _visit(actor, unit_id, UnitVisit.Kind.GUIDANCE, done_on, people, text)


def _visit(
    actor: Actor,
    unit_id: int,
    kind: UnitVisit.Kind,
    done_on: date,
    people: str,
    text: str,
    *,
    result: str = "",
    table: DynamicTable | None = None,
) -> UnitVisit:
    if done_on > clock.today():
        raise Invalid("核对日期。", errors={"done_on": ["日期应不晚于今天，核对后填写。"]})
    visit = UnitVisit.objects.create(
        unit_id=unit_id,
        table=table,
        kind=kind,
        done_on=done_on,
        people=clean(people, label="参加人员", field="people", limit=200),
        text=clean(text, label="情况", field="text", limit=4000),
        result=result,
        by_id=person(actor),
        at=clock.now(),
    )
    data = {"visit": visit.pk, "kind": kind.value, "done_on": done_on, "result": result}
    record(actor=actor, action="dynamic_mgmt.visit", target=f"dynamic_mgmt.listed_unit:{unit_id}", data=data)
    return visit


def decide(
    *,
    actor: Actor,
    table_id: int,
    seen_version: int,
    decision: str,
    reason: str = "",
    new_name: str = "",
    changed_on: date | None = None,
    document_no: str = "",
    change_kind: str = "",
) -> DynamicTable:
    """The city lead decides: kept, renamed, or kept after a major change. Removal goes through `propose_unit_removal`.

    变更名称 confirms the rename that waits, where the decider is a lead who did not propose it; else it is proposed
    and waits for another lead; a change told as 重大变更 is confirmed with the re-check's result likewise. While confirmed
    changes of the unit wait for their re-check, nothing else is decided. Against the district's opinion, or after a re-check that failed, it needs a reason; a major
    change needs a re-check that was passed (`table_rules.may_settle`). Raises Refused, Invalid, WrongState, ReasonRequired, Stale.
    """
    with transaction.atomic():
        table = lock_table(actor, table_id, seen_version=seen_version)
        table_rules.may_decide_alone(actor).require()
        chosen = _chosen(decision, without=frozenset({Opinion.ON_SITE, Opinion.REMOVE}), field="decision")
        last = last_check(table)
        result = last.result if last else ""
        verdict = table_rules.may_settle(chosen, result)
        if not verdict:
            raise WrongState(verdict.reason)
        require_rechecked(table, chosen, open_rechecks([table.unit_id])[table.unit_id])
        needed = chosen != table.opinion or result == UnitVisit.Result.FAILS
        _decided(table, actor, chosen, clean(reason, label="决定的理由", field="reason", needed=needed))
        move_table(
            table,
            "decide",
            actor=actor,
            reason=table.decision_reason,
            fields=_DECISION,
            data={"decision": chosen.value},
        )
        if chosen == Opinion.RENAMED:
            follow_rename(table, actor, NewName(new_name, changed_on, document_no), decided=True)
        elif chosen == Opinion.MAJOR:
            told = Major(change_kind, changed_on, document_no)
            reason = table.decision_reason or table.opinion_reason
            follow_major(table, actor, told, reason=reason, checked=last.text if last else "")
    return table


_DECISION = ("decision", "decision_reason", "decided_by", "decided_at")


def _decided(table: DynamicTable, actor: Actor, decision: Opinion, reason: str) -> None:
    table.decision, table.decision_reason = decision, reason
    table.decided_by_id, table.decided_at = person(actor), clock.now()


def propose_unit_removal(
    *, actor: Actor, table_id: int, seen_version: int, removed_on: date, reason: str, document_no: str
) -> DynamicTable:
    """The city writes the removal down; another city lead confirms it (two people)."""
    with transaction.atomic():
        table = lock_table(actor, table_id, seen_version=seen_version)
        table_rules.may_decide(actor).require()
        text = clean(reason, label="移出原因", field="reason", limit=200)
        table.removal = propose_removal(
            actor=actor, unit_id=table.unit_id, removed_on=removed_on, reason=text, document_no=document_no
        )
        move_table(table, "propose_removal", actor=actor, reason=text, fields=["removal"])
    return table


def settle_removal(*, actor: Actor, table_id: int, seen_version: int, confirm: bool) -> DynamicTable:
    """The other person confirms or drops the removal; unit and table move in one transaction.

    Raises Refused (not the lead, the same person), WrongState, Stale.
    """
    table = visible_to(actor).filter(pk=table_id).first()
    if table is None:
        raise NotVisible
    table_rules.may_decide(actor).require()
    if table.removal_id is None or table.state != TableState.REMOVAL_PROPOSED:
        raise WrongState("这张表没有待复核的移出。请刷新页面查看最新状态。")
    if table.version != seen_version:
        raise Stale(STALE, current=table.version)
    # The proposal is locked first, here and on the register's page; the table follows in that transaction.
    decide_removal(actor=actor, proposal_id=table.removal_id, confirm=confirm)
    table.refresh_from_db()
    return table
