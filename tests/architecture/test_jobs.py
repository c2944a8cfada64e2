"""Every job asked for by name has a handler: a misspelt name would wait for ever."""

from __future__ import annotations

import ast
import importlib

from greenportal.filings import registry as filings_registry
from greenportal.jobs import registry
from tests.architecture import scan
from tests.architecture.scan import Source

#: Take the name from elsewhere: their callers', or the registrations that the second test resolves.
READ_FROM_REGISTRATIONS = ("greenportal/jobs/services.py", "greenportal/filings/services/following.py")


def asked(source: Source) -> list[tuple[int, str | None]]:
    """Return line and name of each `enqueue(name, …)`; None where the name is neither literal nor a constant."""
    found: list[tuple[int, str | None]] = []
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called != "enqueue":
            continue
        first = node.args[0] if node.args else next((k.value for k in node.keywords if k.arg == "kind"), None)
        found.append((node.lineno, named(source, first)))
    return found


def named(source: Source, node: ast.expr | None) -> str | None:
    """Return the value of a literal, or of a constant that the module knows by this name."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if node is None:
        return None
    module = importlib.import_module(".".join(source.parts).removesuffix(".__init__"))
    value: object = module
    for part in ast.unparse(node).split("."):
        value = getattr(value, part, None)
    return value if isinstance(value, str) else None


def test_every_name_given_to_enqueue_has_a_handler():
    known = registry.kinds()
    unknown = [
        f"{source.path}:{line} {name}"
        for source in scan.sources()
        if source.path not in READ_FROM_REGISTRATIONS
        for line, name in asked(source)
        if name not in known
    ]

    assert known != frozenset()
    assert unknown == []


def test_every_name_that_an_owner_of_filings_registered_has_a_handler():
    changed = {name: scope.changed for name, scope in filings_registry._scopes.items() if scope.changed}

    assert changed != {}
    assert {name: kind for name, kind in changed.items() if kind not in registry.kinds()} == {}


def test_scan_sees_literal_names_and_admits_what_it_cannot_read():
    planted = Source("greenportal/env.py", "enqueue('a.b', payload={})\nenqueue(kind='c.d')\nenqueue(pick())\n")

    assert asked(planted) == [(1, "a.b"), (2, "c.d"), (3, None)]
