"""The candidates workbook of `precheck`: one row per candidate, a column per fact, empty means unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from greenportal.documents.xlsx import Column, Identity, Table, write_table
from greenportal.files.jail import Cell, Worksheet
from greenportal.findings.types import Invalid
from greenportal.rounds import bookcodec
from greenportal.sheets import numerals
from greenportal.sheets.values import code
from nominations.eligibility.facts import NominationFacts

YES_NO = {"是": True, "否": False}
CATEGORIES = {
    "绿色工厂": "factory",
    "绿色设计产品": "product",
    "绿色工业园区": "park",
    "绿色供应链管理企业": "supply_chain",
}
LEVELS = {"国家级": "national", "省级": "provincial", "省级以下": "below"}
SYSTEMS = {"通用": "generic", "电子电器": "electronics", "机械": "machinery", "汽车": "automobile"}
OPINIONS = {"无意见": "no_objection", "有意见": "objection", "未答复": "none"}
#: How a fact is typed into Excel; numbers and dates stay text there, so that "约50" comes back as it was typed.
KINDS: dict[str, Literal["text", "code", "choice"]] = {"code": "code", "choice": "choice"}
HEADER_ROWS = 10
TEMPLATE_VERSION = "1"
_NUMBER = "填写数字，不带单位。"


@dataclass(frozen=True, slots=True)
class Fact:
    """One column: where its value goes in the facts (`a.b.c`, `[key]` picks the row of a list), its kind."""

    path: str
    label: str
    kind: str = "text"
    choices: tuple[tuple[str, Any], ...] = ()
    unit: str = ""
    group: str = ""


def _choice(path: str, label: str, options: dict[str, Any], group: str) -> Fact:
    return Fact(path, label, "choice", tuple(options.items()), group=group)


def _yes(path: str, label: str, group: str) -> Fact:
    return _choice(path, label, YES_NO, group)


FACTS: tuple[Fact, ...] = (
    _choice("category", "类别", CATEGORIES, "基本情况"),
    Fact("name", "申报对象名称", group="基本情况"),
    Fact("organisation_name", "单位名称", group="基本情况"),
    Fact("uscc", "统一社会信用代码", "code", group="基本情况"),
    Fact("legal_representative", "法定代表人", group="基本情况"),
    Fact("authority", "推荐单位", group="基本情况"),
    Fact("industry_code", "行业代码", "code", group="基本情况"),
    _yes("statements.ex1.exists", "近三年未正常经营生产", "近三年情况"),
    _yes("statements.ex2.exists", "近三年有事故或违法违规", "近三年情况"),
    _yes("statements.ex3.exists", "近三年被移出名单", "近三年情况"),
    _yes("statements.ex4.exists", "近三年督查发现严重问题", "近三年情况"),
    _yes("statements.ex5.exists", "近三年列入节能监察整改名单", "近三年情况"),
    _yes("statements.ex5.finished", "已按要求完成整改", "近三年情况"),
    _yes("statements.ex6.exists", "近三年为失信被执行人", "近三年情况"),
    _yes("statements.other.exists", "有其他不得申报的情况", "近三年情况"),
    Fact("credit[creditchina].queried_on", "信用中国查询日期", "date", group="信用查询"),
    _yes("credit[creditchina].clean", "信用中国无不良记录", "信用查询"),
    Fact("credit[gsxt].queried_on", "公示系统查询日期", "date", group="信用查询"),
    _yes("credit[gsxt].clean", "公示系统无不良记录", "信用查询"),
    Fact("standard", "评价标准", group="绿色工厂"),
    Fact("industry_standard", "已发布的行业评价标准（没有填“无”）", "none_word", group="绿色工厂"),
    _yes("key_energy_user", "属于重点用能行业", "绿色工厂"),
    Fact("key_energy_reason", "认定理由", group="绿色工厂"),
    Fact("energy.product", "产品或工序", group="能效水平"),
    Fact("energy.value", "能耗数值", "decimal", group="能效水平"),
    Fact("energy.unit", "能耗单位", group="能效水平"),
    Fact("energy.benchmark_key", "标杆值条目（没有填none）", group="能效水平"),
    Fact("energy.standard_no", "限额标准编号", group="能效水平"),
    Fact("energy.advanced_value", "限额标准先进值", "decimal", group="能效水平"),
    Fact("energy.explanation", "能效情况说明", group="能效水平"),
    Fact("product.standard_no", "产品适用标准", group="绿色设计产品"),
    _yes("park.production_main", "以产品制造和能源供给为主要功能", "绿色工业园区"),
    Fact("park.industrial_share", "工业增加值占比", "decimal", unit="%", group="绿色工业园区"),
    _yes("park.legal_boundary", "具有法定边界和范围", "绿色工业园区"),
    _yes("park.one_body", "具备统一管理机构", "绿色工业园区"),
    _choice("park.level", "园区级别", LEVELS, "绿色工业园区"),
    _choice("supply_chain.industry_group", "所属行业类别", SYSTEMS, "绿色供应链"),
    _choice("supply_chain.system", "适用评价指标体系", SYSTEMS, "绿色供应链"),
    _yes("supply_chain.leading", "链主企业", "绿色供应链"),
    _yes("documents[self_report]", "自评价报告", "材料"),
    _yes("documents[third_party_report]", "第三方评价报告", "材料"),
    Fact("evaluator.name", "第三方评价机构", group="评价机构"),
    Fact("evaluator.staff_intermediate", "中级职称以上专职人员", "integer", unit="人", group="评价机构"),
    Fact("evaluator.staff_senior", "相关专业高级职称", "integer", unit="人", group="评价机构"),
    Fact("engagement.group_count", "机构本批次评价项目数", "integer", unit="项", group="评价机构"),
    _yes("engagement.wrote_self_report", "评价机构参与自评价报告编写", "评价机构"),
    _choice("opinions[ecology]", "生态环境部门意见", OPINIONS, "部门意见"),
    _choice("opinions[emergency]", "应急管理部门意见", OPINIONS, "部门意见"),
    _choice("opinions[market]", "市场监管部门意见", OPINIONS, "部门意见"),
)


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A cell that cannot be read: Excel's row number, the column's label, what to do."""

    row: int
    column: str
    message: str


@dataclass(frozen=True, slots=True)
class Candidates:
    """What a workbook held: facts of the readable rows (with Excel's row number) and the problems."""

    rows: tuple[tuple[int, NominationFacts], ...]
    problems: tuple[RowProblem, ...]


def template() -> bytes:
    """Return the empty candidates workbook: drop-downs where there are choices."""
    columns = tuple(
        Column(
            fact.path,
            fact.label,
            width=max(12.0, len(fact.label) * 2.0 + 2),
            kind=KINDS.get(fact.kind, "text"),
            unit=fact.unit,
            choices=tuple(word for word, _ in fact.choices),
        )
        for fact in FACTS
    )
    notes = ("每行一个申报对象。不清楚的留空，核查结果会提示“待人工核实”，不会当作符合或不符合。日期写作 2022-10-15。",)
    table = Table("候选名单", "申报条件预核查名单", columns, (), notes=notes, blank_rows=200)
    return write_table(table, identity=Identity("precheck", TEMPLATE_VERSION))


def parse(sheets: Sequence[Worksheet], *, as_of: date) -> Candidates:
    """Return the candidates of the first worksheet that bears the heading 类别. Pure.

    Raises Invalid when no such heading or no row is found; cells that cannot be read are `problems`
    and their rows are left out.
    """
    rows, header, columns = _heading(sheets)
    good: list[tuple[int, NominationFacts]] = []
    problems: list[RowProblem] = []
    for index, cells in enumerate(rows[header + 1 :], header + 2):
        given = {fact: _text(cells[at]) for fact, at in columns.items() if at < len(cells) and _text(cells[at])}
        if not given or not any(fact.path in {"category", "name", "uscc"} for fact in given):
            continue
        found, wrong = _row(given, index, as_of)
        problems += wrong
        if found is not None:
            good.append((index, found))
    if not good and not problems:
        raise Invalid("工作表中没有候选对象。按模板每行填写一个申报对象后重新上传。")
    return Candidates(tuple(good), tuple(problems))


def _heading(sheets: Sequence[Worksheet]) -> tuple[list[list[Cell]], int, dict[Fact, int]]:
    for sheet in sheets:
        for at, cells in enumerate(sheet.rows[:HEADER_ROWS]):
            titles = [_text(cell).split("\n")[0] for cell in cells]
            if "类别" in titles:
                return sheet.rows, at, {fact: titles.index(fact.label) for fact in FACTS if fact.label in titles}
    raise Invalid("没有找到表头。表头应有“类别”一列，请下载模板填写。")


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, float) and cell == int(cell) and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, float):
        # 0.00001 is no 1e-05 to the person who typed it.
        return f"{Decimal(str(cell)):f}"
    return str(cell).strip()


def _row(given: dict[Fact, str], index: int, as_of: date) -> tuple[NominationFacts | None, list[RowProblem]]:
    raw: dict[str, Any] = {"ref": f"第{index}行", "as_of": as_of}
    problems: list[RowProblem] = []
    for fact, text in given.items():
        try:
            _put(raw, fact.path, _value(fact, text))
        except ValueError as error:
            problems.append(RowProblem(index, fact.label, str(error)))
    if "category" not in raw and not problems:
        problems.append(RowProblem(index, "类别", f"填写类别：{'、'.join(CATEGORIES)}。"))
    if problems:
        return None, problems
    return bookcodec.build(NominationFacts, _listed(raw)), []


def _value(fact: Fact, text: str) -> Any:
    if fact.kind == "choice":
        options = dict(fact.choices)
        if text not in options:
            raise ValueError(f"应从下拉列表中选择：{'、'.join(options)}。")
        return options[text]
    if fact.kind == "date":
        return _date(text)
    if fact.kind in {"decimal", "integer"}:
        return _number(text, whole=fact.kind == "integer")
    if fact.kind == "none_word":
        return "" if text == "无" else text
    return text


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text.replace("/", "-").replace(".", "-"))
    except ValueError:
        raise ValueError("日期写作 2022-10-15。") from None


def _number(text: str, *, whole: bool) -> Decimal | int:
    # Numbers as the forms read them: an exponent could mean more digits than a machine can hold.
    read = numerals.canonical(code(text).removesuffix("%"))
    if not read:
        raise ValueError(_NUMBER)
    value = Decimal(read)
    if whole and value != int(value):
        raise ValueError("填写整数。")
    return int(value) if whole else value


def _put(raw: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    at = raw
    for part in parents:
        at = at.setdefault(part, {})
    at[last] = value


def _listed(raw: dict[str, Any]) -> dict[str, Any]:
    """Turn `credit[gsxt]`, `opinions[market]`, `documents[…]` and the one energy entry into lists."""
    found: dict[str, Any] = {}
    for key, value in raw.items():
        name, _, rest = key.partition("[")
        item = rest.removesuffix("]")
        if name == "credit":
            found.setdefault(name, []).append({"source": item, **value})
        elif name == "opinions":
            found.setdefault(name, []).append({"department": item, "opinion": value})
        elif name == "documents":
            found.setdefault(name, []).append({"slot": item, "count": 1 if value else 0})
        elif name == "energy":
            found[name] = [value]
        else:
            found[key] = value
    return found
