"""Export, then import: nothing changes, whatever a sheet holds."""

from __future__ import annotations

import random
import re
import tempfile
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from greenportal.files import jail
from greenportal.sheets import Field, FieldType, Sheet, from_json, load_folder
from greenportal.sheets.forms import apply
from greenportal.sheets.values import is_empty, normalise
from greenportal.sheets.workbook import cells, compare, identity, write_lists
from tests.factories.filings import demo_sheet
from tests.factories.sheetbooks import NONCE, filled, form, mark, one, pages_of, read_back

FOLDER = Path(django_settings.BASE_DIR) / "greenportal/rounds/rulebooks/2022/sheets"
SHEETS = load_folder(FOLDER)
FEW = settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck), phases=(Phase.generate,))
#: What people and attackers put into cells; formulas, escapes of the file format, codes, lines.
ODD = (
    "=1+1",
    "+A1",
    "-2",
    "@SUM(A1)",
    "_x0041_",
    "_x000D_",
    "#REF!",
    "1E+17",
    "00123",
    "约100",
    "甲\n乙",
    "’",
    "𠮷",
    "85%",
)
texts = st.one_of(st.sampled_from(ODD), st.text(max_size=30))
numbers = st.one_of(
    texts,
    st.decimals(allow_nan=False, allow_infinity=False, places=4).map(str),
    st.integers(-(10**25), 10**25).map(str),
)


def values_for(field: Field) -> st.SearchStrategy[Any]:
    """Anything that can be stored for a field: what `normalise` makes of anything."""
    if field.is_list:
        wanted = [choice.value for choice in field.choices] or ["3311", "0610", "甲"]
        raw: st.SearchStrategy[Any] = st.lists(st.sampled_from(wanted), unique=True, max_size=4)
    elif field.choices:
        raw = st.one_of(st.sampled_from([choice.value for choice in field.choices]), texts)
    elif field.type == FieldType.YESNO:
        raw = st.sampled_from(["yes", "no", "", "不清楚"])
    elif field.type == FieldType.DATE:
        raw = st.one_of(st.dates().map(str), texts)
    else:
        raw = numbers if field.is_number or field.type == FieldType.YEAR else texts
    return raw.map(lambda value: normalise(field, value))


def _pool(field: Field) -> list[Any]:
    """A few values of a field, for whole workbooks; `test_every_value_survives_its_cell` tries all the others."""
    if field.is_list:
        wanted = [choice.value for choice in field.choices] or ["3311", "0610"]
        raw: list[Any] = [[], wanted[:1], wanted[:3]]
    elif field.choices or field.type == FieldType.YESNO:
        raw = [*(choice.value for choice in field.choices), "yes", "no", "不清楚"]
    elif field.is_number or field.type == FieldType.YEAR:
        raw = ["0", "-1.5", "2022", "1234567.891", "12345678901234567890.5", "约100", "=1+1"]
    else:
        raw = [*ODD, "2022-09-05", "1899-01-01", "91210202MA0TE5T16A", "0411-80001234", "大连"]
    return ["", *(normalise(field, value) for value in raw)]


def random_answers(sheet: Sheet, seed: int) -> dict[str, Any]:
    """Stored answers of a sheet, the same for the same seed."""
    pick = random.Random(seed)
    found: dict[str, Any] = {field.key: pick.choice(_pool(field)) for field in sheet.fields() if not field.formula}
    for table in sheet.tables():
        ids = [row.id for row in table.fixed] or [f"r{n}" for n in range(pick.randint(0, min(3, table.max_rows)))]
        rows = []
        for row_id in ids:
            typed = [c for c in table.columns if not c.formula and not table.is_printed(row_id, c.key)]
            values = {column.key: pick.choice(_pool(column)) for column in typed}
            rows.append({"_id": row_id, **{key: value for key, value in values.items() if not is_empty(value)}})
        found[table.key] = rows
    return {key: value for key, value in found.items() if not is_empty(value)}


seeds = st.integers(0, 10**6)
KINDS = [Field(key="k", label="甲", type=kind, decimals=2, max_length=20) for kind in FieldType]


@settings(deadline=None, max_examples=300)
@given(data=st.data(), field=st.sampled_from(KINDS))
def test_every_value_survives_its_cell(data: st.DataObject, field: Field) -> None:
    value = data.draw(values_for(field))
    written, column = cells.to_cell(field, value)
    seen: Any = written
    if isinstance(written, str) and column.kind in {"int", "decimal"} and re.fullmatch(r"-?\d+(\.\d+)?", written):
        seen = float(written)  # as a workbook keeps it
    elif isinstance(written, date):
        seen = datetime.combine(written, time())
    if cells.holds(field, value):
        try:
            assert cells.from_cell(field, seen, "甲") == value
        except cells.Unusable:
            assert str(value).strip() in cells.ERRORS


@pytest.mark.parametrize("key", sorted(SHEETS))
@FEW
@given(seed=seeds)
def test_a_form_downloaded_and_uploaded_changes_nothing(key: str, seed: int) -> None:
    sheet = SHEETS[key]
    answers = random_answers(sheet, seed)
    with tempfile.TemporaryDirectory() as folder:
        back = one(filled(sheet, answers), Path(folder), sheet)
    assert (back.edits, back.problems) == ({}, ())


@FEW
@given(seed=seeds)
def test_a_form_with_nothing_known_before_brings_everything(seed: int) -> None:
    """The same cells read against an empty base give the answers themselves, so identity is no accident of hashes."""
    sheet = demo_sheet()
    answers = random_answers(sheet, seed)
    with tempfile.TemporaryDirectory() as folder:
        content = filled(sheet, answers, base={})
        back = one(content, Path(folder), sheet)
    wrong = {problem.path for problem in back.problems}
    for field in sheet.fields():
        if not is_empty(answers.get(field.key)) and field.key not in wrong and field.key in back.places:
            assert back.edits[field.key] == answers[field.key]


@FEW
@given(seed=seeds)
def test_an_upload_applied_and_uploaded_again_changes_nothing(seed: int) -> None:
    sheet = demo_sheet()
    before, after = random_answers(sheet, seed), random_answers(sheet, seed + 1)
    with tempfile.TemporaryDirectory() as folder:
        base = one(filled(sheet, before), Path(folder), sheet).base
        back = one(filled(sheet, after, base=base), Path(folder), sheet)
    first = compare(sheet, back, before)
    assert not first.conflicts
    stored = apply(sheet, before, first.changes())
    assert compare(sheet, back, stored).items == ()


@FEW
@given(seed=seeds)
def test_a_list_of_filings_changes_nothing(seed: int) -> None:
    sheets = [demo_sheet(), SHEETS["energy"]]
    lists = [(s, [form(s, random_answers(s, seed + n), mark=mark(s, str(n))) for n in range(3)]) for s in sheets]
    with tempfile.TemporaryDirectory() as folder:
        back = read_back(write_lists(lists, nonce=NONCE, blank_rows=2), Path(folder), *sheets)
    assert [(item.edits, item.problems) for item in back.filings] == [({}, ())] * 6
    assert (back.new, back.problems, back.layout) == ((), (), "list")


def test_same_answers_same_bytes() -> None:
    sheet = demo_sheet()
    assert filled(sheet, {"name": "甲"}) == filled(sheet, {"name": "甲"})


def test_options_that_hold_a_separator_come_back(tmp_path: Path) -> None:
    field = {"key": "kinds", "label": "类别", "type": "multichoice", "choices": ["煤、焦炭", "电"]}
    section = {"key": "s", "title": "一", "fields": [field]}
    sheet = from_json({"key": "x", "title": "表", "source": "测", "confidence": "high", "sections": [section]})
    back = one(filled(sheet, {"kinds": ["煤、焦炭", "电"]}, base={}), tmp_path, sheet)
    assert back.edits == {"kinds": ["煤、焦炭", "电"]}


def test_the_hidden_sheet_is_very_hidden_and_says_whose(tmp_path: Path) -> None:
    sheet = demo_sheet()
    pages = pages_of(filled(sheet, {}, mark=mark(sheet, "7", version=3, scope="test.thing", scope_id="5")), tmp_path)
    assert pages[-1].name == "_meta"
    assert '["mark","0","7","demo",' in "".join(str(line) for row in pages[-1].rows for line in row)


def test_the_identity_of_five_thousand_tables_fits_an_upload() -> None:
    """A district files all its units in one workbook; with a row for each line this sheet alone was refused."""
    sheet, marks = demo_sheet(), identity.Identity("list", NONCE)
    for number in range(5_000):
        marks.add(mark(sheet, str(number)), {"name": "0f0f0f"}, ())
    book = Workbook()
    identity.write(book, marks)
    kept = [[cell.value for cell in row] for row in book["_meta"].iter_rows()]
    assert (len(kept) <= jail.MAX_ROWS, len(kept[0]) <= jail.MAX_COLS) == (True, True)
    assert identity.read([jail.Worksheet("_meta", kept)]) == marks
