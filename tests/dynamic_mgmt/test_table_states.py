"""Every state × action × role × window × reason of both machines, against an oracle written apart from the tables."""

from __future__ import annotations

from itertools import product

import pytest

from dynamic_mgmt.table_states import (
    EDITABLE,
    EXPERIENCE_TRANSITIONS,
    NOT_FILED,
    SHOWN_TO_CITY,
    TABLE_TRANSITIONS,
    ExperienceState,
    TableState,
)
from greenportal.accounts.actors import Role
from greenportal.findings.types import DomainError, ReasonRequired, Refused, WindowClosed, WrongState
from greenportal.transitions import find

A, D, L, R, C = (
    Role.APPLICANT,
    Role.DISTRICT_OFFICER,
    Role.DISTRICT_LEAD,
    Role.CITY_REVIEWER,
    Role.CITY_LEAD,
)
# action: rows of (from → to, roles, window, reason). Written from DESIGN §4 and 通知 三, not read from the code.
Oracle = dict[str, list[tuple[dict[str, str], set[Role], bool, bool]]]
TABLE_ORACLE: Oracle = {
    "begin": [({"due": "draft"}, {A, D, L}, False, False)],
    "file": [({"draft": "filed", "returned": "filed"}, {A, D, L}, True, False)],
    "file_again": [({"returned": "filed"}, {A, D, L}, False, False)],
    "file_late": [({"draft": "filed"}, {D, L}, False, True)],
    "refuse": [({"due": "refused", "draft": "refused", "returned": "refused"}, {D, L}, False, True)],
    "resume": [({"refused": "draft"}, {D, L}, False, True)],
    "return": [({"filed": "returned"}, {D, L}, False, True)],
    "give_opinion": [({"filed": "opinion_given", "refused": "opinion_given"}, {D, L}, False, False)],
    "send_back": [({"opinion_given": "filed"}, {R, C}, False, True)],
    "open_recheck": [({"opinion_given": "recheck"}, {R, C}, False, True)],
    "open_on_site": [({"opinion_given": "on_site"}, {R, C}, False, True)],
    "conclude": [({"recheck": "opinion_given", "on_site": "opinion_given"}, {D, L, R, C}, False, False)],
    "propose": [({"opinion_given": "opinion_given"}, {R}, False, False)],
    "decide": [({"opinion_given": "decided"}, {C}, False, False)],
    "propose_removal": [({"opinion_given": "removal_proposed"}, {R, C}, False, True)],
    "confirm_removal": [({"removal_proposed": "decided"}, {C}, False, False)],
    "drop_removal": [({"removal_proposed": "opinion_given"}, {C}, False, False)],
}
EXPERIENCE_ORACLE: Oracle = {
    "offer": [({"draft": "offered"}, {A, D, L}, False, False)],
    "revise": [({"declined": "offered"}, {A, D, L}, False, False)],
    "recommend": [({"offered": "recommended"}, {D, L}, False, False)],
    "decline": [
        ({"offered": "declined"}, {D, L}, False, True),
        ({"recommended": "declined"}, {R, C}, False, True),
    ],
    "publish": [({"recommended": "published"}, {R, C}, False, False)],
    "withdraw": [({"published": "recommended"}, {R, C}, False, True)],
}


def expected(
    oracle: Oracle, state: str, action: str, role: Role, is_open: bool, reason: str
) -> str | type[DomainError]:
    rows = [row for row in oracle.get(action, []) if role in row[1]]
    if not rows:
        return Refused
    here = [row for row in rows if state in row[0]]
    if not here:
        return WrongState
    moves, _, windowed, reasoned = here[0]
    if windowed and not is_open:
        return WindowClosed
    if reasoned and not reason.strip():
        return ReasonRequired
    return moves[state]


@pytest.mark.parametrize(
    ("table", "oracle", "states"),
    [
        (TABLE_TRANSITIONS, TABLE_ORACLE, TableState),
        (EXPERIENCE_TRANSITIONS, EXPERIENCE_ORACLE, ExperienceState),
    ],
    ids=["table", "experience"],
)
def test_every_combination(table, oracle, states):
    wrong = []
    actions = [*oracle, "fly"]
    for state, action, role, is_open, reason in product(states.values, actions, Role, (True, False), ("因故", " ")):
        wanted = expected(oracle, state, action, role, is_open, reason)
        try:
            got: str | type[DomainError] = find(
                table, state=state, action=action, role=role, window_open=is_open, reason=reason, named="某状态"
            ).target
        except DomainError as error:
            got = type(error)
        if got != wanted:
            wrong.append((state, action, role, is_open, reason, got, wanted))
    assert wrong == []
    assert {t.action for t in table} == set(oracle)


def test_sets_of_states_agree():
    assert {"draft", "returned"} == EDITABLE
    assert {"due", "draft", "returned"} == NOT_FILED
    assert set(TableState.values) - {"due", "draft", "returned"} == SHOWN_TO_CITY


def test_every_state_can_be_reached_and_only_the_last_is_final():
    reached = {t.target for t in TABLE_TRANSITIONS} | {"due"}
    left = {s for t in TABLE_TRANSITIONS for s in t.sources}
    assert reached == set(TableState.values)
    assert set(TableState.values) - left == {"decided"}
