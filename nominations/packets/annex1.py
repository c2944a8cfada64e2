"""附件1, 工业和信息化主管部门推荐汇总表: what its Excel and its PDF have in common."""

from __future__ import annotations

from dataclasses import dataclass

from greenportal.documents import columns
from greenportal.documents.xlsx import display_width
from nominations.packets.data import ListCategory, ListColumn, ListData
from nominations.packets.pages import spoken_day

MARK = "附件1"
TITLE = "工业和信息化主管部门推荐汇总表"
#: Half-width characters that fit into a row of the landscape page beside 序号, cell margins included.
ROW_WIDTH = 116
#: Columns up to this width are never squeezed; wider ones share what is left, but keep at least this.
UNSQUEEZED, NARROWEST, WIDEST = 15, 10, 44


@dataclass(frozen=True, slots=True)
class Measured:
    """A column with its width in characters and its share of the row in percent."""

    column: ListColumn
    width: int
    share: float


def measured(category: ListCategory) -> tuple[Measured, ...]:
    """Return the columns with widths that suit what stands in them.

    Codes and short columns get what they need, so that they do not break; long texts share the rest.
    """
    natural = [_natural(category, column) for column in category.columns]
    firm = [width <= UNSQUEEZED or c.kind == "code" for c, width in zip(category.columns, natural, strict=True)]
    widths = columns.fitted(natural, firm, room=ROW_WIDTH, least=UNSQUEEZED)
    parts = columns.shares(widths, whole=94)
    return tuple(Measured(*item) for item in zip(category.columns, widths, parts, strict=True))


def _natural(category: ListCategory, column: ListColumn) -> int:
    """Return the width that keeps cells on one line, up to a limit; the head may take two lines."""
    longest = max((display_width(row.values.get(column.key, "")) for row in category.rows), default=0)
    if column.kind == "code":
        # Capitals and figures of a code are wider than half a Han character.
        longest = longest * 6 // 5
    head = (display_width(column.label) + 1) // 2
    return max(NARROWEST, min(WIDEST, max(longest, head + head % 2) + 2))


def unit_line(data: ListData) -> tuple[str, ...]:
    """Return the line under the title: who recommends (room for the seal), who answers, when."""
    office = data.office
    return (
        f"推荐单位（盖章）：{office.bureau}",
        f"联系人：{office.contact}",
        f"联系电话：{office.phone}",
        f"填报日期：{spoken_day(office.filled_on)}",
    )


def notes(data: ListData, category: ListCategory) -> tuple[str, ...]:
    """Return the lines under the table: how many, which version."""
    lines = [f"本表共推荐{category.label}{category.counted}，全部推荐共{data.total}项。"]
    if data.stamp:
        lines.append(f"版本：第{data.stamp.number}版　校验码：{data.stamp.short}")
    else:
        lines.append("草稿，未定稿，不作为报送依据。")
    return tuple(lines)
