"""What the rulebook in force says of dynamic tables: indicators by key, sheets per category, limits of soft rules."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from greenportal.rounds import rulebook
from greenportal.rounds.bookdynamic import DynamicIndicator
from greenportal.rounds.booktypes import Rulebook
from greenportal.sheets import Sheet, load

#: Fields of a sheet that hold an indicator: data year, the year before, two years before.
SUFFIXES = ("y0", "y1", "y2")


@lru_cache(maxsize=1)
def newest_book() -> Rulebook:
    """Return the newest shipped rulebook: keys of indicators are permanent, so it names those of every year."""
    return rulebook.load(rulebook.keys()[0])


def indicators(category: str = "", *, book: Rulebook | None = None) -> Mapping[str, DynamicIndicator]:
    """Return the indicators of a category (of all for ""), in the order of the file."""
    items = ((book or newest_book()).dynamic_indicators or newest_book().dynamic_indicators).items()
    return {key: item for key, item in items if not category or category in item.categories}


def limit(name: str, *, book: Rulebook | None = None) -> Decimal:
    """Return a limit of the soft rules (`jump_percent`, `slip_percent`, `worse_percent`, `peers_least`)."""
    limits = (book or newest_book()).dynamic_limits or newest_book().dynamic_limits
    return limits[name].value


@lru_cache(maxsize=32)
def _sheet(path: Path) -> Sheet:
    return load(path)


def sheet_for(book: Rulebook, category: str, *, periodic: bool = False) -> Sheet:
    """Return the sheet of a category's yearly table, or of its further periods."""
    spec = (book.dynamic_tables or newest_book().dynamic_tables)[category]
    key = book.key if book.dynamic_tables else newest_book().key
    return _sheet(rulebook.sheet_file(key, spec.periodic_sheet if periodic else spec.sheet))
