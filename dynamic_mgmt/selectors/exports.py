"""Rows of the export by category, in the columns that the city set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from dynamic_mgmt.models import DynamicTable, ExportedTable, ExportMap, TableExport, TablePeriod, TableReceipt
from dynamic_mgmt.selectors.catalogue import sheet_for
from dynamic_mgmt.table_states import TableState
from greenportal import clock
from greenportal.filings.selectors import sheets_of
from greenportal.rounds.selectors import rulebook_at
from greenportal.sheets import Sheet
from greenportal.sheets.printing import text_of

#: Data of the table itself beside the sheet's fields.
OWN = {
    "unit.name_as_listed": "列入时名称",
    "unit.current_name": "现名称",
    "unit.uscc": "统一社会信用代码",
    "unit.batch": "批次",
    "unit.list_year": "列入年度",
    "unit.product_model": "产品型号",
    "authority": "区市县",
    "opinion": "区县意见",
    "opinion_reason": "区县意见理由",
    "decision": "市局决定",
    "filed_at": "提交日期",
    "late": "逾期补报",
}


def choices(sheet: Sheet) -> dict[str, str]:
    """Return every key that a column may take its data from, with its label."""
    return {**OWN, **{f.key: f"{f.label}{f'（{f.unit}）' if f.unit else ''}" for f in sheet.fields()}}


def sheet_of_category(period: TablePeriod, category: str) -> Sheet:
    """Return the sheet of a category in a period."""
    book, _ = rulebook_at(period.round_id)
    return sheet_for(book, category, periodic=period.periodic)


def map_of(period: TablePeriod, category: str) -> ExportMap | None:
    """Return the columns that the city set for a category in periods of this kind, None before the first time. One query."""
    return ExportMap.objects.filter(category=category, periodic=period.periodic).first()


def columns(stored: ExportMap | None, sheet: Sheet) -> list[tuple[str, str]]:
    """Return (heading, key) as the city set them; else everything in the sheet's order."""
    if stored is not None:
        return [(str(heading), str(key)) for heading, key in stored.columns]
    return [(label, key) for key, label in choices(sheet).items()]


def reported(period: TablePeriod, category: str) -> list[DynamicTable]:
    """Return the tables that the district has given its opinion on: what the city may send up. One query."""
    states = [
        TableState.OPINION_GIVEN,
        TableState.RECHECK,
        TableState.ON_SITE,
        TableState.REMOVAL_PROPOSED,
        TableState.DECIDED,
    ]
    rows = DynamicTable.objects.filter(period=period, category=category, state__in=states)
    return list(
        rows.select_related("unit__organisation", "authority").order_by("authority__sort_key", "unit__sort_key", "pk")
    )


def receipts_of(tables: Sequence[DynamicTable]) -> dict[int, TableReceipt]:
    """Return the last receipt of each table that has one. One query."""
    found = (
        TableReceipt.objects.filter(table__in=[t.pk for t in tables])
        .select_related("filing_version")
        .order_by("table_id", "-pk")
        .distinct("table_id")
    )
    return {row.table_id: row for row in found}


def rows(
    tables: Sequence[DynamicTable], keys: Sequence[str], receipts: Mapping[int, TableReceipt]
) -> Iterator[list[str]]:
    """Yield the texts of each table by key, from the answers as received (`receipts_of`). One query for any number."""
    latest = {pk: row.filing_version for pk, row in receipts.items()}
    sheets = sheets_of({v.definition_sha256 for v in latest.values()})
    fields = {sha: {f.key: f for f in sheet.fields()} for sha, sheet in sheets.items()}
    for table in tables:
        version = latest.get(table.pk)
        known = fields[version.definition_sha256] if version else {}
        answers = version.answers if version else {}
        yield [
            _own(table, key) if key in OWN else text_of(known[key], answers.get(key)) if key in known else ""
            for key in keys
        ]


def _own(table: DynamicTable, key: str) -> str:
    unit = table.unit
    values = {
        "unit.name_as_listed": unit.name_as_listed,
        "unit.current_name": unit.current_name,
        "unit.uscc": unit.organisation.uscc if unit.organisation else unit.uscc,
        "unit.batch": unit.batch,
        "unit.list_year": str(unit.list_year or ""),
        "unit.product_model": unit.product_model,
        "authority": table.authority.name,
        "opinion": table.get_opinion_display() if table.opinion else "",
        "opinion_reason": table.opinion_reason,
        "decision": table.get_decision_display() if table.decision else "",
        "filed_at": f"{clock.local(table.filed_at):%Y-%m-%d}" if table.filed_at else "",
        "late": "是" if table.late else "否",
    }
    return values[key]


def exports_of(period: TablePeriod) -> QuerySet[TableExport]:
    """Return the exports of a period with how many tables each holds, newest first. One query."""
    return period.exports.select_related("by", "file", "dispatch__by").annotate(number=Count("rows"))


def waiting(period: TablePeriod) -> list[TableExport]:
    """Return the newest export of each category where it was not sent up: what a dispatch may name. One query."""
    newest: dict[str, TableExport] = {}
    for row in exports_of(period):
        newest.setdefault(row.category, row)
    return [row for row in newest.values() if row.dispatch_id is None and row.file_id is not None]


def new_in(export: TableExport) -> int:
    """Return how many rows of an export were not sent up as they stand: same receipt, opinion and decision. One query."""
    same = ExportedTable.objects.filter(
        table_id=OuterRef("table_id"),
        opinion=OuterRef("opinion"),
        decision=OuterRef("decision"),
        export__dispatch__isnull=False,
    )
    sent = Exists(same.filter(receipt_id=OuterRef("receipt_id")))
    refused = Exists(same.filter(receipt=None))
    rows = export.rows.filter(Q(receipt__isnull=False) & ~Q(sent) | Q(receipt=None) & ~Q(refused))
    return rows.count()
