"""The text of a published table, as it is copied out of a PDF, understood row by row. Pure.

What survives copying is the order of words. So rows are told by their running number, which must be
the next one; a line that does not begin with it continues the row above. Page headers, footers and
repeated headings are left out and said so; a number that is missing is reported.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace

from dynamic_mgmt.constants import CATEGORY_WORDS
from dynamic_mgmt.parsing import HEADINGS
from greenportal.directory.tables import Row, RowProblem, pick
from greenportal.findings.types import Invalid

_PAGE = re.compile(r"^(?:[-—–－\s]*\d{1,4}[-—–－\s]*|第\s*\d+\s*页.*|共\s*\d+\s*页.*|\d{1,4}\s*/\s*\d{1,4})$")
_SECTION = re.compile(
    r"^(?:附件\s*\d*|[(（]?[一二三四五六七八九十]+[)）、.．]|\d+[、.．])?[\s:：]*(?P<title>.*?)(?:名单|公示名单)?$"
)
_NUMBER = re.compile(r"^(\d{1,5})(?:[、.．\s]+|(?=[^\d\s]))")
_USCC = re.compile(r"^[0-9A-HJ-NPQRTUWXY]{18}$")
_END = re.compile(
    r"(?:公司|集团|厂|矿|院|所|社|中心|开发区|园区|工业园|产业园|基地|保税区|示范区|高新区)(?:[(（][^)）]*[)）])?$"
)
_FORM = re.compile(r"^(?:股份|集团|有限|责任|公司)")
_CJK = re.compile(r"[\u3000-\u9fff\uff00-\uffef]")
PROVINCES = (
    "北京", "天津", "河北", "山西", "内蒙古", "辽宁", "吉林", "黑龙江", "上海", "江苏", "浙江", "安徽", "福建", "江西", "山东", "河南", "湖北", "湖南", "广东", "广西", "海南", "重庆", "四川", "贵州", "云南", "西藏", "陕西", "甘肃", "青海", "宁夏", "新疆"
)  # fmt: skip
#: 计划单列市 are printed in the column of provinces; they stand in one.
CITIES = {"大连": "辽宁省", "宁波": "浙江省", "厦门": "福建省", "青岛": "山东省", "深圳": "广东省"}
_OWN = {"北京", "天津", "上海", "重庆"}
_REGIONS = {
    "内蒙古": "内蒙古自治区",
    "广西": "广西壮族自治区",
    "西藏": "西藏自治区",
    "宁夏": "宁夏回族自治区",
    "新疆": "新疆维吾尔自治区",
}
_WORDS = {"".join(word.split()): key for key, words in HEADINGS.items() for word in words} | {
    "序号": "number",
    "工厂名称": "name",
    "申报单位": "name",
    "地区": "province",
    "所在地": "province",
    "省市": "province",
    "所属省市": "province",
    "产品名称": "model",
    "第三方评价机构": "evaluator",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What the list as a whole says and its rows do not repeat; as typed."""

    category: str = ""
    level: str = ""
    batch: str = ""
    year: str = ""
    listed_on: str = ""
    province: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Pasted:
    """What was understood. left_out: lines that are no rows, as the clerk sees them; problems: rows to look at."""

    rows: tuple[Row, ...]
    left_out: tuple[str, ...]
    problems: tuple[RowProblem, ...]


@dataclass(slots=True)
class _Open:
    """The row being collected: its printed number, the line it began at, the cells of its lines."""

    number: int
    line: int
    lines: list[list[str]] = field(default_factory=list)


def read(text: str, around: Around) -> Pasted:
    """Return the rows of a pasted table in the form that `parse_row` takes, with `around` filled in."""
    if grid := _grid(text, around):
        return grid
    reader = _Reader(around)
    for number, line in enumerate(text.splitlines(), start=1):
        reader.take(number, line.replace("\u3000", "  ").replace("\f", " ").strip())
    reader.close()
    return Pasted(tuple(reader.rows), tuple(reader.left_out), tuple(reader.problems))


def _grid(text: str, around: Around) -> Pasted | None:
    """Return the rows of CSV or of cells copied from Excel; None unless every line has as many cells as the heading."""
    lines = [line for line in text.removeprefix("\ufeff").splitlines() if line.strip()]
    mark = "\t" if any("\t" in line for line in lines[:3]) else ","
    cells = list(csv.reader(io.StringIO("\n".join(lines)), delimiter=mark))
    if not cells or len(cells[0]) < 2 or any(len(row) != len(cells[0]) for row in cells):
        return None
    try:
        rows = pick(cells, HEADINGS, ("name",))
    except Invalid:
        return None
    given = _given(around)
    whole = [Row(row.number, given | {key: value for key, value in row.values.items() if value}) for row in rows]
    return Pasted(tuple(whole), (lines[0],), ())


def _given(around: Around) -> dict[str, str]:
    """Return what the list as a whole says, by our keys."""
    return asdict(around)


class _Reader:
    """Goes line by line, holding the row that may continue."""

    def __init__(self, around: Around) -> None:
        self.around = around
        self.columns: list[str] = []
        self.open: _Open | None = None
        self.last = 0
        self.rows: list[Row] = []
        self.left_out: list[str] = []
        self.problems: list[RowProblem] = []

    def take(self, number: int, line: str) -> None:
        """Sort one line: nothing, heading, section, a new row, or more of the row above."""
        if not line:
            return
        if heading := _heading(line):
            self.left_out.append(line)
            if len(heading) > len(self.columns) or "name" in heading:
                self.columns = heading
            return
        found = _NUMBER.match(line)
        rest = line[found.end() :].strip() if found else ""
        begins = bool(found and rest and int(found[1]) in {self.last + 1, 1})
        if found and rest and not begins and self.last < int(found[1]) <= self.last + 20 and _looks_like_row(rest):
            begins = True
        if begins and found:
            self._begin(number, int(found[1]), rest)
        elif _PAGE.match(line):
            # The page number may be the running number of a row whose cells follow on lines of their own.
            if line.isdigit() and int(line) == self.last + 1 and (self.open is None or self._full()):
                self._begin(number, int(line), "")
            else:
                self.left_out.append(line)
        elif section := _section(line):
            self.close()
            self.around = replace(self.around, category=section)
            self.last = 0
            self.left_out.append(line)
        elif self.open is not None:
            self.open.lines.append(_cells(line))
        else:
            self.left_out.append(line)

    def _full(self) -> bool:
        """Whether the row above already has a whole name."""
        return self.open is not None and any(_END.search(cell) for cells in self.open.lines for cell in cells)

    def _begin(self, line: int, number: int, rest: str) -> None:
        self.close()
        if number == 1:
            self.last = 0
        missing = range(self.last + 1, number)
        if missing:
            words = f"第{missing[0]}项" if len(missing) == 1 else f"第{missing[0]}至{missing[-1]}项"
            self.problems.append(RowProblem(line, f"第{line}行：缺少{words}，请对照原文补齐后重新粘贴。"))
        self.last = number
        self.open = _Open(number, line, [_cells(rest)] if rest else [])

    def close(self) -> None:
        """Finish the row being collected."""
        if self.open is None:
            return
        values, doubt = _values(self.open.lines, self.columns)
        given = _given(self.around)
        self.rows.append(Row(self.open.line, given | {key: value for key, value in values.items() if value}))
        if doubt:
            self.problems.append(RowProblem(self.open.line, f"第{self.open.line}行（第{self.open.number}项）：{doubt}"))
        self.open = None


def _fold(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def _heading(line: str) -> list[str]:
    """Return the columns of a heading line in their order, or nothing: at least two known words and no other."""
    found: list[str] = []
    rest = _fold(line)
    words = sorted(_WORDS, key=len, reverse=True)
    while rest:
        word = next((w for w in words if rest.startswith(_fold(w))), None)
        if word is None:
            return []
        found.append(_WORDS[word])
        rest = rest[len(_fold(word)) :]
    return found if len(found) >= 2 else []


def _section(line: str) -> str:
    """Return the category that a title line opens, or nothing."""
    folded = _fold(line)
    found = _SECTION.match(folded)
    title = (found["title"] if found else "").removesuffix("公示")
    title = re.sub(r"^(?:20\d\d年度?)?(?:第?[\d一二三四五六七八九十]+批)?", "", title)
    return title if title in CATEGORY_WORDS else ""


def _cells(line: str) -> list[str]:
    """Part a line at tabs or runs of spaces; where there are none, at single spaces beside Chinese."""
    if "\t" in line or "  " in line:
        return [cell.strip() for cell in re.split(r"\t+|\s{2,}", line) if cell.strip()]
    return [cell for cell in line.split(" ") if cell]


def _looks_like_row(rest: str) -> bool:
    """Whether the text after a number that is not the next one begins a row all the same: it names a unit."""
    return any(_END.search(cell) for cell in _cells(rest))


def province_of(text: str) -> tuple[str, str]:
    """Return (province, city) as stored, of a cell of the column of provinces; empty for anything else."""
    bare = re.sub(r"(?:省|市|壮族自治区|回族自治区|维吾尔自治区|自治区|生产建设兵团)$", "", _fold(text))
    if bare in CITIES:
        return CITIES[bare], f"{bare}市"
    if bare in PROVINCES:
        return _REGIONS.get(bare, f"{bare}市" if bare in _OWN else f"{bare}省"), ""
    return "", ""


def _join(cells: Sequence[str]) -> str:
    """Put pieces of one cell together: a space only where no Chinese character meets."""
    text = ""
    for cell in cells:
        gap = bool(text) and not (_CJK.match(text[-1]) or _CJK.match(cell[0]))
        text = f"{text} {cell}" if gap else text + cell
    return text


def _whole(pieces: Sequence[str]) -> bool:
    return bool(pieces) and bool(_END.search(_join(pieces)))


def _parted(lines: Sequence[Sequence[str]]) -> tuple[dict[str, str], list[str], list[str]]:
    """Return place and code of a row, the pieces of its name, and the other pieces in order.

    A name may wrap over lines while the cells beside it do not: on a line that bears the province,
    what follows it is no part of the name.
    """
    known: dict[str, str] = {}
    head: list[str] = []
    tail: list[str] = []
    for cells in lines:
        after = False
        for piece in cells:
            province, city = province_of(piece)
            if province and "province" not in known:
                known |= {"province": province, "city": city}
                after = True
            elif _USCC.match(_fold(piece)) and "uscc" not in known:
                known["uscc"] = _fold(piece)
            elif after or (_whole(head) and not (_FORM.match(piece) and not tail)):
                tail.append(piece)
            else:
                head.append(piece)
    return known, head, tail


def _values(lines: Sequence[Sequence[str]], columns: Sequence[str]) -> tuple[dict[str, str], str]:
    """Return the texts of a row by our keys, and what a person should look at."""
    values, head, tail = _parted(lines)
    values["name"] = _join(head)
    keys = [key for key in columns if key not in {"number", "name", "province", "city", "uscc"}]
    if tail and not keys:
        values["model"] = _join(tail)
    elif tail:
        # Every column but the last takes one piece; the last one, free text in published lists, the rest.
        first, last = tail[: len(keys) - 1], tail[len(keys) - 1 :]
        for key, piece in zip(keys, [*first, _join(last)], strict=False):
            values[key] = f"{values[key]} {piece}" if values.get(key) else piece  # 产品名称 and 产品型号 are one
    if not values["name"]:
        return values, "没有找到名称，请对照原文更正。"
    if not _whole(head):
        return values, f"名称“{values['name']}”可能不完整，请对照原文更正。"
    return values, ""
