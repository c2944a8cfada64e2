"""Plausible answers to any sheet: by key where a key means something, else by type. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from greenportal.sheets import Field, FieldType, Sheet, Table
from nominations.constants import SELF_MARK, THIRD_PARTY_MARK
from nominations.demo.fiction import Applicant
from nominations.demo.figures import self_answers
from nominations.demo.scripts import LISTED_STANDARD

#: Left to the newcomer of the tutorial: everything that the directory did not fill.
EVERYTHING = "*"
_MOBILE = "13800000000"
_FIXED: dict[str, str] = {
    **{f"ex{n}_exists": "no" for n in range(1, 7)},
    "other_exists": "no",
    "creditchina_clean": "yes",
    "gsxt_clean": "yes",
    "zxgk_clean": "yes",
    "creditchina_on": "2022-09-10",
    "gsxt_on": "2022-09-10",
    "zxgk_on": "2022-09-10",
    "applies": "no",
    "park_level": "provincial",
    "park_type": "economic",
    "production_main": "yes",
    "share_year": "2021",
    "legal_boundary": "yes",
    "boundary_document": "演示市政府关于园区四至范围的批复（演示文号〔2015〕8号）",
    "one_body": "yes",
    "low_carbon_pilot": "no",
    "leading": "yes",
    "leading_text": "主导产品在区域配套体系中居首位，牵头组织上下游企业开展绿色采购和回收利用，带动供应商绿色改造。",
    "system": "generic",
    "industry_group": "generic",
    "standard_no": LISTED_STANDARD,
    "standard_name": "演示清单：绿色设计产品评价技术规范（演示）",
    "highlight": "采用轻量化设计和可再生原料，包装可回收，单位产品能耗低于标准要求，不含限用物质。",
    "postcode": "116000",
    "mobile": _MOBILE,
    "ownership": "private",
    "registered_by": "演示市市场监督管理局",
    "valid_until": "长期",
    "contact_department": "安全环保部",
    "contact_post": "科长",
    "head_post": "主任",
    "output": "12000套",
    "spec": "标准型",
    "situation": "符合，制度和运行记录齐全",
    "evidence": "见证明材料索引",
    "requirement": "基本要求",
    "profile": "单位专注主业多年，设有研发中心和能源管理岗位，建立质量、环境、职业健康安全管理体系并有效运行；"
    "近三年实施余热回收、屋顶光伏、清洁原料替代等项目，单位产值能耗逐年下降。以上内容为系统演示而虚构。",
    "achievements": "园区实行集中供热和污水集中处理，建成能源管理平台，开展企业清洁生产审核和循环化改造。内容为演示而虚构。",
}
_BY_TYPE: dict[FieldType, Any] = {
    FieldType.DATE: "2020-03-01",
    FieldType.MONTH: "2022-03",
    FieldType.YEAR: "2021",
    FieldType.YESNO: "yes",
    FieldType.PHONE: "0411-85550100",
    FieldType.EMAIL: "office@example.com",
    FieldType.POSTCODE: "116000",
    FieldType.URL: "https://example.com",
    FieldType.INDUSTRIES: ["3451"],
}


def answers_of(sheet: Sheet, applicant: Applicant, known: Mapping[str, str]) -> dict[str, Any]:
    """Return the applicant's canonical answers to `sheet` as its script wants them; `known` is what is prefilled.

    A script that blanks everything leaves the prefilled ones, which this returns nothing for.
    """
    script = applicant.script
    if EVERYTHING in script.blank:
        return {}
    if sheet.key.endswith(THIRD_PARTY_MARK):
        return {}
    if sheet.key.endswith(SELF_MARK):
        return _laid_over(self_answers(sheet, applicant), sheet, script.answers)
    fields = [f for f in sheet.fields() if not f.formula and str(f.required) != "no" and f.key not in known]
    answers: dict[str, Any] = {f.key: _value(f, applicant) for f in fields}
    answers.update({t.key: _rows(t, applicant) for t in sheet.tables() if t.fixed or t.min_rows})
    keys = {f.key for f in sheet.fields()} | {t.key for t in sheet.tables()}
    for key, value in script.answers.items():
        if key in keys:
            answers[key] = _marked(answers[key], value) if isinstance(value, dict) else value
    for key in keys & set(script.blank):
        answers[key] = [] if isinstance(answers.get(key), list) else ""
    return answers


def _laid_over(answers: dict[str, Any], sheet: Sheet, given: Mapping[str, Any]) -> dict[str, Any]:
    """A report with what the script says otherwise; one that nobody began stays so."""
    keys = {f.key for f in sheet.fields()}
    return answers and answers | {key: value for key, value in given.items() if key in keys}


def _marked(rows: list[dict[str, Any]], by_row: Mapping[str, str]) -> list[dict[str, Any]]:
    """Rows of the basic requirements with other answers for some of them."""
    return [{**row, "met": by_row.get(row["_id"], row["met"])} for row in rows]


def _value(column: Field, applicant: Applicant) -> Any:
    seed = applicant.number
    special = {
        "contact_name": f"{applicant.legal_representative[0]}样本",
        "head_name": applicant.legal_representative,
        "legal_representative": applicant.legal_representative,
        "product_kind": applicant.product,
        "model": f"YS-{seed:03d}",
        "registered_capital": str(1000 + 37 * seed),
        "industrial_share": str(62 + seed % 20),
        "industrial_value_added": str(480000 + 1000 * seed),
        "total_value_added": str(660000 + 1000 * seed),
        "suppliers": str(120 + seed),
        "low_risk_suppliers": str(90 + seed),
        "sales": str(8600 + 45 * seed),
        "organisation_name": applicant.organisation,
        "body_name": applicant.organisation,
        "uscc": applicant.uscc,
        "address": applicant.address,
        "industry": applicant.industry,
        "legal_phone": f"0411-8555{seed:04d}",
        "phone": f"0411-8556{seed:04d}",
        **_FIXED,
    }
    if column.key in special:
        return special[column.key]
    if column.type == FieldType.CHOICE:
        return column.choices[0].value
    if column.type == FieldType.MULTICHOICE:
        return [column.choices[0].value]
    if column.type in {FieldType.INTEGER, FieldType.DECIMAL}:
        return str(10 + seed)
    if column.type in _BY_TYPE:
        return _BY_TYPE[column.type]
    if column.key.endswith("_evidence"):
        return "证明材料3"
    return f"{column.label}（演示）"[: column.max_length or 40]


def _rows(table: Table, applicant: Applicant) -> list[dict[str, Any]]:
    rows = []
    for row_id in [row.id for row in table.fixed] or [f"r{n}" for n in range(1, table.min_rows + 1)]:
        columns = [c for c in table.columns if not table.is_printed(row_id, c.key) and not c.formula]
        rows.append({"_id": row_id, **{c.key: _value(c, applicant) for c in columns if str(c.required) != "no"}})
    return rows
