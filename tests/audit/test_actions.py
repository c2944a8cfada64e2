"""Every action that the code records has a Chinese name: read from the sources, so that none is forgotten."""

from __future__ import annotations

import ast
import itertools
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from dynamic_mgmt.states import CHANGE_TRANSITIONS
from dynamic_mgmt.table_states import EXPERIENCE_TRANSITIONS, TABLE_TRANSITIONS
from evaluators.models import SanctionStep
from evaluators.states import ENGAGEMENT_TRANSITIONS
from greenportal.audit import actions
from greenportal.devtools.places import ROOT
from nominations.models import ReportStatement

APPS = ("greenportal", "nominations", "evaluators", "dynamic_mgmt")
DOORS = {"record", "record_refusal", "record_failure", "Entry"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Place:
    """Where an expression stands."""

    module: Path
    function: Function | None = None


@dataclass
class Source:
    """The sources of one app: its calls by the called name, each with its module and the function around it."""

    calls: dict[str, list[tuple[ast.Call, Place]]] = field(default_factory=dict)

    def read(self, tree: ast.AST, place: Place) -> None:
        """Gather the calls below `tree`."""
        for node in ast.iter_child_nodes(tree):
            if isinstance(node, ast.Call):
                self.calls.setdefault(called(node), []).append((node, place))
            self.read(node, Place(place.module, node) if isinstance(node, Function) else place)

    def calls_of(self, place: Place) -> list[tuple[ast.Call, Place]]:
        """Return the calls of a function: of one whose name begins with _ in its own module only."""
        assert place.function is not None
        found = self.calls.get(place.function.name, [])
        private = place.function.name.startswith("_")
        return [(call, where) for call, where in found if not private or where.module == place.module]


def called(call: ast.Call) -> str:
    found = call.func
    return found.attr if isinstance(found, ast.Attribute) else found.id if isinstance(found, ast.Name) else ""


def argument(call: ast.Call, function: Function, name: str) -> ast.expr | None:
    """Return what a call passes for the parameter `name` of `function`, if it passes anything."""
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    places = [a.arg for a in [*function.args.posonlyargs, *function.args.args]]
    return call.args[places.index(name)] if name in places and places.index(name) < len(call.args) else None


def values(expr: ast.expr, place: Place, source: Source, depth: int = 0) -> set[str]:
    """Return every text that an expression can be, through the callers of its function; `*` is what cannot be followed."""
    if isinstance(expr, ast.Constant) and isinstance(expr.value, str):
        return {expr.value}
    if isinstance(expr, ast.IfExp):
        return values(expr.body, place, source, depth) | values(expr.orelse, place, source, depth)
    if isinstance(expr, ast.FormattedValue):
        return values(expr.value, place, source, depth)
    if isinstance(expr, ast.JoinedStr):
        parts = [sorted(values(part, place, source, depth)) for part in expr.values]
        return {"".join(found) for found in itertools.product(*parts)}
    function = place.function
    if isinstance(expr, ast.Name) and function is not None and depth < 6:
        every = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        if expr.id in {a.arg for a in every}:
            found: set[str] = set()
            for call, where in source.calls_of(place):
                given = argument(call, function, expr.id)
                found |= values(given, where, source, depth + 1) if given is not None else set()
            return found or {"*"}
    return {"*"}


def source_of(folder: Path) -> Source:
    source = Source()
    for path in sorted(folder.rglob("*.py")):
        source.read(ast.parse(path.read_text(encoding="utf-8")), Place(path))
    return source


def recorded_in(folder: Path) -> set[str]:
    """Return the actions that the calls of the trail's doors below `folder` can bear, patterns with `*` among them."""
    source, found = source_of(folder), set()
    for door in DOORS:
        for call, place in source.calls.get(door, []):
            for keyword in call.keywords:
                if keyword.arg == "action":
                    found |= values(keyword.value, place, source)
    return found


@cache
def recorded() -> frozenset[str]:
    return frozenset().union(*(recorded_in(ROOT / app) for app in APPS))


#: Patterns of which a row, not a call, names the move: what they can bear.
FROM_ROWS: dict[str, list[str]] = {
    "dynamic_mgmt.*_change": [row.action for row in CHANGE_TRANSITIONS],
    "dynamic_mgmt.experience_*": [row.action for row in EXPERIENCE_TRANSITIONS],
    "dynamic_mgmt.table_*": [row.action for row in TABLE_TRANSITIONS],
    "evaluators.*_engagement": [row.action for row in ENGAGEMENT_TRANSITIONS],
    "evaluators.confirm_*": [SanctionStep.Kind.KEEP, SanctionStep.Kind.REVOKE, SanctionStep.Kind.LIFT],
    "evaluators.drop_*": [SanctionStep.Kind.KEEP, SanctionStep.Kind.REVOKE, SanctionStep.Kind.LIFT],
    "evaluators.write_*": list(SanctionStep.Kind),
    "nomination.report_*": list(ReportStatement.Kind),
}


def test_every_recorded_action_has_a_chinese_name():
    exact = {action for action in recorded() if "*" not in action}
    exact |= {pattern.replace("*", move) for pattern, moves in FROM_ROWS.items() for move in moves}
    assert len(exact) > 150
    assert sorted(action for action in exact if not re.search("[一-龥]{2}", actions.name_of(action))) == []


def test_every_action_that_cannot_be_read_from_a_call_is_listed_here():
    assert {action for action in recorded() if "*" in action} == set(FROM_ROWS)


def test_two_actions_never_have_one_name():
    names = [actions.name_of(action) for action in recorded() if "*" not in action]
    assert sorted(name for name in set(names) if names.count(name) > 1) == []


@pytest.mark.parametrize(
    ("call", "found"),
    [
        ('record(actor=a, action="x.do", target=t)', {"x.do"}),
        ('record(action="x.on" if b else "x.off")', {"x.on", "x.off"}),
        ('def _audit(verb): record(action=f"x.{verb}")\n_audit("one")\n_audit(verb="two")', {"x.one", "x.two"}),
        ('def _audit(verb): audit.record_failure(action=f"x.{verb}")\n_audit(row.verb)', {"x.*"}),
        ('other(action="x.do")', set()),
    ],
)
def test_control_the_reader_finds_what_a_source_records(tmp_path, call, found):
    (tmp_path / "services.py").write_text(call, encoding="utf-8")
    assert recorded_in(tmp_path) == found


def test_a_second_name_for_an_action_is_refused():
    with pytest.raises(ValueError, match=r"files\.receive is named"):
        actions.register({"files.receive": "收文件"})


def test_a_code_that_nobody_named_has_no_name_and_is_found_by_no_name():
    assert (actions.name_of("former.code"), actions.codes_named("")) == ("", [])
