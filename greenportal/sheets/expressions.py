"""Formulas and conditions of sheets: a small, safe language over decimals and texts.

Allowed: numbers, 'texts', names of fields, + - * / with parentheses, comparisons, and / or / not, in [..],
sum(table.column), count(table), min(..), max(..), abs(x), present(name). Nothing else parses. A missing
operand makes the result empty, as does division by zero: a formula never invents a number.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, DivisionByZero, InvalidOperation, Overflow, localcontext
from functools import lru_cache
from typing import Any

MAX_LENGTH = 500
MAX_DEPTH = 30
DIGITS = 60
FUNCTIONS = frozenset({"sum", "count", "min", "max", "abs", "present"})

Value = Decimal | str | bool | list[Any] | None


class ExpressionError(ValueError):
    """The expression is not in the language; the message says which part."""


@lru_cache(maxsize=2048)
def parse(source: str) -> ast.expr:
    """Return the checked tree of `source`; raise ExpressionError naming what is not allowed."""
    if len(source) > MAX_LENGTH:
        raise ExpressionError(f"longer than {MAX_LENGTH} characters")
    try:
        tree = ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ExpressionError(f"cannot be read: {source!r}") from error
    _check(tree, 0)
    return tree


_PLAIN = (
    ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.List, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.USub,
    ast.Not, ast.And, ast.Or, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn, ast.Load,
)  # fmt: skip


def _check(node: ast.AST, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ExpressionError("nested too deeply")
    if isinstance(node, ast.Name):
        return
    if isinstance(node, ast.Constant):
        if isinstance(node.value, bool) or not isinstance(node.value, int | float | str):
            raise ExpressionError(f"constant {node.value!r} is not a number or a text")
        return
    if isinstance(node, ast.Attribute):
        if not isinstance(node.value, ast.Name):
            raise ExpressionError("only table.column may have a dot")
        return
    if isinstance(node, ast.Call):
        if not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS or node.keywords:
            raise ExpressionError("only sum, count, min, max, abs and present may be called")
        children: Iterator[ast.AST] = iter(node.args)
    elif isinstance(node, _PLAIN):
        children = ast.iter_child_nodes(node)
    else:
        raise ExpressionError(f"{type(node).__name__} is not allowed")
    for child in children:
        _check(child, depth + 1)


def names(source: str) -> set[str]:
    """Return the names used, `table.column` for columns."""
    found: set[str] = set()
    tree = parse(source)
    inside = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found.add(f"{node.value.id}.{node.attr}")
        elif isinstance(node, ast.Name) and id(node) not in inside | called:
            found.add(node.id)
    return found


def evaluate(source: str, lookup: Callable[[str], Value]) -> Value:
    """Return the value of `source`; `lookup(name)` gives decimals for numbers, text or lists otherwise, None if empty."""
    with localcontext() as context:
        context.prec = DIGITS
        return _value(parse(source), lookup, source)


def truth(source: str, lookup: Callable[[str], Value]) -> bool:
    """Return whether the condition holds; an empty condition always does."""
    return not source or bool(evaluate(source, lookup))


def _value(node: ast.expr, lookup: Callable[[str], Value], source: str) -> Value:
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            return node.value
        return Decimal(ast.get_source_segment(source, node) or str(node.value))
    if isinstance(node, ast.Name):
        return lookup(node.id)
    if isinstance(node, ast.Attribute):
        return lookup(f"{node.value.id}.{node.attr}")  # type: ignore[attr-defined]
    if isinstance(node, ast.List):
        return [_value(item, lookup, source) for item in node.elts]
    if isinstance(node, ast.BoolOp):
        values = (bool(_value(item, lookup, source)) for item in node.values)
        return all(values) if isinstance(node.op, ast.And) else any(values)
    if isinstance(node, ast.Compare):
        return _compare(node, lookup, source)
    if isinstance(node, ast.UnaryOp):
        inner = _value(node.operand, lookup, source)
        if isinstance(node.op, ast.Not):
            return not inner
        return -inner if isinstance(inner, Decimal) else None
    if isinstance(node, ast.BinOp):
        return _arithmetic(node.op, _value(node.left, lookup, source), _value(node.right, lookup, source))
    if isinstance(node, ast.Call):
        return _call(node.func.id, [_value(item, lookup, source) for item in node.args])  # type: ignore[attr-defined]
    raise ExpressionError(f"{type(node).__name__} is not allowed")


def _arithmetic(op: ast.operator, left: Value, right: Value) -> Value:
    if not isinstance(left, Decimal) or not isinstance(right, Decimal):
        return None
    try:
        if isinstance(op, ast.Add):
            return left + right
        if isinstance(op, ast.Sub):
            return left - right
        if isinstance(op, ast.Mult):
            return left * right
        return left / right
    except (DivisionByZero, InvalidOperation, Overflow):
        return None


def _compare(node: ast.Compare, lookup: Callable[[str], Value], source: str) -> bool:
    left = _value(node.left, lookup, source)
    for op, item in zip(node.ops, node.comparators, strict=True):
        right = _value(item, lookup, source)
        if not _holds(op, left, right):
            return False
        left = right
    return True


_ORDER: Mapping[type[ast.cmpop], Callable[[Decimal, Decimal], bool]] = {
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
}


def _holds(op: ast.cmpop, left: Value, right: Value) -> bool:
    if isinstance(op, ast.Eq):
        if isinstance(left, Decimal) or isinstance(right, Decimal):
            return left == right
        return (left or "") == (right or "")
    if isinstance(op, ast.NotEq):
        return not _holds(ast.Eq(), left, right)
    if isinstance(op, ast.In):
        return isinstance(right, list) and left in right
    if isinstance(op, ast.NotIn):
        return not (isinstance(right, list) and left in right)
    if not isinstance(left, Decimal) or not isinstance(right, Decimal):
        return False
    return _ORDER[type(op)](left, right)


def _call(name: str, arguments: list[Value]) -> Value:
    if name == "present":
        return all(bool(value) or isinstance(value, Decimal) for value in arguments)
    if name == "count":
        rows = arguments[0] if arguments else None
        return Decimal(len(rows)) if isinstance(rows, list) else Decimal(0)
    flat: list[Any] = []
    for value in arguments:
        flat.extend(value if isinstance(value, list) else [value])
    if not flat or any(not isinstance(value, Decimal) for value in flat):
        return None
    if name == "sum":
        return sum(flat, Decimal(0))
    if name == "abs":
        return abs(Decimal(flat[0]))
    return Decimal(min(flat)) if name == "min" else Decimal(max(flat))
