"""The city's export: columns in the order it set, and what was sent up and when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db import transaction

from dynamic_mgmt.constants import FILE_EXPORT
from dynamic_mgmt.models import Dispatch, ExportedTable, ExportMap, ListedUnit, TableExport, TablePeriod
from dynamic_mgmt.selectors.exports import (
    choices,
    columns,
    map_of,
    new_in,
    receipts_of,
    reported,
    rows,
    sheet_of_category,
)
from dynamic_mgmt.services.table_moving import clean, person
from dynamic_mgmt.table_rules import may_manage_periods
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.documents.xlsx import Column, Row, Table, write_table
from greenportal.files.services import store_issued
from greenportal.findings.types import Invalid, NotVisible, Stale, WrongState

MOST_COLUMNS = 200
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def set_columns(
    *, actor: Actor, period: TablePeriod, category: str, pairs: Sequence[tuple[str, str]], note: str, seen_version: int
) -> ExportMap:
    """Store the order of columns of a category: (heading, key). The platform's order is not published; the city sets it.

    Raises Invalid naming every line that is not understood, Stale when another officer changed it meanwhile.
    """
    may_manage_periods(actor).require()
    _category(category)
    known = choices(sheet_of_category(period, category))
    problems = [
        f"第{n}行：没有数据项“{key}”，从下方列出的键中选用。" for n, (_, key) in enumerate(pairs, 1) if key not in known
    ]
    problems += [f"第{n}行：填写列名。" for n, (heading, _) in enumerate(pairs, 1) if not heading.strip()]
    if not pairs:
        problems.append("至少写一列。")
    if len(pairs) > MOST_COLUMNS:
        problems.append(f"不超过{MOST_COLUMNS}列。")
    if problems:
        raise Invalid("核对列序。", errors={"columns": problems})
    with transaction.atomic():
        stored = ExportMap.objects.select_for_update().filter(category=category, periodic=period.periodic).first()
        if (stored.version if stored else 0) != seen_version:
            raise Stale("列序刚被他人修改，请刷新页面后再改。", current=stored.version if stored else 0)
        row = stored or ExportMap(category=category, periodic=period.periodic, version=0)
        row.columns = [[heading.strip(), key] for heading, key in pairs]
        row.note, row.version = note.strip()[:200], row.version + 1
        row.updated_by_id, row.updated_at = person(actor), clock.now()
        row.save()
        data = {"category": category, "columns": len(pairs), "version": row.version}
        record(actor=actor, action="dynamic_mgmt.set_columns", target=f"dynamic_mgmt.export:{row.pk}", data=data)
    return row


def _category(text: str) -> str:
    if text not in ListedUnit.Category.values:
        raise NotVisible
    return ListedUnit.Category(text).label


def export(*, actor: Actor, period: TablePeriod, category: str) -> TableExport:
    """Make and keep the Excel of a category in the city's columns: tables with the district's opinion.

    The file is kept as issued, with the columns and the receipt of each row, so that a dispatch says what was sent up.
    Raises Refused, NotVisible, Invalid when nothing is there to export.
    """
    may_manage_periods(actor).require()
    label = _category(category)
    wanted = columns(map_of(period, category), sheet_of_category(period, category))
    tables = reported(period, category)
    if not tables:
        raise Invalid(f"{label}还没有区县已提意见的动态管理表，暂不能导出。")
    receipts = receipts_of(tables)
    heads = tuple(
        Column(f"c{n}", heading, width=16, kind="code" if key == "unit.uscc" or key == "uscc" else "text")
        for n, (heading, key) in enumerate(wanted)
    )
    made = [
        Row({f"c{n}": text for n, text in enumerate(texts)}, id=str(table.pk))
        for table, texts in zip(tables, rows(tables, [key for _, key in wanted], receipts), strict=True)
    ]
    now, title = clock.now(), f"{period.label}　{label}"
    content = write_table(Table(name=label, title=title, columns=heads, rows=made), issued_at=now)
    name = f"{period.label}_{label}_{clock.local(now):%Y%m%d_%H%M%S}.xlsx"
    with transaction.atomic():
        file = store_issued(source=content, name=name, kind=FILE_EXPORT, content_type=XLSX)
        row = TableExport.objects.create(
            period=period, category=category, columns=wanted, file=file, by_id=person(actor), at=now
        )
        ExportedTable.objects.bulk_create(
            [
                ExportedTable(export=row, table=t, receipt=receipts.get(t.pk), opinion=t.opinion, decision=t.decision)
                for t in tables
            ],
            batch_size=1000,
        )
        data = {"export": row.pk, "category": category, "rows": len(made), "sha256": file.sha256}
        record(actor=actor, action="dynamic_mgmt.export", target=f"dynamic_mgmt.period:{period.pk}", data=data)
    return row


def record_dispatch(*, actor: Actor, period: TablePeriod, export_id: int, sent_on: date, document_no: str) -> Dispatch:
    """Write down that an export was sent up: what stands in that file, no table that came later.

    Raises NotVisible, WrongState for an export sent already or one made out by a newer one, Invalid when nothing in
    it is new (same receipt, opinion and decision) or the date lies ahead or before the export.
    """
    may_manage_periods(actor).require()
    number = clean(document_no, label="文号或平台回执", field="document_no", limit=120)
    if sent_on > clock.today():
        raise Invalid("核对日期。", errors={"sent_on": ["上报日期应不晚于今天，核对后填写。"]})
    with transaction.atomic():
        TablePeriod.objects.select_for_update().get(pk=period.pk)
        chosen = period.exports.filter(pk=export_id).first()
        if chosen is None:
            raise NotVisible
        if chosen.dispatch_id is not None:
            raise WrongState("这份导出已登记上报，请刷新页面查看。")
        if sent_on < clock.local(chosen.at).date():
            message = f"上报日期早于这份文件的导出日期{clock.local(chosen.at):%Y-%m-%d}，核对后填写。"
            raise Invalid("核对日期。", errors={"sent_on": [message]})
        fresh = new_in(chosen)
        if not fresh:
            raise Invalid("这份导出中没有新的内容：各表的回执、区县意见和市局决定均与已上报的相同。")
        made = Dispatch.objects.create(
            period=period,
            category=chosen.category,
            sent_on=sent_on,
            document_no=number,
            by_id=person(actor),
            at=clock.now(),
        )
        chosen.dispatch = made
        chosen.save(update_fields=["dispatch"])
        data = {"dispatch": made.pk, "export": chosen.pk, "fresh": fresh, "document_no": number}
        record(actor=actor, action="dynamic_mgmt.dispatch", target=f"dynamic_mgmt.period:{period.pk}", data=data)
    return made
