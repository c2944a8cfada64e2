"""通知 一、末段 and 附件2-5: what must be there, and signed and sealed."""

from __future__ import annotations

from greenportal.findings.engine import rule
from greenportal.findings.types import Finding
from greenportal.rounds.rulebook import DocumentSlot, Rulebook, RuleSpec
from nominations.eligibility.answers import every, manual, met, not_applicable, not_met
from nominations.eligibility.facts import NominationFacts


def asked(facts: NominationFacts, book: Rulebook, level: str) -> list[DocumentSlot]:
    """Return the slots of `level` (hard | soft) that this nomination must fill; conditions must be known true."""
    conditions = {"": True, "ex5": facts.statements.ex5.exists, "key_energy_user": facts.key_energy_user}
    return [
        slot
        for slot in book.documents.get(facts.category, ())
        if slot.required == level and conditions.get(slot.only_if) is True
    ]


def _missing(facts: NominationFacts, book: Rulebook, level: str) -> list[str]:
    present = {document.slot for document in facts.documents or () if document.count > 0}
    return [slot.label for slot in asked(facts, book, level) if slot.key not in present]


@rule("DOCS")
def docs(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """The reports that the notice itself names (附件2-5)."""
    if facts.documents is None:
        return manual(spec, "尚未核对申报材料。")
    wanted = asked(facts, book, "hard")
    if not wanted:
        return not_applicable(spec, "规则书没有规定本类别必须提交的材料。")
    if missing := _missing(facts, book, "hard"):
        return not_met(spec, f"缺少{'、'.join(missing)}。", missing=missing)
    return met(spec, f"必须提交的{len(wanted)}项材料均已上传。", present=[slot.label for slot in wanted])


@rule("EVIDENCE")
def evidence(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """What usually goes with them; never a reason to refuse."""
    if facts.documents is None:
        return manual(spec, "尚未核对佐证材料。")
    wanted = asked(facts, book, "soft")
    if not wanted:
        return not_applicable(spec, "规则书没有规定本类别应附的佐证材料。")
    if missing := _missing(facts, book, "soft"):
        return not_met(spec, f"尚未提供：{'、'.join(missing)}。", missing=missing)
    return met(spec, f"应附的{len(wanted)}项佐证材料均已上传。", present=[slot.label for slot in wanted])


@rule("SEALS")
def seals(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """Signatures and seals at the places that the rulebook names, as somebody looked."""
    if facts.documents is None:
        return manual(spec, "尚未核对签字盖章。")
    slots = {slot.key: slot for slot in book.documents.get(facts.category, ()) if slot.signatures or slot.seals}
    there = [document for document in facts.documents if document.slot in slots and document.count > 0]
    if not there:
        return not_applicable(spec, "尚未上传需要签字盖章的材料。")
    lacking, unseen = [], []
    for document in there:
        slot = slots[document.slot]
        whole = every([document.signed if slot.signatures else True, document.sealed if slot.seals else True])
        if whole is False:
            lacking.append(slot.label)
        elif whole is None:
            unseen.append(slot.label)
    if lacking:
        return not_met(spec, f"缺少签字或盖章：{'、'.join(lacking)}。", lacking=lacking)
    if unseen:
        return manual(spec, f"签字盖章尚未核对：{'、'.join(unseen)}。", unseen=unseen)
    return met(spec, "已上传的材料签字盖章齐全。", checked=len(there))
