"""Every state × action × role × window × reason of registration and annual report, against an oracle of its own."""

from itertools import product

import pytest

from evaluators.states import REGISTRATION_TRANSITIONS, REPORT_TRANSITIONS, RegistrationState, ReportState
from greenportal.accounts.actors import Role
from greenportal.findings.types import DomainError, ReasonRequired, Refused, WindowClosed, WrongState
from greenportal.transitions import find

ADMIN, CITY = {Role.EVALUATOR_ADMIN}, {Role.CITY_REVIEWER, Role.CITY_LEAD}
# action: (from → to), roles, window, reason. Written from DESIGN §4 and issue 4, not read from the code.
REGISTRATION = {
    "file": ({"draft": "filed", "returned": "filed"}, ADMIN, False, False),
    "take_back": ({"filed": "draft"}, ADMIN, False, False),
    "return": ({"filed": "returned"}, CITY, False, True),
    "acknowledge": ({"filed": "acknowledged"}, CITY, False, False),
    "amend": ({"acknowledged": "draft"}, ADMIN, False, True),
}
REPORT = {
    "file": ({"draft": "filed", "returned": "filed"}, ADMIN, True, False),
    "return": ({"filed": "returned"}, CITY, False, True),
    "accept": ({"filed": "accepted"}, CITY, False, False),
}
MACHINES = [
    pytest.param(REGISTRATION_TRANSITIONS, REGISTRATION, RegistrationState, id="registration"),
    pytest.param(REPORT_TRANSITIONS, REPORT, ReportState, id="report"),
]


def expected(oracle, state, action, role, window, reason):
    moves, roles, windowed, reasoned = oracle[action]
    if role not in roles:
        return Refused
    if state not in moves:
        return WrongState
    if windowed and not window:
        return WindowClosed
    return ReasonRequired if reasoned and not reason.strip() else moves[state]


def outcome(table, state, action, role, window, reason):
    try:
        return find(table, state=state, action=action, role=role, window_open=window, reason=reason, named="某").target
    except DomainError as error:
        return type(error)


@pytest.mark.parametrize(("table", "oracle", "states"), MACHINES)
def test_every_combination_is_decided_as_the_design_says(table, oracle, states):
    cases = list(product(states.values, oracle, Role, [True, False], ["", "  ", "理由"]))
    wrong = [case for case in cases if outcome(table, *case) != expected(oracle, *case)]
    assert wrong == []
    assert sum(isinstance(expected(oracle, *case), str) for case in cases) > 0


@pytest.mark.parametrize(("table", "oracle", "states"), MACHINES)
def test_the_table_has_the_oracles_actions_and_no_other(table, oracle, states):
    assert {t.action for t in table} == set(oracle)
    assert {t.target for t in table} | {"draft"} == set(states.values)


def test_the_reports_clock_is_the_rulebooks():
    assert {t.window for t in REPORT_TRANSITIONS if t.window} == {"evaluators.report"}
    assert not any(t.window for t in REGISTRATION_TRANSITIONS)
