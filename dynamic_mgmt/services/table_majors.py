"""重大变更 in the judgement of a table leads to a change of the unit: told by the district, confirmed with the re-check's result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from dynamic_mgmt.models import DynamicTable, TableEvidence, UnitChange
from dynamic_mgmt.rules import may_decide_change
from dynamic_mgmt.services.renaming import ChangeTold, decide_change, propose_change, record_recheck
from dynamic_mgmt.states import ChangeState
from dynamic_mgmt.table_states import Opinion
from greenportal.accounts.actors import Actor
from greenportal.findings.types import Invalid, WrongState

KINDS = [(kind.value, kind.label) for kind in UnitChange.Kind if kind != UnitChange.Kind.RENAME]


@dataclass(frozen=True, slots=True)
class Major:
    """What an officer types of a major change; what is left blank comes from the unit's filed table."""

    kind: str = ""
    changed_on: date | None = None
    proof: str = ""


def follow_major(
    table: DynamicTable, actor: Actor, told: Major, *, reason: str, checked: str = ""
) -> UnitChange | None:
    """Carry 重大变更 on, inside the transaction: the district's opinion proposes the change, the city's decision closes it.

    checked: what the table's passed re-check found ("" at the opinion): with it a change that waits is confirmed, where the
    decider may; else it waits for another lead. Batch, list year and count never change by it. At the opinion a kind that is
    not told yet is left to the decision. Raises Invalid at `change_kind`, `changed_on`.
    """
    waiting = _waiting(table.unit_id)
    if waiting is None:
        if not (told.kind or checked):
            return None
        waiting = propose_change(actor=actor, unit_id=table.unit_id, told=_told(table, told, reason))
    if not checked or not may_decide_change(actor, waiting.proposed_by_id):
        return waiting
    if waiting.state == ChangeState.PROPOSED:
        waiting = decide_change(actor=actor, change_id=waiting.pk, seen_version=waiting.version, accept=True)
    return record_recheck(
        actor=actor, change_id=waiting.pk, seen_version=waiting.version, passed=True, text=checked[:1000]
    )


def _waiting(unit_id: int) -> UnitChange | None:
    rows = UnitChange.objects.filter(unit_id=unit_id, state__in=[ChangeState.PROPOSED, ChangeState.RECHECK])
    return rows.exclude(kind=UnitChange.Kind.RENAME).order_by("-pk").first()


def require_rechecked(table: DynamicTable, decision: Opinion, waiting: tuple[UnitChange, ...]) -> None:
    """Refuse a decision other than 重大变更 while confirmed changes of the unit (`open_rechecks`) wait for their re-check."""
    if waiting and decision != Opinion.MAJOR:
        named = "、".join(f"{row.get_kind_display()}（{row.changed_on:%Y-%m-%d}）" for row in waiting)
        raise WrongState(f"该单位的重大变更待复核：{named}。先在“更名和重大变更”登记复核结果，或按重大变更作出决定。")


def _told(table: DynamicTable, told: Major, reason: str) -> ChangeTold:
    answers: Mapping[str, Any] = table.filing.answers if table.filing is not None else {}
    typed = str(answers.get("major_on") or "")
    day = told.changed_on or (date.fromisoformat(typed) if typed else None)
    errors: dict[str, list[str]] = {}
    if told.kind not in dict(KINDS):
        errors["change_kind"] = ["选择变更类别：兼并重组、地址、组织边界或生产范围。"]
    if day is None:
        errors["changed_on"] = ["填写变更日期，单位没有填报。"]
    if errors or day is None:
        raise Invalid("重大变更须有类别和日期。", errors=errors)
    proofs = table.evidence.filter(group=TableEvidence.Group.RENAME, removed_at=None).order_by("-pk")
    proof = told.proof.strip() or proofs.values_list("title", flat=True).first() or f"{table.period.label}动态管理表"
    text = str(answers.get("major_text") or "").strip() or reason
    return ChangeTold(kind=told.kind, changed_on=day, text=text[:1000], document_no=proof[:120])
