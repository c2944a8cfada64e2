"""Assigning project leads: the evaluator's administrator says who of its people may act on an evaluation."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from evaluators.constants import SCOPE_ENGAGEMENT
from evaluators.models import Engagement, ProjectLead
from evaluators.rules import may_keep_own
from evaluators.selectors import engagements_visible_to
from evaluators.services.moving import person
from greenportal import clock
from greenportal.accounts.actors import EVALUATOR_ROLES, Actor
from greenportal.accounts.selectors import handlers_of
from greenportal.audit.services import record
from greenportal.findings.types import Invalid, NotVisible


def assign_leads(*, actor: Actor, engagement_id: int, user_ids: Iterable[int]) -> list[int]:
    """Make exactly these people the leads of an evaluation from now on; returns them in order.

    Only people who act for the body now. Former leads keep their row with its end. Raises Refused, Invalid, NotVisible.
    """
    wanted = sorted(set(user_ids))
    with transaction.atomic():
        found = engagements_visible_to(actor).filter(pk=engagement_id).first() if actor.is_evaluator else None
        if found is None:
            raise NotVisible
        organisation_id = found.evaluator.organisation_id
        may_keep_own(actor, organisation_id=organisation_id).require()
        Engagement.objects.select_for_update(of=("self",), no_key=True).get(pk=engagement_id)
        people = handlers_of(organisation_id=organisation_id, roles=EVALUATOR_ROLES)
        if set(wanted) - set(people.values_list("pk", flat=True)):
            raise Invalid("选择本机构现有的人员。", errors={"people": ["选择本机构现有的人员。"]})
        now = clock.now()
        held = ProjectLead.objects.filter(engagement_id=engagement_id, ended_at=None)
        before = set(held.values_list("user_id", flat=True))
        held.exclude(user_id__in=wanted).update(ended_at=now)
        ProjectLead.objects.bulk_create(
            ProjectLead(engagement_id=engagement_id, user_id=pk, assigned_by_id=person(actor), assigned_at=now)
            for pk in wanted
            if pk not in before
        )
        if before != set(wanted):
            data = {"before": sorted(before), "leads": wanted}
            target = f"{SCOPE_ENGAGEMENT}:{engagement_id}"
            record(actor=actor, action="evaluators.assign_leads", target=target, data=data)
    return wanted
