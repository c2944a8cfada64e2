"""Periods and the units that fall due in them: the yearly table of the notice, further periods that the city adds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction

from dynamic_mgmt.constants import CLOCK_TABLES, DUE_LOCK, JOB_DUE
from dynamic_mgmt.models import DynamicTable, ListedUnit, TablePeriod
from dynamic_mgmt.table_rules import may_manage_periods
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.findings.types import Invalid, NotVisible, WrongState
from greenportal.jobs.models import Job
from greenportal.jobs.services import enqueue
from greenportal.rounds.models import Round
from greenportal.rounds.selectors import rulebook_at
from greenportal.rounds.services import add_deadline

_KEY = re.compile(r"^[a-z0-9][a-z0-9-]{0,19}$")


def open_yearly(*, actor: Actor, round_id: int) -> TablePeriod:
    """Begin the yearly period of an open round, due at the notice's deadline (通知 三: 11月15日前); repeatable.

    The figures asked are of the year before the round's. Raises Refused, NotVisible, WrongState.
    """
    may_manage_periods(actor).require()
    with transaction.atomic():
        row = Round.objects.select_for_update().filter(pk=round_id).first()
        if row is None:
            raise NotVisible
        if row.state != Round.State.OPEN:
            raise WrongState("批次不在进行中，不能开始填报。")
        found = TablePeriod.objects.filter(round=row, key="year").first()
        if found is not None:
            return found
        label = f"{row.year}年度动态管理表（附件6-9）"
        return _made(
            actor, row, key="year", label=label, data_year=row.year - 1, clock_key=CLOCK_TABLES, periodic=False
        )


def add_period(
    *, actor: Actor, round_id: int, key: str, label: str, data_year: int, opens_at: datetime, closes_at: datetime
) -> TablePeriod:
    """Add a period of 定期报送 with a clock of its own; the city lead. Raises Refused, Invalid, NotVisible, WrongState."""
    may_manage_periods(actor).require()
    errors: dict[str, list[str]] = {}
    if not _KEY.match(key) or key == "year":
        errors["key"] = ["填写1至20个小写字母或数字，如2022h1。"]
    if not label.strip() or len(label.strip()) > 80:
        errors["label"] = ["填写名称（1至80个字）。"]
    if not 2000 <= data_year <= clock.today().year:
        errors["data_year"] = ["数据年度应为4位年份，不晚于今年。"]
    if errors:
        raise Invalid("核对填报期。", errors=errors)
    with transaction.atomic():
        name = f"{CLOCK_TABLES}.{key}"
        add_deadline(
            actor=actor,
            round_id=round_id,
            key=name,
            label=label.strip(),
            opens_at=opens_at,
            closes_at=closes_at,
            clause="通知 三（定期报送机制）",
        )
        row = Round.objects.get(pk=round_id)
        return _made(actor, row, key=key, label=label.strip(), data_year=data_year, clock_key=name, periodic=True)


def _made(
    actor: Actor, row: Round, *, key: str, label: str, data_year: int, clock_key: str, periodic: bool
) -> TablePeriod:
    made = TablePeriod.objects.create(
        round=row,
        key=key,
        label=label,
        periodic=periodic,
        data_year=data_year,
        clock=clock_key,
        created_by_id=actor.user_id,
        created_at=clock.now(),
    )
    data = {"key": key, "label": label, "data_year": data_year}
    record(actor=actor, action="dynamic_mgmt.open_period", target=f"dynamic_mgmt.period:{made.pk}", data=data)
    ask_due(actor=actor, period_id=made.pk)
    return made


def ask_due(*, actor: Actor, period_id: int) -> Job:
    """Ask for the job that makes every active unit due, once while one waits."""
    may_manage_periods(actor).require()
    return enqueue(JOB_DUE, payload={"period_id": period_id}, dedupe_key=f"due:{period_id}", actor=actor)


def due_units(period: TablePeriod) -> list[int]:
    """Return the active units of whom the period asks a table and that have none yet. Two queries.

    By the rulebook's levels and batches (通知 三: 前六批国家名单), and under a district of ours.
    """
    book, _ = rulebook_at(period.round_id)
    wanted: list[int] = []
    rows = ListedUnit.objects.filter(removed_on=None, authority__isnull=False)
    rows = rows.exclude(pk__in=DynamicTable.objects.filter(period=period).order_by().values("unit_id"))
    for pk, category, level, batch in rows.order_by("pk").values_list("pk", "category", "level", "batch"):
        spec = book.dynamic_tables.get(category)
        if spec and level in spec.levels and batch in spec.batches:
            wanted.append(pk)
    return wanted


def make_due(*, period_id: int, unit_ids: Sequence[int]) -> int:
    """Create the tables of these units where there is none; returns how many. Idempotent, safe beside itself."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [DUE_LOCK])
        now = clock.now()
        units = ListedUnit.objects.filter(pk__in=unit_ids, removed_on=None, authority__isnull=False)
        have = set(
            DynamicTable.objects.filter(period_id=period_id, unit_id__in=unit_ids).values_list("unit_id", flat=True)
        )
        made = DynamicTable.objects.bulk_create(
            [
                DynamicTable(
                    period_id=period_id,
                    unit_id=unit.pk,
                    authority_id=unit.authority_id,
                    category=unit.category,
                    created_at=now,
                    updated_at=now,
                )
                for unit in units.order_by("pk")
                if unit.pk not in have and unit.authority_id is not None
            ],
            batch_size=1000,
        )
    return len(made)
