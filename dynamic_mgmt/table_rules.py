"""Who may do what with a dynamic table. Pure; which moves exist is said by `states`."""

from __future__ import annotations

from typing import Protocol

from dynamic_mgmt.table_states import EDITABLE, NOT_FILED, SHOWN_TO_CITY, Opinion, TableState, state_for
from greenportal.accounts.actors import Actor, Role
from greenportal.findings.types import ALLOWED, Verdict, denied


class TableLike(Protocol):
    """What a rule needs of a table; organisation_id is that of its unit."""

    @property
    def authority_id(self) -> int: ...
    @property
    def state(self) -> str: ...


ABSENT = "没有找到这张动态管理表。"
CITY_NEVER_EDITS = "市局不修改单位填报的内容，请由区市县退回修改。"
CLOSED = "填报期限已过，内容已锁定。确需补报的，请联系区市县主管部门登记逾期补报，或由市局办理延期。"
NO_LINK = "填报期限已过，单位不能再从链接填报。先由市局办理延期，或由区市县登记逾期补报。"


def owns(actor: Actor, table: TableLike, *, organisation_id: int | None) -> Verdict:
    """The unit itself, or its district."""
    if actor.is_applicant:
        mine = organisation_id is not None and actor.organisation_id == organisation_id
        return ALLOWED if mine else denied("这张动态管理表不属于本单位。")
    if actor.is_district:
        return ALLOWED if actor.authority_id == table.authority_id else denied("这张动态管理表不属于本区市县。")
    return denied("动态管理表由名单单位或其区市县主管部门填报。")


def may_view_answers(actor: Actor, table: TableLike, *, organisation_id: int | None) -> Verdict:
    """Unit and district their own; the city once it was filed."""
    if actor.is_city:
        return ALLOWED if table.state in SHOWN_TO_CITY else denied(ABSENT)
    return owns(actor, table, organisation_id=organisation_id)


def may_edit_answers(actor: Actor, table: TableLike, *, organisation_id: int | None, in_window: bool) -> Verdict:
    """Unit and district while it is being filled; after the clock the district, for a late filing, and both what was returned."""
    if actor.is_city:
        return denied(CITY_NEVER_EDITS)
    verdict = owns(actor, table, organisation_id=organisation_id)
    if verdict and table.state not in EDITABLE:
        verdict = denied(
            f"当前状态为“{state_for(actor.role, table.state).label}”，内容已锁定。需要修改的，请由区市县退回。"
        )
    if verdict and actor.is_applicant and not in_window and table.state != TableState.RETURNED:
        verdict = denied(CLOSED)
    return verdict


def may_send_link(table: TableLike, *, in_window: bool) -> bool:
    """A link serves while its holder may write: until the clock, and for a table that was returned."""
    return table.state == TableState.RETURNED or (table.state in NOT_FILED and in_window)


def may_judge(actor: Actor, table: TableLike) -> Verdict:
    """Return, refuse, give an opinion: the table's own district."""
    if not actor.is_district:
        return denied("动态调整意见由区市县、先导区主管部门提出。")
    return ALLOWED if actor.authority_id == table.authority_id else denied("这张动态管理表不属于本区市县。")


def may_decide(actor: Actor) -> Verdict:
    """The city prepares the decision: re-check, visit, sending back, a removal written down."""
    return ALLOWED if actor.is_city else denied("动态调整由市局决定。")


def may_propose(actor: Actor) -> Verdict:
    """The reviewer proposes, the lead decides (DESIGN §1)."""
    return ALLOWED if actor.role == Role.CITY_REVIEWER else denied("处理建议由市局审核人员提出，负责人直接作出决定。")


def may_decide_alone(actor: Actor) -> Verdict:
    """The decision itself is the city lead's; the reviewer prepares it (DESIGN §1)."""
    return ALLOWED if actor.role == Role.CITY_LEAD else denied("动态调整由市局负责人决定。")


def may_settle(decision: str, result: str) -> Verdict:
    """Whether the table may be decided so, after the last concluded re-check or visit ("" where there was none).

    通知 三, domain notes §2.4: a major change asks for a re-check, and what no longer fits is removed. result: a `UnitVisit.Result`.
    """
    if decision != Opinion.MAJOR:
        return ALLOWED
    if not result:
        return denied("重大变更须先复核。请先“安排复核”或“安排现场评估”，登记结果后再作出决定。")
    if result != "fits":
        return denied("复核结果为不符合要求，不能按重大变更保留。请“提出移出名单”，或写明理由作出其他决定。")
    return ALLOWED


def may_manage_periods(actor: Actor) -> Verdict:
    """Periods, columns of the export, what was sent up: officers of the city; the system makes the yearly period."""
    return ALLOWED if actor.is_city or actor.is_system else denied("填报期由市局设定。")


def may_extend(actor: Actor) -> Verdict:
    """Extensions are granted by the city lead (rounds.grant_extension asks again)."""
    return ALLOWED if actor.role == Role.CITY_LEAD else denied("延期由市局负责人办理。")
