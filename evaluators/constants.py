"""Words and numbers of evaluators that the notice does not set."""

from __future__ import annotations

from django.db import models

#: News for nominations: enqueued by name, never imported (DESIGN §3).
JOB_RECHECK = "nominations.recheck"
#: Days within which the city decides a dispute. Our own promise of service, not the notice's.
DISPUTE_DAYS = 5
SCOPE_EVALUATOR = "evaluators.evaluator"
SCOPE_GROUP = "evaluators.group"
SCOPE_SANCTION = "evaluators.sanction"
SCOPE_ENGAGEMENT = "evaluators.engagement"


class EvaluatedCategory(models.TextChoices):
    """Categories with a third-party report: only these count (通知 二)."""

    FACTORY = "factory", "绿色工厂"
    PARK = "park", "绿色工业园区"
    SUPPLY_CHAIN = "supply_chain", "绿色供应链管理企业"
