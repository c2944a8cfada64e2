"""The table form of every state machine of the portal, and the one function that reads it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from greenportal.accounts.actors import Role
from greenportal.accounts.identity import refuse_numbers
from greenportal.findings.types import ReasonRequired, Refused, WindowClosed, WrongState


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of a TRANSITIONS table.

    sources/target: state values; roles: who may; window: key of the rulebook deadline that must
    be open (empty: none); needs_reason: a written reason is stored with the change.
    """

    action: str
    sources: frozenset[str]
    target: str
    roles: frozenset[Role]
    label: str
    window: str = ""
    needs_reason: bool = False


def row(
    action: str,
    sources: Iterable[str],
    target: str,
    roles: Iterable[Role],
    label: str,
    *,
    window: str = "",
    needs_reason: bool = False,
) -> Transition:
    """Write one table row without the noise of frozenset()."""
    return Transition(action, frozenset(map(str, sources)), str(target), frozenset(roles), label, window, needs_reason)


def find(
    table: Iterable[Transition], *, state: str, action: str, role: Role, window_open: bool, reason: str, named: str
) -> Transition:
    """Return the row that allows `action` from `state`, or raise the exact refusal.

    The order of refusals is fixed: role, state, window, reason, so that a stranger learns nothing
    of the state. A reason that holds an identity number is Invalid. `named` is the public name of the present state, for the message.
    """
    rows = [t for t in table if t.action == action]
    mine = [t for t in rows if role in t.roles]
    if not mine:
        raise Refused("您的角色不能进行这项操作。")
    from_here = [t for t in mine if state in t.sources]
    if not from_here:
        raise WrongState(f"当前状态为“{named}”，不能{mine[0].label}。请刷新页面查看最新状态。")
    found = from_here[0]
    if found.window and not window_open:
        raise WindowClosed(f"办理期限已过，不能{found.label}。确需补报的，请联系市局办理延期。")
    if found.needs_reason and not reason.strip():
        raise ReasonRequired(f"{found.label}需要写明理由。")
    refuse_numbers(reason=reason)
    return found


def sources_of(table: Iterable[Transition], action: str) -> frozenset[str]:
    """Return every state from which somebody may take `action`: what a list offers it for."""
    return frozenset().union(*(t.sources for t in table if t.action == action))


def actions_from(table: Iterable[Transition], *, state: str, role: Role) -> list[Transition]:
    """Return the moves that `role` has from `state`, in table order; windows are not asked."""
    return [t for t in table if state in t.sources and role in t.roles]
