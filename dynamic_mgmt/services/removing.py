"""Removal from the list: written down by one person, decided by the city lead (通知 三; two people)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import cast

from django.db import IntegrityError, transaction

from dynamic_mgmt.constants import SCOPE_UNIT
from dynamic_mgmt.models import DynamicTable, ListedUnit, RemovalProposal
from dynamic_mgmt.rules import may_decide_removal, may_propose_removal
from dynamic_mgmt.services.settling import follow_removal
from dynamic_mgmt.services.telling import organisations_of, tell_nominations
from dynamic_mgmt.table_states import TableState
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.findings.types import Invalid, NotVisible, WrongState


def _errors(removed_on: date, reason: str, document_no: str) -> dict[str, list[str]]:
    """Return what is wrong with a removal as typed, by field."""
    errors: dict[str, list[str]] = {}
    if removed_on > clock.today():
        errors["removed_on"] = ["移出日期应不晚于今天，核对后填写。"]
    if not reason.strip() or len(reason.strip()) > 200:
        errors["reason"] = ["填写移出原因（1至200个字）。"]
    if not document_no.strip() or len(document_no.strip()) > 120:
        errors["document_no"] = ["填写移出文号（1至120个字）。"]
    return errors


def propose_removal(*, actor: Actor, unit_id: int, removed_on: date, reason: str, document_no: str) -> RemovalProposal:
    """Write down that a unit was removed on `removed_on` by `document_no`; nothing changes until it is decided.

    Raises `Refused`, `NotVisible`, `WrongState` for a removed unit or an open proposal, `Invalid` per field.
    """
    may_propose_removal(actor).require()
    errors = _errors(removed_on, reason, document_no)
    try:
        with transaction.atomic():
            unit = ListedUnit.objects.select_for_update().filter(pk=unit_id).first()
            if unit is None:
                raise NotVisible
            if unit.removed_on is not None:
                raise WrongState("这一单位已移出名单，刷新页面查看。")
            if unit.listed_on is not None and removed_on < unit.listed_on:
                errors["removed_on"] = ["移出日期应不早于公布日期，核对两个日期。"]
            if errors:
                raise Invalid("核对移出登记内容。", errors=errors)
            told = RemovalTold(unit=unit, removed_on=removed_on, reason=reason, document_no=document_no)
            proposal = _proposal(actor, told)
            proposal.save()
            _audit(actor, "propose_removal", proposal)
    except IntegrityError as error:
        if "removal_one_open" not in str(error):
            raise
        raise WrongState("这一单位已有待复核的移出登记，刷新页面查看。") from error
    return proposal


def _audit(actor: Actor, verb: str, proposal: RemovalProposal) -> None:
    record(
        actor=actor,
        action=f"dynamic_mgmt.{verb}",
        target=f"{SCOPE_UNIT}:{proposal.unit_id}",
        data={
            "proposal": proposal.pk,
            "removed_on": proposal.removed_on,
            "reason": proposal.reason,
            "document_no": proposal.document_no,
            "confirmed": proposal.confirmed,
        },
    )


def decide_removal(*, actor: Actor, proposal_id: int, confirm: bool) -> RemovalProposal:
    """The city lead, another person than the proposer, confirms the removal or drops it.

    Confirmed: the unit bears date, reason and document, and the open nominations of its legal person
    are checked again. Raises `Refused`, `NotVisible`, `WrongState`.
    """
    with transaction.atomic():
        proposal = RemovalProposal.objects.select_for_update().filter(pk=proposal_id).first()
        if proposal is None:
            may_propose_removal(actor).require()
            raise NotVisible
        may_decide_removal(actor, proposal.proposed_by_id).require()
        if proposal.decided_at is not None:
            raise WrongState("这一移出登记已复核，刷新页面查看。")
        proposal.decided_by_id, proposal.decided_at, proposal.confirmed = actor.user_id, clock.now(), confirm
        proposal.save(update_fields=["decided_by", "decided_at", "confirmed"])
        if confirm:
            unit = ListedUnit.objects.select_for_update().get(pk=proposal.unit_id)
            unit.removed_on, unit.removal_reason = proposal.removed_on, proposal.reason
            unit.removal_document, unit.version = proposal.document_no, unit.version + 1
            unit.save(update_fields=["removed_on", "removal_reason", "removal_document", "version"])
            tell_nominations(actor=actor, cause="dynamic_mgmt.removal", organisation_ids=organisations_of([unit]))
        _audit(actor, "decide_removal", proposal)
        follow_removal(proposal, actor)
    return proposal


def propose_removals(
    *, actor: Actor, unit_ids: Iterable[int], removed_on: date, reason: str, document_no: str
) -> list[RemovalProposal]:
    """Write down the removals of one published document, all or none.

    Raises `Refused`, `NotVisible`, `Invalid` naming the units that are removed already or wait for a decision.
    """
    may_propose_removal(actor).require()
    errors = _errors(removed_on, reason, document_no)
    if errors:
        raise Invalid("核对移出登记内容。", errors=errors)
    ids = set(unit_ids)
    with transaction.atomic():
        units = list(ListedUnit.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
        if len(units) != len(ids):
            raise NotVisible
        waiting = set(RemovalProposal.objects.filter(unit__in=units, decided_at=None).values_list("unit_id", flat=True))
        wrong = [f"{unit.current_name}：已移出名单，从清单中去掉。" for unit in units if unit.removed_on]
        wrong += [f"{unit.current_name}：已有待复核的移出登记，从清单中去掉。" for unit in units if unit.pk in waiting]
        wrong += [
            f"{unit.current_name}：移出日期早于公布日期，核对两个日期。"
            for unit in units
            if unit.listed_on and removed_on < unit.listed_on
        ]
        if wrong:
            raise Invalid("先核对下列单位，再登记移出。", errors={"rows": wrong})
        told = [RemovalTold(unit=unit, removed_on=removed_on, reason=reason, document_no=document_no) for unit in units]
        return _written_down(actor, told)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovalTold:
    """A removal that a published list tells of."""

    unit: ListedUnit
    removed_on: date
    reason: str
    document_no: str


def note_removals(*, actor: Actor, told: Sequence[RemovalTold]) -> list[RemovalProposal]:
    """Write down the removals that an imported list tells of, each with its own document; inside the import's transaction.

    Nothing changes until the city lead, another person, confirms. Raises `Invalid` without a person behind
    the import, for a day before publication.
    """
    if not may_propose_removal(actor):
        raise Invalid("名单中有移出日期。移出须两人办理：请由市局人员在“导入公布的名单”页面导入，再由市局负责人复核。")
    wrong = [
        f"{row.unit.current_name}：移出日期早于公布日期，核对两个日期。"
        for row in told
        if row.unit.listed_on and row.removed_on < row.unit.listed_on
    ]
    if wrong:
        raise Invalid("先核对下列单位，再导入。", errors={"rows": wrong})
    return _written_down(actor, told)


def _written_down(actor: Actor, told: Sequence[RemovalTold]) -> list[RemovalProposal]:
    """Store checked removals as proposals with one audit entry. Two statements a thousand."""
    rows = [_proposal(actor, row) for row in told]
    made = RemovalProposal.objects.bulk_create(rows, batch_size=1000)
    _audit_many(actor, "propose_removals", made)
    return made


def _proposal(actor: Actor, told: RemovalTold) -> RemovalProposal:
    """Return a removal as written down, not yet stored. `may_propose_removal` has asked for a person."""
    return RemovalProposal(
        unit=told.unit,
        removed_on=told.removed_on,
        reason=told.reason.strip()[:200],
        document_no=told.document_no.strip()[:120],
        proposed_by_id=cast("int", actor.user_id),
        proposed_at=clock.now(),
    )


def _audit_many(actor: Actor, verb: str, proposals: Sequence[RemovalProposal]) -> None:
    data = {"proposals": [row.pk for row in proposals], "units": [row.unit_id for row in proposals]}
    record(actor=actor, action=f"dynamic_mgmt.{verb}", target="dynamic_mgmt.register:0", data=data)


def confirm_removals(*, actor: Actor, proposal_ids: Iterable[int]) -> list[RemovalProposal]:
    """The city lead confirms many removals at once, all or none; the guards of `decide_removal` for each.

    Raises `Refused`, `NotVisible`, `WrongState` when one of them is decided already.
    """
    ids = sorted(set(proposal_ids))
    with transaction.atomic():
        rows = RemovalProposal.objects.select_for_update(of=("self",)).select_related("unit")
        proposals = list(rows.filter(pk__in=ids).order_by("unit_id"))
        if not proposals or len(proposals) != len(ids):
            may_propose_removal(actor).require()
            raise NotVisible
        units = {
            unit.pk: unit
            for unit in ListedUnit.objects.select_for_update().filter(pk__in=[row.unit_id for row in proposals])
        }
        for row in proposals:
            may_decide_removal(actor, row.proposed_by_id).require()
            if row.decided_at is not None:
                raise WrongState("其中有移出登记已复核，刷新页面后重新选择。")
            row.decided_by_id, row.decided_at, row.confirmed = actor.user_id, clock.now(), True
            unit = units[row.unit_id]
            unit.removed_on, unit.removal_reason = row.removed_on, row.reason
            unit.removal_document, unit.version = row.document_no, unit.version + 1
        RemovalProposal.objects.bulk_update(proposals, ["decided_by", "decided_at", "confirmed"], batch_size=1000)
        ListedUnit.objects.bulk_update(
            units.values(), ["removed_on", "removal_reason", "removal_document", "version"], batch_size=1000
        )
        tell_nominations(actor=actor, cause="dynamic_mgmt.removal", organisation_ids=organisations_of(units.values()))
        _audit_many(actor, "confirm_removals", proposals)
        asked = _asked_by_tables(proposals)
        for row in proposals:
            if row.pk in asked:
                follow_removal(row, actor)
    return proposals


def _asked_by_tables(proposals: Sequence[RemovalProposal]) -> set[int]:
    """Return which proposals a dynamic table waits for; most come from a published document and none does. One query."""
    rows = DynamicTable.objects.filter(removal__in=proposals, state=TableState.REMOVAL_PROPOSED)
    return {pk for pk in rows.values_list("removal_id", flat=True) if pk is not None}
