"""Rows of the rules about figures and hands of reports."""

from __future__ import annotations

from typing import Any

from nominations.eligibility import facts as f
from tests.nominations.eligibility.base import (
    ASK,
    MET,
    NONE,
    NOT,
    Case,
    D,
    score,
    share,
    years,
)


def verified(stated: str, computed: str | None, unit: str = "%") -> dict[str, Any]:
    """Return the change that leaves one figure of the evaluator beside what totals give."""
    own = None if computed is None else D(computed)
    row = f.VerifiedFigure(label="综合利用率", unit=unit, computed=own, verified=D(stated), arithmetic="800÷1000×100")
    return {"figures": f.ReportFigures(verified=(row,))}


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
