"""Who may evaluate and what they evaluated."""

from evaluators.models.core import (
    AffiliateGroup,
    AffiliateMember,
    Engagement,
    Evaluator,
    EvaluatorRegistration,
    Sanction,
)

__all__ = ["AffiliateGroup", "AffiliateMember", "Engagement", "Evaluator", "EvaluatorRegistration", "Sanction"]
