"""Who may evaluate and what they evaluated."""

from evaluators.models.core import (
    AffiliateGroup,
    AffiliateMember,
    Engagement,
    Evaluator,
    EvaluatorRegistration,
    Sanction,
)
from evaluators.models.leads import ProjectLead
from evaluators.models.registering import CaseEvidence, FiledReturn, RegistrationCase
from evaluators.models.relations import AffiliateRelation
from evaluators.models.report import (
    AnnualReport,
    LateAllowance,
    ReportFiling,
    ReportMark,
    ReportSeal,
)
from evaluators.models.roster import RosterBatch, StaffMember
from evaluators.models.sanctioning import SanctionStep
from evaluators.models.working import EngagementStep

__all__ = [
    "AffiliateGroup",
    "AffiliateMember",
    "AffiliateRelation",
    "AnnualReport",
    "CaseEvidence",
    "Engagement",
    "EngagementStep",
    "Evaluator",
    "EvaluatorRegistration",
    "FiledReturn",
    "LateAllowance",
    "ProjectLead",
    "RegistrationCase",
    "ReportFiling",
    "ReportMark",
    "ReportSeal",
    "RosterBatch",
    "Sanction",
    "SanctionStep",
    "StaffMember",
]
