"""One row per case of a rule: facts changed one at a time from a passing base, and what must come out.

Boundary, missing, unknown and not applicable of every rule stand here; `test_rules` runs the rows and
`test_every_rule` shows that a rule without its body would fail at least one of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from greenportal.rounds import rulebook
from nominations.eligibility import facts as f
from tests.nominations.eligibility.base import (
    ALL_NO,
    BOOK,
    EVALUATOR,
    NO,
    energy,
    engagement,
    evaluator,
    event,
    judged,
    marked,
    product,
    score,
    share,
    sides,
    stated,
    without,
    years,
)

MET, NOT, ASK, NONE = "met", "not_met", "manual", "not_applicable"
DAY = timedelta(days=1)
THREE, FIVE = BOOK.windows["three_years"], BOOK.windows["five_years"]


@dataclass(frozen=True)
class Case:
    rule: str
    name: str
    want: str
    change: dict[str, Any] = field(default_factory=dict)
    category: str = "factory"
    severity: str = ""
    book: rulebook.Rulebook = BOOK


def book_with_standards(*numbers: str, complete: bool) -> rulebook.Rulebook:
    """Return the 2022 rulebook with another list of product standards."""
    raw = BOOK.as_json()
    raw["product_standards"]["items"] = [{"number": n, "name": "试验标准"} for n in numbers]
    raw["product_standards"]["complete"] = complete
    return rulebook.from_json(raw)


CHOSEN = {"standard": "GB/T 32163.1-2015"}
WITH = book_with_standards("gb/t32163.1—2015", complete=True)
WITHOUT = book_with_standards("GB/T 32163.2-2015", complete=True)
PARTLY = book_with_standards("GB/T 32163.1-2015", complete=False)


def third(*rows: tuple[int, bool]) -> dict[str, Any]:
    """Return the change to what the evaluator judged of 基本要求; 0 is its word on all."""
    return {"third_basic": tuple(f.BasicAnswer(no=no, met=met) for no, met in rows)}


def vetoed(party: str) -> dict[str, Any]:
    """Return the change of one 一般要求 to 不符合 by one party."""
    return {"general": (judged(), judged(party="third"), judged(party=party, met=False))}


def asked(*models: str, **values: Any) -> dict[str, Any]:
    """Return the change that leaves one indicator of a product, in a row for each model."""
    named = models or (values.pop("model", ""),)
    return product(requirements=tuple(judged(label="能耗", indicator="能耗", model=m, **values) for m in named))


def verified(stated: str, computed: str | None, unit: str = "%") -> dict[str, Any]:
    """Return the change that leaves one figure of the evaluator beside what totals give."""
    own = None if computed is None else Decimal(computed)
    row = f.VerifiedFigure(
        label="综合利用率", unit=unit, computed=own, verified=Decimal(stated), arithmetic="800÷1000×100"
    )
    return {"figures": f.ReportFigures(verified=(row,))}


def _exclusion(rule: str, name: str) -> list[Case]:
    """Cases that every statement shares: both edges of the window, doubt, unknown, contradiction."""

    def told(day: date | None) -> dict[str, Any]:
        return stated(name, exists=True, events=(event(day),), finished=False)

    severity = "decision" if rule == "EXO" else "blocker"
    lasting = rule in {"EX1", "EX5", "EX6"}
    return [
        Case(rule, "没有", MET),
        Case(rule, "没有（园区）", MET, category="park"),
        Case(rule, "未填写", ASK, stated(name, exists=None)),
        Case(rule, "有而未写日期", NOT, stated(name, exists=True, finished=False), severity=severity),
        Case(rule, "窗口首日", NOT, told(THREE.start), severity=severity),
        Case(rule, "核查当日", NOT, told(date(2022, 10, 10)), severity=severity),
        Case(rule, "窗口首日前一日待定", ASK, told(THREE.start - DAY)),
        Case(rule, "存疑首日", ASK, told(THREE.doubtful_from)),
        Case(rule, "存疑首日前一日", ASK if lasting else MET, told(THREE.doubtful_from - DAY)),
        Case(rule, "日期不详", ASK, told(None)),
        Case(rule, "核查日之后", MET, told(date(2022, 10, 11))),
        Case(rule, "截止后发生", ASK, told(THREE.end + DAY) | {"as_of": THREE.end + 9 * DAY}),
        Case(rule, "窗口末日", NOT, told(THREE.end) | {"as_of": THREE.end + 9 * DAY}),
        Case(rule, "填没有却列出", ASK, stated(name, exists=False, events=(event(THREE.start),))),
    ]


EXCLUSIONS = [
    *_exclusion("EX1", "ex1"),
    *_exclusion("EX2", "ex2"),
    *_exclusion("EX3", "ex3"),
    *_exclusion("EX4", "ex4"),
    *_exclusion("EX5", "ex5"),
    *_exclusion("EX6", "ex6"),
    *_exclusion("EXO", "other"),
]
OLD = THREE.doubtful_from - 400 * DAY


def _span(name: str, ended: date | None) -> dict[str, Any]:
    return stated(name, exists=True, events=(f.Event(on=OLD, ended_on=ended, text="停产"),), finished=False)


SPANS = [
    Case("EX1", "停产止于窗口首日", NOT, _span("ex1", THREE.start)),
    Case("EX1", "停产止于窗口首日前一日", ASK, _span("ex1", THREE.start - DAY)),
    Case("EX1", "停产止于存疑首日前一日", MET, _span("ex1", THREE.doubtful_from - DAY)),
    Case("EX1", "停产延续至核查日之后", NOT, _span("ex1", date(2023, 1, 1))),
    Case("EX4", "早年的情况不因止日计入", MET, _span("ex4", THREE.start)),
    Case("EX5", "整改已完成", MET, stated("ex5", exists=True, finished=True, events=(event(THREE.start),))),
    Case("EX5", "是否完成未填", ASK, stated("ex5", exists=True, finished=None, events=(event(THREE.start),))),
]


def credit(**by_source: f.CreditQuery | None) -> dict[str, Any]:
    known = {
        key: f.CreditQuery(source=key, queried_on=date(2022, 9, 20), clean=True) for key in ("creditchina", "gsxt")
    }
    return {"credit": tuple(row for row in (known | by_source).values() if row)}


def _shown(source: str, day: date | None, kind: str = "") -> dict[str, Any]:
    shown = (f.Event(on=day, kind=kind, text="行政处罚"),)
    return credit(**{source: f.CreditQuery(source=source, queried_on=date(2022, 9, 20), clean=False, events=shown)})


CREDIT = [
    Case("EX2", "信用中国有窗口内记录", NOT, _shown("creditchina", THREE.start)),
    Case("EX2", "公示系统有窗口内记录", NOT, _shown("gsxt", THREE.start)),
    Case("EX2", "记录在存疑期", ASK, _shown("gsxt", THREE.start - DAY)),
    Case("EX2", "记录在窗口之外", MET, _shown("gsxt", OLD)),
    Case("EX2", "失信记录不算本条", MET, _shown("creditchina", THREE.start, "dishonest")),
    Case("EX2", "有记录未写内容", ASK, credit(gsxt=f.CreditQuery(source="gsxt", clean=False))),
    Case("EX2", "缺一个网站", ASK, credit(gsxt=None)),
    Case("EX2", "结果未填", ASK, credit(creditchina=f.CreditQuery(source="creditchina"))),
    Case("EX2", "未查询", ASK, {"credit": None}),
    Case("EX6", "执行信息公开网显示", NOT, credit(zxgk=f.CreditQuery(source="zxgk", clean=False))),
    Case("EX6", "信用中国显示失信", NOT, _shown("creditchina", THREE.start, "dishonest")),
    Case("EX6", "公开网无记录", MET, credit(zxgk=f.CreditQuery(source="zxgk", clean=True))),
    Case("CREDIT", "两处已查", MET),
    Case("CREDIT", "未填", ASK, {"credit": None}),
    Case("CREDIT", "没有查询", NOT, {"credit": ()}, severity="warning"),
    Case("CREDIT", "只查一处", NOT, credit(gsxt=None)),
    Case("CREDIT", "无日期", ASK, credit(gsxt=f.CreditQuery(source="gsxt", clean=True))),
    Case(
        "CREDIT",
        "核查当日查询",
        MET,
        credit(gsxt=f.CreditQuery(source="gsxt", clean=True, queried_on=date(2022, 10, 10))),
    ),
    Case(
        "CREDIT",
        "日期晚于核查日",
        ASK,
        credit(gsxt=f.CreditQuery(source="gsxt", clean=True, queried_on=date(2022, 10, 11))),
    ),
]


def listing(**values: Any) -> dict[str, Any]:
    row = {"category": "factory", "level": "national", "name": "试验对象", "listed_on": date(2020, 10, 1)} | values
    return {"listings": (f.Listing(**row),)}


REGISTER = [
    Case("EX3", "未与名单库核对", ASK, {"listings": None}),
    Case("EX3", "窗口首日移出", NOT, listing(removed=True, removed_on=THREE.start)),
    Case("EX3", "窗口首日前一日移出", ASK, listing(removed=True, removed_on=THREE.start - DAY)),
    Case("EX3", "早年移出", MET, listing(removed=True, removed_on=OLD)),
    Case("EX3", "核查日之后移出", MET, listing(removed=True, removed_on=date(2022, 10, 11))),
    Case("EX3", "移出日期不详", ASK, listing(removed=True)),
    Case("EX3", "省级名单移出", ASK, listing(level="provincial", removed=True, removed_on=THREE.start)),
    Case("EX3", "另一类别移出", ASK, listing(category="product", removed=True, removed_on=THREE.start)),
    Case("EX3", "在名单中未移出", MET, listing()),
    Case("LISTED", "没有记录", MET),
    Case("LISTED", "未核对", ASK, {"listings": None}),
    Case("LISTED", "已列入", NOT, listing(), severity="warning"),
    Case("LISTED", "列入日期不详", NOT, listing(listed_on=None)),
    Case("LISTED", "另一类别", MET, listing(category="supply_chain")),
    Case("LISTED", "省级", MET, listing(level="provincial")),
    Case("LISTED", "已移出", MET, listing(removed=True, removed_on=date(2022, 10, 10))),
    Case("LISTED", "次日才移出", NOT, listing(removed=True, removed_on=date(2022, 10, 11))),
    Case("LISTED", "移出日期不详不再提醒", MET, listing(removed=True)),
    Case("LISTED", "核查日之后列入", MET, listing(listed_on=date(2022, 10, 11))),
    Case("DUPLICATE", "没有", MET),
    Case("DUPLICATE", "未核对", ASK, {"duplicates": None}),
    Case("DUPLICATE", "有", NOT, {"duplicates": ("试验二厂",)}, severity="warning"),
]
DOCUMENTS = [
    Case("DOCS", "齐全", MET),
    Case("DOCS", "齐全（产品）", MET, category="product"),
    Case("DOCS", "未核对", ASK, {"documents": None}),
    Case("DOCS", "缺自评价报告", NOT, without("factory", "self_report"), severity="blocker"),
    Case("DOCS", "缺第三方报告", NOT, without("park", "third_party_report"), category="park"),
    Case("DOCS", "产品不需要第三方报告", MET, without("product", "third_party_report"), category="product"),
    Case("DOCS", "份数为零", NOT, {"documents": (f.DocumentFact(slot="self_report", count=0),)}, category="product"),
    Case("DOCS", "佐证不算", MET, without("factory", "gsxt", "licence")),
    Case("EVIDENCE", "齐全", MET),
    Case("EVIDENCE", "未核对", ASK, {"documents": None}),
    Case("EVIDENCE", "缺查询结果", NOT, without("factory", "gsxt"), severity="warning"),
    Case("EVIDENCE", "缺边界文件", NOT, without("park", "park_boundary"), category="park"),
    Case("EVIDENCE", "缺生命周期报告", NOT, without("product", "lca_report"), category="product"),
    Case(
        "EVIDENCE", "不是重点用能则不要能耗证明", MET, without("factory", "energy_report") | {"key_energy_user": False}
    ),
    Case("EVIDENCE", "重点用能要能耗证明", NOT, without("factory", "energy_report")),
    Case("EVIDENCE", "没有整改则不要整改证明", MET, without("factory", "rectification")),
    Case(
        "EVIDENCE",
        "列入整改则要整改证明",
        NOT,
        without("factory", "rectification") | stated("ex5", exists=True, finished=True),
    ),
    Case("SEALS", "齐全", MET),
    Case("SEALS", "未核对材料", ASK, {"documents": None}),
    Case("SEALS", "未看签字", ASK, marked("factory", signed=None)),
    Case("SEALS", "未看盖章", ASK, marked("factory", sealed=None)),
    Case("SEALS", "缺签字", NOT, marked("factory", signed=False), severity="warning"),
    Case("SEALS", "缺盖章", NOT, marked("factory", sealed=False, signed=None)),
    Case("SEALS", "没有需盖章的材料", NONE, {"documents": ()}),
]
STANDARDS = [
    Case("STANDARD", "通则，无行业标准", MET),
    Case("STANDARD", "写法不同", MET, {"standard": "gb/t36132—2018"}),
    Case("STANDARD", "未填", ASK, {"standard": None}),
    Case("STANDARD", "空白", ASK, {"standard": "  "}),
    Case("STANDARD", "行业标准未核实", ASK, {"industry_standard": None}),
    Case("STANDARD", "按行业标准", MET, {"standard": "YB/T 4771-2019", "industry_standard": "YB/T 4771-2019"}),
    Case("STANDARD", "有行业标准却用通则", NOT, {"industry_standard": "YB/T 4771-2019"}, severity="blocker"),
    Case("STANDARD", "无行业标准却用别的", NOT, {"standard": "YB/T 4771-2019"}),
    Case("STANDARD", "园区不适用", NONE, category="park"),
    Case("PRODUCT", "清单未收录完整", ASK, category="product"),
    Case("PRODUCT", "在完整清单中", MET, category="product", book=WITH),
    Case("PRODUCT", "不在完整清单中", NOT, category="product", severity="blocker", book=WITHOUT),
    Case("PRODUCT", "在不完整清单中", MET, category="product", book=PARTLY),
    Case("PRODUCT", "未填", ASK, {"product": None}, "product"),
    Case("PRODUCT", "标准空白", ASK, {"product": f.ProductFacts(standard_no=" ")}, "product"),
    Case("PRODUCT", "所选标准算数", NOT, {"standard": "GB/T 1-2015"}, "product", "blocker", WITH),
    Case("PRODUCT", "所选在清单而填写不同", ASK, product(standard_no="GB/T 1-2015") | CHOSEN, "product", book=WITH),
    Case("PRODUCT", "所选与填写相同", MET, CHOSEN, "product", book=WITH),
    Case("PRODUCT", "只有所选", MET, product(standard_no=None) | CHOSEN, "product", book=WITH),
    Case("PRODUCT", "工厂不适用", NONE),
]


def entry(outcome: str, name: str, rule: str = "ENERGY", **values: Any) -> Case:
    """One energy case: the entry changed, and facts of the nomination under `facts_`."""
    facts = values.pop("facts_", {})
    return Case(rule, name, outcome, energy(**values) | facts)


D = Decimal
OFFICIAL = {"entered_source": "1609号附件第3页"}
NO_ROW = {"facts_": {"industry_code": "3451"}, "product": "轴承"}
ENERGY = [
    entry(MET, "优于标杆值"),
    entry(MET, "达到标杆值", value=D(1770)),
    Case("ENERGY", "未达到", NOT, energy(value=D("1770.01")), severity="decision"),
    entry(ASK, "数值未填", value=None),
    entry(ASK, "单位未填", unit=" "),
    entry(ASK, "单位不同不比较", unit="kgce/台", value=D(1)),
    entry(MET, "单位全角写法相同", unit="ＫＧＣＥ/T"),
    entry(MET, "按条目选择", product="自报产品", benchmark_key="1609-41", value=D(860)),
    entry(ASK, "多条标杆值未选", product="自报产品"),
    entry(ASK, "条目不在规则书", benchmark_key="1609-99"),
    entry(MET, "负值优于负标杆", benchmark_key="1609-38", value=D("-30.5")),
    entry(NOT, "负值未达到负标杆", benchmark_key="1609-38", value=D("-29.9")),
    entry(ASK, "可信度中的标杆值不作判断", benchmark_key="1609-10", value=D(1)),
    entry(
        ASK, "未收录的标杆值不向下落", benchmark_key="1609-55", value=D(1), standard_no="GB 21249", advanced_value=D(2)
    ),
    entry(MET, "未收录而经办人按附件填写", benchmark_key="1609-55", value=D(1), entered_benchmark=D(1), **OFFICIAL),
    entry(NOT, "经办人填写的未达到", benchmark_key="1609-55", value=D(2), entered_benchmark=D(1), **OFFICIAL),
    entry(ASK, "填写的标杆值没有出处", benchmark_key="1609-55", value=D(1), entered_benchmark=D(1)),
    entry(MET, "无标杆值，达到先进值", **NO_ROW, value=D(5), standard_no="GB 1", advanced_value=D(5)),
    entry(NOT, "无标杆值，未达到先进值", **NO_ROW, value=D("5.1"), standard_no="GB 1", advanced_value=D(5)),
    entry(MET, "越高越好", **NO_ROW, value=D(6), standard_no="GB 1", advanced_value=D(5), higher_is_better=True),
    entry(NOT, "越高越好而偏低", **NO_ROW, value=D(4), standard_no="GB 1", advanced_value=D(5), higher_is_better=True),
    entry(ASK, "先进值没有标准编号", **NO_ROW, value=D(5), advanced_value=D(5)),
    entry(ASK, "有标准而先进值未填", **NO_ROW, standard_no="GB 1"),
    entry(ASK, "都没有也没有说明", **NO_ROW),
    entry(NONE, "都没有而有说明", **NO_ROW, explanation="本行业没有限额标准"),
    entry(MET, "注明均不适用，达到先进值", benchmark_key="none", value=D(5), standard_no="GB 1", advanced_value=D(5)),
    entry(ASK, "行业未填", facts_={"industry_code": ""}),
    entry(MET, "单一条目的行业自动对应", facts_={"industry_code": "3110"}, product="高炉", value=D(361)),
    entry(ASK, "559号行业不向下落", facts_={"industry_code": "4430"}, standard_no="GB 1", advanced_value=D(9999)),
    Case("ENERGY", "是否重点用能未认定", ASK, {"key_energy_user": None}),
    Case("ENERGY", "没有填写能耗", ASK, {"energy": ()}),
    Case("ENERGY", "能耗未知", ASK, {"energy": None}),
    Case("ENERGY", "认定为非重点用能且有理由", NONE, {"key_energy_user": False, "key_energy_reason": "只做组装"}),
    Case("ENERGY", "认定为非重点用能无理由而行业在册", ASK, {"key_energy_user": False}),
    Case("ENERGY", "非重点用能行业", NONE, {"key_energy_user": False, "industry_code": "3451"}),
    Case("ENERGY", "产品不适用", NONE, category="product"),
]


def peer(value: Decimal | None, against: Decimal | None, **values: Any) -> dict[str, Any]:
    return {"peers": (f.PeerFigure(indicator="综合能耗", unit="kgce/t", value=value, peer=against, **values),)}


PEERS = [
    Case("PEERS", "优于", MET),
    Case("PEERS", "相等不算优于", NOT, peer(D(5), D(5)), severity="decision"),
    Case("PEERS", "差于", NOT, peer(D(6), D(5))),
    Case("PEERS", "越高越好而较高", MET, peer(D(6), D(5), higher_is_better=True)),
    Case("PEERS", "越高越好而相等", NOT, peer(D(5), D(5), higher_is_better=True)),
    Case("PEERS", "本项未填", ASK, peer(None, D(5))),
    Case("PEERS", "对标值未知", ASK, peer(D(5), None), severity="decision"),
    Case("PEERS", "没有数据只作说明", ASK, {"peers": None}, severity="info"),
    Case("PEERS", "没有同行业工厂", NONE, {"peers": ()}),
    Case("PEERS", "名录中没有同行业工厂", ASK, {"peers": None, "peer_units": 0}, severity="info"),
    Case("PEERS", "名录中有而无数据", ASK, {"peers": None, "peer_units": 3}, severity="info"),
    Case("PEERS", "名录五家居第一位", MET, peer(D(4), D(5), count=5, rank=1)),
    Case("PEERS", "名录五家居第二位", NOT, peer(D(6), D(5), count=5, rank=2), severity="decision"),
    Case("PEERS", "名录四家也比较", NOT, peer(D(6), D(5), count=4, rank=2), severity="decision"),
    Case("PEERS", "园区不适用", NONE, category="park"),
]


def hands(**values: Any) -> dict[str, Any]:
    start = {"self_names": ("甲",), "self_phones": ("0411",), "third_names": ("乙",), "third_phones": ("0412",)}
    return {"hands": f.ReportHands(**(start | values))}


HANDS = [
    Case("REPORT_HANDS", "各不相同", MET, hands()),
    Case("REPORT_HANDS", "同名", NOT, hands(third_names=("丙", "甲")), severity="warning"),
    Case("REPORT_HANDS", "同号", NOT, hands(third_phones=("0411",))),
    Case("REPORT_HANDS", "姓名与电话不互比", MET, hands(self_names=("0412",))),
    Case("REPORT_HANDS", "第三方未填", NONE, hands(third_names=(), third_phones=())),
    Case("REPORT_HANDS", "自评价未填", MET, hands(self_names=(), self_phones=())),
    Case("REPORT_HANDS", "只填电话也比", NOT, hands(third_names=(), third_phones=("0411",))),
    Case("REPORT_HANDS", "不清楚", ASK, {"hands": None}, severity="info"),
    Case("REPORT_HANDS", "园区同名", NOT, hands(third_names=("甲",)), category="park"),
]


def park(**values: Any) -> dict[str, Any]:
    start = {
        "level": "provincial",
        "industrial_share": D(60),
        "production_main": True,
        "legal_boundary": True,
        "one_body": True,
    }
    return {"park": f.ParkFacts(**(start | values))}


def _park_bool(rule: str, name: str) -> list[Case]:
    return [
        Case(rule, "是", MET, category="park"),
        Case(rule, "否", NOT, park(**{name: False}), "park", "blocker"),
        Case(rule, "未填", ASK, park(**{name: None}), "park"),
        Case(rule, "园区情况未知", ASK, {"park": None}, "park"),
        Case(rule, "工厂不适用", NONE),
    ]


PARKS = [
    *_park_bool("PARK_FUNCTION", "production_main"),
    *_park_bool("PARK_BOUNDARY", "legal_boundary"),
    *_park_bool("PARK_BODY", "one_body"),
    Case("PARK_SHARE", "略超过50%", MET, category="park"),
    Case("PARK_SHARE", "等于50%", NOT, park(industrial_share=D(50)), "park", "blocker"),
    Case("PARK_SHARE", "低于50%", NOT, park(industrial_share=D("49.99")), "park"),
    Case("PARK_SHARE", "零", NOT, park(industrial_share=D(0)), "park"),
    Case("PARK_SHARE", "百分之百", MET, park(industrial_share=D(100)), "park"),
    Case("PARK_SHARE", "超过100%是填错", ASK, park(industrial_share=D("100.01")), "park"),
    Case("PARK_SHARE", "负数是填错", ASK, park(industrial_share=D("-0.01")), "park"),
    Case("PARK_SHARE", "未填", ASK, park(industrial_share=None), "park"),
    Case("PARK_SHARE", "供应链不适用", NONE, category="supply_chain"),
    Case("PARK_LEVEL", "省级", MET, category="park"),
    Case("PARK_LEVEL", "国家级", MET, park(level="national"), "park"),
    Case("PARK_LEVEL", "省级以下", NOT, park(level="below"), "park", "blocker"),
    Case("PARK_LEVEL", "写法不识", ASK, park(level="市级"), "park"),
    Case("PARK_LEVEL", "未填", ASK, park(level=None), "park"),
    Case("PARK_LEVEL", "工厂不适用", NONE),
]


def chain(**values: Any) -> dict[str, Any]:
    start = {"system": "machinery", "industry_group": "machinery", "leading": True}
    return {"supply_chain": f.SupplyChainFacts(**(start | values))}


def answers(category: str, **by_no: bool | None) -> dict[str, Any]:
    """Return basic answers: all mandatory met but those named `no1=False`."""
    rows = [r for r in BOOK.basic_requirements.values() if r.category == category and r.mandatory]
    return {"basic": tuple(f.BasicAnswer(no=r.no, met=by_no.get(f"no{r.no}", True)) for r in rows)}


SUPPLY = [
    Case("SUPPLY_SYSTEM", "机械用机械", MET, category="supply_chain"),
    Case("SUPPLY_SYSTEM", "通用用通用", MET, chain(system="generic", industry_group="generic"), "supply_chain"),
    Case("SUPPLY_SYSTEM", "汽车却用通用", NOT, chain(system="generic", industry_group="automobile"), "supply_chain"),
    Case("SUPPLY_SYSTEM", "其他行业却用机械", NOT, chain(industry_group="generic"), "supply_chain", "blocker"),
    Case("SUPPLY_SYSTEM", "不在规则书", NOT, chain(system="textile"), "supply_chain"),
    Case("SUPPLY_SYSTEM", "未选", ASK, chain(system=None), "supply_chain"),
    Case("SUPPLY_SYSTEM", "行业未认定", ASK, chain(industry_group=None), "supply_chain"),
    Case("SUPPLY_SYSTEM", "行业不识", ASK, chain(industry_group="textile"), "supply_chain"),
    Case("SUPPLY_SYSTEM", "情况未知", ASK, {"supply_chain": None}, "supply_chain"),
    Case("SUPPLY_SYSTEM", "工厂不适用", NONE),
    Case("SUPPLY_LEAD", "是", MET, category="supply_chain"),
    Case("SUPPLY_LEAD", "否", NOT, chain(leading=False), "supply_chain", "decision"),
    Case("SUPPLY_LEAD", "未认定", ASK, chain(leading=None), "supply_chain"),
    Case("SUPPLY_LEAD", "工厂不适用", NONE),
    Case("BASIC", "全部符合", MET, category="park"),
    Case("BASIC", "全部符合（产品）", MET, category="product"),
    Case("BASIC", "一条不符合", NOT, answers("park", no6=False), "park", "decision"),
    Case("BASIC", "一条未填", ASK, answers("supply_chain", no7=None), "supply_chain"),
    Case("BASIC", "少答一条", ASK, {"basic": (f.BasicAnswer(no=1, met=True),)}, "product"),
    Case("BASIC", "未填", ASK, {"basic": None}, "park"),
    Case("BASIC", "鼓励项不要求", MET, answers("park", no7=False, no8=False), "park"),
    Case("BASIC", "第三方判一条不符合", NOT, third((6, False)), "park", "decision"),
    Case("BASIC", "第三方评价结果不符合", NOT, third((0, False), (1, True)), "supply_chain", "decision"),
    Case("BASIC", "第三方判鼓励项不符合", MET, third((7, False), (0, True)), "park"),
    Case("BASIC", "工厂不适用", NONE),
    Case("GENERAL", "均符合", MET),
    Case("GENERAL", "表未填", ASK, {"general": None}, severity="info"),
    Case("GENERAL", "自评价一项不符合", NOT, vetoed("self"), severity="decision"),
    Case("GENERAL", "第三方一项不符合", NOT, vetoed("third"), severity="decision"),
    Case("GENERAL", "园区不适用", NONE, category="park"),
    Case("MUSTS", "均符合", MET),
    Case("MUSTS", "表未填", ASK, {"musts": None}, severity="info"),
    Case("MUSTS", "一项不符合", NOT, {"musts": (judged(), judged(met=False))}, severity="warning"),
    Case("MUSTS", "产品不适用", NONE, category="product"),
    Case("PRODUCT_ROWS", "均符合", MET, category="product"),
    Case("PRODUCT_ROWS", "表未填", ASK, product(requirements=None), "product", "info"),
    Case("PRODUCT_ROWS", "情况未知", ASK, {"product": None}, "product"),
    Case("PRODUCT_ROWS", "一行不符合", NOT, asked(met=False), "product", "decision"),
    Case("PRODUCT_ROWS", "判符合而数值不符合", NOT, asked(computed=False, arithmetic="19>18"), "product"),
    Case("PRODUCT_ROWS", "一行未判", ASK, asked(met=None), "product"),
    Case("PRODUCT_ROWS", "缺一个型号", ASK, asked(model="甲型"), "product"),
    Case("PRODUCT_ROWS", "型号不在申报中", ASK, asked(model="丙型"), "product"),
    Case("PRODUCT_ROWS", "各型号都有", MET, asked("甲型", "乙型"), "product"),
    Case("PRODUCT_ROWS", "工厂不适用", NONE),
    Case("LCA", "已编制", MET, category="product"),
    Case("LCA", "未编制", NOT, product(lca_done=False), "product", "warning"),
    Case("LCA", "未填", ASK, product(lca_done=None), "product", "info"),
    Case("LCA", "工厂不适用", NONE),
]


def _of_evaluator(rule: str) -> list[Case]:
    """Cases that every condition of evaluators shares: not registered never blocks."""
    return [
        Case(rule, "符合", MET),
        Case(rule, "机构未填", ASK, {"evaluator": None}),
        Case(rule, "机构空白", ASK, {"evaluator": f.EvaluatorFacts()}),
        Case(rule, "机构未登记不阻止", ASK, {"evaluator": f.EvaluatorFacts(name="甲机构", registered=False)}),
        Case(rule, "机构已登记而未填", ASK, {"evaluator": f.EvaluatorFacts(name="甲机构", registered=True)}),
        Case(rule, "产品不适用", NONE, category="product"),
    ]


EVALUATORS = [
    *[case for rule in ("E1", "E2", "E3", "E4", "E5", "E6") for case in _of_evaluator(rule)],
    Case("EV_NAMED", "已填", MET),
    Case("EV_NAMED", "未填", NOT, {"evaluator": f.EvaluatorFacts()}, severity="blocker"),
    Case("EV_NAMED", "情况不明", ASK, {"evaluator": None}),
    Case("EV_NAMED", "产品不需要", NONE, category="product"),
    Case("E1", "不是独立法人", NOT, evaluator(registered_in_china=False), severity="blocker"),
    Case("E2", "没有经验", NOT, evaluator(has_experience=False), severity="blocker"),
    Case("E2", "未填而有业绩", MET, evaluator(has_experience=None)),
    Case("E2", "未填也无业绩", ASK, evaluator(has_experience=None, latest_record_on=None)),
    Case("E3", "没有场所", NOT, evaluator(has_office=False, has_finance_system=None), severity="blocker"),
    Case("E3", "没有财务制度", NOT, evaluator(has_finance_system=False)),
    Case("E3", "财务制度未填", ASK, evaluator(has_finance_system=None)),
    Case("E4", "中级9人", NOT, evaluator(staff_intermediate=9), severity="blocker"),
    Case("E4", "高级4人", NOT, evaluator(staff_senior=4)),
    Case("E4", "中级9人而高级未填", NOT, evaluator(staff_intermediate=9, staff_senior=None)),
    Case("E4", "中级未填", ASK, evaluator(staff_intermediate=None)),
    Case("E4", "高级未填", ASK, evaluator(staff_senior=None)),
    Case("E4", "高级多于中级以上", ASK, evaluator(staff_senior=11)),
    Case("E4", "高级等于中级以上", MET, evaluator(staff_senior=10)),
    Case("E5", "不熟悉", NOT, evaluator(knows_rules=False), severity="blocker"),
    Case("E6", "不具备三个领域", NOT, evaluator(covers_three_fields=False), severity="blocker"),
    Case("E6", "领域未填", ASK, evaluator(covers_three_fields=None)),
    Case("E6", "业绩在窗口首日", MET, evaluator(latest_record_on=FIVE.start)),
    Case("E6", "业绩在窗口首日前一日", ASK, evaluator(latest_record_on=FIVE.start - DAY)),
    Case("E6", "业绩在存疑首日前一日", NOT, evaluator(latest_record_on=FIVE.doubtful_from - DAY)),
    Case("E6", "业绩日期在将来", ASK, evaluator(latest_record_on=date(2022, 10, 11))),
    Case("E6", "业绩未填", ASK, evaluator(latest_record_on=None)),
    Case("INDEPENDENCE", "声明未参与", MET),
    Case("INDEPENDENCE", "参与编写", NOT, engagement(wrote_self_report=True), severity="blocker"),
    Case("INDEPENDENCE", "未声明", ASK, engagement(wrote_self_report=None)),
    Case("INDEPENDENCE", "情况不明", ASK, {"engagement": None}),
    Case(
        "INDEPENDENCE",
        "未核实而双方声明",
        MET,
        engagement(wrote_self_report=None) | sides(applicant_declared=True, evaluator_declared=True),
    ),
    Case(
        "INDEPENDENCE",
        "未核实而只有申报单位声明",
        ASK,
        engagement(wrote_self_report=None) | sides(applicant_declared=True),
    ),
    Case(
        "INDEPENDENCE",
        "未核实而机构声明参与",
        ASK,
        engagement(wrote_self_report=None) | sides(applicant_declared=True, evaluator_declared=False),
    ),
    Case(
        "INDEPENDENCE",
        "核实参与而双方声明独立",
        NOT,
        engagement(wrote_self_report=True) | sides(applicant_declared=True, evaluator_declared=True),
    ),
    Case("INDEPENDENCE_SIGNS", "没有线索", MET),
    Case("INDEPENDENCE_SIGNS", "机构未填", ASK, {"evaluator": None}),
    Case("INDEPENDENCE_SIGNS", "尚未比对", ASK, {"independence": None}),
    Case("INDEPENDENCE_SIGNS", "没有可比的信息", MET, {"independence": f.IndependenceFacts()}),
    Case("INDEPENDENCE_SIGNS", "同一代码", ASK, evaluator(uscc="91210202MA0TE5T16A")),
    Case("INDEPENDENCE_SIGNS", "法定代表人同名", ASK, evaluator(legal_representative="甲")),
    Case("INDEPENDENCE_SIGNS", "座机相同而写法不同", ASK, sides(evaluator_phones=("(0411)8555 0100",))),
    Case("INDEPENDENCE_SIGNS", "手机相同带国际区号", ASK, sides(evaluator_phones=("+86 138 0000 0000",))),
    Case("INDEPENDENCE_SIGNS", "手机后八位与座机相同", MET, sides(evaluator_phones=("13985550100",))),
    Case("INDEPENDENCE_SIGNS", "号码不足八位", MET, sides(applicant_phones=("12345",), evaluator_phones=("12345",))),
    Case("INDEPENDENCE_SIGNS", "邮箱域名相同", ASK, sides(evaluator_mails=("Desk@FIRM.test",))),
    Case(
        "INDEPENDENCE_SIGNS",
        "公共邮箱域名相同",
        MET,
        sides(applicant_mails=("a@qq.com",), evaluator_mails=("b@qq.com",)),
    ),
    Case(
        "INDEPENDENCE_SIGNS",
        "公共邮箱地址相同",
        ASK,
        sides(applicant_mails=("a@qq.com",), evaluator_mails=("A@qq.com ",)),
    ),
    Case("INDEPENDENCE_SIGNS", "编写人在机构名册", ASK, sides(staff=("甲 试",))),
    Case("INDEPENDENCE_SIGNS", "一字姓名不比对", MET, sides(staff=("甲",), report_authors=("甲",))),
    Case("INDEPENDENCE_SIGNS", "文档作者为机构人员", ASK, sides(document_authors=("丙试",))),
    Case("INDEPENDENCE_SIGNS", "文档工具带机构名称", ASK, sides(document_authors=("试验评价中心报告系统",))),
    Case(
        "INDEPENDENCE_SIGNS",
        "法定代表人同名而有空格",
        ASK,
        evaluator(legal_representative="赵 试") | {"legal_representative": "赵试"},
    ),
    Case("INDEPENDENCE_SIGNS", "两份报告同一作者", ASK, sides(self_authors=("丁试",), third_authors=("丁 试",))),
    Case("INDEPENDENCE_SIGNS", "两份报告不同作者", MET, sides(self_authors=("丁试",), third_authors=("戊试",))),
    Case(
        "INDEPENDENCE_SIGNS",
        "两份报告作者为默认用户名",
        MET,
        sides(self_authors=("Administrator",), third_authors=("administrator",)),
    ),
    Case("INDEPENDENCE_SIGNS", "已认定关联", ASK, sides(affiliated=True)),
    Case("INDEPENDENCE_SIGNS", "关联情况不明", MET, sides(affiliated=None)),
    Case("INDEPENDENCE_SIGNS", "产品不适用", NONE, category="product"),
    Case("INDEPENDENCE", "同一法人", NOT, evaluator(uscc="91210202MA0TE5T16A")),
    Case("INDEPENDENCE", "法定代表人同名", ASK, evaluator(legal_representative="甲")),
    Case("INDEPENDENCE", "法定代表人都空白", MET, evaluator(legal_representative="") | {"legal_representative": ""}),
    Case("INDEPENDENCE", "产品不适用", NONE, category="product"),
]
AS_OF = date(2022, 10, 10)


def sanctioned(start: date, end: date, lifted: date | None = None, report: date | None = None) -> dict[str, Any]:
    row = f.SanctionFact(verified_on=start, until=end, lifted_on=lifted, document_no="试验〔2022〕1号")
    return {"evaluator": replace(EVALUATOR, sanctions=(row,))} | engagement(report_on=report)


LATER = date(2025, 1, 1)
ENGAGEMENTS = [
    Case("SANCTION", "没有", MET),
    Case("SANCTION", "未核对", ASK, evaluator(sanctions=None)),
    Case("SANCTION", "机构未填", ASK, {"evaluator": None}),
    Case("SANCTION", "查实当日起", NOT, sanctioned(AS_OF, LATER), severity="blocker"),
    Case("SANCTION", "查实在次日", MET, sanctioned(AS_OF + DAY, LATER)),
    Case("SANCTION", "核查日为期满日", MET, sanctioned(date(2019, 10, 10), AS_OF)),
    Case("SANCTION", "核查日为期满前一日", NOT, sanctioned(date(2019, 10, 11), AS_OF + DAY)),
    Case("SANCTION", "当日解除", MET, sanctioned(date(2021, 1, 1), LATER, lifted=AS_OF)),
    Case("SANCTION", "次日才解除", NOT, sanctioned(date(2021, 1, 1), LATER, lifted=AS_OF + DAY)),
    Case("SANCTION", "报告早于查实", ASK, sanctioned(date(2022, 9, 2), LATER, report=date(2022, 9, 1))),
    Case("SANCTION", "报告在查实当日", NOT, sanctioned(date(2022, 9, 1), LATER, report=date(2022, 9, 1))),
    Case("SANCTION", "期内出具而期已满", NOT, sanctioned(date(2019, 9, 1), date(2022, 9, 2), report=date(2022, 9, 1))),
    Case("SANCTION", "报告日期在期满后的将来", NOT, sanctioned(date(2022, 9, 1), LATER, report=LATER + DAY)),
    Case("SANCTION", "报告日期为核查日", NOT, sanctioned(date(2022, 9, 1), LATER, report=AS_OF)),
    Case("SANCTION", "期满当日出具", MET, sanctioned(date(2019, 9, 1), date(2022, 9, 1), report=date(2022, 9, 1))),
    Case("SANCTION", "产品不适用", NONE, category="product"),
    Case("ENGAGEMENT", "已确认", MET),
    Case("ENGAGEMENT", "认定有效", MET, engagement(state="upheld")),
    Case("ENGAGEMENT", "待确认", ASK, engagement(state="claimed")),
    Case("ENGAGEMENT", "有异议", ASK, engagement(state="disputed")),
    Case("ENGAGEMENT", "认定不成立", NOT, engagement(state="void"), severity="warning"),
    Case("ENGAGEMENT", "已撤回", NOT, engagement(state="withdrawn")),
    Case("ENGAGEMENT", "未登记", ASK, {"engagement": None}),
    Case("ENGAGEMENT", "产品不适用", NONE, category="product"),
    Case("CAP", "未超", MET),
    Case("CAP", "第15项", MET, engagement(ordinal=15, group_count=15)),
    Case("CAP", "第16项", NOT, engagement(ordinal=16, group_count=16, over_cap=None), severity="decision"),
    Case("CAP", "已标记超出", NOT, engagement(over_cap=True)),
    Case("CAP", "组内超出但本项未超", MET, engagement(ordinal=15, group_count=16)),
    Case("CAP", "组内16项而次序不明", ASK, engagement(ordinal=None, over_cap=None, group_count=16)),
    Case("CAP", "组内15项而次序不明", MET, engagement(ordinal=None, over_cap=None, group_count=15)),
    Case("CAP", "项目数不明", ASK, engagement(ordinal=None, over_cap=None, group_count=None)),
    Case("CAP", "加系统外刚好15", MET, engagement(group_count=10, declared_elsewhere=5)),
    Case("CAP", "加系统外16", ASK, engagement(group_count=10, declared_elsewhere=6)),
    Case("CAP", "系统外未申报", MET, engagement(declared_elsewhere=None)),
    Case("CAP", "情况不明", ASK, {"engagement": None}),
    Case("CAP", "产品不计入", NONE, category="product"),
]


def opinions(**by_department: str) -> dict[str, Any]:
    known = dict.fromkeys(BOOK.departments, "no_objection") | by_department
    rows = [f.Opinion(department=k, opinion=v, text="有未办结事项") for k, v in known.items() if v]
    return {"opinions": tuple(rows)}


LABELS = {item.label: "no_objection" for item in BOOK.departments.values()}
OPINIONS = [
    Case("OPINIONS", "均无意见", MET),
    Case(
        "OPINIONS",
        "按部门名称填写",
        MET,
        {"opinions": tuple(f.Opinion(department=k, opinion=v) for k, v in LABELS.items())},
    ),
    Case("OPINIONS", "一个有意见", NOT, opinions(market="objection"), severity="decision"),
    Case("OPINIONS", "一个未答复", ASK, opinions(market="none")),
    Case("OPINIONS", "一个没有征求", ASK, opinions(market="")),
    Case("OPINIONS", "有意见先于未答复", NOT, opinions(market="objection", ecology="none")),
    Case("OPINIONS", "增加的部门有意见", NOT, opinions(税务部门="objection")),
    Case("OPINIONS", "增加的部门未答复", ASK, opinions(税务部门="none")),
    Case("OPINIONS", "增加的部门无意见", MET, opinions(税务部门="no_objection")),
    Case("OPINIONS", "没有征求", ASK, {"opinions": ()}),
    Case("OPINIONS", "情况不明", ASK, {"opinions": None}),
]
D = Decimal
EMPTY: dict[str, Any] = {"figures": f.ReportFigures()}
FIGURES = [
    *[Case(rule, "合理", MET) for rule in ("FIG_SHARE", "FIG_RATIO", "FIG_UNIT", "FIG_JUMP")],
    *[Case(rule, "数据未掌握", ASK, {"figures": None}) for rule in ("FIG_SHARE", "FIG_RATIO", "FIG_UNIT", "FIG_JUMP")],
    *[Case(rule, "没有数据", NONE, EMPTY) for rule in ("FIG_SHARE", "FIG_RATIO", "FIG_UNIT", "FIG_JUMP")],
    Case("FIG_SHARE", "刚好100", MET, share(value=D(100)), "park"),
    Case("FIG_SHARE", "刚好0", MET, share(value=D(0))),
    Case("FIG_SHARE", "超过100", NOT, share(value=D("100.01")), severity="warning"),
    Case("FIG_SHARE", "负数", NOT, share(value=D("-0.01"))),
    Case("FIG_SHARE", "由分子分母算出超过100", NOT, share(numerator=D(6), denominator=D(5))),
    Case("FIG_SHARE", "不受限的比率", NONE, share(value=D(120), open_ended=True)),
    Case("FIG_SHARE", "分母为0", NONE, share(numerator=D(6), denominator=D(0))),
    Case("FIG_RATIO", "容许差之内", MET, share(value=D("40.05"), numerator=D(2), denominator=D(5))),
    Case("FIG_RATIO", "容许差之外", NOT, share(value=D("40.06"), numerator=D(2), denominator=D(5)), severity="warning"),
    Case("FIG_RATIO", "小了", NOT, share(value=D("39.94"), numerator=D(2), denominator=D(5))),
    Case("FIG_RATIO", "缺分母", NONE, share(value=D(40), numerator=D(2))),
    Case("FIG_RATIO", "分母为0", NONE, share(value=D(40), numerator=D(2), denominator=D(0))),
    Case("FIG_RATIO", "得分一致", MET, score(D("89.15"), D("89.154"))),
    Case("FIG_RATIO", "得分不一致", NOT, score(D("89.15"), D("88.15"))),
    Case("FIG_RATIO", "得分没有算出", NONE, score(D(90), None)),
    Case("FIG_RATIO", "第三方核实与合计相差", NOT, verified("79.8", "80"), severity="warning"),
    Case("FIG_RATIO", "第三方核实一致", MET, verified("80", "80")),
    # 0.3125 as the evaluator rounds it: within half of the last digit given
    Case("FIG_RATIO", "第三方核实只差进位", MET, verified("0.31", "0.3125", unit="tce/t")),
    Case("FIG_RATIO", "第三方核实末位不同", NOT, verified("0.32", "0.3125", unit="tce/t")),
    Case("FIG_RATIO", "合计没有算出", NONE, verified("80", None)),
    Case("FIG_UNIT", "10倍", NOT, years(D(1000), D(100)), severity="warning"),
    Case("FIG_UNIT", "万分之一", NOT, years(D("0.01"), D(100))),
    Case("FIG_UNIT", "12.5倍", NOT, years(D(1250), D(100))),
    Case("FIG_UNIT", "12.51倍", MET, years(D(1251), D(100))),
    Case("FIG_UNIT", "7.5倍", NOT, years(D(750), D(100))),
    Case("FIG_UNIT", "7.49倍", MET, years(D(749), D(100))),
    Case("FIG_UNIT", "上年为0", NONE, years(D(5), D(0))),
    Case("FIG_UNIT", "上年未填", NONE, years(D(5), None)),
    Case("FIG_JUMP", "刚好增加50%", MET, years(D(150), D(100))),
    Case("FIG_JUMP", "增加超过50%", NOT, years(D("150.01"), D(100)), severity="warning"),
    Case("FIG_JUMP", "刚好减少50%", MET, years(D(50), D(100))),
    Case("FIG_JUMP", "减少超过50%", NOT, years(D("49.99"), D(100))),
    Case("FIG_JUMP", "本年未填", NONE, years(None, D(100))),
]
CASES: list[Case] = [
    *EXCLUSIONS,
    *SPANS,
    *CREDIT,
    *REGISTER,
    *DOCUMENTS,
    *STANDARDS,
    *ENERGY,
    *PEERS,
    *HANDS,
    *PARKS,
    *SUPPLY,
    *EVALUATORS,
    *ENGAGEMENTS,
    *OPINIONS,
    *FIGURES,
]
assert ALL_NO.ex1 == NO
