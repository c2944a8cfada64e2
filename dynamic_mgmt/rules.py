"""Who may change the register. Pure."""

from __future__ import annotations

from greenportal.accounts.actors import Actor, Role
from greenportal.findings.types import ALLOWED, Verdict, denied


def may_import(actor: Actor) -> Verdict:
    """City officers and the system bring lists in and link rows to legal persons."""
    if actor.is_city or actor.is_system:
        return ALLOWED
    return denied("名单由市局维护。发现名单有误的，请联系市局资源节约综合利用处。")


def may_propose_removal(actor: Actor) -> Verdict:
    """A city officer writes a removal down."""
    if actor.is_city and actor.user_id is not None:
        return ALLOWED
    return denied("移出名单由市局登记。请将移出文件报市局资源节约综合利用处。")


def may_decide_removal(actor: Actor, proposed_by: int) -> Verdict:
    """The city lead decides, and never about what the same person wrote down."""
    if actor.role != Role.CITY_LEAD or actor.user_id is None:
        return denied("移出名单由市局负责人复核。请提交市局负责人办理。")
    if actor.user_id == proposed_by:
        return denied("登记人不能复核自己登记的移出。请由市局另一名负责人复核。")
    return ALLOWED


def may_enrol(actor: Actor) -> Verdict:
    """The city lead records the national result; the system does so for a job."""
    if actor.role in {Role.CITY_LEAD, Role.SYSTEM}:
        return ALLOWED
    return denied("入选结果由市局负责人登记。请联系市局负责人办理。")


def may_report_incident(actor: Actor) -> Verdict:
    """Districts report at once (通知 三); the city writes down what it learns itself."""
    if ((actor.is_district and actor.authority_id is not None) or actor.is_city) and actor.user_id is not None:
        return ALLOWED
    return denied("事故和违法情况由区市县、先导区工信主管部门上报。请联系所在区市县办理。")


def may_verify_incident(actor: Actor, authors: frozenset[int]) -> Verdict:
    """The city verifies, and never what the same person wrote."""
    if not actor.is_city or actor.user_id is None:
        return denied("上报情况由市局核实。请等待市局处理。")
    if actor.user_id in authors:
        return denied("上报人不能核实自己上报的情况。请由市局另一名人员核实。")
    return ALLOWED


def may_withdraw_incident(actor: Actor, *, was_verified: bool) -> Verdict:
    """A reporter takes back what the city has not verified; what it verified once only the city drops, with a reason."""
    if was_verified and not actor.is_city:
        return denied("市局核实过的情况不能撤回。请写明更正理由，由市局认定是否成立。")
    return ALLOWED


def may_propose_change(actor: Actor) -> Verdict:
    """The unit, its district or the city tells of a rename or major change."""
    if (actor.is_applicant or actor.is_district or actor.is_city) and actor.user_id is not None:
        return ALLOWED
    return denied("更名和重大变更由名单单位、所在区市县或市局提出。")


def may_decide_change(actor: Actor, proposed_by: int) -> Verdict:
    """The city lead decides, and never about what the same person proposed."""
    if actor.role != Role.CITY_LEAD or actor.user_id is None:
        return denied("更名和重大变更由市局负责人决定。请提交市局负责人办理。")
    if actor.user_id == proposed_by:
        return denied("提出人不能决定自己提出的变更。请由市局另一名负责人决定。")
    return ALLOWED


def may_withdraw_change(actor: Actor, proposed_by: int, proposer_role: str) -> Verdict:
    """The side that proposed takes it back: the person, or a colleague in the same kind of office."""
    same_side = {
        Role.APPLICANT: actor.is_applicant,
        Role.DISTRICT_OFFICER: actor.is_district,
        Role.DISTRICT_LEAD: actor.is_district,
        Role.CITY_REVIEWER: actor.is_city,
        Role.CITY_LEAD: actor.is_city,
    }
    if actor.user_id is not None and (actor.user_id == proposed_by or same_side.get(Role(proposer_role), False)):
        return ALLOWED
    return denied("变更由提出的一方撤回。请联系提出人办理。")
