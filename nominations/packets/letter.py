"""推荐函: the district's letter to the city, as DOCX to edit and as PDF. It says only what is on record."""

from __future__ import annotations

from collections.abc import Sequence

from greenportal.documents import docx
from nominations.packets.data import DepartmentOpinion, ListData
from nominations.packets.pages import document, spoken_day


def letter_docx(data: ListData, opinions: Sequence[DepartmentOpinion]) -> bytes:
    """Return the letter as DOCX; the office fills its document number."""
    content = docx.Letter(
        title=heading(data),
        addressee=f"{data.round.receiver}：",
        body=paragraphs(data, opinions),
        signed=(data.office.bureau, spoken_day(data.office.filled_on)),
        number="（发文字号）",
        attachments=attachments(data, opinions),
    )
    return docx.letter(content, issued_at=data.issued_at)


def letter_pdf(data: ListData, opinions: Sequence[DepartmentOpinion]) -> bytes:
    """Return the letter as PDF, with the version's code at the upper right, far from the seal."""
    context = {
        "heading": heading(data),
        "addressee": f"{data.round.receiver}：",
        "paragraphs": paragraphs(data, opinions),
        "attachments": attachments(data, opinions),
        "signed": (data.office.bureau, spoken_day(data.office.filled_on)),
        "contact": f"联系人：{data.office.contact}，联系电话：{data.office.phone}",
    }
    return document("letter", context, title=heading(data), stamp=data.stamp, issued_at=data.issued_at)


def heading(data: ListData) -> str:
    """Return the letter's title."""
    return f"关于推荐{data.round.year}年度国家绿色制造名单的函"


def paragraphs(data: ListData, opinions: Sequence[DepartmentOpinion]) -> tuple[str, ...]:
    """Return the text. Departments are named only where their answer is on record."""
    counts = "、".join(f"{category.label}{category.counted}" for category in data.categories if category.rows)
    first = (
        f"按照{data.round.notice}要求，我局按照“优中选优、宁缺毋滥”的原则，"
        f"组织本地区企业、园区等开展了{data.round.year}年度国家绿色制造名单申报工作。"
    )
    answered = [opinion.department for opinion in opinions if opinion.answered_on]
    waiting = [opinion.department for opinion in opinions if not opinion.answered_on]
    second = "经核对申报材料"
    if answered:
        second += f"，并征求{'、'.join(answered)}等部门意见"
    second += f"，现推荐{counts}，共{data.total}项。"
    lines = [first, second]
    if waiting:
        lines.append(f"截至定稿之日，{'、'.join(waiting)}的意见尚未答复。")
    lines.append("现将推荐汇总表及申报材料报送你局，请予审核。")
    return tuple(lines)


def attachments(data: ListData, opinions: Sequence[DepartmentOpinion]) -> tuple[str, ...]:
    """Return the names of what goes with the letter."""
    names = ["工业和信息化主管部门推荐汇总表"]
    if opinions:
        names.append("征求有关部门意见情况")
    names.append(f"申报材料（一式{_spoken(data.round.copies)}份）")
    return tuple(names)


def _spoken(number: int) -> str:
    """Return a number of copies as the notice writes it: 两份."""
    return "零一两三四五六七八九"[number] if 0 <= number <= 9 else str(number)
