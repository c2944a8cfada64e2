"""One row per case of a rule: facts changed one at a time from a passing base, and what must come out.

Boundary, missing, unknown and not applicable of every rule stand here; `test_rules` runs the rows and
`test_every_rule` shows that a rule without its body would fail at least one of them.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from greenportal.rounds import rulebook
from nominations.eligibility import facts as f
from tests.nominations.eligibility.base import (
    ALL_NO,
    ASK,
    BOOK,
    DAY,
    MET,
    NO,
    NONE,
    NOT,
    THREE,
    Case,
    D,
    energy,
    event,
    judged,
    marked,
    product,
    stated,
    without,
)
from tests.nominations.eligibility.cases_of_evaluators import ENGAGEMENTS, EVALUATORS
from tests.nominations.eligibility.cases_of_reports import FIGURES, HANDS


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
