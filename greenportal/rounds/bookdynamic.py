"""What a rulebook says about the dynamic tables (通知 三): sheets per category and the indicators in them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from greenportal.rounds.booksource import Sourced


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamicTable(Sourced):
    """The table of one category: its yearly sheet, the sheet of further periods, whom it is asked of.

    levels, batches: the memberships for which a table falls due (通知 三: 前六批, national).
    """

    label: str
    sheet: str
    periodic_sheet: str
    attachment: str
    levels: tuple[str, ...]
    batches: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamicIndicator(Sourced):
    """One figure of the tables by its permanent key; the sheet's fields are `<key>_y0`, `_y1`, `_y2`.

    direction: lower_is_better | higher_is_better | none; kind: total | ratio | share | score (a share
    cannot leave 0–100); is_key: among the key indicators that are judged. requirement: what the
    evaluation asks, None where no value is held (the judgement is then 待人工核实); strict: reaching it is not enough.
    """

    label: str
    unit: str
    categories: tuple[str, ...]
    direction: str
    group: str
    kind: str
    is_key: bool = False
    requirement: Decimal | None = None
    requirement_text: str = ""
    strict: bool = False
