"""Reads the source tree: what the architecture tests ask it."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from greenportal.devtools.places import ROOT

PACKAGES = ("greenportal", "nominations", "evaluators", "dynamic_mgmt")
#: Layers whose public names owe a docstring (DESIGN §7), by folder or module name.
DOCUMENTED = ("services", "selectors", "rules", "models", "tasks", "validators", "eligibility", "sheets", "documents")
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One Python file, by its path from the root."""

    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(self.path.removesuffix(".py").split("/"))


def sources() -> Iterator[Source]:
    """Yield the code of the portal without migrations."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))


def tests() -> Iterator[Source]:
    """Yield the modules of the tests."""
    for path in sorted((ROOT / "tests").rglob("*.py")):
        yield Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))


def templates() -> Iterator[Source]:
    """Yield all templates."""
    for path in sorted((ROOT / "templates").rglob("*")):
        if path.is_file():
            yield Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))


def tracked() -> list[str]:
    """Return the paths that git would carry to a newcomer: tracked, and new ones that are not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def offences(check: Callable[[Source], list[str]], pool: Iterator[Source] | None = None) -> list[str]:
    """Return `path: what` for everything that `check` finds."""
    return [f"{source.path}:{found}" for source in (pool or sources()) for found in check(source)]


def functions(tree: ast.AST) -> Iterator[FunctionNode]:
    """Yield all functions and methods."""
    for node in ast.walk(tree):
        if isinstance(node, FunctionNode):
            yield node


def length(node: ast.AST) -> int:
    """Return the lines of a function, decorators left out."""
    return (node.end_lineno or node.lineno) - node.lineno + 1  # type: ignore[attr-defined]


def percentile(values: list[int], share: float) -> int:
    """Return the value that `share` of all values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -(-int(len(ordered) * share * 100) // 100) - 1)]


def state_writes(source: Source) -> list[str]:
    """Return lines that write a `state` outside services (and outside rows that are being made)."""
    if "services" in source.parts or source.parts[-1] == "services":
        return []
    found = []
    for node in ast.walk(source.tree):
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
        )
        found += [f"{t.lineno} writes .{t.attr}" for t in targets if isinstance(t, ast.Attribute) and t.attr == "state"]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "update":
            found += [f"{node.lineno} update(state=…)" for keyword in node.keywords if keyword.arg == "state"]
    return found


def calls(source: Source, *names: str) -> list[str]:
    """Return lines that call a function or method of one of `names`."""
    found = []
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in names:
                found.append(f"{node.lineno} {called}()")
    return found


def broad_excepts(source: Source) -> list[str]:
    """Return handlers of everything: `except:`, `except Exception`, `except BaseException`."""
    return [
        f"{node.lineno} broad except"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"}))
    ]


def excepts_inside_atomic(source: Source) -> list[str]:
    """Return broad handlers inside `with transaction.atomic()`: they would hide that the transaction is broken."""
    found = []
    for node in ast.walk(source.tree):
        if isinstance(node, ast.With) and any("atomic" in ast.unparse(item.context_expr) for item in node.items):
            inner = Source(source.path, "\n".join(ast.unparse(part) for part in node.body))
            found += [f"{node.lineno} broad except in atomic" for _ in broad_excepts(inner)]
    return found


def unfinished(source: Source) -> list[str]:
    """Return marks of work left undone."""
    pattern = re.compile(r"(#|{#|<!--).*\b(TODO|FIXME|XXX)\b|raise NotImplementedError|pragma: no cover")
    return [
        f"{number} {line.strip()}" for number, line in enumerate(source.text.splitlines(), 1) if pattern.search(line)
    ]


def years_in_code(source: Source) -> list[str]:
    """Return comparisons with a year: rules of a year are data. A range check of typed input (a ≤ year ≤ b) is none."""
    return [
        f"{node.lineno} compares with a year"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Compare) and len(node.ops) == 1
        for side in (node.left, *node.comparators)
        if isinstance(side, ast.Constant) and isinstance(side.value, int) and 2015 <= side.value <= 2035
    ]


def inline_code(source: Source) -> list[str]:
    """Return inline scripts, styles and handlers of pages; printed documents and mails may carry styles."""
    if source.path.startswith(("templates/documents/", "templates/emails/")):
        return []
    pattern = re.compile(r"<style|<script(?![^>]*\bsrc=)|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|javascript:", re.IGNORECASE)
    lines = source.text.splitlines()
    return [f"{number} {line.strip()[:80]}" for number, line in enumerate(lines, 1) if pattern.search(line)]


def undocumented(source: Source) -> list[str]:
    """Return public functions and classes of the documented layers without a docstring."""
    if not any(part in DOCUMENTED for part in source.parts):
        return []
    return [
        f"{node.lineno} {node.name}"
        for node in source.tree.body
        if isinstance(node, FunctionNode | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]


def unannotated(source: Source) -> list[str]:
    """Return functions with a parameter or result that has no annotation."""
    found = []
    for node in functions(source.tree):
        parameters = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        bare = [p.arg for p in parameters if p.annotation is None and p.arg not in {"self", "cls"}]
        if bare or node.returns is None:
            found.append(f"{node.lineno} {node.name}")
    return found
