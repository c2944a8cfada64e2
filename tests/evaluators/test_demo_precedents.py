"""The demonstration's older cases: a relation and a sanction at every state, twice the same, and nobody's cap touched."""

from __future__ import annotations

import pytest

from evaluators.demo import precedents
from evaluators.models import AffiliateMember, AffiliateRelation, Evaluator, Sanction
from greenportal.directory.fictional import is_fictional
from tests.evaluators.test_machines import state_of

pytestmark = pytest.mark.django_db


def test_every_state_is_there_once_and_a_second_run_adds_nothing(round_2022, reviewer, second):
    for _ in range(2):
        precedents.play(reviewer=reviewer, lead=second, round_id=round_2022.pk)
    assert sorted(AffiliateRelation.objects.values_list("state", flat=True)) == ["ended", "proposed", "rejected"]
    states = [state_of(pk) for pk in Sanction.objects.order_by("pk").values_list("pk", flat=True)]
    assert states == ["written", "lifted", "revoked", "appealed"]
    bodies = Evaluator.objects.select_related("organisation")
    assert bodies.count() == 4
    assert all(is_fictional(body.organisation.uscc) for body in bodies)
    groups = AffiliateMember.objects.filter(ended_at=None).values_list("group_id", flat=True)
    assert len(set(groups)) == 4
