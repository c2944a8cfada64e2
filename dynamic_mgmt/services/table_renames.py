"""变更名称 in the judgement of a table leads to the rename of the unit: proposed with proof, confirmed by another person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from dynamic_mgmt.models import DynamicTable, UnitChange, UnitName
from dynamic_mgmt.naming import name_key
from dynamic_mgmt.rules import may_decide_change
from dynamic_mgmt.services.renaming import ChangeTold, decide_change, propose_change
from dynamic_mgmt.states import ChangeState
from greenportal.accounts.actors import Actor
from greenportal.findings.types import Invalid

_RENAME = UnitChange.Kind.RENAME


@dataclass(frozen=True, slots=True)
class NewName:
    """What an officer types of a rename; what is left blank comes from the unit's filed table."""

    name: str = ""
    changed_on: date | None = None
    proof: str = ""


def follow_rename(table: DynamicTable, actor: Actor, told: NewName, *, decided: bool) -> UnitChange | None:
    """Carry 变更名称 on: propose the rename where nobody did, confirm it where the decider may; inside the transaction.

    A rename that the register holds already needs nothing. Batch, list year and count never change by it.
    Raises Invalid at `new_name`, `changed_on`, `document_no` when neither officer nor table says them.
    """
    waiting = UnitChange.objects.filter(unit_id=table.unit_id, kind=_RENAME, state=ChangeState.PROPOSED).first()
    if waiting is None:
        answers: Mapping[str, Any] = table.filing.answers if table.filing is not None else {}
        if _known_already(table, told.name or str(answers.get("current_name") or "")):
            return None
        waiting = propose_change(actor=actor, unit_id=table.unit_id, told=_told(table, answers, told))
    if decided and may_decide_change(actor, waiting.proposed_by_id):
        return decide_change(actor=actor, change_id=waiting.pk, seen_version=waiting.version, accept=True)
    return waiting


def _known_already(table: DynamicTable, name: str) -> bool:
    """Return whether the register holds this rename: the unit bears the name by a recorded step."""
    renamed = UnitName.objects.filter(unit_id=table.unit_id, new_key=name_key(table.unit.current_name)).exists()
    return renamed and name_key(name) in {"", name_key(table.unit.current_name)}


def _told(table: DynamicTable, answers: Mapping[str, Any], told: NewName) -> ChangeTold:
    written = str(answers.get("current_name") or "")
    name = told.name.strip() or (written if written != table.unit.current_name else "")
    typed = str(answers.get("rename_on") or "")
    day = told.changed_on or (date.fromisoformat(typed) if typed else None)
    proof = told.proof.strip() or str(answers.get("rename_proof") or "").strip()
    errors: dict[str, list[str]] = {}
    if not name:
        errors["new_name"] = ["填写变更后的名称，与营业执照一致；单位填报的现名称与名录相同。"]
    if day is None:
        errors["changed_on"] = ["填写更名日期，单位没有填报。"]
    if not proof:
        errors["document_no"] = ["填写更名证明文件名称或文号，单位没有填报。"]
    if errors or day is None:
        raise Invalid("变更名称须有新名称、日期和证明。", errors=errors)
    return ChangeTold(kind=_RENAME, changed_on=day, new_name=name, document_no=proof[:120])
