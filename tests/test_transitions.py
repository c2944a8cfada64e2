"""Reading a table of transitions: the order of refusals is fixed, so that a stranger learns nothing of the state."""

from __future__ import annotations

import pytest

from greenportal.accounts.actors import Role
from greenportal.findings.types import ReasonRequired, Refused, WindowClosed, WrongState
from greenportal.transitions import actions_from, find, row

TABLE = (
    row("send", ["draft"], "sent", [Role.APPLICANT], "提交", window="clock"),
    row("send", ["returned"], "sent", [Role.DISTRICT_LEAD], "代为提交"),
    row("drop", ["draft", "sent"], "gone", [Role.APPLICANT], "撤回", needs_reason=True),
)


def ask(action="send", *, state="draft", role=Role.APPLICANT, window_open=True, reason="因故"):
    return find(TABLE, state=state, action=action, role=role, window_open=window_open, reason=reason, named="填报中")


def test_move_that_exists_is_found():
    assert (ask().target, ask("drop", state="sent").target) == ("sent", "gone")


def test_same_action_of_another_role_starts_elsewhere():
    assert ask(state="returned", role=Role.DISTRICT_LEAD, window_open=False).label == "代为提交"
    with pytest.raises(WrongState):
        ask(state="draft", role=Role.DISTRICT_LEAD)


@pytest.mark.parametrize(
    ("values", "refusal", "told"),
    [
        ({"role": Role.EVALUATOR, "state": "gone", "window_open": False}, Refused, "您的角色不能进行这项操作。"),
        ({"action": "fly"}, Refused, "您的角色不能进行这项操作。"),
        ({"state": "gone", "window_open": False}, WrongState, "当前状态为“填报中”，不能提交。请刷新页面查看最新状态。"),
        ({"window_open": False}, WindowClosed, "办理期限已过，不能提交。确需补报的，请联系市局办理延期。"),
        ({"action": "drop", "reason": " "}, ReasonRequired, "撤回需要写明理由。"),
    ],
)
def test_refusal_is_the_first_that_holds(values, refusal, told):
    with pytest.raises(refusal) as caught:
        ask(**values)
    assert caught.value.message == told


def test_move_without_a_window_ignores_the_clock():
    assert ask("drop", window_open=False).target == "gone"


def test_actions_from_a_state_are_those_of_the_role_in_order():
    assert [t.action for t in actions_from(TABLE, state="draft", role=Role.APPLICANT)] == ["send", "drop"]
    assert actions_from(TABLE, state="draft", role=Role.EVALUATOR) == []
