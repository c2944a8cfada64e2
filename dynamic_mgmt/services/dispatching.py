"""The city's export: columns in the order it set, and what was sent up and when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db import transaction

from dynamic_mgmt.models import Dispatch, ExportMap, ListedUnit, TablePeriod
from dynamic_mgmt.selectors.exports import choices, columns, map_of, reported, rows, sheet_of_category
from dynamic_mgmt.services.table_moving import clean, person
from dynamic_mgmt.table_rules import may_manage_periods
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.documents.xlsx import Column, Row, Table, write_table
from greenportal.findings.types import Invalid, NotVisible, Stale

MOST_COLUMNS = 200


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


def export(*, actor: Actor, period: TablePeriod, category: str) -> bytes:
    """Return the Excel of a category in the city's columns: tables with the district's opinion."""
    may_manage_periods(actor).require()
    label = _category(category)
    wanted = columns(map_of(period, category), sheet_of_category(period, category))
    tables = reported(period, category)
    heads = tuple(
        Column(f"c{n}", heading, width=16, kind="code" if key == "unit.uscc" or key == "uscc" else "text")
        for n, (heading, key) in enumerate(wanted)
    )
    made = [
        Row({f"c{n}": text for n, text in enumerate(texts)}, id=str(table.pk))
        for table, texts in zip(tables, rows(tables, [key for _, key in wanted]), strict=True)
    ]
    title = f"{period.label}　{label}"
    data = {"period": period.pk, "category": category, "rows": len(made)}
    record(actor=actor, action="dynamic_mgmt.export", target=f"dynamic_mgmt.period:{period.pk}", data=data)
    return write_table(Table(name=label, title=title, columns=heads, rows=made), issued_at=clock.now())


def record_dispatch(*, actor: Actor, period: TablePeriod, category: str, sent_on: date, document_no: str) -> Dispatch:
    """Write down that the city sent up the tables of a category that were not sent before.

    Raises Invalid when there is nothing new or the date lies ahead.
    """
    may_manage_periods(actor).require()
    _category(category)
    number = clean(document_no, label="文号或平台回执", field="document_no", limit=120)
    if sent_on > clock.today():
        raise Invalid("核对日期。", errors={"sent_on": ["上报日期应不晚于今天，核对后填写。"]})
    with transaction.atomic():
        TablePeriod.objects.select_for_update().get(pk=period.pk)
        sent = set(
            Dispatch.tables.through.objects.filter(dispatch__period=period).values_list("dynamictable_id", flat=True)
        )
        fresh = [table for table in reported(period, category) if table.pk not in sent]
        if not fresh:
            raise Invalid("这一类别没有新的可上报的动态管理表。")
        made = Dispatch.objects.create(
            period=period, category=category, sent_on=sent_on, document_no=number, by_id=person(actor), at=clock.now()
        )
        made.tables.set(fresh)
        data = {"dispatch": made.pk, "category": category, "tables": len(fresh), "document_no": number}
        record(actor=actor, action="dynamic_mgmt.dispatch", target=f"dynamic_mgmt.period:{period.pk}", data=data)
    return made
