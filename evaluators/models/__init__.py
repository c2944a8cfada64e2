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
from evaluators.models.report import (
    AnnualReport,
    LateAllowance,
    ReportFiling,
    ReportMark,
    ReportSeal,
)
from evaluators.models.roster import RosterBatch, StaffMember

__all__ = [
    "AffiliateGroup",
    "AffiliateMember",
    "AnnualReport",
    "CaseEvidence",
    "Engagement",
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
    "StaffMember",
]
