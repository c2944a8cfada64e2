"""From the canonical answers of the sheets to the facts that rules look at. Pure; empty always becomes unknown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from typing import Any

from greenportal.sheets.numerals import rounded
from nominations.eligibility.facts import (
    BasicAnswer,
    CreditQuery,
    EnergyEntry,
    Event,
    ParkFacts,
    ProductFacts,
    ReportHands,
    Statement,
    Statements,
    SupplyChainFacts,
)
from nominations.eligibility.judgements import product_rows

Answers = Mapping[str, Any]
#: Key of an exclusion in the statement sheet → its mark in the table of events.
EXCLUSIONS = {
    "ex1": "EX1",
    "ex2": "EX2",
    "ex3": "EX3",
    "ex4": "EX4",
    "ex5": "EX5",
    "ex6": "EX6",
    "other": "EXO",
}
_SOURCES = ("creditchina", "gsxt", "zxgk")


def text(answers: Answers, key: str) -> str:
    """Return a text answer, empty when there is none."""
    value = answers.get(key)
    return value if isinstance(value, str) else ""


def yes(answers: Answers, key: str) -> bool | None:
    """Return yes/no as a boolean, None when not answered."""
    return {"yes": True, "no": False}.get(text(answers, key))


def day(answers: Answers, key: str) -> date | None:
    """Return an ISO date, None when empty or not a date (the sheet's own check names it)."""
    try:
        return date.fromisoformat(text(answers, key))
    except ValueError:
        return None


def number(answers: Answers, key: str) -> Decimal | None:
    """Return a decimal, None when empty or not a number."""
    try:
        value = Decimal(text(answers, key))
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def _rows(answers: Answers, key: str) -> list[Answers]:
    rows = answers.get(key)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def statements(answers: Answers) -> Statements:
    """Return the three-year statement."""
    events: dict[str, list[Event]] = {}
    for row in _rows(answers, "events"):
        mark = text(row, "exclusion").upper()
        found = Event(on=day(row, "on"), kind=text(row, "kind"), text=text(row, "text"), ended_on=day(row, "ended_on"))
        events.setdefault(mark, []).append(found)
    return Statements(
        **{
            key: Statement(
                exists=yes(answers, f"{key}_exists"),
                events=tuple(events.get(mark, ())),
                finished=yes(answers, f"{key}_finished"),
                text=text(answers, f"{key}_text"),
            )
            for key, mark in EXCLUSIONS.items()
        }
    )


def credit(answers: Answers) -> tuple[CreditQuery, ...] | None:
    """Return the credit queries that were entered; None when nobody entered any."""
    found = []
    for source in _SOURCES:
        queried, clean = day(answers, f"{source}_on"), yes(answers, f"{source}_clean")
        if queried is None and clean is None:
            continue
        shown, on = text(answers, f"{source}_text"), day(answers, f"{source}_event_on")
        events = (Event(on=on, text=shown or "不良记录"),) if clean is False and (shown or on) else ()
        found.append(CreditQuery(source=source, queried_on=queried, clean=clean, events=events))
    return tuple(found) or None


def energy(answers: Answers) -> tuple[EnergyEntry, ...] | None:
    """Return the energy entries; None when the sheet has none."""
    found = tuple(
        EnergyEntry(
            product=text(row, "product"),
            indicator=text(row, "indicator"),
            unit=text(row, "unit"),
            value=number(row, "value"),
            benchmark_key=text(row, "benchmark_key"),
            entered_benchmark=number(row, "entered_benchmark"),
            entered_source=text(row, "entered_source"),
            advanced_value=number(row, "advanced_value"),
            standard_no=text(row, "standard_no"),
            higher_is_better=yes(row, "higher_is_better") is True,
            explanation=text(row, "explanation"),
        )
        for row in _rows(answers, "entries")
    )
    return found or None


def product(answers: Answers, report: Answers) -> ProductFacts:
    """Return standard and models of a product, and what its report judges of the standard's rows and the LCA."""
    models = tuple(text(row, "model") for row in _rows(answers, "models") if text(row, "model"))
    return ProductFacts(
        standard_no=text(answers, "standard_no") or None,
        models=models,
        requirements=product_rows(report),
        lca_done=yes(report, "lca_done"),
    )


def _industrial_share(answers: Answers) -> Decimal | None:
    """Return the share in percent: of the two totals where both are there, else as typed.

    The notice asks for more than 50 %: a rounded share could stand on the wrong side. Cut upwards at the sixth
    decimal, so that what is above 50 stays above and what is not does not get there.
    """
    part, whole = number(answers, "industrial_value_added"), number(answers, "total_value_added")
    if part is None or whole is None or whole <= 0:
        return number(answers, "industrial_share")
    return rounded(part / whole * 100, 6, ROUND_CEILING).normalize() + 0


def park(answers: Answers) -> ParkFacts:
    """Return the conditions of 通知 一（三）."""
    return ParkFacts(
        level=text(answers, "park_level") or None,
        industrial_share=_industrial_share(answers),
        production_main=yes(answers, "production_main"),
        legal_boundary=yes(answers, "legal_boundary"),
        one_body=yes(answers, "one_body"),
        low_carbon_pilot=yes(answers, "low_carbon_pilot"),
    )


def supply_chain(answers: Answers) -> SupplyChainFacts:
    """Return the conditions of 通知 一（四）."""
    return SupplyChainFacts(
        system=text(answers, "system") or None,
        leading=yes(answers, "leading"),
        industry_group=text(answers, "industry_group") or None,
    )


def basic(answers: Answers) -> tuple[BasicAnswer, ...] | None:
    """Return the basic requirements as answered: fixed rows are numbered by their id; None when not answered."""
    found = tuple(
        BasicAnswer(no=int(row_id), met=yes(row, "met"), text=text(row, "situation"))
        for row in _rows(answers, "basic")
        if (row_id := text(row, "_id")).isascii() and row_id.isdigit()
    )
    return found or None


#: Where names and phones of whoever wrote, audited or answers for a report stand.
_OWN_NAMES, _OWN_PHONES = ("contact_name",), ("phone", "mobile")
_THIRD_NAMES = ("author", "auditor", "evaluator_contact")
_THIRD_PHONES = ("author_phone", "auditor_phone", "evaluator_phone")


def hands(own: Answers, third: Answers, *, authors: Iterable[str] = ()) -> ReportHands:
    """Return who stands in the applicant's sheets and in the evaluator's, folded so that typing does not matter.

    authors: who the applicant says wrote its self-evaluation; no sheet asks for them.
    """
    return ReportHands(
        self_names=names((*_folded(own, _OWN_NAMES), *authors)),
        self_phones=_folded(own, _OWN_PHONES, digits=True),
        third_names=_folded(third, _THIRD_NAMES),
        third_phones=_folded(third, _THIRD_PHONES, digits=True),
    )


def names(typed: Iterable[str]) -> tuple[str, ...]:
    """Return names without spaces, each once, sorted."""
    return tuple(sorted({name for text in typed if (name := "".join(text.split()))}))


def _folded(answers: Answers, keys: tuple[str, ...], *, digits: bool = False) -> tuple[str, ...]:
    found = ("".join(c for c in text(answers, key) if c.isdigit() or not (digits or c.isspace())) for key in keys)
    return tuple(sorted({item for item in found if item}))
