"""The yearly board at ten thousand units × five years, and a workbook of five thousand tables out and in."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from django.db import connection, transaction
from django.template import Context, Template
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook, load_workbook
from python_calamine import CalamineWorkbook

from dynamic_mgmt.models import DynamicTable, TablePeriod
from dynamic_mgmt.services import periods, table_workbooks
from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.files import jail
from greenportal.rounds.models import Round
from tests.bench.counting import queries
from tests.bench.harness import measure, note, scale
from tests.bench.seed import fresh_numbers, the_round
from tests.factories.accounts import make_user, sign_in
from tests.factories.directory import make_authority
from tests.factories.rounds import DURING
from tests.factories.tables import actor

YEARS = range(2017, 2022)
#: What the board may ask of the database at any size, middleware and menu included.
MOST_QUERIES = 12
_ROWS = Template(
    "<table>{% for row in page %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>{% endfor %}</table>"
)
_UNITS = """
INSERT INTO dynamic_mgmt_listedunit (category, level, batch, list_year, name_as_listed, name_key, renamed_to, renamed_key,
  sort_key, uscc, product_model, authority_id, province, city, industry_code, evaluator_name, standard, removal_reason,
  removal_document, matchable, unmatched_reason, source, version, created_at)
SELECT 'factory', 'national', '5', 2020, '试验单位' || n, '试验单位' || n, '', '', 'shi yan ' || lpad(n::text, 6, '0'), '', '',
  (%s::bigint[])[1 + n %% array_length(%s::bigint[], 1)], '辽宁省', '大连市', '3451', '', '', '', '', true, '', 'bench', 1, now()
FROM generate_series(1, %s) AS n
"""
_TABLES = """
INSERT INTO dynamic_mgmt_dynamictable (period_id, unit_id, authority_id, category, state, version, findings, late, opinion,
  opinion_reason, opinion_clause, proposal, proposal_reason, decision, decision_reason, created_at, updated_at)
SELECT p.id, u.id, u.authority_id, 'factory', (ARRAY['due','draft','filed','opinion_given'])[1 + (u.id + p.id) % 4], 1, '[]',
  false, '', '', '', '', '', '', '', now(), now()
FROM dynamic_mgmt_listedunit u CROSS JOIN dynamic_mgmt_tableperiod p WHERE u.source = 'bench'
"""
_FIGURES = """
INSERT INTO dynamic_mgmt_unitfigure (unit_id, data_year, period, indicator, unit_of_measure, value, source, recorded_at)
SELECT u.id, y, 'year', k, 'tce', 1000 + u.id % 500, 'bench', now()
FROM dynamic_mgmt_listedunit u CROSS JOIN generate_series(2017, 2021) AS y CROSS JOIN unnest(ARRAY['energy_total','output_value']) AS k
WHERE u.source = 'bench'
"""


def fill() -> None:
    """Entry point: units under ten districts, five yearly periods with a table each, two figures per year."""
    fresh_numbers()
    with clock.fixed(DURING):
        year = the_round()
        periods.open_yearly(actor=Actor.system("bench"), round_id=year.pk)
        for data_year in YEARS:
            if data_year != 2021:
                TablePeriod.objects.create(
                    round=year,
                    key=f"y{data_year}",
                    label=f"{data_year}年度",
                    data_year=data_year,
                    clock="dynamic_mgmt.tables",
                    created_at=DURING,
                )
        places = [make_authority(f"试验区{n}").pk for n in range(10)]
    with connection.cursor() as cursor:
        cursor.execute(_UNITS, [places, places, scale(10_000, least=100)])
        cursor.execute(_TABLES)
        cursor.execute(_FIGURES)
        cursor.execute("ANALYZE")


def board() -> None:
    """The city's board: numbers of every district and the first fifty tables."""
    fresh_numbers()
    with clock.fixed(DURING):
        user = make_user(Role.CITY_REVIEWER)
    clock.running = lambda: DURING
    client = sign_in(Client(), user)
    client.get(reverse("home"))
    url = reverse("dynamic_mgmt:tables")
    with queries() as counter, measure():
        answer = client.get(url)
    if answer.status_code != 200 or b"<table" not in answer.content:
        raise RuntimeError(f"{url} answered {answer.status_code}")
    if counter.count > MOST_QUERIES:
        raise RuntimeError(f"the board took {counter.count} queries, {MOST_QUERIES} are allowed")
    note(f"{DynamicTable.objects.count()} tables, {counter.count} queries, {len(answer.content) // 1024} KB of HTML")


def board_bare() -> None:
    """The rows of one period as tuples, the first fifty printed."""
    period = TablePeriod.objects.order_by("-data_year").first()
    rows = (
        DynamicTable.objects.filter(period=period)
        .order_by("authority_id", "pk")
        .values_list("unit__name_as_listed", "category", "state", "opinion")
    )
    with measure():
        _ROWS.render(Context({"page": list(rows)[:50]}))


def _district() -> tuple[Actor, TablePeriod]:
    """Put every unit's table of the last year under one district, still due."""
    period = TablePeriod.objects.get(key="year", round=Round.objects.get())
    place = make_authority("试验区0")
    DynamicTable.objects.filter(period=period).update(state="due")
    keep = list(
        DynamicTable.objects.filter(period=period).order_by("pk").values_list("pk", flat=True)[: scale(5_000, least=50)]
    )
    DynamicTable.objects.filter(pk__in=keep).update(authority_id=place.pk)
    DynamicTable.objects.filter(period=period).exclude(pk__in=keep).update(state="filed", filed_at=DURING)
    return actor(Role.DISTRICT_OFFICER, authority_id=place.pk), period


def workbook() -> None:
    """A district's workbook of all its tables written, read back in the limited child, and compared."""
    fresh_numbers()
    with clock.fixed(DURING):
        officer, period = _district()
        with measure(), tempfile.TemporaryDirectory() as folder:
            content = table_workbooks.district_workbook(actor=officer, period=period)
            path = Path(folder) / "tables.xlsx"
            path.write_bytes(content)
            found = table_workbooks.preview_workbook(actor=officer, period=period, pages=jail.read_workbook(path))
    if found.units or found.problems or found.skipped:
        raise RuntimeError(
            f"an unchanged workbook changes {len(found.units)}, problems {found.problems[:2]}, skipped {len(found.skipped)}"
        )
    filled = sum(c is not None for p in load_workbook(io.BytesIO(content), read_only=True) for r in p.values for c in r)
    note(f"{scale(5_000, least=50)} rows, {filled} filled cells, {len(content) // 1024} KB")


def workbook_in() -> None:
    """A district's workbook of which every row changes one figure, looked through and stored: tables begun, answers saved."""
    fresh_numbers()
    number = scale(5_000, least=50)
    with clock.fixed(DURING), tempfile.TemporaryDirectory() as folder:
        officer, period = _district()
        path = Path(folder) / "tables.xlsx"
        path.write_bytes(table_workbooks.district_workbook(actor=officer, period=period))
        pages = jail.read_workbook(path)
        _change_each_row(pages)
        with measure():
            done = table_workbooks.import_workbook(actor=officer, period=period, pages=pages)
    stored = DynamicTable.objects.filter(period=period, state="draft", filing__answers__water_total_y0="90001").count()
    if stored != number or len(done.units) != number:
        raise RuntimeError(f"{number} rows changed, {len(done.units)} read, {stored} stored")
    note(f"{number} rows, one figure changed in each, all stored; reading not counted")


def _change_each_row(pages: Sequence[jail.Worksheet]) -> None:
    """Type a figure into the row of every unit: row 1 holds the keys of columns, column B those of rows."""
    for page in pages:
        keys = [str(cell or "").rpartition(":")[2] for cell in page.rows[0]]
        for row in page.rows[1:]:
            if len(row) > 1 and str(row[1] or "").startswith("row:") and "water_total_y0" in keys:
                row[keys.index("water_total_y0")] = "90001"


def workbook_in_bare() -> None:
    """The same answers as rows of one table, each written by a statement of its own and committed once."""
    number = scale(5_000, least=50)
    answers = json.dumps({"water_total_y0": "90001"})
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE bare_answers (id bigint PRIMARY KEY, answers jsonb NOT NULL)")
        with measure(), transaction.atomic():
            for pk in range(number):
                cursor.execute("INSERT INTO bare_answers VALUES (%s, %s)", [pk, answers])


def _same_cells() -> list[tuple[str, list[tuple[object, ...]]]]:
    """Return every cell of our workbook, sheet by sheet: what the bare library has to write and read."""
    with clock.fixed(DURING):
        officer, period = _district()
        content = table_workbooks.district_workbook(actor=officer, period=period)
    book = load_workbook(io.BytesIO(content), read_only=True)
    return [(page.title, list(page.iter_rows(values_only=True))) for page in book.worksheets]


def workbook_bare() -> None:
    """The same cells written by openpyxl alone, in its fastest way, and every one of them read back by calamine in this process."""
    fresh_numbers()
    pages = _same_cells()
    filled = sum(cell is not None for _, rows in pages for row in rows for cell in row)
    with measure():
        book = Workbook(write_only=True)
        for title, rows in pages:
            page = book.create_sheet(title)
            for row in rows:
                page.append(row)
        out = io.BytesIO()
        book.save(out)
        read = CalamineWorkbook.from_filelike(io.BytesIO(out.getvalue()))
        texts = [read.get_sheet_by_name(name).to_python() for name in read.sheet_names]
        found = sum(cell != "" for page in texts for row in page for cell in row)
    if found != filled:
        raise RuntimeError(f"{filled} cells written, {found} read")
