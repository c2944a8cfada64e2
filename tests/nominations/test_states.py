"""Every state × action × role × window × reason of both machines, against an oracle written apart from the tables."""

from __future__ import annotations

from itertools import product

import pytest

from greenportal.accounts.actors import Role
from greenportal.findings.types import DomainError, ReasonRequired, Refused, WindowClosed, WrongState
from greenportal.transitions import actions_from, find, row, sources_of
from nominations.constants import CLOCK_APPLICANT, CLOCK_SUBMIT
from nominations.states import (
    EDITABLE,
    LIST_TRANSITIONS,
    NOMINATION_TRANSITIONS,
    OPEN,
    PUBLIC_NAMES,
    PUBLIC_TO_CITY,
    RETURNABLE,
    WITH_CITY,
    WITH_DISTRICT,
    ListState,
    NominationState,
)

A, D, L, R, C = (
    Role.APPLICANT,
    Role.DISTRICT_OFFICER,
    Role.DISTRICT_LEAD,
    Role.CITY_REVIEWER,
    Role.CITY_LEAD,
)
# action: (from → to), roles, window, reason. Written from DESIGN §4, not read from the code.
NOMINATION_ORACLE: dict[str, tuple[dict[str, str], set[Role], bool, bool]] = {
    "hand_in": ({"draft": "handed_in", "returned_by_district": "handed_in"}, {A, D, L}, True, False),
    "take_back": ({"handed_in": "draft"}, {A}, True, False),
    "check": ({"handed_in": "checked"}, {D, L}, False, False),
    "uncheck": ({"checked": "handed_in"}, {D, L}, False, False),
    "return_by_district": (
        {"handed_in": "returned_by_district", "checked": "returned_by_district"},
        {D, L},
        False,
        True,
    ),
    "finalise": ({"checked": "finalised"}, {D, L}, False, False),
    "reopen": ({"finalised": "checked"}, {D, L}, False, True),
    "submit": ({"finalised": "submitted"}, {L}, True, False),
    "accept": ({"submitted": "accepted", "corrected": "accepted"}, {R, C}, False, False),
    "return_by_city": (
        {"submitted": "returned_by_city", "corrected": "returned_by_city"},
        {R, C},
        False,
        True,
    ),
    "correct": ({"returned_by_city": "corrected"}, {A, D, L}, False, False),
    "withdraw": (
        dict.fromkeys(
            [
                "draft",
                "handed_in",
                "checked",
                "submitted",
                "accepted",
                "returned_by_district",
                "returned_by_city",
                "corrected",
            ],
            "withdrawn",
        ),
        {A, D, L},
        False,
        True,
    ),
}
LIST_ORACLE: dict[str, tuple[dict[str, str], set[Role], bool, bool]] = {
    "finalise": ({"drafting": "finalised"}, {D, L}, False, False),
    "seal": ({"finalised": "sealed"}, {D, L}, False, False),
    "reopen": ({"finalised": "drafting", "sealed": "drafting"}, {D, L}, False, True),
    "submit": ({"sealed": "submitted"}, {L}, True, False),
    "part_return": ({"submitted": "partly_returned", "partly_returned": "partly_returned"}, {R, C}, False, False),
    "corrections_in": ({"partly_returned": "submitted"}, {A, D, L, R, C}, False, False),
    "accept": ({"submitted": "accepted"}, {R, C}, False, False),
}


def expected(oracle, state, action, role, window, reason):
    """The target, or the kind of refusal, by the fixed order: role, state, window, reason."""
    moves, roles, windowed, reasoned = oracle[action]
    if role not in roles:
        return Refused
    if state not in moves:
        return WrongState
    if windowed and not window:
        return WindowClosed
    if reasoned and not reason.strip():
        return ReasonRequired
    return moves[state]


def outcome(table, state, action, role, window, reason):
    try:
        return find(
            table, state=state, action=action, role=role, window_open=window, reason=reason, named="某状态"
        ).target
    except DomainError as error:
        return type(error)


@pytest.mark.parametrize(
    ("table", "oracle", "states"),
    [
        (NOMINATION_TRANSITIONS, NOMINATION_ORACLE, NominationState),
        (LIST_TRANSITIONS, LIST_ORACLE, ListState),
    ],
    ids=["nomination", "list"],
)
def test_every_combination_is_decided_as_the_design_says(table, oracle, states):
    cases = list(product(states.values, oracle, Role, [True, False], ["", "   ", "理由"]))
    wrong = [case for case in cases if outcome(table, *case) != expected(oracle, *case)]
    assert wrong == []
    allowed = [case for case in cases if isinstance(expected(oracle, *case), str)]
    refused = len(cases) - len(allowed)
    assert allowed
    assert refused > 10 * len(allowed)


@pytest.mark.parametrize(
    ("table", "oracle"), [(NOMINATION_TRANSITIONS, NOMINATION_ORACLE), (LIST_TRANSITIONS, LIST_ORACLE)]
)
def test_the_table_has_no_action_the_oracle_does_not_know(table, oracle):
    assert {t.action for t in table} == set(oracle)


def test_an_unknown_action_is_refused_like_a_foreign_role():
    assert outcome(NOMINATION_TRANSITIONS, "draft", "publish", Role.CITY_LEAD, True, "x") is Refused


def test_every_window_names_a_clock_of_the_round():
    windows = {t.window for t in (*NOMINATION_TRANSITIONS, *LIST_TRANSITIONS) if t.window}
    assert windows == {CLOCK_APPLICANT, CLOCK_SUBMIT}


@pytest.mark.parametrize(
    "role",
    [
        Role.EVALUATOR,
        Role.AUDITOR,
        Role.SYSTEM_ADMIN,
        Role.SECURITY_ADMIN,
        Role.DEPARTMENT,
        Role.ANONYMOUS,
        Role.SYSTEM,
    ],
)
def test_roles_that_handle_no_nominations_have_no_move(role):
    moves = [
        actions_from(table, state=state, role=role)
        for table, states in ((NOMINATION_TRANSITIONS, NominationState), (LIST_TRANSITIONS, ListState))
        for state in states.values
    ]
    assert moves == [[]] * len(moves)


def test_the_city_never_reaches_a_state_where_it_could_edit():
    targets = {t.target for t in NOMINATION_TRANSITIONS if t.roles & {Role.CITY_REVIEWER, Role.CITY_LEAD}}
    assert targets == {"accepted", "returned_by_city"}


def test_every_state_has_a_public_name():
    assert set(PUBLIC_NAMES) == set(NominationState.values)


def test_groups_of_states_say_what_they_mean():
    assert {"draft", "returned_by_district", "returned_by_city"} == EDITABLE
    assert not WITH_DISTRICT & WITH_CITY
    assert OPEN == WITH_DISTRICT | WITH_CITY
    assert not PUBLIC_TO_CITY & {"draft", "handed_in", "checked", "finalised", "returned_by_district", "withdrawn"}
    assert WITH_CITY < PUBLIC_TO_CITY


def test_what_the_city_may_return_is_what_the_table_lets_it_return():
    assert set(NOMINATION_ORACLE["return_by_city"][0]) == RETURNABLE
    assert RETURNABLE <= WITH_CITY
    table = [row("x", ["a"], "b", [A], "甲"), row("x", ["c"], "b", [D], "乙"), row("y", ["d"], "b", [A], "丙")]
    assert sources_of(table, "x") == {"a", "c"}
