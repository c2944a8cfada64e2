"""A filled workbook comes back: looked through first, then stored once, like any other save."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.files import services as files
from greenportal.files.models import StoredFile
from greenportal.files.selectors import visible_to
from greenportal.filings import registry
from greenportal.filings.models import Filing
from greenportal.filings.selectors import filing_for, sheets_of, worded_sheet
from greenportal.filings.selectors.workbooks import FILE_WORKBOOK
from greenportal.filings.services.keeping import withheld
from greenportal.filings.services.locking import LOCKED, editable_filing
from greenportal.filings.services.saving import Conflict, Saved, save
from greenportal.findings.types import Invalid, Refused, Stale
from greenportal.sheets import Level, Problem, Sheet, validate
from greenportal.sheets.forms import apply
from greenportal.sheets.workbook import (
    CellProblem,
    Comparison,
    FilingRead,
    WorkbookRefused,
    compare,
    marks_of,
    moved,
    read,
)
from greenportal.sheets.workbook.types import Page

LEFT_BEHIND = timedelta(days=2)
CHANGED_MEANWHILE = "核对以后，系统中的内容又有变化。重新核对下面的内容，再确认。"


@dataclass(frozen=True, slots=True)
class Preview:
    """What a workbook would change. withheld: places kept for another party; after: problems of the outcome."""

    filing: Filing
    sheet: Sheet
    read: FilingRead
    comparison: Comparison
    nonce: str
    problems: tuple[CellProblem, ...]
    withheld: tuple[Problem, ...]
    after: tuple[Problem, ...]

    @property
    def kept(self) -> frozenset[str]:
        """Return the places (inside the sheet) that another party fills."""
        return frozenset(problem.path.removeprefix(f"{self.sheet.key}.") for problem in self.withheld)

    @property
    def storable(self) -> int:
        """Return how many places would be stored without a choice about conflicts."""
        return len(self.comparison.changes().keys() - self.kept)


@dataclass(frozen=True, slots=True)
class Imported:
    """What was stored: the save, how many places, and the cells left out."""

    saved: Saved
    stored: int
    problems: tuple[CellProblem, ...]


def receive_workbook(*, filing_id: int, upload: UploadedFile[Any] | None, actor: Actor) -> StoredFile:
    """Keep an uploaded workbook until it is stored or left behind; only who uploaded it sees it.

    Raises NotVisible, Refused, UploadRefused. Call it outside a transaction: reading takes time.
    """
    filing = filing_for(actor, filing_id)
    registry.scope(filing.scope).edit(actor, filing.scope_id, filing.sheet_key).require()
    if filing.locked:
        raise Refused(LOCKED)
    for old in visible_to(actor, kind=FILE_WORKBOOK).filter(created_at__lt=clock.now() - LEFT_BEHIND)[:20]:
        files.delete(actor=actor, file=old)
    return files.receive(actor=actor, upload=upload, kind=FILE_WORKBOOK, accept={"xlsx"}, data_class="restricted")


def preview(*, filing_id: int, pages: Sequence[Page], actor: Actor) -> Preview:
    """Return what `pages` (as `jail.read_workbook` gives them) would change in this filing. Stores nothing.

    Raises NotVisible, Invalid when the workbook is not one of this filing (the message says which to take).
    """
    return _looked_at(filing_for(actor, filing_id), pages, actor)


def apply_workbook(
    *,
    filing_id: int,
    pages: Sequence[Page],
    seen_version: int,
    actor: Actor,
    take: frozenset[str] = frozenset(),
    file_sha256: str = "",
) -> Imported:
    """Store every change of the workbook that can be used, in one transaction; the same workbook again changes nothing.

    seen_version: of the filing when the preview was drawn; a place changed since raises Stale and nothing is
    stored. take: paths of conflicts for which the workbook's value is wanted; the others stay as they are.
    Permission, lock and fields of another party are those of `save`. Raises what `preview` and `save` raise.
    """
    with transaction.atomic():
        filing = editable_filing(actor, filing_id)
        found = _looked_at(filing, pages, actor)
        unseen = [item for item in found.comparison.conflicts if _after(filing, item.path, seen_version)]
        if unseen:
            current = [Conflict(item.path, item.label, item.after, item.before, "") for item in unseen]
            raise Stale(CHANGED_MEANWHILE, current=current)
        changes = found.comparison.changes(take=take)
        before = filing.version
        saved = save(filing_id=filing_id, seen_version=seen_version, changes=changes, actor=actor)
        stored = len(changes.keys() - found.kept) if saved.filing.version > before else 0
        if stored:
            data: dict[str, int | str] = {
                "stored": stored,
                "left_out": len(found.problems),
                "version": saved.filing.version,
            }
            if file_sha256:
                data["sha256"] = file_sha256
            record(actor=actor, action="filings.import", target=f"filings.filing:{filing_id}", data=data)
    return Imported(saved, stored, found.problems)


def _after(filing: Filing, path: str, seen_version: int) -> bool:
    """True when a place that is in conflict was changed after the person looked."""
    return any(
        (name == path or name.startswith(f"{path}.")) and version > seen_version
        for name, (version, _page, _user) in filing.touched.items()
    )


def _looked_at(filing: Filing, pages: Sequence[Page], actor: Actor) -> Preview:
    sheet = worded_sheet(filing)
    try:
        mine = _mine(filing, sheet, pages)
        former = sheets_of([filing.former_sha256] if filing.former_sha256 else [])
        contents = read(pages, {**former, filing.definition_sha256: sheet})
    except WorkbookRefused as refused:
        raise Invalid(str(refused)) from refused
    found = contents.filings[mine]
    if found.mark.definition != filing.definition_sha256:
        found = moved(found, former[found.mark.definition], sheet)
    comparison = compare(sheet, found, filing.answers)
    changes = comparison.changes()
    kept = withheld(actor, filing, sheet, comparison.changes(take=frozenset(found.edits)))
    return Preview(
        filing=filing,
        sheet=sheet,
        read=found,
        comparison=comparison,
        nonce=contents.nonce,
        problems=(*contents.problems, *found.problems),
        withheld=tuple(kept.values()),
        after=_whole_tables(sheet, filing, changes),
    )


def _mine(filing: Filing, sheet: Sheet, pages: Sequence[Page]) -> int:
    """Return which filing of the workbook is this one; raise Invalid naming whose it is, where it is another's."""
    marks = marks_of(pages)
    for number, mark in enumerate(marks):
        if (mark.ref, mark.scope, mark.scope_id) == (str(filing.pk), filing.scope, str(filing.scope_id)):
            # One definition back is read too: a new release, or a table entered, must not void what is being filled in.
            if len(marks) > 1 or mark.definition not in {filing.definition_sha256, filing.former_sha256}:
                raise Invalid("这份工作簿与现行表单不一致。在网页上重新下载填报表，把内容填入后上传。")
            return number
    whose = "、".join(mark.title or mark.sheet_key for mark in marks[:3])
    raise Invalid(
        f"这份工作簿是“{whose}”的另一张填报表，不是“{sheet.title}”这一份。到那张表的页面上传，或在本页重新下载。"
    )


def _whole_tables(sheet: Sheet, filing: Filing, changes: dict[str, object]) -> tuple[Problem, ...]:
    """Return what the outcome would have wrong about whole tables (too many rows)."""
    tables = {f"{sheet.key}.{table.key}" for table in sheet.tables()}
    found = validate(sheet, apply(sheet, filing.answers, changes)) if changes else []
    return tuple(problem for problem in found if problem.level == Level.ERROR and problem.path in tables)
