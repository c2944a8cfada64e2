"""A unit's table is begun, filed in time or late, returned, refused; by the unit, through a dated link, or by the district."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from dynamic_mgmt import table_rules
from dynamic_mgmt.constants import AFTER_RETURN, SCOPE_TABLE, TABLE_LINK_DAYS
from dynamic_mgmt.models import DynamicTable, TableReceipt
from dynamic_mgmt.models.figures import YEARLY
from dynamic_mgmt.selectors.catalogue import SUFFIXES, indicators, sheet_for
from dynamic_mgmt.selectors.figures import current
from dynamic_mgmt.selectors.prefill import prefilled
from dynamic_mgmt.selectors.tables import ends_at, table_window
from dynamic_mgmt.services.assessing import assess, first_late_reason
from dynamic_mgmt.services.figures import FigureValue, record_figures, supersede_absent
from dynamic_mgmt.services.table_moving import clean, lock_table, move_table, move_tables, person
from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.models import DatedLink
from greenportal.accounts.services import issue_link, peek_link, use_link
from greenportal.filings.models import Filing
from greenportal.filings.selectors import sheet_of
from greenportal.filings.services import freeze, set_locked, start, start_many
from greenportal.findings.types import Invalid, NotVisible, WindowClosed, WrongState
from greenportal.rounds.selectors import rulebook_at
from greenportal.sheets import Level, Sheet, validate
from greenportal.sheets.computing import decimal_of

PURPOSE = DatedLink.Purpose.DYNAMIC_TABLE


def sheet_of_table(table: DynamicTable) -> Sheet:
    """Return the sheet that a table of this period and category is begun with."""
    book, _ = rulebook_at(table.period.round_id)
    return sheet_for(book, table.category, periodic=table.period.periodic)


def first_answers(table: DynamicTable) -> tuple[Sheet, dict[str, Any]]:
    """Return the sheet and the answers that a table begins with, by the rulebook of its period's round."""
    book, _ = rulebook_at(table.period.round_id)
    sheet = sheet_for(book, table.category, periodic=table.period.periodic)
    return sheet, prefilled([table], table.period, {table.category: sheet}, book=book)[table.pk]


def begin(*, actor: Actor, table_id: int, seen_version: int | None = None) -> DynamicTable:
    """Start filling: a filing prefilled from the register, last year and recorded figures. A begun table is returned as it is.

    Raises Refused, NotVisible, WrongState, Stale, WindowClosed (a unit after the clock).
    """
    with transaction.atomic():
        table = lock_table(actor, table_id)
        table_rules.owns(actor, table, organisation_id=table.unit.organisation_id).require()
        if table.state == "draft" and table.filing_id is not None:
            return table
        if seen_version is not None and table.version != seen_version:
            lock_table(actor, table_id, seen_version=seen_version)
        if actor.is_applicant and not table_window(table).open:
            raise WindowClosed(table_rules.CLOSED)
        sheet, answers = first_answers(table)
        table.filing = start(scope=SCOPE_TABLE, scope_id=table.pk, sheet=sheet, actor=actor, answers=answers)
        move_table(table, "begin", actor=actor, fields=["filing"])
    return table


def begin_all(
    *,
    actor: Actor,
    tables: Sequence[DynamicTable],
    sheets: Mapping[str, Sheet],
    answers: Mapping[int, Mapping[str, Any]],
) -> None:
    """Start filling many tables that their district has locked, sheets by category, first answers by table. Constant queries.

    Raises Refused, WrongState; all are begun or none.
    """
    with transaction.atomic():
        for table in tables:
            table_rules.may_judge(actor, table).require()
        parts = [(table.pk, sheets[table.category], answers[table.pk]) for table in tables]
        for table, begun in zip(tables, start_many(scope=SCOPE_TABLE, parts=parts, actor=actor), strict=True):
            table.filing = begun
        move_tables(tables, "begin", actor=actor, fields=["filing"])


def file_table(
    *, actor: Actor, table_id: int, seen_version: int | None = None, late_reason: str = "", by_link: bool = False
) -> TableReceipt:
    """File the table: hard fields complete, answers frozen, figures recorded, findings kept. After the clock only late.

    In time: unit or district. Late: the district, with the reason; the receipt says so for good. What was returned is filed
    again by either, also after the clock; that makes no table late that was first filed in time. A second
    press finds the table filed (WrongState). Raises Invalid with each place, Refused, WindowClosed, ReasonRequired, Stale.
    """
    with transaction.atomic():
        table = lock_table(actor, table_id, seen_version=seen_version)
        table_rules.owns(actor, table, organisation_id=table.unit.organisation_id).require()
        action = _filing_action(actor, table)
        late = action != "file"
        reason = AFTER_RETURN if action == "file_again" else ""
        if action == "file_late":
            reason = clean(late_reason, label="逾期补报的理由", field="late_reason")
        if table.filing_id is None:
            raise WrongState("还没有开始填报，先填写再提交。")
        set_locked(filing_ids=[table.filing_id], locked=True)
        filing = Filing.objects.get(pk=table.filing_id)
        _require_complete(filing)
        table.filed_at = clock.now()
        table.late = late and not table.receipts.filter(late=False).exists()
        move_table(table, action, actor=actor, reason=reason, fields=["filed_at", "late"])
        version = freeze(filing_id=filing.pk, cause="dynamic_table", actor=actor)
        receipt = TableReceipt.objects.create(
            table=table,
            filing_version=version,
            received_at=clock.now(),
            late=late,
            reason=reason,
            by_id=actor.user_id,
            by_name=actor.name[:60],
            on_behalf=actor.is_district,
            by_link=by_link,
        )
        assess(table, version.answers, late_reason=first_late_reason(table))
        _record(table, version.answers, actor)
    return receipt


def _filing_action(actor: Actor, table: DynamicTable) -> str:
    """Return the move that filing is now: in time, a correction after the clock, or late by the district."""
    if table_window(table).open:
        return "file"
    if table.state == "returned":
        return "file_again"
    return "file_late" if actor.is_district else "file"


def _require_complete(filing: Filing) -> None:
    errors: dict[str, list[str]] = {}
    for problem in validate(sheet_of(filing), filing.answers):
        if problem.level != Level.SOFT:
            errors.setdefault(problem.path, []).append(f"{problem.label}：{problem.message}")
    if errors:
        raise Invalid(f"还有{len(errors)}项需要填写或修改，改好后再提交。", errors=errors)


def _record(table: DynamicTable, answers: Mapping[str, Any], actor: Actor) -> None:
    """Record the year's figures, and those of earlier years that nobody recorded before; what a correction left out goes."""
    period = table.period
    book, _ = rulebook_at(period.round_id)
    kept = current([table.unit_id], years=[period.data_year - 1, period.data_year - 2]).get(table.unit_id, {})
    product_unit = str(answers.get("product_unit") or "产品单位")
    values = []
    for key, item in indicators(table.category, book=book).items():
        for back, suffix in enumerate(SUFFIXES):
            value = decimal_of(answers.get(f"{key}_{suffix}"))
            if value is None or (back and (key in kept.get(period.data_year - back, {}) or period.periodic)):
                continue
            values.append(
                FigureValue(
                    table.unit_id,
                    period.data_year - back,
                    key,
                    item.unit.replace("产品单位", product_unit),
                    Decimal(value),
                    period.label,
                    period.key if period.periodic else YEARLY,
                )
            )
    record_figures(actor=actor, values=values)
    supersede_absent(
        unit_id=table.unit_id,
        data_year=period.data_year,
        period=period.key if period.periodic else YEARLY,
        source=period.label,
        present=[value.indicator for value in values if value.data_year == period.data_year],
    )


def return_table(
    *, actor: Actor, table_id: int, seen_version: int, reason: str, due_on: date | None = None
) -> DynamicTable:
    """Return a filed table to be mended by the end of `due_on` (DESIGN §4: a correction has its own due date); the filing opens again.

    Without a date it is chased and never overdue. Raises Refused, WrongState, ReasonRequired, Stale, Invalid (a day that is past).
    """
    with transaction.atomic():
        table = lock_table(actor, table_id, seen_version=seen_version)
        table_rules.may_judge(actor, table).require()
        if due_on is not None and due_on < clock.today():
            message = "修改期限应不早于今天，核对后填写。"
            raise Invalid(message, errors={"due_on": [message]})
        table.correct_by = clock.end_of(due_on) if due_on else None
        move_table(
            table,
            "return",
            actor=actor,
            reason=clean(reason, label="退回理由", field="reason"),
            fields=["correct_by"],
            data={"due_on": due_on},
        )
        if table.filing_id is not None:
            set_locked(filing_ids=[table.filing_id], locked=False)
    return table


def refuse_table(*, actor: Actor, table_id: int, seen_version: int, reason: str) -> DynamicTable:
    """Record that a unit refuses to file; it stays written even if the unit files later."""
    with transaction.atomic():
        table = lock_table(actor, table_id, seen_version=seen_version)
        table_rules.may_judge(actor, table).require()
        text = clean(reason, label="拒不填报的情况", field="reason")
        table.refused_at = clock.now()
        move_table(table, "refuse", actor=actor, reason=text, fields=["refused_at"])
        assess(table, {}, refused_reason=text)
        if table.filing_id is not None:
            set_locked(filing_ids=[table.filing_id], locked=True)
    return table


def resume_table(*, actor: Actor, table_id: int, seen_version: int, reason: str) -> DynamicTable:
    """Let a unit that refused file after all; the refusal stays in the history."""
    with transaction.atomic():
        table = lock_table(actor, table_id, seen_version=seen_version)
        table_rules.may_judge(actor, table).require()
        sheet, answers = first_answers(table)
        table.filing = start(scope=SCOPE_TABLE, scope_id=table.pk, sheet=sheet, actor=actor, answers=answers)
        set_locked(filing_ids=[table.filing.pk], locked=False)
        move_table(
            table,
            "resume",
            actor=actor,
            reason=clean(reason, label="恢复填报的理由", field="reason"),
            fields=["filing"],
        )
    return table


def issue_table_link(*, actor: Actor, table_id: int, expires_at: datetime | None = None) -> tuple[DatedLink, str]:
    """Make the dated link by which a unit without an account fills its table; used up by filing.

    By default it ends with the district's clock, that of a returned table with its own day, at most TABLE_LINK_DAYS from
    now; after the clock there is one for a returned table only. Raises Refused, NotVisible, WrongState.
    """
    with transaction.atomic():
        table = lock_table(actor, table_id)
        table_rules.may_judge(actor, table).require()
        if table.unit.organisation_id is None:
            raise WrongState("这一名单单位还没有确认对应的法人单位，请联系市局在名录中确认后再发送链接。")
        if table.state not in {"due", "draft", "returned"}:
            raise WrongState("这张表已提交，不需要再发送链接。")
        person(actor)
        window = table_window(table)
        if not table_rules.may_send_link(table, in_window=window.open):
            raise WrongState(table_rules.NO_LINK)
        ends, latest = ends_at(table, closes_at=window.closes_at), clock.now() + timedelta(days=TABLE_LINK_DAYS)
        # What was not mended by its day is overdue and still to be mended.
        until = expires_at or (min(ends, latest) if ends is not None and ends > clock.now() else latest)
        return issue_link(actor=actor, purpose=PURPOSE, scope=SCOPE_TABLE, scope_id=table.pk, expires_at=until)


def behind_link(token: str) -> tuple[Actor, DynamicTable]:
    """Return who may act through a link and for which table, without using it up. Raises NotVisible, WrongState."""
    link = peek_link(token=token, purpose=PURPOSE)
    table = (
        DynamicTable.objects.select_related("unit__organisation", "authority", "period")
        .filter(pk=link.scope_id)
        .first()
    )
    if link.scope != SCOPE_TABLE or table is None or table.unit.organisation_id is None:
        raise NotVisible
    name = f"{table.unit.current_name}（经链接）"
    return Actor(role=Role.APPLICANT, name=name[:60], organisation_id=table.unit.organisation_id), table


def file_by_link(*, token: str) -> TableReceipt:
    """File through the link and use it up; when filing is refused, the link stays usable."""
    with transaction.atomic():
        actor, table = behind_link(token)
        use_link(token=token, purpose=PURPOSE, actor=actor)
        return file_table(actor=actor, table_id=table.pk, by_link=True)
