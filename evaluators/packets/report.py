"""The annual report on paper and as a workbook: made from a filed version, or as a draft that says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.template.loader import render_to_string

from greenportal.documents import formpages, merge, pdf
from greenportal.documents.xlsx import Column, Row, Table, TableBook
from greenportal.sheets.printing import Printed

TITLE = "评价机构年度工作情况报告"
#: Sheet names of Excel hold 31 characters and none of these.
_NOT_IN_NAMES = str.maketrans(dict.fromkeys("[]:*?/\\", "-"))


@dataclass(frozen=True, slots=True)
class StaffRow:
    """One person of block B as the paper names it."""

    name: str
    title: str
    title_name: str
    field: str
    full_time: str
    years: str
    certificate_no: str


@dataclass(frozen=True, slots=True)
class ReportPaper:
    """What is printed: the sheet, block B person by person, totals against the cap; code and caption of a version.

    copy_of: of a copy with starred names, the hash that the version itself bears: said at its head, since its own differs.
    """

    organisation: str
    year: int
    sheet: Printed
    staff: tuple[StaffRow, ...]
    totals: tuple[tuple[str, str], ...]
    issued_at: datetime
    code: str = ""
    caption: tuple[str, ...] = ()
    copy_of: str = ""


STAFF_HEADS = ("序号", "姓名", "职称级别", "职称名称", "职称专业", "专职", "从业年限", "证书编号")


def report_pdf(paper: ReportPaper) -> bytes:
    """Return the PDF to print and seal: every page bears code and hash of its version; without a code it is a 草稿.

    Raises `fonts.GlyphMissing` for characters that no font has.
    """
    context = {
        "paper": paper,
        "parts": _parts(paper.sheet),
        "heads": STAFF_HEADS,
        "title": TITLE,
        "draft": not paper.code,
    }
    html = render_to_string("documents/evaluator_report.html", context)
    content = pdf.render_pdf(html, title=TITLE, issued_at=paper.issued_at)
    return merge.stamp_bytes(content, code=paper.code, caption=paper.caption) if paper.code else content


def _parts(sheet: Printed) -> tuple[formpages.Pages, ...]:
    """Return blocks A to C, what lies across, and the rest with the places of signature.

    The list of people follows the first, the totals stand before the last: turned pages between them leave no page half empty.
    """
    runs = formpages.whole(sheet).runs
    cuts = (runs[:1], runs[1:-1], runs[1:][-1:])
    return tuple(
        formpages.Pages(sheet, held, first=index == 0, last=index == len(cuts) - 1) for index, held in enumerate(cuts)
    )


def report_workbook(paper: ReportPaper) -> bytes:
    """Return the report as a workbook for the platform: a worksheet per block, then staff and totals."""
    book = TableBook()
    for section in paper.sheet.sections:
        if section.rows:
            book.add(_pairs(section.title, [(row.label, row.text, row.unit) for row in section.rows], paper))
        for table in section.tables:
            columns = tuple(Column(f"c{n}", head.text, width=18) for n, head in enumerate(table.heads))
            rows = [Row({f"c{n}": cell.text for n, cell in enumerate(cells)}) for cells in table.rows]
            book.add(Table(_name(table.label), f"{paper.organisation}　{table.label}", columns, rows))
    columns = tuple(Column(f"c{n}", head, width=14) for n, head in enumerate(STAFF_HEADS))
    book.add(Table("人员", f"{paper.organisation}　人员", columns, _staff(paper.staff)))
    book.add(_pairs("汇总", [(label, text, "") for label, text in paper.totals], paper))
    return book.to_bytes(issued_at=paper.issued_at, title=TITLE)


def _staff(staff: Sequence[StaffRow]) -> list[Row]:
    found = []
    for number, row in enumerate(staff, start=1):
        cells = (
            str(number),
            row.name,
            row.title,
            row.title_name,
            row.field,
            row.full_time,
            row.years,
            row.certificate_no,
        )
        found.append(Row({f"c{n}": cell for n, cell in enumerate(cells)}))
    return found


def _pairs(title: str, rows: Sequence[tuple[str, str, str]], paper: ReportPaper) -> Table:
    columns = (Column("label", "项目", width=34), Column("text", "内容", width=48), Column("unit", "单位", width=8))
    body = [Row({"label": label, "text": text, "unit": unit}) for label, text, unit in rows]
    return Table(_name(title), f"{paper.organisation}　{title}", columns, body)


def _name(text: str) -> str:
    return text.translate(_NOT_IN_NAMES)[:31]
