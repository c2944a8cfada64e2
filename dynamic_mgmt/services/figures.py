"""Figures of listed units come in: from filed tables, and from a workbook looked through first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from dynamic_mgmt.models import ListedUnit, UnitFigure
from dynamic_mgmt.models.figures import YEARLY
from dynamic_mgmt.naming import name_key
from dynamic_mgmt.parsing import parse_batch, parse_category
from dynamic_mgmt.rules import may_import
from dynamic_mgmt.selectors.catalogue import indicators
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.directory.tables import Row, RowProblem
from greenportal.findings.types import Invalid
from greenportal.sheets import numerals

#: Advisory lock under which figures are replaced, one import or filing at a time.
FIGURE_LOCK = 7_310_202
REQUIRED = ("name", "category", "year", "indicator", "value")
HEADINGS = {
    "name": ("单位名称", "名称", "企业名称", "园区名称"),
    "uscc": ("统一社会信用代码", "信用代码"),
    "category": ("类别", "名单类别"),
    "level": ("级别",),
    "batch": ("批次",),
    "model": ("产品型号", "型号"),
    "year": ("数据年度", "年度"),
    "indicator": ("指标", "指标名称"),
    "unit": ("计量单位", "单位"),
    "value": ("数值", "数据"),
    "source": ("来源", "数据来源"),
}
_PLACES = 8
#: Larger is no figure of a unit; the column holds 22 digits before the point.
LARGEST = Decimal(10) ** 18


@dataclass(frozen=True, slots=True)
class FigureValue:
    """One value to be current: which unit, year, period, indicator; with its own unit of measure and source."""

    unit_id: int
    data_year: int
    indicator: str
    unit_of_measure: str
    value: Decimal
    source: str
    period: str = YEARLY

    @property
    def identity(self) -> tuple[int, int, str, str]:
        """What has one current value."""
        return (self.unit_id, self.data_year, self.period, self.indicator)


@dataclass(frozen=True, slots=True)
class FigurePreview:
    """What an import would do. changes: pairs of the new value and the one it replaces (None: there is none yet)."""

    changes: tuple[tuple[FigureValue, UnitFigure | None], ...]
    same: int
    problems: tuple[RowProblem, ...]
    names: dict[int, str]

    @property
    def new(self) -> int:
        """Return how many values would be added where none is."""
        return sum(stored is None for _, stored in self.changes)

    @property
    def replaced(self) -> int:
        """Return how many current values would be replaced; they stay as history."""
        return len(self.changes) - self.new


def preview_figures(rows: Iterable[Row], *, source: str = "") -> FigurePreview:
    """Compare rows with the figures stored; stores nothing. Two queries. `source`: where a row names none."""
    raws = list(rows)
    units = _Units(raws)
    problems: list[RowProblem] = []
    wanted: dict[Any, tuple[int, FigureValue]] = {}
    for raw in raws:
        found, messages = _understood(raw, units, source)
        if found is not None:
            earlier = wanted.setdefault(found.identity, (raw.number, found))
            if earlier[1] != found:
                messages.append(f"与第{earlier[0]}行是同一单位、年度和指标，数值不同，只保留正确的一行。")
        problems.extend(RowProblem(raw.number, f"第{raw.number}行：{message}") for message in messages)
    values = [value for _, value in wanted.values()]
    stored = _stored(values)
    changes = [(value, stored.get(value.identity)) for value in values if not _equal(value, stored.get(value.identity))]
    return FigurePreview(tuple(changes), len(values) - len(changes), tuple(problems), units.names)


def import_figures(*, actor: Actor, rows: Iterable[Row], source: str) -> FigurePreview:
    """Store the new and changed figures of a workbook, or nothing while a row cannot be understood.

    Repeatable: the same file again changes nothing. Raises `Refused` for the role, `Invalid` with every row's message.
    """
    may_import(actor).require()
    with transaction.atomic():
        _lock()
        preview = preview_figures(rows, source=source)
        if preview.problems:
            raise Invalid("先更正下列各行，再导入。", errors={"rows": [p.message for p in preview.problems]})
        _write(actor, preview.changes)
        if preview.changes:
            data = {"new": preview.new, "replaced": preview.replaced, "source": source}
            record(actor=actor, action="dynamic_mgmt.import_figures", target="dynamic_mgmt.figures:0", data=data)
    return preview


def record_figures(*, actor: Actor, values: Sequence[FigureValue]) -> int:
    """Make these the current values inside the caller's transaction; equal ones stay as they are. Returns the number written.

    The caller has checked that the actor may, and audits what it did.
    """
    with transaction.atomic():
        _lock()
        rounded = [
            replace(value, value=numerals.rounded(value.value, _PLACES))
            for value in values
            if abs(value.value) < LARGEST
        ]
        stored = _stored(rounded)
        changes = [(v, stored.get(v.identity)) for v in rounded if not _equal(v, stored.get(v.identity))]
        _write(actor, changes)
    return len(changes)


def supersede_absent(*, unit_id: int, data_year: int, period: str, source: str, present: Collection[str]) -> int:
    """End the current values of this unit, year, period and source whose indicator is not `present` any more.

    For a filing that leaves out what an earlier one of the same table told; the values stay as history. Inside the
    caller's transaction. Returns how many ended.
    """
    with transaction.atomic():
        _lock()
        stale = UnitFigure.objects.filter(
            unit_id=unit_id, data_year=data_year, period=period, source=source, superseded_at=None
        )
        return stale.exclude(indicator__in=present).update(superseded_at=clock.now())


def _lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [FIGURE_LOCK])


def _stored(values: Sequence[FigureValue]) -> dict[Any, UnitFigure]:
    rows = UnitFigure.objects.filter(
        unit_id__in={v.unit_id for v in values},
        data_year__in={v.data_year for v in values},
        superseded_at=None,
    )
    return {(row.unit_id, row.data_year, row.period, row.indicator): row for row in rows}


def _equal(value: FigureValue, stored: UnitFigure | None) -> bool:
    return stored is not None and (stored.value, stored.unit_of_measure) == (value.value, value.unit_of_measure)


def _write(actor: Actor, changes: Sequence[tuple[FigureValue, UnitFigure | None]]) -> None:
    now = clock.now()
    gone = [stored.pk for _, stored in changes if stored is not None]
    UnitFigure.objects.filter(pk__in=gone).update(superseded_at=now)
    UnitFigure.objects.bulk_create(
        [
            UnitFigure(
                unit_id=value.unit_id,
                data_year=value.data_year,
                period=value.period,
                indicator=value.indicator,
                unit_of_measure=value.unit_of_measure,
                value=value.value,
                source=value.source[:200],
                recorded_by_id=actor.user_id,
                recorded_at=now,
            )
            for value, _ in changes
        ],
        batch_size=2000,
    )


class _Units:
    """Units of the register that the rows can mean, by code and by name: one query for all rows."""

    def __init__(self, rows: Sequence[Row]) -> None:
        keys = {name_key(row["name"]) for row in rows if row["name"].strip()}
        self._by_name: dict[str, list[ListedUnit]] = {}
        found = ListedUnit.objects.filter(name_key__in=keys) | ListedUnit.objects.filter(renamed_key__in=keys)
        for unit in found.select_related("organisation").order_by("pk"):
            for key in {unit.name_key, unit.renamed_key} - {""}:
                self._by_name.setdefault(key, []).append(unit)
        self.names: dict[int, str] = {}

    def of(self, row: Row, category: str, level: str) -> ListedUnit | str:
        """Return the unit of a row, or the Chinese reason why there is not exactly one."""
        rows = [u for u in self._by_name.get(name_key(row["name"]), []) if (u.category, u.level) == (category, level)]
        batch, model, code = parse_batch(row["batch"]), row["model"].strip(), row["uscc"].strip().upper()
        if batch:
            rows = [u for u in rows if u.batch == batch]
        if model:
            rows = [u for u in rows if u.product_model == model]
        if code:
            rows = [u for u in rows if code in {u.uscc, u.organisation.uscc if u.organisation else ""}]
        if not rows:
            return f"名单中没有这一级别、类别的“{row['name'].strip()}”，核对名称、代码和批次。"
        if len(rows) > 1:
            return f"名单中有{len(rows)}条“{row['name'].strip()}”，补充批次或产品型号。"
        self.names[rows[0].pk] = rows[0].current_name
        return rows[0]


def _understood(row: Row, units: _Units, source: str) -> tuple[FigureValue | None, list[str]]:
    messages: list[str] = []
    unit: ListedUnit | str = ""
    category = ""
    try:
        category, level = parse_category(row["category"], row["level"])
        unit = units.of(row, category, level)
        if isinstance(unit, str):
            messages.append(unit)
    except ValueError as error:
        messages.append(str(error))
    year = row["year"].strip().removesuffix("年")
    if not (year.isascii() and year.isdigit() and len(year) == 4 and 2000 <= int(year) <= clock.today().year):
        messages.append(f"数据年度“{row['year']}”应为4位年份，不晚于今年。")
    key, unit_of_measure = _indicator(row, category, messages)
    value = numerals.canonical(_plain(row["value"].strip()))
    if not value:
        messages.append(f"数值“{row['value']}”不是数字，核对后填写。")
    elif abs(Decimal(value)) >= LARGEST:
        messages.append(f"数值“{row['value']}”过大，核对计量单位。")
    origin = row["source"].strip() or source
    if not origin:
        messages.append("填写来源。")
    if messages or isinstance(unit, str):
        return None, messages
    number = numerals.rounded(Decimal(value), _PLACES)
    return FigureValue(unit.pk, int(year), key, unit_of_measure, number, origin[:200]), []


def _indicator(row: Row, category: str, messages: list[str]) -> tuple[str, str]:
    """Return key and unit of measure of a row's indicator, named by its label or key; says what is wrong."""
    text = row["indicator"].strip()
    known = indicators(category)
    key = text if text in known else next((k for k, item in known.items() if item.label == text), "")
    if category and not key:
        messages.append(f"指标“{text}”不在这一类别的动态管理指标中，按模板所列名称填写。")
    printed = known[key].unit if key else ""
    given = row["unit"].strip()
    if key and not given and "产品单位" in printed:
        messages.append(f"填写“{text}”的计量单位，写明产品单位，如{printed.replace('产品单位', '台')}。")
    if key and given and given != printed and "产品单位" not in printed:
        messages.append(f"“{text}”的计量单位应为{printed or '（无单位）'}，请换算后填写。")
    if len(given) > 40:
        messages.append("计量单位不超过40个字。")
    return key, given or printed


def _plain(text: str) -> str:
    """Return what a cell prints in scientific notation (1e-05) as a plain decimal; everything else as it is."""
    if "e" not in text.casefold():
        return text
    try:
        return f"{Decimal(text):f}"
    except ArithmeticError:
        return text
