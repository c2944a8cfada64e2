"""What a nomination holds now, what is still missing in it, and the digest that people confirm."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from greenportal.filings.models import Filing, SheetDefinition
from greenportal.rounds.booktypes import HARD, NO, Rulebook
from greenportal.sheets import Problem, Sheet, Table, from_json, validate
from greenportal.sheets.units import stated, words_of
from greenportal.sheets.values import is_empty
from nominations.constants import SELF_MARK
from nominations.models import Nomination, NominationDocument, NominationSheet
from nominations.rules import is_third_party
from nominations.validators import canonical, digest

#: Key, definition and answers of one sheet.
Part = tuple[str, Sheet, Mapping[str, Any]]
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

    @property
    def is_third_party(self) -> bool:
        """True for the evaluator's sheet: the applicant reads it and never answers for it."""
        return is_third_party(self.key)


@dataclass(frozen=True, slots=True)
class Content:
    """Everything that a nomination holds: sheets in order (the evaluator's too), documents by slot and place."""

    nomination_id: int
    sheets: tuple[SheetContent, ...]
    documents: tuple[NominationDocument, ...]

    @property
    def own(self) -> tuple[SheetContent, ...]:
        """The applicant's sheets, without the evaluator's."""
        return tuple(s for s in self.sheets if not s.is_third_party)

    @property
    def digest(self) -> str:
        """SHA-256 over the applicant's answers and document hashes: what the legal representative confirms.

        The evaluator's sheet is not in it: what an independent party writes does not void the applicant's word.
        """
        return digest(
            {
                "sheets": [[s.key, s.definition_sha256, dict(s.answers)] for s in self.own],
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


def worded(parts: Sequence[Part]) -> list[Part]:
    """Return the sheets of one nomination with the product's unit, as one of them states it, in the units of all."""
    words = {word: unit for _, sheet, answers in parts for word, unit in words_of(sheet, answers).items()}
    return [(key, stated(sheet, words), answers) for key, sheet, answers in parts]


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

    Sheets of the evaluator never stop the applicant: their gaps are soft. A report that nobody began (the
    uploaded one may be all there is) is one soft gap and not a hundred.
    """
    found: list[Gap] = []
    for part in content.sheets:
        if may_be_left(part.key) and is_blank(part.sheet, part.answers):
            found.append(Gap(part.key, part.sheet.title, _unbegun(part), hard=False))
            continue
        for problem in problems_of(part):
            hard = problem.level != _SOFT_LEVEL and not part.is_third_party
            found.append(Gap(problem.path, problem.label, problem.message, hard))
    present = {d.slot for d in content.documents}
    for slot in rulebook.documents.get(nomination.category, ()):
        if slot.required == NO or slot.key in present or not condition_holds(nomination, content, slot.only_if):
            continue
        hard = slot.required == HARD and slot.from_whom == "applicant"
        found.append(Gap(f"document:{slot.key}", slot.label, f"上传{slot.label}（{slot.clause}）。", hard))
    return Gaps(tuple(found))


def may_be_left(sheet_key: str) -> bool:
    """True for the reports as forms, which stand beside the uploaded ones: self-evaluation and third party."""
    return is_third_party(sheet_key) or sheet_key.endswith(SELF_MARK)


def is_blank(sheet: Sheet, answers: Mapping[str, Any]) -> bool:
    """True while nobody answered anything: what the directory filled in (`reuse`) does not count."""
    if any(not is_empty(answers.get(f.key)) for f in sheet.fields() if not f.reuse and not f.formula):
        return False
    return not any(_typed_in(table, row) for table in sheet.tables() for row in answers.get(table.key) or ())


def _typed_in(table: Table, row: Mapping[str, Any]) -> bool:
    return any(row.get(c.key) for c in table.columns if not c.formula and not table.is_printed(row["_id"], c.key))


def shown_of(sheet: Sheet, answers: Mapping[str, Any]) -> bool:
    """True for a sheet that is printed: every one but a report as a form that nobody began."""
    return not (may_be_left(sheet.key) and is_blank(sheet, answers))


def _unbegun(part: SheetContent) -> str:
    if part.is_third_party:
        return f"{part.sheet.title}尚未由评价机构填写。"
    return f"{part.sheet.title}尚未填写，以上传的自评价报告为准。"


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
