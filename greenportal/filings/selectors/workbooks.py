"""A filing as a workbook: filled as it stands, with the remarks of a return at their cells."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from greenportal import clock
from greenportal.filings import registry
from greenportal.filings.models import FieldComment, Filing
from greenportal.filings.selectors.reading import comments_of
from greenportal.sheets import Answers, Settled, Sheet
from greenportal.sheets.forms import apply
from greenportal.sheets.paths import anchors
from greenportal.sheets.workbook import CellProblem, Comparison, FilingRead, Form, Mark, Note, write_forms

#: Kind of an uploaded workbook; seen by who uploaded it.
FILE_WORKBOOK = "filings.workbook"


def filled(
    filing: Filing,
    sheet: Sheet,
    *,
    readonly: frozenset[str],
    locked: bool,
    settled: Mapping[str, Settled] | None = None,
) -> bytes:
    """Return the filled workbook. locked: nothing may be written now, so every cell is grey; readonly: parties whose fields
    the reader does not write; settled: fields chosen at another page. Three queries at most.

    The caller has read the filing through `filing_for`.
    """
    comments = comments_of(filing)
    form = Form(
        sheet=sheet,
        mark=_mark(filing, sheet),
        answers=filing.answers,
        readonly=readonly,
        locked=locked,
        notes=notes_of(sheet, comments),
        settled=settled or {},
    )
    lost = _unplaced(sheet, filing.answers, comments)
    return write_forms([form], nonce=secrets.token_hex(8), problems=lost, issued_at=clock.now())


def annotated(
    filing: Filing,
    sheet: Sheet,
    read: FilingRead,
    comparison: Comparison,
    *,
    nonce: str,
    readonly: frozenset[str],
    settled: Mapping[str, Settled] | None = None,
    more: Sequence[CellProblem] = (),
) -> bytes:
    """Return the uploaded workbook drawn anew: everything typed, what is wrong as typed with a comment at its cell.

    What changes are told from stays that of the first download, so it can be mended and uploaded again.
    """
    wrong = [problem for problem in read.problems if problem.path]
    kept = settled or {}
    edits = {path: value for path, value in read.edits.items() if path not in kept}
    typed: dict[str, Any] = edits | {problem.path: "" for problem in wrong}
    notes: dict[str, list[Note]] = {path: list(found) for path, found in notes_of(sheet, comments_of(filing)).items()}
    for problem in wrong:
        notes.setdefault(problem.path, []).append(Note(f"需修改：{problem.message}"))
    for item in comparison.conflicts:
        notes.setdefault(item.path, []).append(Note(f"下载以后，这一项在网页上已改为“{item.before or '（空）'}”。"))
    form = Form(
        sheet=sheet,
        mark=_mark(filing, sheet),
        answers=apply(sheet, filing.answers, typed),
        readonly=readonly,
        settled=kept,
        notes=notes,
        base=read.base,
        raw={problem.path: problem.value for problem in wrong},
    )
    return write_forms([form], nonce=nonce, problems=[*more, *read.problems], issued_at=clock.now())


def notes_of(sheet: Sheet, comments: Iterable[FieldComment]) -> Mapping[str, Sequence[Note]]:
    """Return path inside the sheet → comments of its cell, answered ones marked."""
    found: dict[str, list[Note]] = {}
    for comment in comments:
        found.setdefault(comment.path.removeprefix(f"{sheet.key}."), []).append(_note(comment))
    return found


def _note(comment: FieldComment) -> Note:
    lines = [f"退回意见（{comment.get_kind_display()}）：{comment.text}"]
    if comment.clause:
        lines.append(f"依据：{comment.clause}")
    open_ = comment.answer == FieldComment.Answer.OPEN
    if not open_:
        answer = f"【{comment.get_answer_display()}】"
        lines.append(f"{answer}{comment.answer_text}" if comment.answer_text else answer)
    return Note("\n".join(lines), open=open_)


def _unplaced(sheet: Sheet, answers: Answers, comments: Iterable[FieldComment]) -> list[CellProblem]:
    """Return the open remarks whose place is gone (a row taken away), for the worksheet of problems."""
    known = {path for path, _ in anchors(sheet, answers)}
    known |= {path.rpartition(".")[0] for path in known if "[" in path}
    known |= {f"{sheet.key}.{table.key}" for table in sheet.tables()}
    return [
        CellProblem(sheet.title, "", comment.label, _note(comment).text, "", comment.value_seen)
        for comment in comments
        if comment.answer == FieldComment.Answer.OPEN and comment.path not in known
    ]


def _mark(filing: Filing, sheet: Sheet) -> Mark:
    return Mark(
        ref=str(filing.pk),
        sheet_key=sheet.key,
        definition=filing.definition_sha256,
        title=registry.scope(filing.scope).title(filing.scope_id),
        scope=filing.scope,
        scope_id=str(filing.scope_id),
        version=filing.version,
    )
