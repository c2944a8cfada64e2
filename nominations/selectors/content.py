"""What a nomination holds now, what is still missing in it, and the digest that people confirm."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from greenportal.filings.models import Filing, SheetDefinition
from greenportal.rounds.booktypes import HARD, NO, Rulebook
from greenportal.sheets import Problem, Sheet, from_json, validate
from nominations.constants import THIRD_PARTY_MARK
from nominations.models import Nomination, NominationDocument, NominationSheet
from nominations.validators import canonical, digest

_SOFT_LEVEL = "soft"


@dataclass(frozen=True, slots=True)
class SheetContent:
    """One sheet's answers now: key, filing row and version, pinned definition, canonical answers."""

    key: str
    filing_id: int
    filing_version: int
    definition_sha256: str
    answers: Mapping[str, Any]
    sheet: Sheet


@dataclass(frozen=True, slots=True)
class Content:
    """Everything that the applicant filed: sheets in order, documents by slot and place."""

    nomination_id: int
    sheets: tuple[SheetContent, ...]
    documents: tuple[NominationDocument, ...]

    @property
    def digest(self) -> str:
        """SHA-256 over answers and document hashes: what the legal representative confirms."""
        return digest(
            {
                "sheets": [[s.key, s.definition_sha256, dict(s.answers)] for s in self.sheets],
                "documents": [[d.slot, d.file.sha256, d.title] for d in self.documents],
            }
        )

    @property
    def answers(self) -> dict[str, Mapping[str, Any]]:
        """Answers by sheet key."""
        return {s.key: s.answers for s in self.sheets}


@dataclass(frozen=True, slots=True)
class Gap:
    """Something missing or wrong. hard: hands-in is refused; else listed and carried. path as in FieldComment."""

    path: str
    label: str
    message: str
    hard: bool

    def as_json(self) -> dict[str, Any]:
        """Return the stored form."""
        return {"path": self.path, "label": self.label, "message": self.message, "hard": self.hard}


@dataclass(frozen=True, slots=True)
class Gaps:
    """What one nomination lacks."""

    items: tuple[Gap, ...] = field(default=())

    @property
    def hard(self) -> tuple[Gap, ...]:
        """Those that stop handing in."""
        return tuple(g for g in self.items if g.hard)

    @property
    def soft(self) -> tuple[Gap, ...]:
        """Those that are listed and carried along."""
        return tuple(g for g in self.items if not g.hard)


_definitions: dict[str, Sheet] = {}
_DEFINITIONS_KEPT = 200
#: What validation says of answers under a definition, by the digest of both: a board asks it of every nomination
#: at every view, and between two views hardly one has changed.
_problems: dict[str, tuple[Problem, ...]] = {}
_PROBLEMS_KEPT = 4000


def sheets_by_sha(wanted: Iterable[str]) -> dict[str, Sheet]:
    """Return pinned sheet definitions by their hash. One query when one is not in memory yet, else none."""
    needed = set(wanted)
    missing = needed - _definitions.keys()
    if missing:
        if len(_definitions) + len(missing) > _DEFINITIONS_KEPT:
            _definitions.clear()
            missing = needed
        for row in SheetDefinition.objects.filter(pk__in=missing):
            _definitions[row.pk] = from_json(row.definition)
    return {sha: _definitions[sha] for sha in needed}


def problems_of(part: SheetContent) -> tuple[Problem, ...]:
    """Return what is to be mended in a sheet's answers; equal answers under an equal definition are judged once."""
    key = digest([part.definition_sha256, dict(part.answers)])
    if key not in _problems:
        if len(_problems) >= _PROBLEMS_KEPT:
            _problems.clear()
        _problems[key] = tuple(validate(part.sheet, part.answers))
    return _problems[key]


def forget_definitions() -> None:
    """Empty the memory of definitions, so that a test counts every query."""
    _definitions.clear()


def contents(nomination_ids: Sequence[int]) -> dict[int, Content]:
    """Return the current content of the nominations. Three queries for any number of them."""
    held: dict[int, list[tuple[str, Filing]]] = {pk: [] for pk in nomination_ids}
    for row in NominationSheet.objects.filter(nomination_id__in=nomination_ids).select_related("filing"):
        held[row.nomination_id].append((row.sheet_key, row.filing))
    documents: dict[int, list[NominationDocument]] = {pk: [] for pk in nomination_ids}
    live = NominationDocument.objects.filter(nomination_id__in=nomination_ids, removed_at=None)
    for document in live.select_related("file"):
        documents[document.nomination_id].append(document)
    known = sheets_by_sha(f.definition_sha256 for rows in held.values() for _, f in rows)
    return {
        pk: Content(
            nomination_id=pk,
            sheets=tuple(
                SheetContent(
                    key=key,
                    filing_id=filing.pk,
                    filing_version=filing.version,
                    definition_sha256=filing.definition_sha256,
                    answers=filing.answers,
                    sheet=known[filing.definition_sha256],
                )
                for key, filing in held[pk]
            ),
            documents=tuple(documents[pk]),
        )
        for pk in nomination_ids
    }


def condition_holds(nomination: Nomination, content: Content, condition: str) -> bool:
    """Whether a document slot's `only_if` applies.

    `key_energy_user`: the officer's finding; any other word is an exclusion or field of a sheet whose
    answer is yes (`ex5`: `ex5_exists`). Empty always applies.
    """
    if not condition:
        return True
    if condition == "key_energy_user":
        return nomination.key_energy_user is True
    return any("yes" in (a.get(condition), a.get(f"{condition}_exists")) for a in content.answers.values())


def gaps(nomination: Nomination, content: Content, rulebook: Rulebook) -> Gaps:
    """Return what is missing or wrong: answers as the sheets ask, documents as the rulebook's slots ask. Pure.

    Sheets of the evaluator never stop the applicant: their gaps are soft.
    """
    found: list[Gap] = []
    for part in content.sheets:
        for problem in problems_of(part):
            hard = problem.level != _SOFT_LEVEL and THIRD_PARTY_MARK not in part.key
            found.append(Gap(problem.path, problem.label, problem.message, hard))
    present = {d.slot for d in content.documents}
    for slot in rulebook.documents.get(nomination.category, ()):
        if slot.required == NO or slot.key in present or not condition_holds(nomination, content, slot.only_if):
            continue
        hard = slot.required == HARD and slot.from_whom == "applicant"
        found.append(Gap(f"document:{slot.key}", slot.label, f"上传{slot.label}（{slot.clause}）。", hard))
    return Gaps(tuple(found))


def value_at(content: Content, path: str) -> str:
    """Return what stands at a comment's path, as text: a field, a table cell, or a slot's documents by hash."""
    if path.startswith("document:"):
        slot = path.removeprefix("document:")
        return ",".join(d.file.sha256 for d in content.documents if d.slot == slot)
    key, _, rest = path.partition(".")
    answers = content.answers.get(key, {})
    if "[" not in rest:
        value = answers.get(rest) or ""
        return value if isinstance(value, str) else canonical(value).decode()
    table, _, tail = rest.partition("[")
    row_id, _, column = tail.partition("].")
    for row in answers.get(table, ()):
        if row.get("_id") == row_id.rstrip("]"):
            return str(row.get(column, "")) if column else canonical(row).decode()
    return ""
