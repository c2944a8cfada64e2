"""Rows of the rules about evaluators: conditions, sanctions, confirmed work, the cap."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from nominations.eligibility import facts as f
from tests.nominations.eligibility.base import (
    ASK,
    DAY,
    EVALUATOR,
    FIVE,
    MET,
    NONE,
    NOT,
    Case,
    engagement,
    evaluator,
    sides,
)


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
