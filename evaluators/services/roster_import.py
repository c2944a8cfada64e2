"""A roster from Excel: read and forget the workbook in one request, look through, apply once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction

from evaluators.models import RosterBatch, StaffMember
from evaluators.services.moving import person
from evaluators.services.roster import StaffFields, current_sheet, lock_own, prints, read_row, same_member, write_member
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.directory.tables import Row, RowProblem
from greenportal.findings.types import Invalid, NotVisible
from greenportal.sheets import Sheet

ROW_KEY = "row_no"
ROW_LABEL = "编号"
REQUIRED = ("name", "title", "field", "full_time")


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One readable row: the person, its print, and the roster row that it changes (None: a new person)."""

    number: int
    entered: StaffFields
    id_print: str
    id_tail: str
    staff_id: int | None
    status: str


@dataclass(frozen=True, slots=True)
class RosterPreview:
    """What an import would do, what must be mended first, and how many on the roster the file does not name."""

    batch_id: int | None
    rows: tuple[RosterRow, ...]
    problems: tuple[RowProblem, ...]
    untouched: int

    def count(self, status: str) -> int:
        """Return how many rows are `new`, `changed` or `same`."""
        return sum(row.status == status for row in self.rows)


def headings(sheet: Sheet) -> Mapping[str, tuple[str, ...]]:
    """Return our key → spellings of the column, for `directory.workbooks.read_table`."""
    columns = {column.key: (column.label,) for column in sheet.table("staff").columns}
    return {ROW_KEY: (ROW_LABEL,), **columns}


def read_roster(*, actor: Actor, evaluator_id: int, rows: Iterable[Row]) -> RosterPreview:
    """Compare rows of a workbook with the roster and keep them, numbers turned into prints, for `apply_roster`.

    A row with a problem is told by number and column, never with its identity number; then nothing is kept.
    The caller removes the workbook in the same request, whatever the outcome.
    """
    sheet = current_sheet()
    with transaction.atomic():
        evaluator = lock_own(actor, evaluator_id)
        present = list(StaffMember.objects.filter(evaluator=evaluator, removed_at=None))
        good, problems = _read(sheet, rows, present)
        RosterBatch.objects.filter(evaluator=evaluator, created_by_id=actor.user_id).delete()
        batch = None
        if good and not problems:
            batch = RosterBatch.objects.create(
                evaluator=evaluator,
                rows=[asdict(row) for row in good],
                created_by_id=person(actor),
                created_at=clock.now(),
            )
    named = {row.staff_id for row in good}
    untouched = sum(member.pk not in named for member in present)
    return RosterPreview(batch.pk if batch else None, tuple(good), tuple(problems), untouched)


def _read(sheet: Sheet, rows: Iterable[Row], present: list[StaffMember]) -> tuple[list[RosterRow], list[RowProblem]]:
    good: list[RosterRow] = []
    problems: list[RowProblem] = []
    seen: dict[str, int] = {}
    for row in rows:
        entered, errors = read_row(sheet, {key: row[key] for key in headings(sheet)})
        messages = [message for found in errors.values() for message in found]
        id_print = id_tail = ""
        try:
            id_print, id_tail = prints(row["id_number"])
        except Invalid as error:
            messages.append(error.message)
        if id_print and id_print in seen:
            messages.append(f"与第{seen[id_print]}行是同一身份证件号码，保留一行。")
        if id_print:
            seen.setdefault(id_print, row.number)
        before, wrong = _before(present, row, entered, id_print)
        messages += [wrong] if wrong else []
        if messages or entered is None:
            problems += [RowProblem(row.number, f"第{row.number}行：{message}") for message in messages]
            continue
        status = "new" if before is None else "changed"
        if before is not None and same_member(before, entered, id_print or before.id_print):
            status = "same"
        good.append(RosterRow(row.number, entered, id_print, id_tail, before.pk if before else None, status))
    twice = _twice(good)
    return good, problems + twice


def _before(
    present: list[StaffMember], row: Row, entered: StaffFields | None, id_print: str
) -> tuple[StaffMember | None, str]:
    """Return the roster row that this one is about: by its number, its print, or name and certificate."""
    text = row[ROW_KEY].strip()
    if text:
        found = next((m for m in present if str(m.pk) == text), None)
        return found, "" if found else "编号不在现有名册中。从名册重新导出，或清空编号作为新增人员。"
    if id_print:
        by_print = next((m for m in present if m.id_print == id_print), None)
        if by_print is not None:
            return by_print, ""
    if entered is not None and entered.certificate_no:
        same = (entered.name, entered.certificate_no)
        return next((m for m in present if (m.name, m.certificate_no) == same), None), ""
    return None, ""


def _twice(rows: list[RosterRow]) -> list[RowProblem]:
    first: dict[int, int] = {}
    found = []
    for row in rows:
        if row.staff_id is not None and row.staff_id in first:
            message = f"第{row.number}行：与第{first[row.staff_id]}行是同一名人员，保留一行。"
            found.append(RowProblem(row.number, message))
        elif row.staff_id is not None:
            first[row.staff_id] = row.number
    return found


def apply_roster(*, actor: Actor, evaluator_id: int, batch_id: int) -> RosterPreview:
    """Store what was looked through, all or nothing, once; persons that the file did not name stay."""
    with transaction.atomic():
        evaluator = lock_own(actor, evaluator_id)
        batch = RosterBatch.objects.filter(pk=batch_id, evaluator=evaluator, created_by_id=actor.user_id).first()
        if batch is None:
            raise NotVisible("这次导入已经完成或被新的上传替代。请查看人员名册，需要时重新上传。")
        present = {row.pk: row for row in StaffMember.objects.filter(evaluator=evaluator, removed_at=None)}
        done = [_row(stored) for stored in batch.rows]
        for row in done:
            if row.staff_id is not None and row.staff_id not in present:
                raise Invalid("名册在预览之后有变动，请重新上传核对。")
            if row.status != "same":
                write_member(
                    actor=actor,
                    evaluator=evaluator,
                    entered=row.entered,
                    id_print=row.id_print,
                    id_tail=row.id_tail,
                    before=present.get(row.staff_id) if row.staff_id else None,
                )
        batch.delete()
        named = {row.staff_id for row in done}
    return RosterPreview(None, tuple(done), (), sum(pk not in named for pk in present))


def _row(stored: Mapping[str, Any]) -> RosterRow:
    values = dict(stored)
    return RosterRow(entered=StaffFields(**values.pop("entered")), **values)
