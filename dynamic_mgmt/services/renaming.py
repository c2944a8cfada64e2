"""Renames and major changes: proposed by unit, district or city, decided by the city lead (通知 三).

Batch, list year and count never change by any of it. A rename follows the legal person: every
membership under the old name bears the new one, and so does the directory.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import cast

from django.db import IntegrityError, transaction

from dynamic_mgmt.constants import KIND_CHANGE, SCOPE_CHANGE
from dynamic_mgmt.models import ListedUnit, UnitChange, UnitName
from dynamic_mgmt.naming import name_key
from dynamic_mgmt.rules import may_decide_change, may_import, may_propose_change, may_withdraw_change
from dynamic_mgmt.selectors.changes import bearers
from dynamic_mgmt.selectors.changes import visible_to as changes_visible_to
from dynamic_mgmt.selectors.lists import visible_to as units_visible_to
from dynamic_mgmt.services.locking import lock_register
from dynamic_mgmt.services.noticing import change_decided, change_proposed
from dynamic_mgmt.services.telling import organisations_of, tell_nominations
from dynamic_mgmt.states import CHANGE_TRANSITIONS, ChangeState
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.directory.models import Organisation
from greenportal.directory.pinyin import sort_key
from greenportal.directory.services import rename_organisation
from greenportal.files.selectors import visible_to as files_visible_to
from greenportal.findings.types import Invalid, NotVisible, Stale, WrongState
from greenportal.transitions import find

Kind = UnitChange.Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeTold:
    """What is told of a change; new_name for a rename, text for any other; a document or its number is the proof."""

    kind: str
    changed_on: date
    new_name: str = ""
    text: str = ""
    document_no: str = ""
    document_id: uuid.UUID | None = None


def _check(unit: ListedUnit, told: ChangeTold) -> None:
    errors: dict[str, list[str]] = {}
    if told.kind not in Kind.values:
        errors["kind"] = ["选择变更类别。"]
    if told.changed_on > clock.today():
        errors["changed_on"] = ["变更日期应不晚于今天，核对后填写。"]
    elif unit.listed_on is not None and told.changed_on < unit.listed_on and told.kind != Kind.RENAME:
        errors["changed_on"] = ["变更日期早于列入名单的日期，核对后填写。"]
    name = " ".join(told.new_name.split())
    if told.kind == Kind.RENAME and not 0 < len(name) <= 120:
        errors["new_name"] = ["填写变更后的名称（1至120个字，与营业执照一致）。"]
    elif told.kind == Kind.RENAME and name == unit.current_name:
        errors["new_name"] = [f"变更后的名称与现名称“{unit.current_name}”相同，核对后填写。"]
    if told.kind != Kind.RENAME and not 0 < len(told.text.strip()) <= 1000:
        errors["text"] = ["写明变更前后的情况（1至1000个字）。"]
    if told.document_id is None and not told.document_no.strip():
        errors["document_no"] = ["填写证明文件名称或文号，或上传证明材料。"]
    if len(told.document_no.strip()) > 120:
        errors["document_no"] = ["最多120个字，请精简。"]
    if errors:
        raise Invalid("核对变更内容。", errors=errors)


def propose_change(*, actor: Actor, unit_id: int, told: ChangeTold) -> UnitChange:
    """Tell of a rename or major change of a listed unit that the actor may see; nothing changes until it is decided.

    Raises `Refused`, `NotVisible`, `Invalid` per field, `WrongState` for a removed unit or an open
    proposal of the same kind.
    """
    may_propose_change(actor).require()
    try:
        with transaction.atomic():
            unit = units_visible_to(actor).select_for_update(of=("self",)).filter(pk=unit_id).first()
            if unit is None:
                raise NotVisible
            if unit.removed_on is not None:
                raise WrongState("这一单位已移出名单，不再办理变更。")
            _check(unit, told)
            if (
                told.document_id is not None
                and not files_visible_to(actor, kind=KIND_CHANGE).filter(pk=told.document_id).exists()
            ):
                raise NotVisible
            change = UnitChange.objects.create(
                unit=unit,
                kind=told.kind,
                changed_on=told.changed_on,
                old_name=unit.current_name,
                new_name=" ".join(told.new_name.split()) if told.kind == Kind.RENAME else "",
                text=told.text.strip(),
                document_id=told.document_id,
                document_no=told.document_no.strip(),
                proposed_by_id=cast("int", actor.user_id),  # may_propose_change asks for a person
                proposed_at=clock.now(),
                proposer_role=actor.role,
            )
            _audit(actor, "propose_change", change)
            change_proposed(change)
    except IntegrityError as error:
        if "change_one_open" not in str(error):
            raise
        raise WrongState("这一单位已有同类变更在办理，刷新页面查看。") from error
    return change


def _audit(actor: Actor, verb: str, change: UnitChange, reason: str = "") -> None:
    record(
        actor=actor,
        action=f"dynamic_mgmt.{verb}",
        target=f"{SCOPE_CHANGE}:{change.pk}",
        data={
            "unit": change.unit_id,
            "kind": change.kind,
            "state": change.state,
            "old_name": change.old_name,
            "new_name": change.new_name,
            "changed_on": change.changed_on,
            "reason": reason.strip(),
        },
    )


def _moved(actor: Actor, change_id: int, seen_version: int, action: str, reason: str) -> UnitChange:
    """Return the locked change after the move that the table allows, not yet stored."""
    if not changes_visible_to(actor).filter(pk=change_id).exists():
        raise NotVisible
    change = UnitChange.objects.select_for_update(of=("self",)).select_related("unit").get(pk=change_id)
    move = find(
        CHANGE_TRANSITIONS,
        state=change.state,
        action=action,
        role=actor.role,
        window_open=True,
        reason=reason,
        named=change.get_state_display(),
    )
    if change.version != seen_version:
        raise Stale("这项变更刚被他人处理，刷新后核对最新内容。", current=change.version)
    change.state, change.version = ChangeState(move.target), change.version + 1
    return change


def decide_change(*, actor: Actor, change_id: int, seen_version: int, accept: bool, reason: str = "") -> UnitChange:
    """The city lead, another person than the proposer, confirms or refuses.

    A confirmed rename changes the current name at once; any other confirmed change waits for a
    re-check. Raises `Refused`, `NotVisible`, `ReasonRequired` (to refuse), `Stale`, `WrongState`.
    """
    with transaction.atomic():
        kind = UnitChange.objects.filter(pk=change_id).values_list("kind", flat=True).first()
        action = "refuse" if not accept else "confirm" if kind == Kind.RENAME else "recheck"
        lock_register()
        change = _moved(actor, change_id, seen_version, action, reason)
        may_decide_change(actor, change.proposed_by_id).require()
        change.decided_by_id, change.decided_at, change.decision = actor.user_id, clock.now(), reason.strip()[:400]
        change.save(update_fields=["state", "version", "decided_by", "decided_at", "decision"])
        if action == "confirm":
            _same_name_still([change])
            _rename(actor, [change])
        _audit(actor, f"{action}_change", change, reason)
        change_decided(change)
    return change


def _same_name_still(changes: Sequence[UnitChange]) -> None:
    """Refuse to rename from a name that is no longer the current one."""
    for change in changes:
        if change.unit.current_name != change.old_name:
            raise WrongState(
                f"“{change.old_name}”的名称已另行变更为“{change.unit.current_name}”。"
                "请不予确认这项变更，由提出方按现名称重新提出。"
            )


def record_recheck(*, actor: Actor, change_id: int, seen_version: int, passed: bool, text: str) -> UnitChange:
    """Write down how the re-check of a major change ended; removal after a failed one is its own proposal.

    Raises `Refused`, `NotVisible`, `ReasonRequired`, `Stale`, `WrongState`.
    """
    with transaction.atomic():
        change = _moved(actor, change_id, seen_version, "pass" if passed else "fail", text)
        may_decide_change(actor, change.proposed_by_id).require()
        change.recheck_by_id, change.recheck_at, change.recheck_text = actor.user_id, clock.now(), text.strip()[:1000]
        change.save(update_fields=["state", "version", "recheck_by", "recheck_at", "recheck_text"])
        _audit(actor, "recheck_passed" if passed else "recheck_failed", change, text)
        change_decided(change)
    return change


def propose_published_renames(
    *, actor: Actor, items: Mapping[int, str], changed_on: date, document_no: str
) -> list[UnitChange]:
    """Write down the renames of a published list, unit id → new name, all or none; the city lead decides.

    Raises `Refused` (a city officer does this), `NotVisible`, `Invalid` naming the units.
    """
    may_import(actor).require()
    may_propose_change(actor).require()
    with transaction.atomic():
        units = list(ListedUnit.objects.select_for_update().filter(pk__in=items).order_by("pk"))
        if len(units) != len(items):
            raise NotVisible
        open_ones = set(
            UnitChange.objects.filter(
                unit__in=units, kind=Kind.RENAME, state__in=[ChangeState.PROPOSED, ChangeState.RECHECK]
            ).values_list("unit_id", flat=True)
        )
        wrong: list[str] = []
        for unit in units:
            if unit.removed_on is not None or unit.pk in open_ones:
                why = "已移出名单" if unit.removed_on else "已有更名在办理"
                wrong.append(f"{unit.current_name}：{why}，从清单中去掉后再登记。")
                continue
            told = ChangeTold(kind=Kind.RENAME, changed_on=changed_on, new_name=items[unit.pk], document_no=document_no)
            try:
                _check(unit, told)
            except Invalid as error:
                wrong += [f"{unit.current_name}：{text}" for texts in error.errors.values() for text in texts]
        if wrong:
            raise Invalid("先核对下列单位，再登记更名。", errors={"rows": wrong})
        changes = UnitChange.objects.bulk_create(
            [
                UnitChange(
                    unit=unit,
                    kind=Kind.RENAME,
                    changed_on=changed_on,
                    old_name=unit.current_name,
                    new_name=" ".join(items[unit.pk].split()),
                    document_no=document_no.strip(),
                    proposed_by_id=cast("int", actor.user_id),
                    proposed_at=clock.now(),
                    proposer_role=actor.role,
                )
                for unit in units
            ],
            batch_size=1000,
        )
        _audit_many(actor, "propose_published_renames", changes, document_no)
    return changes


def _audit_many(actor: Actor, verb: str, changes: Sequence[UnitChange], document_no: str) -> None:
    data = {"changes": [change.pk for change in changes], "document_no": document_no}
    record(actor=actor, action=f"dynamic_mgmt.{verb}", target="dynamic_mgmt.register:0", data=data)


def confirm_renames(*, actor: Actor, change_ids: Iterable[int]) -> list[UnitChange]:
    """The city lead confirms many renames at once, all or none; the same guards as for one.

    Raises `Refused`, `NotVisible`, `WrongState` when one of them is decided already.
    """
    ids = sorted(set(change_ids))
    with transaction.atomic():
        lock_register()
        rows = UnitChange.objects.select_for_update(of=("self",)).select_related("unit")
        changes = list(rows.filter(pk__in=ids, kind=Kind.RENAME).order_by("pk"))
        if not changes or len(changes) != len(ids):
            may_import(actor).require()
            raise NotVisible
        for change in changes:
            may_decide_change(actor, change.proposed_by_id).require()
            if change.state != ChangeState.PROPOSED:
                raise WrongState("其中有变更已处理，刷新页面后重新选择。")
            change.state, change.version = ChangeState.CONFIRMED, change.version + 1
            change.decided_by_id, change.decided_at = actor.user_id, clock.now()
        _same_name_still(changes)
        UnitChange.objects.bulk_update(changes, ["state", "version", "decided_by", "decided_at"], batch_size=1000)
        _rename(actor, changes)
        _audit_many(actor, "confirm_renames", changes, "")
    return changes


def withdraw_change(*, actor: Actor, change_id: int, seen_version: int, reason: str) -> UnitChange:
    """The side that proposed takes it back before the decision, with a reason."""
    with transaction.atomic():
        change = _moved(actor, change_id, seen_version, "withdraw", reason)
        may_withdraw_change(actor, change.proposed_by_id, change.proposer_role).require()
        change.decision = reason.strip()[:400]
        change.save(update_fields=["state", "version", "decision"])
        _audit(actor, "withdraw_change", change, reason)
    return change


def _rename(actor: Actor, changes: Sequence[UnitChange]) -> None:
    """Give every bearer of an old name the new one, with a step in its history; the directory follows."""
    renamed: list[ListedUnit] = []
    steps: list[UnitName] = []
    for change in changes:
        alone = change.unit.organisation_id is None and not change.unit.uscc
        units = [change.unit] if alone else list(bearers(change.unit).select_for_update(of=("self",)).order_by("pk"))
        key, sorting = name_key(change.new_name), sort_key(change.new_name)
        for unit in units:
            steps.append(
                UnitName(
                    unit=unit,
                    change=change,
                    old_name=unit.current_name,
                    old_key=unit.renamed_key or unit.name_key,
                    new_name=change.new_name,
                    new_key=key,
                    changed_on=change.changed_on,
                    recorded_at=clock.now(),
                )
            )
            unit.renamed_to, unit.renamed_key, unit.sort_key = change.new_name, key, sorting
            unit.version += 1
        renamed += units
    UnitName.objects.bulk_create(steps, batch_size=1000)
    ListedUnit.objects.bulk_update(renamed, ["renamed_to", "renamed_key", "sort_key", "version"], batch_size=1000)
    _directory_follows(actor, changes)
    tell_nominations(actor=actor, cause="dynamic_mgmt.rename", organisation_ids=organisations_of(renamed))


def _directory_follows(actor: Actor, changes: Sequence[UnitChange]) -> None:
    """Rename linked legal persons that still bear the old name; a park's own name is not that of its legal person."""
    linked = {change.unit.organisation_id: change for change in changes if change.unit.organisation_id is not None}
    for organisation in Organisation.objects.filter(pk__in=linked).order_by("pk"):
        change = linked[organisation.pk]
        if name_key(organisation.name) == name_key(change.old_name):
            rename_organisation(
                actor=actor,
                organisation_id=organisation.pk,
                name=change.new_name,
                seen_name=organisation.name,
                reason=f"名单单位更名（{change.document_no or '见证明材料'}）",
            )
