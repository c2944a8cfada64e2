"""The state tables as people read them: what `manage.py show_states` prints and docs/reference/states.md holds."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import TextChoices

from dynamic_mgmt.states import CHANGE_TRANSITIONS, INCIDENT_TRANSITIONS, ChangeState, IncidentState
from dynamic_mgmt.table_states import EXPERIENCE_TRANSITIONS, TABLE_TRANSITIONS, ExperienceState, TableState
from evaluators.states import ENGAGEMENT_TRANSITIONS, RELATION_TRANSITIONS, EngagementState, RelationState
from greenportal.accounts.actors import Role
from greenportal.transitions import Transition
from nominations.states import (
    CITY_LIST_TRANSITIONS,
    LIST_TRANSITIONS,
    NOMINATION_TRANSITIONS,
    PUBLIC_NAMES,
    CityListState,
    ListState,
    NominationState,
)

_HEAD = """# States and moves

Written by `manage.py show_states --write`; a test compares. Edit `states.py` of the app, not this page.
"""


def markdown() -> str:
    """Return the whole page: the machines with their states, their moves and a picture."""
    return "\n".join(
        [
            _HEAD,
            *_machine("Nomination (申报)", NominationState, NOMINATION_TRANSITIONS, PUBLIC_NAMES),
            *_machine("Recommendation list (推荐汇总表)", ListState, LIST_TRANSITIONS, {}),
            *_machine("Rename or major change (更名、重大变更)", ChangeState, CHANGE_TRANSITIONS, {}),
            *_machine("Incident (事故和违法上报)", IncidentState, INCIDENT_TRANSITIONS, {}),
            *_machine("Dynamic table (动态管理表)", TableState, TABLE_TRANSITIONS, {}),
            *_machine("Typical experience (典型经验)", ExperienceState, EXPERIENCE_TRANSITIONS, {}),
            *_machine("City list (全市推荐汇总表)", CityListState, CITY_LIST_TRANSITIONS, {}),
            *_machine("Engagement (评价项目)", EngagementState, ENGAGEMENT_TRANSITIONS, {}),
            *_machine("Affiliate relation (关联关系)", RelationState, RELATION_TRANSITIONS, {}),
        ]
    )


def _machine(title: str, states: type[TextChoices], table: Sequence[Transition], public: dict[str, str]) -> list[str]:
    lines = [f"## {title}", "", "| state | inside | applicants read |", "|---|---|---|"]
    lines += [f"| `{value}` | {label} | {public.get(value, label)} |" for value, label in states.choices]
    lines += ["", "| from | action | to | who | window | reason |", "|---|---|---|---|---|---|"]
    order = {value: index for index, value in enumerate(states.values)}
    roles = {role: index for index, role in enumerate(Role)}
    for move in table:
        sources = "、".join(f"`{s}`" for s in sorted(move.sources, key=order.__getitem__))
        who = "、".join(str(r.label) for r in sorted(move.roles, key=roles.__getitem__))
        window = f"`{move.window}`" if move.window else ""
        reason = "必填" if move.needs_reason else ""
        lines.append(f"| {sources} | `{move.action}` {move.label} | `{move.target}` | {who} | {window} | {reason} |")
    lines += ["", "```mermaid", "stateDiagram-v2"]
    for move in table:
        lines += [
            f"    {source} --> {move.target}: {move.label}" for source in sorted(move.sources, key=order.__getitem__)
        ]
    return [*lines, "```", ""]
