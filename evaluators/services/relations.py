"""关联关系: told with evidence, confirmed by a city officer, ended with a reason (通知 二、末2段 does not define 关联)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

from evaluators.constants import FILE_RELATION, SCOPE_RELATION
from evaluators.models import AffiliateRelation, Evaluator
from evaluators.rules import may_decide
from evaluators.services.groups import hold_shape, settle
from evaluators.services.moving import person
from evaluators.states import RELATION_TRANSITIONS, RelationState
from greenportal import clock, transitions
from greenportal.accounts.actors import Actor
from greenportal.accounts.identity import refuse_numbers
from greenportal.audit.services import record
from greenportal.directory.models import Organisation
from greenportal.files.models import StoredFile
from greenportal.findings.types import Invalid, NotVisible, Stale

_AGAIN = "这两个单位之间已有同类的关联关系，请在原有关系上办理。"


@dataclass(frozen=True, slots=True)
class RelationFields:
    """What is told of two legal persons. kind: `AffiliateRelation.Kind`; text: needed for 其他."""

    kind: str
    basis: str
    text: str = ""

    def problems(self) -> dict[str, list[str]]:
        """Return field → Chinese messages; empty when everything is there."""
        errors: dict[str, list[str]] = {}
        if self.kind not in AffiliateRelation.Kind.values:
            errors["kind"] = ["选择关联关系。"]
        if self.kind == AffiliateRelation.Kind.OTHER and not self.text.strip():
            errors["text"] = ["关联关系为“其他”的，写明是什么关系。"]
        if len(self.text) > 300:
            errors["text"] = ["说明不超过300字。"]
        if not self.basis.strip():
            errors["basis"] = ["填写依据材料，如“营业执照、章程”。"]
        return errors


def propose_relation(
    *, actor: Actor, organisation_id: int, other_id: int, told: RelationFields, evidence_id: uuid.UUID
) -> AffiliateRelation:
    """Write down a relation of two legal persons with its evidence; it counts only once a city officer confirms it.

    evidence_id: a file of kind `FILE_RELATION` that the actor
    uploaded. Raises Refused, NotVisible, Invalid per field (same persons, no evaluator, open relation).
    """
    may_decide(actor).require()
    errors = told.problems()
    refuse_numbers(text=told.text, basis=told.basis)
    if organisation_id == other_id:
        errors["other"] = ["选择另一个单位。"]
    if errors:
        raise Invalid("核对关联关系的内容。", errors=errors)
    ids = sorted((organisation_id, other_id))
    if Organisation.objects.filter(pk__in=ids).count() != 2:
        raise NotVisible
    if not Evaluator.objects.filter(organisation_id__in=ids).exists():
        raise Invalid("两个单位中至少有一个是评价机构。", errors={"other": ["两个单位中至少有一个是评价机构。"]})
    evidence = StoredFile.objects.filter(pk=evidence_id, kind=FILE_RELATION, uploaded_by_id=actor.user_id).first()
    if evidence is None:
        raise Invalid("上传证明文件。", errors={"evidence": ["上传证明文件。"]})
    try:
        with transaction.atomic():
            relation = AffiliateRelation.objects.create(
                first_id=ids[0],
                second_id=ids[1],
                kind=told.kind,
                text=told.text.strip(),
                basis=told.basis.strip()[:300],
                evidence=evidence,
                proposed_by_id=person(actor),
                proposed_at=clock.now(),
            )
            _audit(actor, "propose_relation", relation)
    except IntegrityError as error:
        if "relation_one_open" not in str(error):
            raise
        raise Invalid(_AGAIN, errors={"kind": [_AGAIN]}) from error
    return relation


def confirm_relation(*, actor: Actor, relation_id: int, seen_version: int | None = None) -> AffiliateRelation:
    """A named city officer finds that the relation holds: the two count as one from now on (never automatically)."""
    return _moved(actor, relation_id, "confirm", "", seen_version)


def reject_relation(
    *, actor: Actor, relation_id: int, reason: str, seen_version: int | None = None
) -> AffiliateRelation:
    """The officer finds that what was told is no 关联, and says why; nothing is counted together."""
    return _moved(actor, relation_id, "reject", reason, seen_version)


def end_relation(*, actor: Actor, relation_id: int, reason: str, seen_version: int | None = None) -> AffiliateRelation:
    """The relation holds no longer, or never did: groups that hung on it alone come apart again."""
    return _moved(actor, relation_id, "end", reason, seen_version)


def _moved(actor: Actor, relation_id: int, action: str, reason: str, seen_version: int | None) -> AffiliateRelation:
    may_decide(actor).require()
    if len(reason) > 300:
        raise Invalid("理由不超过300字。", errors={"reason": ["理由不超过300字。"]})
    refuse_numbers(reason=reason)
    with transaction.atomic():
        hold_shape()
        relation = AffiliateRelation.objects.select_for_update().filter(pk=relation_id).first()
        if relation is None:
            raise NotVisible
        found = transitions.find(
            RELATION_TRANSITIONS,
            state=relation.state,
            action=action,
            role=actor.role,
            window_open=True,
            reason=reason,
            named=RelationState(relation.state).label,
        )
        if seen_version is not None and relation.version != seen_version:
            raise Stale("这一关联关系刚被他人处理，刷新页面核对最新状态。", current=relation.state)
        values = _written(action, actor, reason)
        for name, value in values.items():
            setattr(relation, name, value)
        relation.state, relation.version = found.target, relation.version + 1
        # Only these: the application's role may not write the columns that say what was told.
        relation.save(update_fields=[*(name.removesuffix("_id") for name in values), "state", "version"])
        _audit(actor, f"{action}_relation", relation)
        if action != "reject":
            settle(
                actor=actor,
                organisation_ids=(relation.first_id, relation.second_id),
                cause=f"evaluators.relation_{action}",
            )
    return relation


def _written(action: str, actor: Actor, reason: str) -> dict[str, Any]:
    """Return what a move writes beside the state."""
    now = clock.now()
    if action == "end":
        return {"ended_by_id": actor.user_id, "ended_at": now, "reason": reason.strip()}
    stamp = "confirmed_at" if action == "confirm" else "rejected_at"
    return {"decided_by_id": actor.user_id, stamp: now, "reason": reason.strip()}


def _audit(actor: Actor, verb: str, relation: AffiliateRelation) -> None:
    record(
        actor=actor,
        action=f"evaluators.{verb}",
        target=f"{SCOPE_RELATION}:{relation.pk}",
        data={
            "organisations": [relation.first_id, relation.second_id],
            "kind": relation.kind,
            "state": relation.state,
            "reason": relation.reason,
        },
    )
