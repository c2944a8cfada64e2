"""典型经验 and statements of units (通知 四): offered, recommended, published; commitments with date and link."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction

from dynamic_mgmt.models import Experience, ListedUnit, Statement
from dynamic_mgmt.selectors.lists import visible_to as units_visible_to
from dynamic_mgmt.selectors.table_work import experiences_visible_to
from dynamic_mgmt.services.table_moving import clean
from dynamic_mgmt.table_states import EXPERIENCE_TRANSITIONS, ExperienceState
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.findings.types import Invalid, NotVisible, Refused, Stale, WrongState
from greenportal.transitions import Transition, find

_STALE = "其他人刚刚更改过这份典型经验，请刷新页面后再操作。"


def _own_unit(actor: Actor, unit_id: int) -> ListedUnit:
    """Return an active unit of the actor's organisation or district; NotVisible else."""
    if not (actor.is_applicant or actor.is_district):
        raise Refused("典型经验和承诺由名单单位或其区市县主管部门填报。")
    unit = units_visible_to(actor).filter(pk=unit_id, removed_on=None).first()
    if unit is None:
        raise NotVisible
    return unit


def draft_experience(*, actor: Actor, unit_id: int, title: str, text: str) -> Experience:
    """Begin a typical experience of a unit. Raises Refused, NotVisible, Invalid, ReasonRequired."""
    unit = _own_unit(actor, unit_id)
    if unit.authority_id is None:
        raise Invalid("这一单位还没有确定管理的区市县，请联系市局在名录中登记。")
    with transaction.atomic():
        now = clock.now()
        made = Experience.objects.create(
            unit=unit,
            authority_id=unit.authority_id,
            title=clean(title, label="题目", field="title", limit=80),
            text=clean(text, label="做法和成效", field="text", limit=4000),
            created_by_id=actor.user_id,
            created_at=now,
            updated_at=now,
        )
        record(actor=actor, action="dynamic_mgmt.experience_draft", target=f"dynamic_mgmt.experience:{made.pk}")
    return move_experience(actor=actor, experience_id=made.pk, seen_version=1, action="offer")


def move_experience(*, actor: Actor, experience_id: int, seen_version: int, action: str, text: str = "") -> Experience:
    """Offer, recommend (text: the district's summary), decline, publish or withdraw (text: the reason).

    Raises NotVisible, Stale, Refused, WrongState, ReasonRequired.
    """
    with transaction.atomic():
        row = _locked(actor, experience_id, seen_version)
        found = _found(actor, row, action, text)
        if action == "revise":
            raise Invalid("先修改题目或内容，再重新报送。")
        if action == "recommend":
            row.summary = clean(text, label="区县总结", field="text")
        elif found.needs_reason:
            row.reason = clean(text, label="理由", field="text", limit=300)
        _move(row, action, found.target, actor)
    return row


def revise_experience(*, actor: Actor, experience_id: int, seen_version: int, title: str, text: str) -> Experience:
    """The unit, or its district, mends what was not recommended or not taken, and offers it again.

    The reason stays in the trail; the district sums it up anew. Raises NotVisible, Stale, Refused, WrongState (also for a
    unit that was taken off the list meanwhile), Invalid.
    """
    with transaction.atomic():
        row = _locked(actor, experience_id, seen_version)
        found = _found(actor, row, "revise", "")
        if row.unit.removed_on is not None:
            raise WrongState("这一单位已移出名单，不能再报送典型经验。")
        row.title = clean(title, label="题目", field="title", limit=80)
        row.text = clean(text, label="做法和成效", field="text", limit=4000)
        data = {"declined_for": row.reason}
        row.summary, row.reason = "", ""
        _move(row, "revise", found.target, actor, data)
    return row


def _locked(actor: Actor, experience_id: int, seen_version: int) -> Experience:
    """Lock one visible experience as the actor saw it; NotVisible or Stale else."""
    row = Experience.objects.select_for_update().filter(pk=experience_id).first()
    if row is None or not _sees(actor, row):
        raise NotVisible
    if row.version != seen_version:
        raise Stale(_STALE, current=row.version)
    return row


def _found(actor: Actor, row: Experience, action: str, text: str) -> Transition:
    return find(
        EXPERIENCE_TRANSITIONS,
        state=row.state,
        action=action,
        role=actor.role,
        window_open=True,
        reason=text,
        named=ExperienceState(row.state).label,
    )


def _move(row: Experience, action: str, target: str, actor: Actor, data: Mapping[str, str] | None = None) -> None:
    now = clock.now()
    row.published_at = now if target == ExperienceState.PUBLISHED else None
    row.state, row.version, row.updated_at = target, row.version + 1, now
    row.save()
    record(
        actor=actor,
        action=f"dynamic_mgmt.experience_{action}",
        target=f"dynamic_mgmt.experience:{row.pk}",
        data={"target": target, "version": row.version, **(data or {})},
    )


def _sees(actor: Actor, row: Experience) -> bool:
    if actor.is_district:
        return row.authority_id == actor.authority_id
    if actor.is_applicant:
        return row.unit.organisation_id == actor.organisation_id and actor.organisation_id is not None
    return experiences_visible_to(actor).filter(pk=row.pk).exists()


def add_statement(*, actor: Actor, unit_id: int, kind: str, title: str, issued_on: date, link: str = "") -> Statement:
    """Write down a sustainability report or a green commitment with date and public link; nothing is fetched."""
    unit = _own_unit(actor, unit_id)
    if kind not in Statement.Kind.values:
        raise Invalid("选择类别。", errors={"kind": ["选择类别。"]})
    if issued_on > clock.today():
        raise Invalid("核对日期。", errors={"issued_on": ["发布日期应不晚于今天，核对后填写。"]})
    address = link.strip()
    if address:
        try:
            URLValidator(schemes=["http", "https"])(address)
        except ValidationError as error:
            raise Invalid("核对链接。", errors={"link": ["填写完整的网址，以http://或https://开头。"]}) from error
    with transaction.atomic():
        made = Statement.objects.create(
            unit=unit,
            kind=kind,
            title=clean(title, label="题目", field="title", limit=120),
            issued_on=issued_on,
            link=address[:300],
            created_by_id=actor.user_id,
            created_at=clock.now(),
        )
        data = {"statement": made.pk, "kind": kind, "issued_on": issued_on}
        record(actor=actor, action="dynamic_mgmt.statement", target=f"dynamic_mgmt.listed_unit:{unit.pk}", data=data)
    return made


def withdraw_statement(*, actor: Actor, statement_id: int, reason: str) -> Statement:
    """The unit, or its district for it, takes a statement back; it stays stored with the reason and is shown no more.

    Raises Refused (other roles), NotVisible (not theirs), ReasonRequired, WrongState (withdrawn already).
    """
    if not (actor.is_applicant or actor.is_district):
        raise Refused("报告和承诺由名单单位或其区市县主管部门撤回。")
    with transaction.atomic():
        row = Statement.objects.select_for_update().filter(pk=statement_id).first()
        if row is None or not units_visible_to(actor).filter(pk=row.unit_id).exists():
            raise NotVisible
        if row.withdrawn_at is not None:
            raise WrongState("这份报告或承诺已撤回，请返回列表查看。")
        row.withdrawn_reason = clean(reason, label="撤回理由", field="reason", limit=300)
        row.withdrawn_at, row.withdrawn_by_id = clock.now(), actor.user_id
        row.save(update_fields=["withdrawn_reason", "withdrawn_at", "withdrawn_by"])
        data = {"statement": row.pk, "kind": row.kind, "reason": row.withdrawn_reason}
        target = f"dynamic_mgmt.listed_unit:{row.unit_id}"
        record(actor=actor, action="dynamic_mgmt.statement_withdraw", target=target, data=data)
    return row
