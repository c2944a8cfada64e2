"""How a computed figure came about: the formula in the form's own words, and the arithmetic with its numbers. Pure."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from greenportal.sheets import computing, expressions
from greenportal.sheets.paths import cell, rows_of
from greenportal.sheets.types import SHOWN, Answers, Field, Sheet, Table

_SIGNS: Mapping[type[ast.operator], str] = {ast.Add: "＋", ast.Sub: "－", ast.Mult: "×", ast.Div: "÷"}
_WORDS = {"sum": "合计", "count": "项数", "min": "最小值", "max": "最大值", "abs": "绝对值"}
_MISSING = "？"


@dataclass(frozen=True, slots=True)
class Variable:
    """One figure that goes into a formula; `text` is empty while nobody entered it, `value` None where it is no number."""

    label: str
    unit: str
    text: str
    value: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Explained:
    """A computed figure. value None: it could not be computed, and `missing` names what is wanted."""

    path: str
    label: str
    unit: str
    value: Decimal | None
    text: str
    formula: str
    arithmetic: str
    variables: tuple[Variable, ...]
    missing: tuple[str, ...]
    source: str
    confidence: str


def explain(sheet: Sheet, answers: Answers) -> list[Explained]:
    """Return every computed field and cell of the parts that apply, in printed order; empty table rows are left out."""
    full = computing.compute(sheet, answers)
    found: list[Explained] = []
    for section in computing.visible_sections(sheet, full):
        for field in section.fields:
            if field.formula and computing.shown(sheet, full, field):
                find = computing.lookup(sheet, full)
                found.append(_one(sheet, field, full.get(field.key), find, field.key, field.label))
        for table in section.tables:
            if computing.shown(sheet, full, table):
                found.extend(_cells(sheet, table, full))
    return found


def _cells(sheet: Sheet, table: Table, answers: Answers) -> Iterator[Explained]:
    computed = [column for column in table.columns if column.formula not in {"", SHOWN}]
    for row in rows_of(table, answers):
        typed = [column for column in table.columns if not column.formula and row.get(column.key)]
        for column in computed if typed else ():
            find = computing.lookup(sheet, answers, table, row)
            name = next((row[c.key] for c in table.columns if not c.is_number and row.get(c.key)), "")
            label = f"{column.label}（{name}）" if name else column.label
            path = cell(table.key, row["_id"], column.key)
            yield _one(sheet, column, row.get(column.key), find, path, label, table)


def _one(
    sheet: Sheet,
    field: Field,
    result: str | None,
    find: computing.Lookup,
    path: str,
    label: str,
    table: Table | None = None,
) -> Explained:
    tree = expressions.parse(field.formula)
    variables = []
    for name in _in_order(tree):
        spec, word = _named(sheet, name, table)
        value = find(name)
        number = value if isinstance(value, Decimal) else None
        variables.append(Variable(word, spec.unit if spec else "", _text(spec, value), number))
    words = dict(zip(_in_order(tree), variables, strict=True))
    return Explained(
        path=f"{sheet.key}.{path}",
        label=label,
        unit=field.unit,
        value=computing.decimal_of(result),
        text=_plain(computing.decimal_of(result)),
        formula=_spoken(tree, lambda name: words[name].label),
        arithmetic=_spoken(tree, lambda name: words[name].text or _MISSING),
        variables=tuple(variables),
        missing=tuple(variable.label for variable in variables if not variable.text),
        source=field.source or (table.source if table else "") or sheet.source,
        confidence=field.confidence or (table.confidence if table else "") or sheet.confidence,
    )


def _in_order(tree: ast.expr) -> list[str]:
    """Return the names of a formula as they come, each once."""
    found: list[str] = []
    inner = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
    called = {id(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)}

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            name = f"{node.value.id}.{node.attr}"
        elif isinstance(node, ast.Name) and id(node) not in inner | called:
            name = node.id
        else:
            for child in ast.iter_child_nodes(node):
                visit(child)
            return
        if name not in found:
            found.append(name)

    visit(tree)
    return found


def _named(sheet: Sheet, name: str, table: Table | None) -> tuple[Field | None, str]:
    if table is not None:
        for column in table.columns:
            if column.key == name:
                return column, column.label
    for field in sheet.fields():
        if field.key == name:
            return field, field.label
    key, _, column_key = name.partition(".")
    other = sheet.table(key)
    if not column_key:
        return None, other.label
    column = other.column(column_key)
    return column, f"{other.label}的{column.label}"


def _text(spec: Field | None, value: expressions.Value) -> str:
    if isinstance(value, Decimal):
        return _plain(value)
    if isinstance(value, list):
        return "、".join(_text(spec, item) for item in value)
    return str(value) if value else ""


def _plain(value: Decimal | None) -> str:
    """Return a number without the zeros that a printed form would add: here people follow the arithmetic."""
    if value is None:
        return ""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _spoken(node: ast.expr, word: Callable[[str], str], *, inside: int = 0) -> str:
    if isinstance(node, ast.BinOp):
        level = 1 if isinstance(node.op, ast.Add | ast.Sub) else 2
        text = f"{_spoken(node.left, word, inside=level)}{_SIGNS[type(node.op)]}{_spoken(node.right, word, inside=level + 1)}"
        return f"（{text}）" if level < inside else text
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return f"－{_spoken(node.operand, word, inside=3)}"
    if isinstance(node, ast.Call):
        inner = "、".join(_spoken(item, word) for item in node.args)
        return f"{_WORDS.get(node.func.id, node.func.id)}（{inner}）"  # type: ignore[attr-defined]
    if isinstance(node, ast.Attribute):
        return word(f"{node.value.id}.{node.attr}")  # type: ignore[attr-defined]
    return word(node.id) if isinstance(node, ast.Name) else ast.unparse(node)
