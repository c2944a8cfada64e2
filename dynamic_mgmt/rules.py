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
