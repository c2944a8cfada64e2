"""Words and numbers of evaluators that the notice does not set."""

from __future__ import annotations

from datetime import timedelta

from django.db import models

#: News for nominations: enqueued by name, never imported (DESIGN §3).
JOB_RECHECK = "nominations.recheck"
#: Number of the rulebook: days within which the city decides a dispute. The notice sets none; an officer may change it.
DISPUTE_DAYS = "dispute_days"
#: Number of the rulebook: days within which an evaluator confirms or disputes a claim. The notice sets none; 0 until the city does.
CLAIM_DAYS = "claim_days"
SCOPE_EVALUATOR = "evaluators.evaluator"
SCOPE_GROUP = "evaluators.group"
SCOPE_SANCTION = "evaluators.sanction"
SCOPE_ENGAGEMENT = "evaluators.engagement"
SCOPE_RELATION = "evaluators.relation"
SCOPE_REGISTRATION = "evaluators.registration"
SCOPE_REPORT = "evaluators.report"
#: The rulebook's clock of 附件10.
CLOCK_REPORT = "evaluators.report"
SHEET_REGISTRATION = "evaluator_registration"
SHEET_ROSTER = "evaluator_roster"
SHEET_REPORT = "evaluator_report"
#: Proof of a relation, the signed statement of one evaluation, a letter about a sanction.
FILE_RELATION = "evaluators.relation"
FILE_STATEMENT = "evaluators.statement"
FILE_SANCTION = "evaluators.sanction"
FILE_EVIDENCE = "evaluators.evidence"
FILE_ROSTER = "evaluators.roster"
FILE_REPORT_SCAN = "evaluators.report_scan"
#: The district's clock: by then a claimed evaluation wants its evaluator's word.
CLOCK_SUBMIT = "nominations.submit"
#: Kind of the code printed on the pages of an annual report; the frame is that of all our codes.
CODE_PREFIX = "GP1"
CODE_REPORT = "R"
#: Of the copy with starred names: no sealed scan matches it, since it is not what the body signs.
CODE_REPORT_MASKED = "RM"
#: How long before the end of the annual report's clock the evaluators are reminded. Our own promise of service.
REPORT_MARKS: tuple[tuple[str, timedelta], ...] = (
    ("T-14d", timedelta(days=14)),
    ("T-7d", timedelta(days=7)),
    ("T-3d", timedelta(days=3)),
    ("T-1d", timedelta(days=1)),
)
#: How long before the day of confirming a claim the evaluator is reminded. Our own promise of service.
CLAIM_NOTICE = timedelta(days=1)


class EvaluatedCategory(models.TextChoices):
    """Categories with a third-party report: only these count (通知 二)."""

    FACTORY = "factory", "绿色工厂"
    PARK = "park", "绿色工业园区"
    SUPPLY_CHAIN = "supply_chain", "绿色供应链管理企业"
