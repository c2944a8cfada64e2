"""Who may do what with a round, as verdicts. Pure."""

from __future__ import annotations

from datetime import datetime

from greenportal.accounts.actors import Actor, Role
from greenportal.findings.types import ALLOWED, Verdict, denied

#: Keys of clocks for which a district may set an earlier end of its own are marked `per_district` in the rulebook.
PREPARING, OPEN, CLOSED = "preparing", "open", "closed"


def may_lead(actor: Actor) -> Verdict:
    """Prepare, open, revise and close rounds, and grant longer time: the city lead only."""
    if actor.role == Role.CITY_LEAD:
        return ALLOWED
    return denied("年度批次由市局负责人启动和修改，请联系市局负责人办理。")


def may_revise(actor: Actor, state: str) -> Verdict:
    """A round can be revised until it is closed."""
    if state == CLOSED:
        return may_lead(actor) & denied("批次已结束，规则不再修改。")
    return may_lead(actor)


def may_open(actor: Actor, state: str) -> Verdict:
    """Only a round in preparation is opened."""
    if state != PREPARING:
        return may_lead(actor) & denied("批次已启动或已结束，不能再次启动。请刷新页面查看最新状态。")
    return may_lead(actor)


def may_close(actor: Actor, state: str) -> Verdict:
    """Only an open round is closed."""
    if state != OPEN:
        return may_lead(actor) & denied("批次不在进行中，不能结束。请刷新页面查看最新状态。")
    return may_lead(actor)


def may_set_deadline(actor: Actor, *, authority_id: int, state: str) -> Verdict:
    """A district sets its own applicants' cut-off in an open round; the city lead may do it for any district."""
    if actor.role != Role.CITY_LEAD and not (actor.is_district and actor.authority_id == authority_id):
        return denied("只能设定本区市县的申报截止时间。")
    if state != OPEN:
        return denied("批次不在进行中，不能设定截止时间。")
    return ALLOWED


def may_extend(actor: Actor, state: str) -> Verdict:
    """Longer time is granted while the round is open, by the city lead."""
    if state != OPEN:
        return may_lead(actor) & denied("批次不在进行中，不能办理延期。")
    return may_lead(actor)


def is_open(*, state: str, opens_at: datetime, closes_at: datetime, at: datetime) -> bool:
    """True when `at` lies in [opens_at, closes_at): the end is exclusive."""
    return state == OPEN and opens_at <= at < closes_at
