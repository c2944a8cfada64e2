"""Removals and renames as a published document prints them: what was understood, before anything is stored."""

from __future__ import annotations

from dataclasses import dataclass

from dynamic_mgmt.models import ListedUnit
from dynamic_mgmt.naming import name_key
from dynamic_mgmt.pasted import Around, read
from dynamic_mgmt.selectors.matching import by_names


@dataclass(frozen=True, slots=True)
class PublishedLine:
    """One line of the document: the printed name, the unit it is, and the new name or the model."""

    number: int
    name: str
    other: str
    unit: ListedUnit


@dataclass(frozen=True, slots=True)
class Published:
    """What a pasted document says. problems: lines that no unit, or more than one, answers to."""

    lines: tuple[PublishedLine, ...]
    problems: tuple[str, ...]


def understand(text: str, *, kind: str, category: str, level: str) -> Published:
    """Return the units that a document's lines name; kind `removal` or `rename`. Two queries, stores nothing."""
    numbered = _numbered(text)
    pasted = read(numbered, Around())
    found = by_names((row["name"] for row in pasted.rows), category=category, level=level)
    lines: list[PublishedLine] = []
    problems = [problem.message for problem in pasted.problems]
    seen: set[int] = set()
    for row in pasted.rows:
        name, other = row["name"], row["model"]
        units = found.get(name, [])
        if category == ListedUnit.Category.PRODUCT and kind == "removal" and other:
            units = [unit for unit in units if name_key(unit.product_model) == name_key(other)]
        units = [unit for unit in units if unit.pk not in seen]
        if kind == "rename" and not other:
            problems.append(f"第{row.number}行：“{name}”没有写明现名称，补充后重新核对。")
        elif len(units) != 1:
            why = "名单中没有这一单位" if not units else f"名单中有{len(units)}项同名，请在单位页面逐项办理"
            problems.append(f"第{row.number}行：{name}，{why}。")
        else:
            seen.add(units[0].pk)
            lines.append(PublishedLine(row.number, name, other, units[0]))
    return Published(tuple(lines), tuple(problems))


def _numbered(text: str) -> str:
    """Give lines running numbers where the document prints none, so that rows can be told apart."""
    lines = [line for line in text.splitlines() if line.strip()]
    if any(line.strip()[0].isdigit() for line in lines[:3]):
        return text
    return "\n".join(f"{number} {line.strip()}" for number, line in enumerate(lines, start=1))
