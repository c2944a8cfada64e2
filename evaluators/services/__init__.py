"""What is done with evaluators: one verb, one function."""

from evaluators.services.engagements import claim, confirm, decide_dispute, dispute, withdraw
from evaluators.services.importing import apply_evaluators, preview_evaluators
from evaluators.services.registration import RegistrationFields, record_registration, register_evaluator
from evaluators.services.relations import (
    RelationFields,
    confirm_relation,
    end_relation,
    propose_relation,
    reject_relation,
)
from evaluators.services.sanctions import (
    confirm_sanction,
    confirm_step,
    drop_step,
    propose_lift,
    propose_outcome,
    record_appeal,
    record_sanction,
)
from evaluators.services.working import EngagementFields, StepFields, record_work

__all__ = [
    "EngagementFields",
    "RegistrationFields",
    "RelationFields",
    "StepFields",
    "apply_evaluators",
    "claim",
    "confirm",
    "confirm_relation",
    "confirm_sanction",
    "confirm_step",
    "decide_dispute",
    "dispute",
    "drop_step",
    "end_relation",
    "preview_evaluators",
    "propose_lift",
    "propose_outcome",
    "propose_relation",
    "record_appeal",
    "record_registration",
    "record_sanction",
    "record_work",
    "register_evaluator",
    "reject_relation",
    "withdraw",
]
