"""Who of an evaluator is told what: messages written with the change, one per event and address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.urls import reverse

from evaluators.models import AffiliateMember, AnnualReport, FiledReturn, RegistrationCase
from greenportal import clock
from greenportal.accounts.actors import EVALUATOR_ROLES, Role
from greenportal.accounts.selectors import handlers_of
from greenportal.mail.services import post
from greenportal.rounds.models import Round


def tell(
    organisation_id: int,
    *,
    event: str,
    template: str,
    context: Mapping[str, Any],
    roles: Iterable[Role] = EVALUATOR_ROLES,
) -> int:
    """Write one message to each person of an evaluator, in one of `roles`, who has an address; returns how many."""
    people = handlers_of(organisation_id=organisation_id, roles=roles)
    addresses = {person.email.strip() for person in people if person.email.strip()}
    for address in sorted(addresses):
        post(event=event, recipient=address, template=template, context=context)
    return len(addresses)


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
    """Tell the administrators of every body of a group that its evaluations come near the cap; once per body and round."""
    year = Round.objects.get(pk=round_id)
    members = AffiliateMember.objects.filter(group_id=group_id, ended_at=None).select_related("evaluator__organisation")
    for member in members.order_by("evaluator_id"):
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
