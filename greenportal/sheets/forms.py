"""The web form of one section. Built from the sheet, so that a field is written once.

Every cell of a table is a field of the same form under a name that bears the row's permanent `_id`;
a row that autosave has stored is therefore never stored twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.forms.boundfield import BoundField

from greenportal.accounts.screening import ScreenedForm
from greenportal.sheets import computing, paths, printing, values
from greenportal.sheets.types import Answers, Field, FieldType, Level, Required, Section, Settled, Sheet, Table
from greenportal.sheets.validation import in_row, validate

RADIO_LIMIT = 6
#: From this many columns on a table has lists to choose from instead of buttons, so that a row stays a line.
WIDE = 6
_SHORT = frozenset({FieldType.POSTCODE, FieldType.YEAR, FieldType.MONTH, FieldType.DATE, FieldType.INDUSTRY})
_MIDDLE = frozenset({FieldType.USCC, FieldType.PHONE, FieldType.INDUSTRIES})
#: What is said under a field that has no help of its own.
HINTS = {
    FieldType.DATE: "如 2022-09-05 或 2022年9月5日",
    FieldType.MONTH: "如 2022-09",
    FieldType.YEAR: "四位年份，如 2022",
    FieldType.USCC: "营业执照上的18位代码",
    FieldType.PHONE: "手机号，或带区号的固定电话，如 0411-80001234",
    FieldType.INDUSTRY: "国民经济行业分类（GB/T 4754-2017）四位代码，如 3011",
    FieldType.INDUSTRIES: "国民经济行业分类（GB/T 4754-2017）四位代码，可填多个，用顿号分开，如 2641、2651",
    FieldType.URL: "以 http:// 或 https:// 开头",
}


class PortalForm(ScreenedForm):
    """A form in the portal's manner: no required attribute, no colon, `填写…`/`选择…` for what is missing.

    For every app: inherit from it and render with `forms/form.html`.
    """

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for item in self.fields.values():
            # A form that says it better keeps its own words.
            unsaid = item.error_messages["required"] == forms.Field.default_error_messages["required"]
            if item.required and item.label and unsaid:
                verb = (
                    "选择" if isinstance(item, forms.ChoiceField | forms.ModelChoiceField | forms.FileField) else "填写"
                )
                item.error_messages["required"] = f"{verb}{item.label}"


@dataclass(frozen=True, slots=True)
class FormRow:
    """One row of a table in the form. `cells` in column order; `fixed` rows cannot be removed."""

    id: str
    number: int
    fixed: bool
    cells: tuple[FormCell, ...]


@dataclass(frozen=True, slots=True)
class FormCell:
    """One cell: an input (`bound`), or printed `text` that is part of the form."""

    column: Field
    bound: BoundField | None = None
    text: str = ""


@dataclass(slots=True)
class FormTable:
    """A table of the form with its rows."""

    table: Table
    rows: list[FormRow] = field(default_factory=list)

    @property
    def numbered(self) -> bool:
        """True when the form prints numbers of its own, so that the page adds none."""
        return self.table.columns[0].key == "no"

    @property
    def can_add(self) -> bool:
        """True while another free row fits."""
        return not self.table.fixed and len(self.rows) < self.table.max_rows


class SheetForm(forms.Form):
    """One section as a Django form. Nothing is ever refused here: errors are shown and what was typed is kept.

    `changes()` gives the normalised values of the inputs that came back; `tables` what the page draws.
    """

    use_required_attribute = False

    def __init__(
        self,
        sheet: Sheet,
        section: Section,
        answers: Answers,
        data: Mapping[str, Any] | None,
        *,
        complete: bool,
        readonly: Set[str] = frozenset(),
        settled: Mapping[str, Settled] | None = None,
    ) -> None:
        self.sheet = sheet
        self.section = section
        self.complete = complete
        self.readonly = readonly
        self.settled = settled or {}
        self.specs: dict[str, Field] = {}
        self.stored = answers
        shown_answers = _with_typed(sheet, section, answers, data) if data is not None else dict(answers)
        self.answers = computing.compute(sheet, shown_answers)
        super().__init__(data, label_suffix="")
        self._add_fields()

    def _add_fields(self) -> None:
        for item in self.section.fields:
            if computing.shown(self.sheet, self.answers, item):
                self._add(item.key, item, item.label, self.answers.get(item.key))
        for table in self.section.tables:
            if computing.shown(self.sheet, self.answers, table):
                for number, row in enumerate(paths.rows_of(table, self.answers), start=1):
                    for column in table.columns:
                        if not table.is_printed(row["_id"], column.key) and column.who not in self.readonly:
                            name = paths.input_name(paths.cell(table.key, row["_id"], column.key))
                            label = paths.cell_label(table, number, column)
                            self._add(name, column, label, row.get(column.key), narrow=len(table.columns) >= WIDE)
                            if name in self.specs:
                                self.specs[name] = in_row(column, row)

    def _add(self, name: str, spec: Field, label: str, value: Any, *, narrow: bool = False) -> None:
        self.fields[name] = _form_field(spec, label, narrow=narrow)
        self.initial[name] = value if spec.is_list and spec.choices else _typed_text(spec, value)
        if name in self.settled:
            _lock(self.fields[name], self.settled[name])
        elif spec.who in self.readonly:
            self.fields[name].disabled = True
        elif not spec.formula:
            self.specs[name] = spec

    @property
    def plain_fields(self) -> list[BoundField]:
        """The bound fields outside tables, in printed order."""
        return [self[item.key] for item in self.section.fields if item.key in self.fields]

    @property
    def tables(self) -> list[FormTable]:
        """The tables that apply, with a bound field for each cell."""
        found = []
        for table in self.section.tables:
            if computing.shown(self.sheet, self.answers, table):
                rows = [
                    self._row(table, number, row) for number, row in enumerate(paths.rows_of(table, self.answers), 1)
                ]
                found.append(FormTable(table, rows))
        return found

    def _row(self, table: Table, number: int, row: Mapping[str, str]) -> FormRow:
        cells = []
        for column in table.columns:
            name = paths.input_name(paths.cell(table.key, row["_id"], column.key))
            if name in self.fields:
                cells.append(FormCell(column, self[name]))
            else:
                value = row.get(column.key, "")
                cells.append(FormCell(column, None, printing.text_of(column, value) if column.who else value))
        return FormRow(row["_id"], number, bool(table.fixed), tuple(cells))

    def clean(self) -> dict[str, Any]:
        """Put the engine's findings at their fields: errors always, what is missing only when completing."""
        wanted = {Level.ERROR, Level.MISSING} if self.complete else {Level.ERROR}
        for problem in validate(self.sheet, self.answers, section=self.section.key):
            name = paths.input_name(problem.path.removeprefix(f"{self.sheet.key}."))
            if problem.level in wanted:
                self.add_error(name if name in self.fields else None, problem.message)
        return self.cleaned_data

    def changes(self) -> dict[str, Any]:
        """Return path → normalised value of every input that the browser sent back."""
        return typed(self.data, self.specs)


def build_form(
    sheet: Sheet,
    section_key: str,
    answers: Answers,
    data: Mapping[str, Any] | None = None,
    *,
    complete: bool = False,
    readonly: Set[str] = frozenset(),
    settled: Mapping[str, Settled] | None = None,
) -> SheetForm:
    """Return the form of a section: unbound from `answers`, or bound to what the browser sent.

    `complete`: the person says the section is finished, so what is missing is an error too. `readonly`: parties
    (`Field.who`) whose fields are shown and not typed; `settled`: fields outside tables whose content was chosen at
    another page, shown locked with where. KeyError when the sheet has no such section.
    """
    part = sheet.section(section_key)
    return SheetForm(sheet, part, answers, data, complete=complete, readonly=readonly, settled=settled)


def bound_to_stored(
    sheet: Sheet,
    section_key: str,
    answers: Answers,
    *,
    readonly: Set[str] = frozenset(),
    settled: Mapping[str, Settled] | None = None,
) -> SheetForm:
    """Return the form bound to the stored answers, to show what is still to be mended."""
    blank = build_form(sheet, section_key, answers, readonly=readonly)
    data = {name: blank.initial[name] for name in blank.fields}
    return build_form(sheet, section_key, answers, data, complete=True, readonly=readonly, settled=settled)


def typed(data: Mapping[str, Any], specs: Mapping[str, Field]) -> dict[str, Any]:
    """Return path → normalised value for each of `specs` (input name → field) that `data` holds.

    A group of boxes sends nothing when none is ticked; its hidden `name__sent` marker tells that from absence.
    """
    found: dict[str, Any] = {}
    for name, spec in specs.items():
        several = spec.is_list and bool(spec.choices)
        getlist = getattr(data, "getlist", None)
        if several and (name in data or f"{name}__sent" in data):
            raw: Any = getlist(name) if getlist else data.get(name, [])
        elif name in data:
            raw = data[name]
        elif f"{name}__sent" in data:
            raw = ""
        else:
            continue
        found[paths.from_input_name(name)] = values.normalise(spec, raw)
    return found


def section_specs(sheet: Sheet, section: Section, answers: Answers) -> dict[str, Field]:
    """Return input name → field of everything that can be typed in a section, whether shown or not."""
    specs = {item.key: item for item in section.fields if not item.formula}
    for table in section.tables:
        for row in paths.rows_of(table, answers):
            for column in table.columns:
                if not column.formula and not table.is_printed(row["_id"], column.key):
                    specs[paths.input_name(paths.cell(table.key, row["_id"], column.key))] = in_row(column, row)
    return specs


def _with_typed(sheet: Sheet, section: Section, answers: Answers, data: Mapping[str, Any]) -> dict[str, Any]:
    once = apply(sheet, answers, typed(data, section_specs(sheet, section, answers)))
    # A unit typed in the same breath tells how the numbers beside it are meant.
    return apply(sheet, once, typed(data, section_specs(sheet, section, once)))


def apply(sheet: Sheet, answers: Answers, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return `answers` with `changes` (path → value) put in; a `table[row]` of None removes that row.

    Cells of rows that do not exist yet append them. Unknown paths raise KeyError.
    """
    result: dict[str, Any] = dict(answers)
    for path, value in changes.items():
        place = paths.parse(path)
        if place is None:
            raise KeyError(path)
        if place.field:
            sheet.field(place.field)
            result[place.field] = value
            continue
        table = sheet.table(place.table)
        rows = [dict(row) for row in result.get(table.key) or []]
        row = next((item for item in rows if item["_id"] == place.row), None)
        if not place.column and value is None:
            rows = [item for item in rows if item["_id"] != place.row]
        else:
            if row is None:
                row = {"_id": place.row}
                rows.append(row)
            if place.column:
                row[table.column(place.column).key] = value
        result[table.key] = rows
    return result


def _typed_text(spec: Field, value: Any) -> str:
    if values.is_empty(value):
        return ""
    if spec.is_list:
        return "、".join(str(item) for item in value) if isinstance(value, list) else str(value)
    return printing.text_of(spec, value) if spec.formula else str(value)


def _form_field(spec: Field, label: str, *, narrow: bool = False) -> forms.Field:
    made = (
        _choice_field(spec, label, narrow=narrow)
        if spec.choices or spec.type == FieldType.YESNO
        else _text_field(spec, label)
    )
    made.unit = spec.unit  # type: ignore[attr-defined]
    made.optional = spec.required == Required.NO and not spec.formula  # type: ignore[attr-defined]
    made.spec = spec  # type: ignore[attr-defined]
    made.comments = []  # type: ignore[attr-defined]
    made.help_text = spec.help or HINTS.get(spec.type, "")
    if spec.formula:
        made.help_text = made.help_text or "由系统计算"
    if spec.required == Required.SOFT:
        made.help_text = (
            f"{made.help_text}（暂缺可先提交，会注明缺项）" if made.help_text else "暂缺可先提交，会注明缺项"
        )
    return made


def _lock(made: forms.Field, chosen: Settled) -> None:
    """Show a field as settled elsewhere, with where. A text stays readable and in the order of the keyboard."""
    made.help_text, made.chosen = chosen.hint, chosen  # type: ignore[attr-defined]
    if isinstance(made, forms.ChoiceField):
        made.disabled = True
    else:
        made.widget.attrs["readonly"] = True


def _choice_field(spec: Field, label: str, *, narrow: bool) -> forms.Field:
    options = [(choice.value, choice.label) for choice in spec.choices] or [("yes", "是"), ("no", "否")]
    if spec.is_list:
        return _AnyMultipleChoice(label=label, required=False, choices=options, widget=forms.CheckboxSelectMultiple)
    if len(options) <= RADIO_LIMIT and not narrow:
        return _AnyChoice(label=label, required=False, choices=options, widget=forms.RadioSelect)
    return _AnyChoice(label=label, required=False, choices=[("", "选择"), *options], widget=forms.Select)


def _text_field(spec: Field, label: str) -> forms.Field:
    attributes: dict[str, Any] = {"autocomplete": "off"}
    if spec.type == FieldType.LONGTEXT:
        widget: forms.Widget = forms.Textarea(attrs={"rows": 6, "data-limit": spec.max_length})
    else:
        if spec.is_number:
            attributes["inputmode"] = "decimal"
        if spec.type in _SHORT or spec.type in _MIDDLE:
            attributes["data-width"] = "short" if spec.type in _SHORT else "middle"
        if spec.formula:
            attributes["readonly"] = True
        widget = forms.TextInput(attrs=attributes)
    made = forms.CharField(label=label, required=False, strip=False, widget=widget, validators=[])
    # The engine checks characters and says so in words; Django's own check would drop the text.
    made.default_validators = []
    made.validators = []
    if spec.type == FieldType.LONGTEXT:
        made.limit = spec.max_length  # type: ignore[attr-defined]
    return made


class _AnyChoice(forms.ChoiceField):
    """Choices whose check is left to the engine, so that an unknown value is kept and named."""

    def validate(self, value: Any) -> None:
        """Accept everything here."""


class _AnyMultipleChoice(forms.MultipleChoiceField):
    """The same for several choices."""

    def validate(self, value: Any) -> None:
        """Accept everything here."""
