"""What the page of scores shows of a nomination or of a version: totals side by side, and how each figure came about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from greenportal.rounds.rulebook import Rulebook
from greenportal.sheets import Sheet
from greenportal.sheets.explaining import Explained, explain
from nominations.models import NominationVersion
from nominations.scoring import Pair, Scored, scored
from nominations.scoring.judging import Judged, judged
from nominations.scoring.verifying import verified
from nominations.selectors.content import Content, Part, sheets_by_sha, worded


@dataclass(frozen=True, slots=True)
class ScorePage:
    """Everything on the page. verified: performance figures of both reports; rows: single scores that differ."""

    scored: Scored | None
    explained: tuple[Explained, ...]
    verified: tuple[Pair, ...]
    judged: tuple[Judged, ...]
    differing: tuple[Pair, ...]


def parts_of(content: Content) -> list[Part]:
    """Return the sheets of a living nomination."""
    return worded([(part.key, part.sheet, part.answers) for part in content.sheets])


def parts_of_version(version: NominationVersion) -> list[Part]:
    """Return the sheets of a frozen one. At most one query."""
    frozen = version.payload["sheets"]
    known = sheets_by_sha(part["definition_sha256"] for part in frozen)
    return worded([(part["key"], known[part["definition_sha256"]], part["answers"]) for part in frozen])


def score_page(category: str, parts: Sequence[Part], book: Rulebook, *, standard: str) -> ScorePage:
    """Return the page of scores. Pure: answers, definitions and rulebook in."""
    answers = {key: given for key, _, given in parts}
    sheets = {key: sheet for key, sheet, _ in parts}
    found = scored(category, answers, book, standard=standard)
    explained = tuple(
        row for key, sheet, given in parts if any(f.formula for f in _fields(sheet)) for row in explain(sheet, given)
    )
    return ScorePage(
        scored=found,
        explained=tuple(row for row in explained if len(row.missing) < len(row.variables)),
        verified=verified(explained, sheets, answers, category),
        judged=judged(answers.get("product_self", {}).get("requirements") or ()),
        differing=tuple(_named(pair, sheets) for pair in found.rows if pair.differs) if found else (),
    )


def _fields(sheet: Sheet) -> list[Any]:
    return [*sheet.fields(), *(column for table in sheet.tables() for column in table.columns)]


def _named(pair: Pair, sheets: Mapping[str, Sheet]) -> Pair:
    """Give a row of the report its printed name: what the scorer knows is only its id."""
    for key, sheet in sheets.items():
        if not key.endswith("_self"):
            continue
        for table in sheet.tables():
            for row in table.fixed:
                if pair.key in {f"{table.key}{row.id}", row.id} or pair.key.startswith(f"{row.id}y"):
                    words = [
                        row.values[c.key]
                        for c in table.columns
                        if c.key in {"item", "requirement"} and c.key in row.values
                    ]
                    year = f"（第{pair.key[-1]}年）" if pair.key.startswith(f"{row.id}y") else ""
                    return Pair(
                        pair.key,
                        f"{'：'.join(words)}{year}",
                        row.values.get("unit", "") or pair.unit,
                        pair.own,
                        pair.third,
                    )
    return pair
