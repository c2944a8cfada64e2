"""Sheets from TOML files and from stored JSON. Every refusal says file, line, place and reason."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from greenportal.sheets import expressions
from greenportal.sheets.paths import KEY, ROW_ID
from greenportal.sheets.types import (
    NUMBERS,
    SHOWN,
    WRITERS,
    Choice,
    Cover,
    CoverLine,
    Field,
    FieldType,
    FixedRow,
    Required,
    SealPlace,
    Section,
    Sheet,
    SheetError,
    Table,
)

CONFIDENCES = ("official", "high", "medium", "low")
MAX_ROWS = 2000
#: Addresses beside the sections' own: filings/<id>/check/ and filings/<id>/comments/…
_RESERVED = frozenset({"check", "comments"})

_SHEET = {
    "key",
    "title",
    "official",
    "sections",
    "attachment",
    "source",
    "confidence",
    "note",
    "declaration",
    "signatures",
    "cover",
}
_COVER = {"title", "lines", "date", "footer"}
_SECTION = {"key", "title", "fields", "tables", "intro", "show_if", "after"}
_FIELD = {
    "key", "label", "type", "required", "unit", "decimals", "min", "max", "max_length", "choices", "formula",
    "show_if", "help", "copy", "reuse", "source", "confidence", "who", "step", "max_from",
}  # fmt: skip
_TABLE = {"key", "label", "columns", "fixed", "min_rows", "max_rows", "show_if", "help", "source", "confidence"}


def load(path: Path) -> Sheet:
    """Return the sheet of a TOML file; raise SheetError with file, line, place and reason.

    The file is read each time, what it says is compiled once: the result is immutable and shared.
    """
    return _compiled(path.name, path.read_text(encoding="utf-8"))


@lru_cache(maxsize=64)
def _compiled(name: str, text: str) -> Sheet:
    try:
        raw = tomllib.loads(text, parse_float=str)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        raise SheetError(name, int(found[1]) if found else 0, "", str(error)) from error
    sheet = _Reader(name, text).sheet(raw)
    if sheet.key != Path(name).stem:
        raise SheetError(name, 1, "key", f"is {sheet.key!r}, but the file is {name}")
    return sheet


def load_folder(folder: Path) -> dict[str, Sheet]:
    """Return every sheet of a rulebook's `sheets` folder by key."""
    return {sheet.key: sheet for sheet in (load(path) for path in sorted(folder.glob("*.toml")))}


def from_json(definition: Mapping[str, Any]) -> Sheet:
    """Return the sheet of a stored definition (`Sheet.definition`); raise SheetError when it is malformed."""
    return _Reader(str(definition.get("key", "definition")), "").sheet(definition)


class _Reader:
    """Reads one definition, knowing where in it we are."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.lines = text.splitlines()

    def fail(self, where: str, reason: str, key: str = "") -> SheetError:
        """Return the refusal; `key` is looked for in the text to name its line."""
        pattern = re.compile(rf"\b(key|id)\s*=\s*[\"']{re.escape(key)}[\"']") if key else None
        line = next((n for n, text in enumerate(self.lines, 1) if pattern and pattern.search(text)), 0)
        return SheetError(self.file, line, where, reason)

    def known(self, raw: Any, allowed: set[str], where: str) -> Mapping[str, Any]:
        """Return `raw` as a table that has only `allowed` keys and a well-formed `key`."""
        if not isinstance(raw, Mapping):
            raise self.fail(where, "must be a table")
        key = raw.get("key", "")
        for name in raw:
            if name not in allowed:
                raise self.fail(f"{where}.{name}", "is not a known key", str(key))
        if not isinstance(key, str) or not KEY.fullmatch(key):
            raise self.fail(
                f"{where}.key", f"{key!r} must be lower-case letters, digits and single underscores", str(key)
            )
        return raw

    def text(self, raw: Mapping[str, Any], name: str, where: str, *, needed: bool = False) -> str:
        """Return the text at `name`; empty when absent unless `needed`."""
        value = raw.get(name, "")
        if not isinstance(value, str) or (needed and not value.strip()):
            raise self.fail(
                f"{where}.{name}", "must be a text" + (" and not empty" if needed else ""), str(raw.get("key", ""))
            )
        return value

    def whole(self, raw: Mapping[str, Any], name: str, where: str, default: int, most: int) -> int:
        """Return the whole number at `name`, between 0 and `most`."""
        value = raw.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
            raise self.fail(f"{where}.{name}", f"must be a whole number from 0 to {most}", str(raw.get("key", "")))
        return value

    def flag(self, raw: Mapping[str, Any], name: str, where: str, *, default: bool) -> bool:
        """Return the boolean at `name`."""
        value = raw.get(name, default)
        if not isinstance(value, bool):
            raise self.fail(f"{where}.{name}", "must be true or false", str(raw.get("key", "")))
        return value

    def each(self, raw: Mapping[str, Any], name: str, where: str, read: Callable[[Any, str], Any]) -> tuple[Any, ...]:
        """Return the list at `name`, each item read by `read(item, where)`."""
        items = raw.get(name, [])
        if not isinstance(items, list | tuple):
            raise self.fail(f"{where}.{name}", "must be a list", str(raw.get("key", "")))
        found = []
        for index, item in enumerate(items):
            try:
                found.append(read(item, f"{where}.{name}[{index}]"))
            except SheetError as error:
                if error.line or not self.lines:
                    raise
                # The item has no key of its own to look for: its owner's line is the nearest.
                raise self.fail(error.where, error.reason, str(raw.get("key", ""))) from error
        return tuple(found)

    def sheet(self, raw: Any) -> Sheet:
        """Return the whole sheet, cross-checked."""
        raw = self.known(raw, _SHEET, "sheet")
        sections = self.each(raw, "sections", "sheet", self.section)
        if not sections:
            raise self.fail("sheet.sections", "must not be empty")
        definition = json.loads(json.dumps(raw, ensure_ascii=False, default=str))
        canonical = json.dumps(definition, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        sheet = Sheet(
            key=raw["key"],
            title=self.text(raw, "title", "sheet", needed=True),
            official=self.flag(raw, "official", "sheet", default=False),
            sections=sections,
            attachment=self.text(raw, "attachment", "sheet"),
            source=self.text(raw, "source", "sheet", needed=True),
            confidence=self.confidence(raw, "sheet", needed=True),
            note=self.text(raw, "note", "sheet"),
            declaration=self.text(raw, "declaration", "sheet"),
            signatures=self.each(raw, "signatures", "sheet", self.signature),
            cover=self.cover(raw["cover"]) if "cover" in raw else None,
            definition=definition,
            sha256=hashlib.sha256(canonical.encode()).hexdigest(),
        )
        _Checks(self, sheet).run()
        return sheet

    def signature(self, raw: Any, where: str) -> SealPlace:
        """Return one place of signature or seal."""
        if not isinstance(raw, Mapping) or not set(raw) <= {"label", "seal", "date"}:
            raise self.fail(where, "must have label, and may have seal and date")
        return SealPlace(
            label=self.text(raw, "label", where, needed=True),
            seal=self.flag(raw, "seal", where, default=False),
            date=self.flag(raw, "date", where, default=False),
        )

    def cover(self, raw: Any) -> Cover:
        """Return the cover page: title, lines of label with field or text, date, footer."""
        where = "sheet.cover"
        if not isinstance(raw, Mapping) or not set(raw) <= _COVER:
            raise self.fail(where, f"must be a table of {', '.join(sorted(_COVER))}")
        return Cover(
            title=self.text(raw, "title", where, needed=True),
            lines=self.each(raw, "lines", where, self.cover_line),
            date=self.text(raw, "date", where),
            footer=self.text(raw, "footer", where),
        )

    def cover_line(self, raw: Any, where: str) -> CoverLine:
        """Return one line of a cover."""
        if not isinstance(raw, Mapping) or set(raw) not in ({"label", "field"}, {"label", "text"}):
            raise self.fail(where, "must have label, and either field or text")
        return CoverLine(
            label=self.text(raw, "label", where, needed=True),
            field=self.text(raw, "field", where),
            text=self.text(raw, "text", where),
        )

    def section(self, raw: Any, where: str) -> Section:
        """Return one section."""
        raw = self.known(raw, _SECTION, where)
        if raw["key"] in _RESERVED:
            raise self.fail(f"{where}.key", f"{raw['key']!r} is an address of every sheet", raw["key"])
        return Section(
            key=raw["key"],
            title=self.text(raw, "title", where, needed=True),
            fields=self.each(raw, "fields", where, self.field),
            tables=self.each(raw, "tables", where, self.table),
            intro=self.text(raw, "intro", where),
            show_if=self.text(raw, "show_if", where),
            after=self.text(raw, "after", where),
        )

    def field(self, raw: Any, where: str) -> Field:
        """Return one field or column."""
        raw = self.known(raw, _FIELD, where)
        kind = self.option(raw, "type", where, FieldType, "text")
        field = Field(
            key=raw["key"],
            label=self.text(raw, "label", where, needed=True),
            type=kind,
            required=self.option(raw, "required", where, Required, "hard"),
            unit=self.text(raw, "unit", where),
            decimals=self.whole(raw, "decimals", where, 0, 12),
            min=self.limit(raw, "min", where),
            max=self.limit(raw, "max", where),
            step=self.limit(raw, "step", where),
            max_from=self.text(raw, "max_from", where),
            max_length=self.whole(raw, "max_length", where, 4000 if kind == FieldType.LONGTEXT else 200, 20000),
            choices=self.each(raw, "choices", where, self.choice),
            formula=self.text(raw, "formula", where),
            show_if=self.text(raw, "show_if", where),
            help=self.text(raw, "help", where),
            copy=self.flag(raw, "copy", where, default=True),
            reuse=self.text(raw, "reuse", where),
            source=self.text(raw, "source", where),
            confidence=self.confidence(raw, where),
            who=self.text(raw, "who", where),
        )
        self.consistent(field, where)
        return field

    def consistent(self, field: Field, where: str) -> None:
        """Refuse what makes no sense together."""
        chooses = field.type in {FieldType.CHOICE, FieldType.MULTICHOICE}
        if chooses != bool(field.choices):
            raise self.fail(f"{where}.choices", "are needed for a choice, and only there", field.key)
        values = [choice.value for choice in field.choices]
        if len(set(values)) != len(values) or len({choice.label for choice in field.choices}) != len(values):
            raise self.fail(f"{where}.choices", "must have different values and labels", field.key)
        limited = (field.min, field.max, field.step) != (None, None, None) or field.max_from
        if field.type not in NUMBERS and (field.decimals or limited):
            raise self.fail(where, "decimals, min, max, step and max_from belong to numbers", field.key)
        if field.step is not None and field.step <= 0:
            raise self.fail(f"{where}.step", "must be above zero", field.key)
        if field.type == FieldType.INTEGER and field.decimals:
            raise self.fail(f"{where}.decimals", "an integer has none", field.key)
        if field.who and field.who not in WRITERS:
            raise self.fail(f"{where}.who", f"{field.who!r} is none of {', '.join(WRITERS)}", field.key)
        if field.who and field.required == Required.HARD:
            raise self.fail(f"{where}.who", "a field of another party cannot stop the one who files", field.key)
        if field.formula and field.formula != SHOWN and field.type not in NUMBERS:
            raise self.fail(f"{where}.formula", "belongs to a number", field.key)
        if field.min is not None and field.max is not None and field.min > field.max:
            raise self.fail(f"{where}.min", "is above max", field.key)

    def table(self, raw: Any, where: str) -> Table:
        """Return one table."""
        raw = self.known(raw, _TABLE, where)
        table = Table(
            key=raw["key"],
            label=self.text(raw, "label", where, needed=True),
            columns=self.each(raw, "columns", where, self.field),
            fixed=self.each(raw, "fixed", where, self.fixed_row),
            min_rows=self.whole(raw, "min_rows", where, 0, MAX_ROWS),
            max_rows=self.whole(raw, "max_rows", where, 200, MAX_ROWS),
            show_if=self.text(raw, "show_if", where),
            help=self.text(raw, "help", where),
            source=self.text(raw, "source", where),
            confidence=self.confidence(raw, where),
        )
        keys = [column.key for column in table.columns]
        if not keys or len(set(keys)) != len(keys):
            raise self.fail(f"{where}.columns", "must exist and have different keys", table.key)
        if any(column.is_list for column in table.columns):
            raise self.fail(f"{where}.columns", "a column holds one value, not a list", table.key)
        for column in table.columns:
            if column.max_from and column.max_from not in keys:
                raise self.fail(f"{where}.columns", f"{column.max_from!r} is no column of the table", column.key)
        for row in table.fixed:
            if unknown := set(row.values) - set(keys):
                raise self.fail(f"{where}.fixed", f"row {row.id} fills {sorted(unknown)}, which are no columns", row.id)
        if len({row.id for row in table.fixed}) != len(table.fixed):
            raise self.fail(f"{where}.fixed", "row ids must differ", table.key)
        if table.min_rows > table.max_rows:
            raise self.fail(f"{where}.min_rows", "is above max_rows", table.key)
        return table

    def fixed_row(self, raw: Any, where: str) -> FixedRow:
        """Return one printed row: `id`, the texts of its columns, and which figures it `shows`."""
        if not isinstance(raw, Mapping) or not ROW_ID.fullmatch(str(raw.get("id", ""))):
            raise self.fail(where, "must be a table whose id is letters and digits")
        values = {str(name): value for name, value in raw.items() if name not in {"id", "shows"}}
        if not all(isinstance(value, str) for value in values.values()):
            raise self.fail(where, "holds texts only", str(raw["id"]))
        shows = raw.get("shows", {})
        if not isinstance(shows, Mapping) or not all(isinstance(names, list) for names in shows.values()):
            raise self.fail(f"{where}.shows", "must be a table of column = [names of figures]", str(raw["id"]))
        return FixedRow(id=str(raw["id"]), values=values, shows={str(k): tuple(map(str, v)) for k, v in shows.items()})

    def choice(self, raw: Any, where: str) -> Choice:
        """Return one option, written as a text (value = label) or as {value, label}."""
        if isinstance(raw, str) and raw:
            return Choice(raw, raw)
        if (
            isinstance(raw, Mapping)
            and set(raw) == {"value", "label"}
            and all(isinstance(v, str) and v for v in raw.values())
        ):
            return Choice(raw["value"], raw["label"])
        raise self.fail(where, "must be a text, or a table of value and label")

    def option(self, raw: Mapping[str, Any], name: str, where: str, kind: Any, default: str) -> Any:
        """Return the member of `kind` at `name`."""
        value = raw.get(name, default)
        if value not in [str(member) for member in kind]:
            known = ", ".join(str(member) for member in kind)
            raise self.fail(f"{where}.{name}", f"{value!r} is none of {known}", str(raw.get("key", "")))
        return kind(value)

    def confidence(self, raw: Mapping[str, Any], where: str, *, needed: bool = False) -> str:
        """Return how sure we are; empty means: as the sheet."""
        value = self.text(raw, "confidence", where, needed=needed)
        if value and value not in CONFIDENCES:
            raise self.fail(
                f"{where}.confidence", f"{value!r} is none of {', '.join(CONFIDENCES)}", str(raw.get("key", ""))
            )
        return value

    def limit(self, raw: Mapping[str, Any], name: str, where: str) -> Decimal | None:
        """Return a limit as a decimal, or None."""
        value = raw.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not re.fullmatch(r"-?\d+(\.\d+)?", str(value)):
            raise self.fail(f"{where}.{name}", f"{value!r} is not a plain number", str(raw.get("key", "")))
        return Decimal(str(value))


class _Checks:
    """What holds between the parts of one sheet."""

    def __init__(self, reader: _Reader, sheet: Sheet) -> None:
        self.reader = reader
        self.sheet = sheet
        self.known = {field.key for field in sheet.fields()}

    def run(self) -> None:
        """Refuse doubled keys, unknown names in expressions, and formulas that need themselves."""
        keys = [key for section in self.sheet.sections for key in section.item_keys()]
        for key in keys:
            if keys.count(key) > 1:
                raise self.reader.fail(f"sheet.{key}", "stands twice; keys are unique over the sheet", key)
        for key in sorted(self.sheet.cover.fields - self.known) if self.sheet.cover else ():
            raise self.reader.fail("sheet.cover", f"shows {key!r}, which this sheet does not have")
        names = [section.key for section in self.sheet.sections]
        for section in self.sheet.sections:
            if names.count(section.key) > 1:
                raise self.reader.fail(f"sections.{section.key}", "stands twice", section.key)
            if section.after and section.after not in names[: names.index(section.key)]:
                raise self.reader.fail(f"sections.{section.key}.after", "must name an earlier section", section.key)
            self.expression(section.show_if, f"sections.{section.key}.show_if", section.key, set())
            for field in section.fields:
                self.expression(field.formula, f"{field.key}.formula", field.key, set())
                self.expression(field.show_if, f"{field.key}.show_if", field.key, set())
            for table in section.tables:
                self.table(table)
        self.cycles({field.key: field for field in self.sheet.fields()})

    def table(self, table: Table) -> None:
        """Check the expressions of one table."""
        self.expression(table.show_if, f"{table.key}.show_if", table.key, set())
        columns = {column.key for column in table.columns}
        shown = {column.key for column in table.columns if column.formula == SHOWN}
        for row in table.fixed:
            if set(row.shows) - shown:
                raise self.reader.fail(f"{table.key}.fixed", f"row {row.id} shows figures in a typed column", row.id)
            for name in (name for names in row.shows.values() for name in names):
                self.figure(name, f"{table.key}.fixed", row.id)
        for column in table.columns:
            formula = "" if column.key in shown else column.formula
            self.expression(formula, f"{table.key}.{column.key}.formula", table.key, columns)
            self.expression(column.show_if, f"{table.key}.{column.key}.show_if", table.key, columns)
        self.cycles({column.key: column for column in table.columns})

    def figure(self, name: str, where: str, key: str) -> None:
        """Refuse a figure to show that this sheet does not compute."""
        table, _, column = name.partition(".")
        items = [c for t in self.sheet.tables() if t.key == table for c in t.columns] if column else self.sheet.fields()
        if not any(item.key == (column or table) and item.formula not in {"", SHOWN} for item in items):
            raise self.reader.fail(where, f"shows {name!r}, which this sheet does not compute", key)

    def expression(self, source: str, where: str, key: str, columns: set[str]) -> None:
        """Refuse an expression that does not parse or uses a name that is not there."""
        if not source:
            return
        tables = {table.key: {column.key for column in table.columns} for table in self.sheet.tables()}
        try:
            used = expressions.names(source)
        except expressions.ExpressionError as error:
            raise self.reader.fail(where, str(error), key) from error
        for name in sorted(used):
            table, _, column = name.partition(".")
            there = column in tables.get(table, set()) if column else name in self.known | columns | set(tables)
            if not there:
                raise self.reader.fail(where, f"uses {name!r}, which this sheet does not have", key)

    def cycles(self, fields: Mapping[str, Field]) -> None:
        """Refuse formulas that need their own result."""
        needs = {
            key: expressions.names(field.formula) & set(fields) if field.formula else set()
            for key, field in fields.items()
        }
        left = dict(needs)
        while left:
            ready = [key for key, wants in left.items() if not wants & set(left)]
            if not ready:
                key = sorted(left)[0]
                raise self.reader.fail(f"{key}.formula", "needs its own result", key)
            for key in ready:
                del left[key]
