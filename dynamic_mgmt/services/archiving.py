"""The received tables of a category as PDF in one ZIP, for 存档: asked for by the city, made by a job, kept as an issued file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from django.db import transaction

from dynamic_mgmt import table_rules
from dynamic_mgmt.constants import FILE_ARCHIVE, JOB_ARCHIVE, SCOPE_PERIOD
from dynamic_mgmt.models import DynamicTable, ListedUnit, TablePeriod, TableReceipt
from dynamic_mgmt.packets.papers import paper_of, table_pdf
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.documents import zips
from greenportal.files.models import StoredFile
from greenportal.files.selectors import visible_to as files_visible_to
from greenportal.files.services import store_issued
from greenportal.findings.types import NotVisible
from greenportal.jobs.models import Job
from greenportal.jobs.services import enqueue

Step = Callable[[int, int], None]


def ask_archive(*, actor: Actor, period_id: int, category: str) -> Job:
    """Ask for the ZIP of a category; once while one waits. Raises Refused (not the city), NotVisible."""
    table_rules.may_manage_periods(actor).require()
    period = TablePeriod.objects.filter(pk=period_id).first()
    if period is None or category not in ListedUnit.Category.values:
        raise NotVisible
    with transaction.atomic():
        record(
            actor=actor,
            action="dynamic_mgmt.archive",
            target=f"{SCOPE_PERIOD}:{period.pk}",
            data={"category": category},
        )
        payload = {"period_id": period.pk, "category": category}
        return enqueue(
            JOB_ARCHIVE,
            payload=payload,
            dedupe_key=f"archive:{period.pk}:{category}",
            scope=SCOPE_PERIOD,
            scope_id=period.pk,
            actor=actor,
        )


def archive_name(period: TablePeriod, category: str) -> str:
    """Return the name of the ZIP, the same for each making; the newest file of the name counts."""
    return f"动态管理表存档_{period.key}_{period.pk}_{ListedUnit.Category(category).label}.zip"


def newest(actor: Actor, period: TablePeriod, category: str) -> StoredFile | None:
    """Return the newest ZIP that the actor may take, None before the first. One query."""
    rows = files_visible_to(actor, kind=FILE_ARCHIVE).filter(name=archive_name(period, category))
    return rows.order_by("-created_at").first()


def make_archive(*, period_id: int, category: str, target: Path, step: Step) -> int:
    """Write the ZIP to `target`, a PDF for each table as last received; returns how many. Memory stays at one PDF."""
    received = TableReceipt.objects.values("table_id")
    rows = DynamicTable.objects.filter(period_id=period_id, category=category, pk__in=received)
    ids = list(rows.order_by("authority__sort_key", "unit__sort_key", "pk").values_list("pk", flat=True))

    def entries() -> Iterator[zips.Entry]:
        for number, pk in enumerate(ids, start=1):
            table = DynamicTable.objects.select_related("unit", "period", "authority").get(pk=pk)
            receipt = table.receipts.select_related("filing_version").first()
            if receipt is None:  # receipts are never deleted; the row was among them a moment ago
                continue
            content = table_pdf(paper_of(table, receipt), issued_at=receipt.received_at)
            unit = table.unit.current_name.replace("/", "／").replace("\\", "＼")
            yield zips.Entry(f"{table.authority.name}/{number:04d}_{unit}.pdf", content)
            step(number, len(ids))

    return len(zips.write(entries(), target))


def keep_archive(*, period_id: int, category: str, source: Path) -> StoredFile:
    """Keep the ZIP where the city finds it."""
    period = TablePeriod.objects.get(pk=period_id)
    return store_issued(
        source=source, name=archive_name(period, category), kind=FILE_ARCHIVE, content_type="application/zip"
    )
