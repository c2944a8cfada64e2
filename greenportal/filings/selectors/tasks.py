"""How far each section is (UX-01, UX-02): the person says what is finished, the engine says what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from greenportal.filings.models import FieldComment, Filing
from greenportal.filings.selectors.reading import comments_of, sheet_of
from greenportal.sheets import Answers, Level, Section, Sheet, compute, validate
from greenportal.sheets.computing import visible_sections
from greenportal.sheets.values import is_empty


class Status(StrEnum):
    """The five statuses of a task; only 需修改 is red, 已完成 is plain."""

    NOT_STARTED = "未开始"
    STARTED = "填写中"
    DONE = "已完成"
    TO_MEND = "需修改"
    NOT_YET = "暂不能开始"


COLOURS = {
    Status.NOT_STARTED: "",
    Status.STARTED: "green",
    Status.DONE: "plain",
    Status.TO_MEND: "red",
    Status.NOT_YET: "plain",
}


@dataclass(frozen=True, slots=True)
class SectionStatus:
    """One row of the task list. missing / errors / soft: how many places; comments: open remarks."""

    key: str
    title: str
    status: Status
    missing: int
    errors: int
    soft: int
    comments: int

    @property
    def colour(self) -> str:
        """Colour name for `components/tag.html`."""
        return COLOURS[self.status]


def task_status(filing: Filing) -> list[SectionStatus]:
    """Return the status of each section that applies, in printed order. One query (comments)."""
    return sections_status(sheet_of(filing), filing.answers, filing.done_sections, comments_of(filing))


def sections_status(
    sheet: Sheet, answers: Answers, done: Sequence[str], comments: Iterable[FieldComment]
) -> list[SectionStatus]:
    """Return the same from values: no query."""
    full = compute(sheet, answers)
    open_paths = [row.path for row in comments if row.answer == FieldComment.Answer.OPEN]
    finished: set[str] = set()
    found = []
    for section in visible_sections(sheet, full):
        row = _one(sheet, section, full, section.key in done, open_paths, finished)
        if row.status == Status.DONE:
            finished.add(section.key)
        found.append(row)
    return found


def _one(
    sheet: Sheet, section: Section, answers: Answers, done: bool, open_paths: list[str], finished: set[str]
) -> SectionStatus:
    problems = validate(sheet, answers, section=section.key)
    count = {level: sum(1 for problem in problems if problem.level == level) for level in Level}
    comments = sum(1 for path in open_paths if sheet.section_of(path) == section)
    if section.after and section.after not in finished:
        status = Status.NOT_YET
    elif comments or (done and (count[Level.ERROR] or count[Level.MISSING])):
        status = Status.TO_MEND
    elif done:
        status = Status.DONE
    else:
        status = Status.STARTED if _touched(section, answers) else Status.NOT_STARTED
    return SectionStatus(
        section.key, section.title, status, count[Level.MISSING], count[Level.ERROR], count[Level.SOFT], comments
    )


def _touched(section: Section, answers: Answers) -> bool:
    if any(not is_empty(answers.get(field.key)) for field in section.fields if not field.formula):
        return True
    return any(_row_touched(table.key, answers) for table in section.tables)


def _row_touched(key: str, answers: Answers) -> bool:
    rows: list[dict[str, Any]] = answers.get(key) or []
    return any(value for row in rows for name, value in row.items() if name != "_id")
