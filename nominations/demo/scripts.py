"""What each applicant of the cast is there to show: its answers, its evaluator, and how far it comes.

Every outcome that a rule can have on stored data stands here at least once; `tests/nominations/demo` computes
the set from the stored check runs. A script is keyed by category and the applicant's place in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from nominations.constants import Category

Answers = Mapping[str, Any]

DRAFT, HANDED_IN, CHECKED, RETURNED, ANSWERED, WITHDRAWN = (
    "draft",
    "handed_in",
    "checked",
    "returned",
    "answered",
    "withdrawn",
)
#: Standards of the list that the city imports for the demonstration; no real list is imitated.
LISTED_STANDARD, UNLISTED_STANDARD = "DEMO 1001-2022", "DEMO 9999-2022"
GENERAL = "GB/T 36132-2018"
#: Names that two applicants share: the factories lie in one district, which is told of it; the parks in two, which are not.
TWIN_FACTORY, TWIN_PARK = "普兰店演示联合制造基地", "演示湾跨区联合产业园"


@dataclass(frozen=True, slots=True)
class Script:
    """How one nomination differs from a clean one, and where it stops.

    answers: field key → value, laid over complete answers. blank: field keys left empty. documents: hard (the
    reports the notice names), all, or none. evaluator: key of `evaluating.CAST`, empty for none. engagement: what the
    evaluator does with the claim. report_on: date of its report, told on confirming. key_energy: the officer's
    finding, None for none yet. standard, industry_standard: None leaves them unset. twin: name shared with another.
    sealed, independent: what the officer finds out where it comes to a check, or finds wrong. declared: the applicant
    says that the evaluator had no part in its self-evaluation, as the evaluator does on confirming.
    """

    note: str = "材料齐全"
    state: str = CHECKED
    answers: Answers = field(default_factory=dict)
    blank: tuple[str, ...] = ()
    documents: str = "hard"
    evaluator: str = "songtao"
    engagement: str = "confirm"
    report_on: date | None = None
    key_energy: bool | None = False
    standard: str | None = GENERAL
    industry_standard: str | None = ""
    industry: str = ""
    twin: str = ""
    listed: str = ""
    sealed: bool = True
    independent: bool = True
    declared: bool = False


def _event(rule: str, on: str, text: str, **more: str) -> list[dict[str, str]]:
    return [{"_id": "r1", "exclusion": rule, "on": on, "kind": "other", "text": text, **more}]


def _told(rule: str, on: str, text: str, **more: Any) -> dict[str, Any]:
    key = "other" if rule == "EXO" else rule.lower()
    return {f"{key}_exists": "yes", f"{key}_text": text, "events": _event(rule, on, text), **more}


def _energy(value: str, **more: str) -> dict[str, Any]:
    row = {
        "_id": "r1",
        "product": "对二甲苯",
        "indicator": "单位产品能耗",
        "unit": "kgoe/t",
        "value": value,
        "year": "2021",
        "benchmark_source": "发改产业〔2021〕1609号",
        "standard_no": "GB 31534",
        "evidence": "证明材料7",
        **more,
    }
    return {"applies": "yes", "entries": [row]}


def _advanced(value: str) -> dict[str, Any]:
    """An entry of an industry without benchmark, against an advanced value that the officer entered."""
    more = {"benchmark_key": "none", "product": "演示产品", "unit": "kgce/t", "advanced_value": "120"}
    return _energy(value, **more, standard_no="演示限额标准", benchmark_source="文件未规定")


_STATED = (*(f"ex{n}_exists" for n in range(1, 7)), "other_exists")
_QUERIES = tuple(f"{source}_{what}" for source in ("creditchina", "gsxt", "zxgk") for what in ("on", "clean"))
_ALL_STATEMENTS = _STATED + _QUERIES

FACTORIES: dict[int, Script] = {
    0: Script("材料和佐证齐全", documents="all", evaluator="beichen", declared=True),
    1: Script("重点用能行业，达到先进值", answers=_advanced("110"), key_energy=True, evaluator="beichen"),
    2: Script("重点用能行业，未达到先进值，须书面决定", answers=_advanced("131"), key_energy=True, evaluator="haiyan"),
    3: Script("与本区另一申报同名", evaluator="beichen", twin=TWIN_FACTORY),
    4: Script("曾停产", HANDED_IN, _told("EX1", "2021-03-01", "演示：生产线停产")),
    5: Script("有处罚记录", HANDED_IN, _told("EX2", "2021-06-15", "演示：环境行政处罚"), evaluator="haiyan"),
    6: Script("自报曾被移出名单", HANDED_IN, _told("EX3", "2020-11-20", "演示：被移出名单"), evaluator="haiyan"),
    7: Script("督查发现问题", HANDED_IN, _told("EX4", "2022-03-10", "演示：督查发现严重问题"), evaluator="beichen"),
    8: Script(
        "节能监察整改未完成",
        HANDED_IN,
        _told("EX5", "2021-09-01", "演示：列入整改名单", ex5_finished="no"),
        evaluator="haiyan",
    ),
    9: Script("失信被执行人", HANDED_IN, _told("EX6", "2021-10-20", "演示：执行案件"), evaluator="beichen"),
    10: Script("材料齐全", evaluator="haiyan"),
    11: Script("有其他情况，须书面决定", answers=_told("EXO", "2021-05-01", "演示：群众信访事项，已办结")),
    # 5500 m³ of waste gas a piece; the best listed factory of the demonstration has 5410.
    12: Script("未优于同行业绿色工厂", answers={"waste_gas": "76725000"}, evaluator="boxin"),
    13: Script("同类别已在名单中，与本区另一申报同名", listed="listed", twin=TWIN_FACTORY),
    14: Script("行业已有标准而用通则", HANDED_IN, industry_standard="演示行业标准 001-2021", declared=True),
    15: Script("信用查询缺一处", DRAFT, blank=("gsxt_on", "gsxt_clean")),
    16: Script("近三年情况未填", DRAFT, blank=_ALL_STATEMENTS, evaluator="boxin"),
    17: Script("重点用能行业未认定", DRAFT, key_energy=None, standard=None, industry_standard=None),
    18: Script("名单库有移出记录", HANDED_IN, listed="removed", evaluator="boxin"),
    19: Script("刚建立，没有材料", DRAFT, documents="none", evaluator="", key_energy=None, standard=None),
    20: Script("教程：从这里填写", DRAFT, documents="none", evaluator="", key_energy=None, standard=None, blank=("*",)),
    21: Script("评价机构不予采信，未确认评价项目", HANDED_IN, evaluator="cangwu", engagement=""),
    22: Script("报告早于查实日期", HANDED_IN, evaluator="cangwu", report_on=date(2022, 3, 1)),
    23: Script("评价机构不具备条件", HANDED_IN, evaluator="weili"),
    24: Script("评价机构未登记", evaluator="xinqi"),
    25: Script("评价机构有异议", HANDED_IN, engagement="dispute"),
    26: Script("评价项目认定不成立，评价机构参与编写自评价报告", HANDED_IN, engagement="void", independent=False),
    27: Script("评价机构系统外项目较多", evaluator="duohang"),
    28: Script("异议后认定有效", engagement="uphold"),
    29: Script("区县已退回", RETURNED),
    30: Script("已提交待核对", HANDED_IN, engagement="", evaluator="boxin"),
    31: Script("区县已退回", RETURNED, evaluator="boxin"),
    32: Script("退回后已修改", ANSWERED, evaluator="boxin"),
    33: Script("已撤回", WITHDRAWN, evaluator="boxin"),
}
PRODUCTS: dict[int, Script] = {
    0: Script("标准在清单内"),
    3: Script("标准不在清单内", HANDED_IN, {"standard_no": UNLISTED_STANDARD}),
    4: Script("佐证齐全", documents="all"),
    5: Script("标准未填", DRAFT, blank=("standard_no", "standard_name")),
    6: Script(
        "一条基本要求不符合",
        answers={"basic": {"3": "no"}},
    ),
    8: Script("报告缺少公章", HANDED_IN, sealed=False),
    10: Script("教程：从这里填写", DRAFT, documents="none", blank=("*",)),
    12: Script("区县已退回", RETURNED),
    13: Script("已提交待核对", HANDED_IN),
}
_SHARE = ("industrial_share", "industrial_value_added", "total_value_added")
_BLANK_PARK = ("park_level", "production_main", *_SHARE, "legal_boundary", "one_body", "basic")
PARKS: dict[int, Script] = {
    0: Script("条件齐备", evaluator="beichen", declared=True),
    1: Script("园区条件未填", DRAFT, blank=_BLANK_PARK, evaluator="haiyan"),
    2: Script(
        "不符合园区条件",
        HANDED_IN,
        {
            "park_level": "below",
            "production_main": "no",
            "industrial_share": "50",
            "industrial_value_added": "500000",
            "total_value_added": "1000000",
            "legal_boundary": "no",
            "one_body": "no",
            "basic": {"6": "no"},
        },
        evaluator="beichen",
    ),
    3: Script("与另一推荐单位同名", evaluator="haiyan", twin=TWIN_PARK),
    4: Script("与另一推荐单位同名", evaluator="beichen", twin=TWIN_PARK),
}
CHAINS: dict[int, Script] = {
    0: Script("条件齐备", declared=True),
    1: Script("条件齐备", evaluator="boxin"),
    2: Script("评价指标体系用错", HANDED_IN, {"industry_group": "automobile", "system": "generic"}),
    3: Script("不是链主企业，须书面决定", answers={"leading": "no", "basic": {"2": "no"}}),
    4: Script("供应链条件未填", DRAFT, blank=("industry_group", "system", "leading", "basic"), evaluator="boxin"),
    5: Script("超出评价项目上限", evaluator="haiyan"),
    6: Script("超出评价项目上限", evaluator="beichen"),
}
SCRIPTS: dict[Category, dict[int, Script]] = {
    Category.FACTORY: FACTORIES,
    Category.PRODUCT: PRODUCTS,
    Category.PARK: PARKS,
    Category.SUPPLY_CHAIN: CHAINS,
}


def script_of(category: Category, index: int) -> Script:
    """Return the script of the index-th applicant of a category; one without its own is clean and checked."""
    return SCRIPTS[category].get(index, Script())
