"""Who of an evaluator is told what: messages written with the change, one per event and address."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import CharField, Exists, F, OuterRef, Value
from django.db.models.functions import Cast, Concat
from django.urls import reverse

from evaluators.constants import CLAIM_NOTICE
from evaluators.models import AffiliateMember, AnnualReport, Engagement, FiledReturn, RegistrationCase
from evaluators.selectors.leads import leads_of
from evaluators.states import EngagementState
from greenportal import clock
from greenportal.accounts.actors import CITY_ROLES, EVALUATOR_ROLES, Role
from greenportal.accounts.selectors import handlers_of
from greenportal.directory.selectors import authorities
from greenportal.mail.models import OutboxMail
from greenportal.mail.services import post
from greenportal.rounds.models import Round


def tell(
    organisation_id: int,
    *,
    event: str,
    template: str,
    context: Mapping[str, Any],
    roles: Iterable[Role] = EVALUATOR_ROLES,
    leads: Collection[int] = (),
) -> int:
    """Write one message to each person of an evaluator, in one of `roles`, who has an address; returns how many.

    leads: ids of people of the body who are written to besides, whatever their role there.
    """
    people = list(handlers_of(organisation_id=organisation_id, roles=roles))
    if leads:
        people += [p for p in handlers_of(organisation_id=organisation_id, roles=EVALUATOR_ROLES) if p.pk in leads]
    addresses = {person.email.strip() for person in people if person.email.strip()}
    for address in sorted(addresses):
        post(event=event, recipient=address, template=template, context=context)
    return len(addresses)


def tell_city(*, event: str, template: str, context: Mapping[str, Any]) -> int:
    """Write one message to each of the city's people who has an address; returns how many."""
    addresses = {
        person.email.strip()
        for authority in authorities(kind="city")
        for person in handlers_of(authority_id=authority.pk, roles=CITY_ROLES)
        if person.email.strip()
    }
    for address in sorted(addresses):
        post(event=event, recipient=address, template=template, context=context)
    return len(addresses)


def remind_disputes() -> int:
    """Tell the city, once each, of disputes of open rounds that wait past their due date; returns how many wait."""
    late = Engagement.objects.filter(
        state=EngagementState.DISPUTED, dispute_due_at__lte=clock.now(), round__state=Round.State.OPEN
    ).select_related("evaluator__organisation", "subject", "round")
    for row in late.order_by("pk"):
        if row.dispute_due_at is None:  # the filter leaves none; the type says there may be
            continue
        event = f"evaluators.dispute_overdue:{row.pk}:{row.dispute_due_at.isoformat()}"
        if OutboxMail.objects.filter(event=event).exists():
            continue
        context = {
            "round": row.round.name,
            "name": row.evaluator.organisation.name,
            "subject": row.subject.name,
            "due": clock.spoken(row.dispute_due_at),
            "path": reverse("evaluators:decide", args=[row.pk]),
        }
        with transaction.atomic():
            tell_city(event=event, template="evaluator_dispute_overdue", context=context)
    return late.count()


def _told(event: str, field: str) -> Exists:
    """Return the condition that a message was written of the event that ends in a row's `field`."""
    mine = Concat(Value(event), Cast(OuterRef(field), CharField()))
    return Exists(OutboxMail.objects.annotate(mine=mine).filter(event=F("mine")))


def remind_claims() -> int:
    """Tell an evaluator's administrators and the claim's lead, once per claim of an open round, that its answer is due.

    Said `CLAIM_NOTICE` before the due date; past it the message says so. A claim that nobody answers goes on
    counting. Returns how many wait. Two queries where everybody was told already.
    """
    now = clock.now()
    near = Engagement.objects.filter(
        state=EngagementState.CLAIMED,
        confirm_due_at__lte=now + CLAIM_NOTICE,
        round__state=Round.State.OPEN,
    ).select_related("evaluator", "subject__authority", "round")
    untold = list(near.exclude(_told("evaluators.claim_due:", "pk")).order_by("pk"))
    leads = leads_of([row.pk for row in untold]) if untold else {}
    for row in untold:
        if row.confirm_due_at is None:  # the filter leaves none; the type says there may be
            continue
        context = {
            "round": row.round.name,
            "subject": row.subject.name,
            "district": row.subject.authority.name,
            "due": clock.spoken(row.confirm_due_at),
            "late": row.confirm_due_at <= now,
            "path": reverse("evaluators:confirm", args=[row.pk]),
        }
        with transaction.atomic():
            tell(
                row.evaluator.organisation_id,
                event=f"evaluators.claim_due:{row.pk}",
                template="evaluator_claim_due",
                context=context,
                roles=(Role.EVALUATOR_ADMIN,),
                leads=[pk for pk, _ in leads[row.pk]],
            )
    return near.count()


def _returned(organisation_id: int, row: FiledReturn, *, what: str, round_name: str, path: str) -> None:
    context = {
        "what": what,
        "round": round_name,
        "reason": row.reason,
        "due": clock.spoken(row.due_at),
        "path": path,
    }
    tell(organisation_id, event=f"evaluators.returned:{row.pk}", template="evaluator_returned", context=context)


def registration_returned(case: RegistrationCase, row: FiledReturn) -> None:
    """Tell the evaluator what the city asks of its registration and by when."""
    path = reverse("evaluators:case", args=[case.pk])
    _returned(case.evaluator.organisation_id, row, what="登记", round_name=case.round.name, path=path)


def report_returned(report: AnnualReport, row: FiledReturn) -> None:
    """Tell the evaluator what the city asks of its annual report and by when."""
    path = reverse("evaluators:report", args=[report.pk])
    _returned(report.evaluator.organisation_id, row, what="年度工作情况报告", round_name=report.round.name, path=path)


def registration_acknowledged(case: RegistrationCase) -> None:
    """Tell the evaluator that the city has acknowledged its registration."""
    tell(
        case.evaluator.organisation_id,
        event=f"evaluators.acknowledged:{case.pk}:{case.version}",
        template="evaluator_acknowledged",
        context={"round": case.round.name, "path": reverse("evaluators:case", args=[case.pk])},
    )


def cap_near(group_id: int, *, round_id: int, count: int, cap: int) -> None:
    """Tell the administrators of every body of a group that its evaluations come near the cap; once per body and round.

    One query where everybody was told already: most claims above the warning tell nobody.
    """
    members = AffiliateMember.objects.filter(group_id=group_id, ended_at=None)
    untold = members.exclude(_told(f"evaluators.cap_near:{round_id}:", "evaluator_id"))
    found = list(untold.select_related("evaluator__organisation").order_by("evaluator_id"))
    if not found:
        return
    year = Round.objects.get(pk=round_id)
    for member in found:
        body = member.evaluator
        tell(
            body.organisation_id,
            event=f"evaluators.cap_near:{round_id}:{body.pk}",
            template="evaluator_cap_near",
            context={
                "round": year.name,
                "name": body.organisation.name,
                "count": count,
                "cap": cap,
                "path": reverse("evaluators:mine"),
            },
            roles=(Role.EVALUATOR_ADMIN,),
        )
