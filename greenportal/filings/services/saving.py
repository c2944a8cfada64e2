"""Saving what people type. Never refused for being wrong, incomplete or odd; only for permission, lock and conflict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.accounts.models import User
from greenportal.audit.services import Entry, record, record_all
from greenportal.filings.models import Filing
from greenportal.filings.selectors import sheets_of, worded_sheet
from greenportal.filings.services.following import announce
from greenportal.filings.services.keeping import withheld
from greenportal.filings.services.locking import LOCKED, editable_filing
from greenportal.findings.types import Invalid, NotVisible, Refused, Stale, WrongState
from greenportal.sheets import Field, Level, Problem, Sheet, validate
from greenportal.sheets.forms import apply
from greenportal.sheets.paths import Place, cell, label_of, parse
from greenportal.sheets.printing import text_of
from greenportal.sheets.validation import in_row
from greenportal.sheets.values import clean, is_empty, normalise

FORM_MOVED = "表单已经更新。返回表单，把刚才填写的内容填入新表单。"


@dataclass(frozen=True, slots=True)
class Saved:
    """What was stored: the filing with its new version, and what is to be mended in the sections touched."""

    filing: Filing
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """One place that two people changed: path inside the sheet, both texts, who; owner as named by `save_all`'s caller."""

    path: str
    label: str
    mine: str
    theirs: str
    by: str
    owner: str = ""


class FormMoved(Invalid):
    """The page was drawn under another definition of the form; a page that stays open says it in its own words."""


def require_form(filing: Filing, definition: str) -> None:
    """Raise FormMoved when a page was drawn under another definition of the form: the same row may mean another thing.

    definition: sha256 that the page names; "" is not judged.
    """
    if definition and definition != filing.definition_sha256:
        raise FormMoved(FORM_MOVED)


def save(
    *,
    filing_id: int,
    seen_version: int,
    changes: Mapping[str, Any],
    actor: Actor,
    client: str = "",
    definition: str = "",
) -> Saved:
    """Store `changes`: path (`field`, `table[row].column`; `table[row]` with None removes the row) → typed value.

    Values are normalised; what cannot be understood is stored as typed. Changes of other places made meanwhile
    are merged. What is kept for another party (`Field.who`) is not stored and named among the problems, the rest
    is stored. A place that another page or person changed after `seen_version`, to something else, raises
    Stale with `current` = list of Conflict, and nothing is stored. `client` names the open page: its own
    earlier saves never conflict, so that an answer lost on the way does not stop it.
    Raises NotVisible, Refused (permission, lock), Invalid (a path that the sheet does not have; a page drawn under
    another `definition` of the form).
    """
    with transaction.atomic():
        filing = editable_filing(actor, filing_id)
        require_form(filing, definition)
        sheet = worded_sheet(filing)
        made = _change(filing, sheet, Edit(filing_id, seen_version, changes), actor, client)
        if made.stored:
            filing.save(update_fields=list(_STORED))
            announce(filing, actor)
        record_all(actor=actor, entries=made.entries)
    sections = {section.key for path in made.wanted if (section := sheet.section_of(path))}
    problems = [problem for key in sorted(sections) for problem in validate(sheet, filing.answers, section=key)]
    return Saved(filing, (*made.refused.values(), *problems))


@dataclass(frozen=True, slots=True)
class Edit:
    """The changes of one filing among many (`save_all`); owner names it in a Conflict."""

    filing_id: int
    seen_version: int
    changes: Mapping[str, Any]
    owner: str = ""


def save_all(*, edits: Sequence[Edit], actor: Actor, client: str = "") -> int:
    """Store the changes of many filings as `save` does those of one, all or none; returns how many filings changed.

    The caller has checked that the actor may edit each of them and holds their owners' locks. Constant queries per
    BATCH filings, a job for each whose owner wants one. Raises NotVisible, Refused (locked), Invalid, Stale.
    """
    with transaction.atomic():
        ids = [edit.filing_id for edit in edits]
        rows = {row.pk: row for row in Filing.objects.select_for_update().filter(pk__in=ids).order_by("pk")}
        if rows.keys() != set(ids):
            raise NotVisible
        sheets = sheets_of({row.definition_sha256 for row in rows.values()})
        stored, entries = [], []
        for edit in edits:
            row = rows[edit.filing_id]
            if row.locked:
                raise Refused(LOCKED)
            made = _change(row, sheets[row.definition_sha256], edit, actor, client)
            entries += made.entries
            if made.stored:
                stored.append(row)
        Filing.objects.bulk_update(stored, _STORED, batch_size=BATCH)
        record_all(actor=actor, entries=entries)
        for row in stored:
            announce(row, actor)
    return len(stored)


#: Filings written by one statement.
BATCH = 250
_STORED = ("answers", "version", "touched", "updated_at", "updated_by")


@dataclass(frozen=True, slots=True)
class _Change:
    """What became of the changes of one filing: asked, really different, kept for others; what is recorded."""

    wanted: Mapping[str, Any]
    stored: bool
    refused: Mapping[str, Problem]
    entries: list[Entry]


def _change(filing: Filing, sheet: Sheet, edit: Edit, actor: Actor, client: str) -> _Change:
    """Change a locked filing in memory; Invalid for an unknown path, Stale for a place changed meanwhile."""
    wanted = _normalised(sheet, filing.answers, edit.changes)
    real = {path: value for path, value in wanted.items() if not _same(value, _stored(filing.answers, path))}
    refused = withheld(actor, filing, sheet, real)
    real = {path: value for path, value in real.items() if path not in refused}
    conflicts = [path for path in real if _moved(filing, path, edit.seen_version, client)]
    if conflicts:
        raise _stale(filing, sheet, real, conflicts, owner=edit.owner)
    target, entries = f"filings.filing:{filing.pk}", []
    if real:
        filing.answers = apply(sheet, filing.answers, real)
        filing.version += 1
        filing.touched = {**filing.touched, **{path: [filing.version, client, actor.user_id] for path in real}}
        filing.updated_at = clock.now()
        filing.updated_by_id = actor.user_id
        # Names of places only: the texts themselves are kept by versions, not by the trail.
        data = {"paths": sorted(real), "version": filing.version}
        entries.append(Entry(action="filings.save", target=target, data=data))
    if refused:
        data = {"paths": sorted(refused), "version": filing.version}
        entries.append(Entry(action="filings.save", target=target, data=data, result="refused"))
    return _Change(wanted, bool(real), refused, entries)


def _normalised(sheet: Sheet, answers: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    wanted: dict[str, Any] = {}
    for path, value in changes.items():
        place = parse(path)
        field = _field(sheet, place) if place else None
        if field is not None:
            wanted[path] = normalise(_meant(sheet, answers, changes, place, field), value)
        elif place is not None and place.table and not place.column and value is None and _has_table(sheet, place):
            wanted[path] = None
        else:
            raise FormMoved(FORM_MOVED, errors={path: ["这一项不在现行表单中。"]})
    return wanted


def _meant(
    sheet: Sheet, answers: Mapping[str, Any], changes: Mapping[str, Any], place: Place | None, field: Field
) -> Field:
    """Return a column with the unit of its row, as printed, as typed now, or as stored; a field as it is."""
    if place is None or not place.column or not field.is_number or field.unit:
        return field
    unit = changes.get(cell(place.table, place.row, "unit")) or _stored(answers, cell(place.table, place.row, "unit"))
    fixed = sheet.table(place.table).fixed_row(place.row)
    printed = fixed.values.get("unit") if fixed else None
    return in_row(field, {"unit": clean(str(unit)) if printed is None else printed})


def _has_table(sheet: Sheet, place: Place) -> bool:
    table = next((table for table in sheet.tables() if table.key == place.table), None)
    return table is not None and not table.fixed


def _field(sheet: Sheet, place: Place) -> Field | None:
    """Return the field that is typed at a place; None for printed cells, formulas and what does not exist."""
    try:
        if place.field:
            field = sheet.field(place.field)
        elif place.column:
            table = sheet.table(place.table)
            if table.is_printed(place.row, place.column) or (table.fixed and not table.fixed_row(place.row)):
                return None
            field = table.column(place.column)
        else:
            return None
    except KeyError:
        return None
    return None if field.formula else field


def _stored(answers: Mapping[str, Any], path: str) -> Any:
    place = parse(path)
    if place is None or place.field:
        return answers.get(path, "") or ""
    row = next((row for row in answers.get(place.table) or [] if row["_id"] == place.row), None)
    if not place.column:
        return row
    return (row or {}).get(place.column, "")


def _same(new: Any, old: Any) -> bool:
    """True when nothing changes; every kind of empty is the same nothing."""
    return new == old or (is_empty(new) and is_empty(old))


def _moved(filing: Filing, path: str, seen_version: int, client: str) -> bool:
    """True when somebody else changed `path` (or took its row away) after `seen_version`."""
    row = path.partition("]")[0] + "]" if "[" in path else path
    for name, (version, page, _user) in filing.touched.items():
        same = name in {path, row} or (path == row and name.startswith(f"{row}."))
        if same and version > seen_version and not (client and page == client):
            return True
    return False


def _stale(filing: Filing, sheet: Sheet, real: Mapping[str, Any], conflicts: list[str], *, owner: str = "") -> Stale:
    names = dict(User.objects.filter(pk__in=_users(filing, conflicts)).values_list("pk", "name"))
    rows = [
        Conflict(
            path=path,
            label=label_of(sheet, filing.answers, path),
            mine=_text(sheet, path, real[path]),
            theirs=_text(sheet, path, _stored(filing.answers, path)),
            by=names.get((filing.touched.get(path) or [0, "", None])[2], ""),
            owner=owner,
        )
        for path in conflicts
    ]
    labels = "、".join(row.label for row in rows)
    return Stale(f"“{labels}”刚被他人修改，比较两份内容后选择保留哪一份。", current=rows)


def _users(filing: Filing, paths: list[str]) -> set[int]:
    found = {(filing.touched.get(path) or [0, "", None])[2] for path in paths}
    return {user for user in found if user is not None}


def _text(sheet: Sheet, path: str, value: Any) -> str:
    place = parse(path)
    field = _field(sheet, place) if place else None
    if field is None:
        return "（删除这一行）" if value is None else "（保留这一行）"
    return text_of(field, value)


def confirm_section(*, filing_id: int, section: str, done: bool, actor: Actor) -> Filing:
    """Record that the person says a section is finished, or not yet (UX-02).

    Finished needs everything hard filled in and nothing unusable: else Invalid with the messages by path.
    A section whose predecessor is not finished: WrongState.
    """
    with transaction.atomic():
        filing = editable_filing(actor, filing_id)
        sheet = worded_sheet(filing)
        part = next((item for item in sheet.sections if item.key == section), None)
        if part is None:
            raise Invalid("选择表单中的一个部分。")
        if done:
            if part.after and part.after not in filing.done_sections:
                raise WrongState(f"先完成“{sheet.section(part.after).title}”，再填写这一部分。")
            _require_complete(sheet, filing, section)
        marks = [key for key in filing.done_sections if key != section] + ([section] if done else [])
        if marks != filing.done_sections:
            filing.done_sections = marks
            filing.save(update_fields=["done_sections"])
            data = {"section": section, "done": done, "version": filing.version}
            record(actor=actor, action="filings.confirm_section", target=f"filings.filing:{filing.pk}", data=data)
    return filing


def _require_complete(sheet: Sheet, filing: Filing, section: str) -> None:
    errors: dict[str, list[str]] = {}
    for problem in validate(sheet, filing.answers, section=section):
        if problem.level != Level.SOFT:
            errors.setdefault(problem.path, []).append(problem.message)
    if errors:
        raise Invalid(f"还有{len(errors)}处需要填写或修改，改好后再标为已完成。", errors=errors)
