"""People of evaluators who do not exist, with identity numbers made for nobody: the area code 999999 is not in use."""

from __future__ import annotations

import itertools
from typing import Any

from evaluators.models import Evaluator, StaffMember
from greenportal import clock
from greenportal.directory.fictional import fictional_id_number as fictional_id

__all__ = ["fictional_id", "make_roster", "make_staff"]
_numbers = itertools.count(1)


def make_staff(evaluator: Evaluator, **values: Any) -> StaffMember:
    """Return a full-time senior engineer of energy, except what `values` say."""
    number = next(_numbers)
    defaults: dict[str, Any] = {
        "name": f"试验员{number}",
        "title": "senior",
        "title_name": "高级工程师",
        "field": "energy",
        "full_time": True,
        "certificate_no": f"试验证{number:05d}",
        "created_at": clock.now(),
    }
    return StaffMember.objects.create(evaluator=evaluator, **{**defaults, **values})


def make_roster(evaluator: Evaluator, *, senior: int = 5, intermediate: int = 5, **values: Any) -> list[StaffMember]:
    """Return a roster with so many senior people, and so many intermediate ones beside them."""
    rows = [make_staff(evaluator, **values) for _ in range(senior)]
    return rows + [make_staff(evaluator, title="intermediate", **values) for _ in range(intermediate)]
