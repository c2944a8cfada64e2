"""Passing bases: one nomination per category to which every rule answers 符合 or 不适用."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from greenportal.rounds import rulebook
from nominations.eligibility import facts as f

BOOK = rulebook.load("2022")
AS_OF = date(2022, 10, 10)
NO = f.Statement(exists=False)
ALL_NO = f.Statements(ex1=NO, ex2=NO, ex3=NO, ex4=NO, ex5=NO, ex6=NO, other=NO)
ASKED = date(2022, 9, 20)


def _documents(category: str) -> tuple[f.DocumentFact, ...]:
    slots = [slot for slot in BOOK.documents[category] if slot.required != "no"]
    return tuple(f.DocumentFact(slot=slot.key, signed=True, sealed=True) for slot in slots)


def _basic(category: str) -> tuple[f.BasicAnswer, ...]:
    rows = [item for item in BOOK.basic_requirements.values() if item.category == category and item.mandatory]
    return tuple(f.BasicAnswer(no=item.no, met=True) for item in rows)


EVALUATOR = f.EvaluatorFacts(
    name="试验评价中心",
    uscc="12210200MB0TE5T44H",
    legal_representative="乙",
    registered=True,
    registered_in_china=True,
    has_experience=True,
    has_office=True,
    has_finance_system=True,
    staff_intermediate=10,
    staff_senior=5,
    knows_rules=True,
    covers_three_fields=True,
    latest_record_on=date(2021, 6, 1),
    sanctions=(),
)
ENGAGEMENT = f.EngagementFacts(
    state="confirmed",
    ordinal=3,
    over_cap=False,
    group_count=3,
    declared_elsewhere=0,
    report_on=date(2022, 9, 1),
    wrote_self_report=False,
)
SIDES = f.IndependenceFacts(
    applicant_phones=("0411-85550100", "13800000000"),
    evaluator_phones=("0411-85550200",),
    applicant_mails=("office@firm.test",),
    evaluator_mails=("desk@body.test",),
    report_authors=("甲试",),
    staff=("丙试",),
    document_authors=("Microsoft Word",),
    affiliated=False,
)


FIGURES = f.ReportFigures(
    shares=(f.ShareFigure(label="占比", value=Decimal(40), numerator=Decimal(2), denominator=Decimal(5)),),
    years=(f.YearFigure(label="综合能耗", unit="tce", value=Decimal(110), before=Decimal(100)),),
    scores=(f.StatedScore(label="自评得分", party="self", stated=Decimal(90), computed=Decimal(90)),),
)


def judged(**values: Any) -> f.RequirementAnswer:
    """Return a requirement that a report judges 符合."""
    return f.RequirementAnswer(**{"party": "self", "label": "依法设立", "met": True, **values})


PRODUCT = f.ProductFacts(
    standard_no="GB/T 32163.1-2015", models=("甲型", "乙型"), requirements=(judged(indicator="能耗"),), lca_done=True
)


def share(**values: Any) -> dict[str, Any]:
    """Return the change that leaves one share only."""
    return {"figures": f.ReportFigures(shares=(f.ShareFigure(label="占比", **values),))}


def years(value: Any, before: Any) -> dict[str, Any]:
    """Return the change that leaves one total of two years."""
    row = f.YearFigure(label="综合能耗", unit="tce", value=value, before=before)
    return {"figures": f.ReportFigures(years=(row,))}


def score(stated: Any, computed: Any) -> dict[str, Any]:
    """Return the change that leaves one stated score."""
    row = f.StatedScore(label="自评得分", party="self", stated=stated, computed=computed, arithmetic="甲＋乙")
    return {"figures": f.ReportFigures(scores=(row,))}


def base(category: str = "factory") -> f.NominationFacts:
    """Return the passing facts of a category."""
    common: dict[str, Any] = {
        "ref": "试验",
        "category": category,
        "as_of": AS_OF,
        "name": "试验对象",
        "organisation_name": "试验单位有限公司",
        "uscc": "91210202MA0TE5T16A",
        "legal_representative": "甲",
        "industry_code": "3140",
        "statements": ALL_NO,
        "credit": (
            f.CreditQuery(source="creditchina", queried_on=ASKED, clean=True),
            f.CreditQuery(source="gsxt", queried_on=ASKED, clean=True),
        ),
        "listings": (),
        "duplicates": (),
        "documents": _documents(category),
        "opinions": tuple(f.Opinion(department=key, opinion="no_objection") for key in BOOK.departments),
    }
    if category != "product":
        common |= {"evaluator": EVALUATOR, "engagement": ENGAGEMENT, "independence": SIDES}
        common["hands"] = f.ReportHands(self_names=("甲",), third_names=("乙",))
    if category != "factory":
        common["basic"] = _basic(category)
    common["figures"] = FIGURES
    return f.NominationFacts(**common, **_own(category))


def _own(category: str) -> dict[str, Any]:
    if category == "factory":
        entry = f.EnergyEntry(product="硅铁", indicator="单位产品综合能耗", unit="kgce/t", value=Decimal(1700))
        peer = f.PeerFigure(indicator="单位产品综合能耗", unit="kgce/t", value=Decimal(1700), peer=Decimal(1750))
        return {
            "standard": "GB/T 36132-2018",
            "industry_standard": "",
            "key_energy_user": True,
            "energy": (entry,),
            "peers": (peer,),
            "general": (judged(party="self"), judged(party="third")),
            "musts": (judged(),),
        }
    if category == "park":
        park = f.ParkFacts(
            level="provincial",
            industrial_share=Decimal("50.01"),
            production_main=True,
            legal_boundary=True,
            one_body=True,
        )
        return {"park": park}
    if category == "supply_chain":
        return {"supply_chain": f.SupplyChainFacts(system="machinery", industry_group="machinery", leading=True)}
    return {"product": PRODUCT}


def product(**values: Any) -> dict[str, Any]:
    """Return a change of the product."""
    return {"product": replace(PRODUCT, **values)}


def sides(**values: Any) -> dict[str, Any]:
    """Return a change of what is declared and compared of both sides."""
    return {"independence": replace(SIDES, **values)}


def stated(name: str, **values: Any) -> dict[str, Any]:
    """Return the change that answers one statement."""
    return {"statements": replace(ALL_NO, **{name: f.Statement(**values)})}


def event(day: date | None, **values: Any) -> f.Event:
    return f.Event(on=day, text="所报情况", **values)


def energy(**values: Any) -> dict[str, Any]:
    """Return the change of the one energy entry."""
    entry = {"product": "硅铁", "indicator": "单位产品综合能耗", "unit": "kgce/t", "value": Decimal(1700)} | values
    return {"energy": (f.EnergyEntry(**entry),)}


def evaluator(**values: Any) -> dict[str, Any]:
    return {"evaluator": replace(EVALUATOR, **values)}


def engagement(**values: Any) -> dict[str, Any]:
    return {"engagement": replace(ENGAGEMENT, **values)}


def without(category: str, *slots: str) -> dict[str, Any]:
    """Return the change that takes documents away."""
    return {"documents": tuple(d for d in _documents(category) if d.slot not in slots)}


def marked(category: str, **values: Any) -> dict[str, Any]:
    """Return the change that sets signature or seal of the self-evaluation report."""
    return {"documents": tuple(replace(d, **values) if d.slot == "self_report" else d for d in _documents(category))}


MET, NOT, ASK, NONE = "met", "not_met", "manual", "not_applicable"
DAY, D = timedelta(days=1), Decimal
THREE, FIVE = BOOK.windows["three_years"], BOOK.windows["five_years"]


@dataclass(frozen=True)
class Case:
    """One fact changed, or none, and the outcome that a rule must give."""

    rule: str
    name: str
    want: str
    change: dict[str, Any] = field(default_factory=dict)
    category: str = "factory"
    severity: str = ""
    book: rulebook.Rulebook = BOOK
