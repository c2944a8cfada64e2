"""What is done with evaluators: one verb, one function."""

from evaluators.services.engagements import claim, confirm, decide_dispute, dispute, withdraw
from evaluators.services.groups import affiliate, leave_group
from evaluators.services.importing import apply_evaluators, preview_evaluators
from evaluators.services.registration import RegistrationFields, record_registration, register_evaluator
from evaluators.services.sanctions import confirm_lift, confirm_sanction, propose_lift, record_sanction

__all__ = [
    "RegistrationFields",
    "affiliate",
    "apply_evaluators",
    "claim",
    "confirm",
    "confirm_lift",
    "confirm_sanction",
    "decide_dispute",
    "dispute",
    "leave_group",
    "preview_evaluators",
    "propose_lift",
    "record_registration",
    "record_sanction",
    "register_evaluator",
    "withdraw",
]
