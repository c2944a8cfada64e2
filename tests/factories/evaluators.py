"""Evaluators that do not exist, with the groups and registrations that tests need."""

from __future__ import annotations

import itertools
from datetime import date
from typing import Any

from evaluators.constants import FILE_RELATION
from evaluators.models import (
    AffiliateGroup,
    AffiliateMember,
    AffiliateRelation,
    Engagement,
    Evaluator,
    EvaluatorRegistration,
    Sanction,
)
from evaluators.services import RelationFields, confirm_relation, propose_relation
from evaluators.states import COUNTED
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.directory.fictional import fictional_uscc
from greenportal.directory.models import Organisation, Subject
from greenportal.files.models import StoredFile
from greenportal.rounds.models import Round
from tests.factories.directory import make_organisation, make_subject

_numbers = itertools.count(1)

#: What an evaluator proves that meets all five conditions of the 2022 notice.
GOOD: dict[str, Any] = {
    "registered_in_china": True,
    "has_experience": True,
    "has_office": True,
    "has_finance_system": True,
    "staff_intermediate": 12,
    "staff_senior": 6,
    "knows_rules": True,
    "latest_record_on": date(2021, 6, 1),
    "covers_three_fields": True,
    "declared_elsewhere": 3,
}


def make_group(name: str = "") -> AffiliateGroup:
    return AffiliateGroup.objects.create(name=name or f"试验组{next(_numbers)}", created_at=clock.now())


def make_evaluator(
    name: str = "", *, group: AffiliateGroup | None = None, organisation: Organisation | None = None
) -> Evaluator:
    """Return a new evaluator in `group` (one of its own by default)."""
    number = next(_numbers)
    organisation = organisation or make_organisation(
        uscc=fictional_uscc(number, prefix="12"), name=name or f"试验评价机构{number}"
    )
    evaluator = Evaluator.objects.create(organisation=organisation, created_at=clock.now())
    AffiliateMember.objects.create(
        group=group or make_group(organisation.name), evaluator=evaluator, created_at=clock.now()
    )
    return evaluator


def group_of(evaluator: Evaluator) -> AffiliateGroup:
    return AffiliateMember.objects.select_related("group").get(evaluator=evaluator, ended_at=None).group


def make_registration(evaluator: Evaluator, round_: Round, **values: Any) -> EvaluatorRegistration:
    """Return an acknowledged registration that meets every condition, except what `values` say."""
    number = EvaluatorRegistration.objects.filter(evaluator=evaluator, round=round_).count() + 1
    defaults = {**GOOD, "acknowledged_at": clock.now(), "created_at": clock.now(), "source": "试验", "number": number}
    return EvaluatorRegistration.objects.create(evaluator=evaluator, round=round_, **{**defaults, **values})


def make_engagement(
    evaluator: Evaluator,
    round_: Round,
    subject: Subject | None = None,
    *,
    category: str = "factory",
    state: str = "claimed",
    over_cap: bool = False,
    **values: Any,
) -> Engagement:
    """Return an engagement recorded straight into the table, numbered after the group's counted ones."""
    group = group_of(evaluator)
    counted = Engagement.objects.filter(group=group, round=round_, state__in=COUNTED).count()
    values.setdefault("ordinal", counted + 1 if state in COUNTED else None)
    values.setdefault("claimed_at", clock.now())
    return Engagement.objects.create(
        evaluator=evaluator,
        group=group,
        round=round_,
        subject=subject or make_subject(),
        category=category,
        state=state,
        over_cap=over_cap,
        **values,
    )


def make_sanction(organisation: Organisation, first: Any, second: Any, **values: Any) -> Sanction:
    """Return a sanction confirmed by two people, in force from 2021-01-10 for three years by default."""
    defaults: dict[str, Any] = {
        "verified_on": date(2021, 1, 10),
        "until": date(2024, 1, 10),
        "document_no": f"试验文号〔2021〕{next(_numbers)}号",
        "facts": "试验事实",
        "verified_by": first,
        "second_by": second,
        "confirmed_at": clock.now(),
        "created_at": clock.now(),
    }
    return Sanction.objects.create(organisation=organisation, **{**defaults, **values})


def make_relation(
    first: Organisation, second: Organisation, actor: Actor, *, kind: str = "representative", **values: Any
) -> AffiliateRelation:
    """Return a relation told by `actor` through the service, with an evidence file of its own; not yet confirmed."""
    return propose_relation(
        actor=actor,
        organisation_id=first.pk,
        other_id=second.pk,
        told=RelationFields(kind=kind, basis="试验营业执照", **values),
        evidence_id=make_upload(actor, FILE_RELATION).pk,
    )


def join(one: Evaluator, other: Evaluator, actor: Actor, **told: Any) -> AffiliateRelation:
    """Confirm that two evaluators are related."""
    relation = make_relation(one.organisation, other.organisation, actor, **told)
    return confirm_relation(actor=actor, relation_id=relation.pk)


def make_upload(actor: Actor, kind: str) -> StoredFile:
    """Return a stored file of a kind, uploaded by the actor."""
    number = next(_numbers)
    return StoredFile.objects.create(
        kind=kind,
        name=f"试验{number}.pdf",
        content_type="application/pdf",
        size=10,
        sha256=f"{number:064d}",
        served_sha256=f"{number:064d}",
        key=f"uploads/test/{number}.pdf",
        owner_organisation_id=actor.organisation_id,
        uploaded_by_id=actor.user_id,
        created_at=clock.now(),
    )
