"""From rows to the single papers of a list: receipt, 补正页, and a department's request with its list of nominees."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from greenportal import clock
from greenportal.documents import docx
from greenportal.documents.xlsx import Column, Row, Table, write_table
from greenportal.rounds.booktypes import Rulebook
from nominations.models import Consultation, ConsultationItem, Correction, ListEntry, Submission
from nominations.packets import assembling
from nominations.packets import data as d
from nominations.packets.pages import spoken_day
from nominations.selectors.listing import columns_of, printed_row
from nominations.selectors.packet_data import PacketData
from nominations.validators import correction_code


def receipt_of(submission: Submission, packet: PacketData, rulebook: Rulebook, *, contact: str = "") -> d.Receipt:
    """Return the receipt's data: the same for ever, since it is read from the submission and its version."""
    listed = assembling.list_data(packet, rulebook)
    if listed.stamp is None:
        raise ValueError("a receipt is of a version")
    return d.Receipt(
        round=listed.round,
        office=listed.office.bureau,
        receipt_no=submission.receipt_no,
        received_at=submission.received_at,
        received_spoken=f"{clock.local(submission.received_at):%Y-%m-%d %H:%M:%S}",
        submitted_by=submission.submitted_by.name,
        counts=tuple((category.label, category.counted) for category in listed.categories if category.rows),
        stamp=listed.stamp,
        extension=submission.extension.document_no if submission.extension else "",
        contact=contact,
    )


def correction_page(
    correction: Correction, entry: ListEntry, packet: PacketData, rulebook: Rulebook
) -> d.CorrectionPage:
    """Return the 补正页 of an answered correction: the cells of its row that differ from the sealed one."""
    answered = correction.answered_version
    if answered is None:
        raise ValueError("the correction is not answered yet")
    listed = assembling.list_data(packet, rulebook)
    now = printed_row(answered.payload, entry.printed)
    changes = tuple(
        d.Change(label, entry.printed.get(key, ""), now[key])
        for key, label in columns_of(rulebook, entry.category)
        if key in now and now[key] != entry.printed.get(key, "")
    )
    code = correction_code(correction_id=correction.pk, number=answered.number, sha256=answered.sha256)
    return d.CorrectionPage(
        round=listed.round,
        office=listed.office,
        category=answered.payload["nomination"]["category_label"],
        position=entry.position,
        nominee=answered.payload["nomination"]["subject"]["name"],
        changes=changes,
        reason=correction.reason,
        stamp=assembling.stamp_of(code, answered.number, answered.sha256),
        receipt_no=entry.list_version.submission.receipt_no,
        issued_at=answered.created_at,
    )


def request_letter(
    row: Consultation, items: Sequence[ConsultationItem], rulebook: Rulebook, *, bureau: str, issued_at: datetime
) -> bytes:
    """Return the letter to one department as DOCX; the office adds its document number and seal."""
    year = assembling.round_of(rulebook)
    body: list[str | docx.Table] = [
        f"按照{year.notice}要求，推荐前应充分征求有关部门意见。现将我局拟推荐的{len(items)}项申报送你单位，"
        "请就其近三年是否存在通知所列不得申报的情形提出意见。",
        f"请于{spoken_day(row.due_on)}前将意见加盖公章后函复我局，也可以通过随函提供的链接在线答复。",
        docx.Table(("序号", "类别", "申报对象", "申报单位"), tuple(_request_rows(items))),
    ]
    letter = docx.Letter(
        title=f"关于征求{year.year}年度国家绿色制造名单推荐意见的函",
        addressee=f"{row.department}：",
        body=body,
        signed=(bureau, spoken_day(clock.local(issued_at).date())),
        number="（发文字号）",
    )
    return docx.letter(letter, issued_at=issued_at)


def _request_rows(items: Sequence[ConsultationItem]) -> list[tuple[str, str, str, str]]:
    return [
        (
            str(number),
            item.nomination.get_category_display(),
            item.nomination.subject.name,
            item.nomination.applicant.name,
        )
        for number, item in enumerate(items, start=1)
    ]


def request_workbook(
    row: Consultation, items: Sequence[ConsultationItem], *, year: int, bureau: str, due_on: date, issued_at: datetime
) -> bytes:
    """Return the list that goes with the letter: one row per nominee, two columns for the department to fill."""
    columns = (
        Column("number", "序号", width=6, kind="int"),
        Column("category", "类别", width=18),
        Column("subject", "申报对象", width=34),
        Column("applicant", "申报单位", width=34),
        Column("uscc", "统一社会信用代码", width=22, kind="code"),
        Column("opinion", "意见", width=12, kind="choice", choices=("无意见", "有意见")),
        Column("text", "意见内容和依据", width=40),
    )
    rows = [
        Row(
            {
                "number": number,
                "category": item.nomination.get_category_display(),
                "subject": item.nomination.subject.name,
                "applicant": item.nomination.applicant.name,
                "uscc": item.nomination.applicant.uscc,
                "opinion": "" if item.opinion == ConsultationItem.Opinion.NONE else item.get_opinion_display(),
                "text": item.text,
            },
            id=str(item.pk),
        )
        for number, item in enumerate(items, start=1)
    ]
    table = Table(
        name="征求意见",
        title=f"{year}年度绿色制造名单推荐征求意见表",
        columns=columns,
        rows=rows,
        unit_line=(f"征求意见单位：{bureau}", f"答复单位（盖章）：{row.department}", f"答复期限：{spoken_day(due_on)}"),
        foot=("答复人：", "联系电话："),
    )
    return write_table(table, issued_at=issued_at)
