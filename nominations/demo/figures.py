"""Reports of the demonstration: plausible, fictional figures for 附件2–5, and what the evaluator makes of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from greenportal.sheets import Sheet, Table
from nominations.constants import SELF_MARK, THIRD_PARTY_MARK
from nominations.demo.fiction import Applicant
from nominations.demo.scripts import LISTED_STANDARD

#: Every so many applicants hold a filled report beside the uploaded one, so that the demonstration loads quickly.
EVERY = 4
#: Applicants with an account of their own always do (see `collecting.HANDLERS`); the newcomer's stays empty.
ALWAYS = frozenset({1, 13, 32, 35, 49, 54})
#: Slips that the checks of figures find: more recycled than produced, a score that its parts do not give, 元 for 万元.
FLAWS: Mapping[int, Mapping[str, str]] = {
    4: {"solid_used": "1890"},
    8: {"self_score": "93"},
    12: {"output_value": "297200000"},
    36: {"lca_done": "no"},
}
#: Rows that a report judges 不符合: applicant → table, row. A veto, a 必选 row, an indicator of a product's standard.
FAILED: Mapping[int, tuple[str, str]] = {
    16: ("general", "4an4"),
    24: ("infrastructure", "5d2n1"),
    48: ("requirements", "r2"),
}
#: Whose evaluator gives the applicant's own telephone as the author's: a sign for a person to judge.
SAME_PHONE = 24
_YES = {"met": "yes"}
_PROOF = {"evidence": "证明材料3"}
#: Scores of the six groups by the applicant; the evaluator finds two points less in one of them.
_GROUPS = {"infrastructure": 92, "management": 95, "inputs": 88, "product": 85, "emissions": 96, "performance": 84}
_WEIGHTS = {"infrastructure": 20, "management": 15, "inputs": 15, "product": 10, "emissions": 10, "performance": 30}
#: A park's third year: code → value; the two years before are a little lower.
_PARK: Mapping[str, str] = {
    "EG1": "3.12", "EG2": "12.5", "EG3": "81.2", "RG1": "1620", "RG2": "16.4", "RG3": "93.5", "RG4": "91.2",
    "RG5": "32.5", "RG8": "82.4", "IG3": "62.5", "IG5": "41.7", "CG1": "33.6", "CG2": "28.9", "CG3": "18.4",
    "HG1": "99.2", "HG2": "3.4", "HG3": "4.2", "HG4": "0.28", "HG5": "86.3", "HG6": "31.5",
}  # fmt: skip
#: What the reports state for the three years, by the park's seed: the index of the figures above.
_INDEX = (("103.34", "104.7", "106.09"), ("102.6", "103.95", "105.44"))
_CHAIN: Mapping[str, str] = {
    "X11": "8", "X12": "5.5", "X13": "6", "X21": "3.5", "X22": "3", "X23": "2.5", "X24": "3", "X25": "2.5",
    "X26": "3", "X31": "9.5", "X32": "9", "X41": "3.5", "X42": "3", "X43": "4.5", "X44": "4", "X51": "8.5",
    "X61": "2.5", "X62": "2", "X63": "2", "X64": "2.5",
}  # fmt: skip


def has_report(applicant: Applicant) -> bool:
    """True for applicants whose report is filled as a form too."""
    return applicant.number in ALWAYS or applicant.number % EVERY == 0


def self_answers(sheet: Sheet, applicant: Applicant) -> dict[str, Any]:
    """Return the applicant's answers to its self-evaluation report; empty where it has none."""
    if not has_report(applicant):
        return {}
    made = _MAKERS[sheet.key.removesuffix(SELF_MARK)](sheet, applicant.number)
    if applicant.number in FAILED:
        table, failed = FAILED[applicant.number]
        made[table] = [{**row, "met": "no"} if row["_id"] == failed else row for row in made[table]]
    return {"region": "辽宁省大连市", "report_on": "2022-09-12", **made, **FLAWS.get(applicant.number, {})}


def third_answers(sheet: Sheet, applicant: Applicant) -> dict[str, Any]:
    """Return what the evaluator fills into the third-party report, as (path → value) for `filings.services.save`."""
    category = sheet.key.removesuffix(THIRD_PARTY_MARK)
    made = _MAKERS[category](sheet, applicant.number)
    kept = {f.key for f in sheet.fields()} | {t.key for t in sheet.tables()}
    answers: dict[str, Any] = {
        **made,
        "basic_met": "yes",
        "highlights": "余热回收和屋顶光伏成效明显，能源管理数据完整（演示）。",
        "main_products": "演示产品",
        "contact_department": "能源管理部",
        "unit_contact": "示例·联系人",
        "evaluator_contact": "示例·联络员",
        "author": "示例·编制人",
        "author_phone": f"0411-8556{SAME_PHONE:04d}" if applicant.number == SAME_PHONE else "0411-85557001",
        "conclusion": "经文件评审和现场评估，符合评价要求（演示）。",
    }
    if category == "factory":
        lower = {**_GROUPS, "performance": _GROUPS["performance"] - 2}
        answers |= {"groups": _scores(lower), "third_party_score": _total(lower)}
        answers["verified"] = [{"_id": "solidrate", "value": "90"}, {"_id": "plotratio", "value": "0.91"}]
    elif category == "park":
        answers |= {"park_head": "示例·主任", "park_contact": "示例·联络员", "park_phone": "0411-85557002"}
        answers["basic"] = [{"_id": str(n), "met": "yes"} for n in range(1, 9)]
        answers |= {f"third_index_{n}": value for n, value in enumerate(_INDEX[applicant.number % 2], start=1)}
    else:
        lowered = {**_CHAIN, "X51": "8"}
        answers |= {"indicators": _points(sheet.table("indicators"), lowered), "third_party_score": _sum(lowered)}
        answers["basic"] = [{"_id": str(n), "met": "yes"} for n in range(1, 8)]
    return {key: value for key, value in answers.items() if key in kept}


def as_changes(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return answers as the paths that `save` takes."""
    changes: dict[str, Any] = {}
    for key, value in answers.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            cells = [(row["_id"], name, cell) for row in value for name, cell in row.items() if name != "_id"]
            changes |= {f"{key}[{row}].{name}": cell for row, name, cell in cells}
        else:
            changes[key] = value
    return changes


def _factory(sheet: Sheet, seed: int) -> dict[str, Any]:
    tables = [t for t in sheet.tables() if any(c.key == "met" for c in t.columns)]
    made: dict[str, Any] = {
        t.key: [{"_id": row.id, **_YES, **({} if n else _PROOF)} for n, row in enumerate(t.fixed)] for t in tables
    }
    output, land = 12000 + 150 * seed, 42000 + 300 * seed
    figures = {
        "land_area": land,
        "building_area": land * 88 // 100,
        "structure_area": land * 3 // 100,
        "building_footprint": land * 42 // 100,
        "structure_footprint": land * 4 // 100,
        "output_value": 26000 + 310 * seed,
        "capacity": output * 5 // 4,
        "output": output,
        "waste_gas": output * 5200,
        "waste_water": output * 2,
        "solid_used": 900 + 9 * seed,
        "solid_generated": 1000 + 10 * seed,
        "solid_old": 0,
        "water_reused": output,
        "water_discharged": output,
        "energy_total": output // 3,
        "carbon_total": output * 9 // 10,
    }
    made |= {key: str(value) for key, value in figures.items()}
    last = {"outputvalue": "output_value", "output": "output", "energytotal": "energy_total"}
    made["last_year"] = [{"_id": row, "value": str(figures[key] * 96 // 100)} for row, key in last.items()]
    made["energy_products"] = [
        {"_id": "r1", "name": "演示产品", "energy": str(output // 3), "output": str(output)},
    ]
    made["green_materials"] = [{"_id": "r1", "name": "再生钢材", "unit": "吨", "green": "3600", "total": "9000"}]
    made["pollutants"] = [{"_id": "r1", "name": "化学需氧量", "unit": "kg", "amount": str(output // 5)}]
    made["materials"] = [{"_id": "r1", "name": "钢材", "unit": "吨", "amount": "9000"}]
    made |= {"data_year": "2021", "product_unit": "套", "groups": _scores(_GROUPS), "self_score": _total(_GROUPS)}
    return made | {"next_steps": "扩大屋顶光伏规模，开展产品碳足迹核算（演示）。"}


def _scores(groups: Mapping[str, int]) -> list[dict[str, str]]:
    return [{"_id": key, "score": str(value)} for key, value in groups.items()]


def _total(groups: Mapping[str, int]) -> str:
    hundredths = sum(_WEIGHTS[key] * value for key, value in groups.items())
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def _product(_sheet: Sheet, seed: int) -> dict[str, Any]:
    model = f"YS-{seed:03d}"
    rows = [
        ("资源属性", "原材料利用率", "%", "least", "90", "94.2", "产品生产"),
        ("能源属性", "单位产品综合能耗", "kgce/台", "most", "18", "15.6", "产品生产"),
        ("环境属性", "单位产品废水产生量", "t/台", "most", "0.8", "0.62", "产品生产"),
        ("产品属性", "有害物质含量", "", "text", "符合标准限量", "符合", "使用"),
    ]
    names = ("group", "indicator", "unit", "direction", "baseline", "measured", "stage")
    return {
        "data_year": "2021",
        "use_text": "用于工业装备配套（演示）。",
        "process_text": "下料、成型、热处理、精加工、装配、检验（演示）。",
        "design_text": "轻量化和易拆解设计，减少材料种类，包装可循环使用（演示）。",
        "requirements": [
            {"_id": f"r{n}", **dict(zip(names, row, strict=True)), "model": model, **_YES, "basis": LISTED_STANDARD}
            for n, row in enumerate(rows, start=1)
        ],
        "lca_done": "yes",
        "lca_object": f"演示产品（{model}）",
        "functional_unit": "1台产品，使用寿命10年",
        "lca_boundary": "从原材料获取到产品出厂（演示）。",
        "lca_tool": "演示数据库",
        "lca_conclusion": "生产阶段能耗占全生命周期影响的主要部分，余热回收可进一步降低（演示）。",
        "inventory": [
            {"_id": "r1", "stage": "产品生产", "flow": "输入", "name": "电力", "amount": "42.5", "unit": "kWh"},
            {"_id": "r2", "stage": "产品生产", "flow": "输出", "name": "二氧化碳", "amount": "24.9", "unit": "kg"},
        ],
        "impacts": [{"_id": "r1", "category": "全球变暖", "amount": "31.4", "unit": "kgCO2e"}],
    }


def _park(sheet: Sheet, seed: int) -> dict[str, Any]:
    made: dict[str, Any] = {f"year_{n}": str(2018 + n) for n in (1, 2, 3)}
    for table in sheet.tables():
        if any(c.key == "y3" for c in table.columns):
            made[table.key] = [row for row in (_park_row(table, fixed.id, seed) for fixed in table.fixed) if row]
    stated = {f"self_index_{n}": value for n, value in enumerate(_INDEX[seed % 2], start=1)}
    return made | stated | {"next_steps": "推进园区能源管理平台二期和再生水管网建设（演示）。"}


def _park_row(table: Table, code: str, seed: int) -> dict[str, str]:
    if table.key.endswith("_yes"):
        return {"_id": code, "y1": "1", "y2": "1", "y3": "1"}
    if code not in _PARK:
        return {}
    chosen = any(c.key == "chosen" for c in table.columns) and table.fixed_row(code).values["need"] != "必选"  # type: ignore[union-attr]
    years = {f"y{n}": _earlier(_PARK[code], 3 - n, seed) for n in (1, 2, 3)}
    return {"_id": code, **({"chosen": "yes"} if chosen else {}), **years}


def _earlier(value: str, years: int, seed: int) -> str:
    """The value some years before: two percent lower for each, a little different for each park; never more than 100."""
    hundredths = int(float(value) * 100)
    return f"{hundredths * (100 - 2 * years - seed % 2) // 100 / 100:g}"


def _chain(sheet: Sheet, seed: int) -> dict[str, Any]:
    return {
        "data_year": "2021",
        "recovered_products": str(320 + seed),
        "recoverable_products": "460",
        "recovered_packaging": str(1800 + seed),
        "recoverable_packaging": "2600",
        "indicators": _points(sheet.table("indicators"), _CHAIN),
        "self_score": _sum(_CHAIN),
        "next_steps": "把绿色采购要求写入全部供应商合同（演示）。",
    }


def _points(table: Table, scores: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"_id": row.id, "score": scores[row.id]} for row in table.fixed]


def _sum(scores: Mapping[str, str]) -> str:
    tenths = sum(int(float(value) * 10) for value in scores.values())
    return f"{tenths // 10}.{tenths % 10}"


_MAKERS = {"factory": _factory, "product": _product, "park": _park, "supply_chain": _chain}
