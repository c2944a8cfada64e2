"""Fills the scratch database: one real nomination per category through the services, then copies of them in SQL.

Copies are the same rows with other keys, made by INSERT … SELECT over a series: what the selectors read is then
as wide as in the real thing, and ten thousand of them take seconds. Ids above BASE are copies.
"""

from __future__ import annotations

import io
import itertools
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.db import connection, models

from evaluators.models import Engagement
from greenportal import clock
from greenportal.directory.fictional import fictional_uscc
from greenportal.directory.models import Organisation, Subject
from greenportal.filings.models import Filing
from greenportal.findings.models import CheckRun
from greenportal.rounds.models import Round
from nominations.constants import Category
from nominations.models import Nomination, NominationDocument, NominationSheet
from nominations.services import rechecking
from tests.bench.harness import scale
from tests.factories import nominations as make
from tests.factories.rounds import DURING, open_round_2022

BASE = 1_000_000
FULL = 10_000
_USCC_FROM = 800_000
_PER_PROCESS = 5_000


def fresh_numbers() -> None:
    """Let the factories of this process count from where no earlier process of this run did: names are unique."""
    turns = Path(os.environ["BENCH_FOLDER"]) / "turns"
    with turns.open("a") as file:
        file.write("x")
        file.flush()
        start = turns.stat().st_size * _PER_PROCESS
    for name, module in list(sys.modules.items()):
        if name.startswith("tests.factories.") and hasattr(module, "_numbers"):
            module._numbers = itertools.count(start)


def the_round() -> Round:
    """Return the round of the scratch database, opened by whichever seed comes first: a year has one at a time."""
    return Round.objects.first() or open_round_2022()


def fill() -> None:
    """Entry point: `scale(10,000)` nominations, half of them handed in in one district, half submitted by another."""
    fresh_numbers()
    with clock.fixed(DURING):
        home = make.make_district(year=the_round())
        away = make.make_district("庄河市", year=home.round)
        make.make_city()
        total = scale(FULL, least=40)
        _codes(total)
        categories = list(Category.values)
        for index, category in enumerate(categories):
            for half, district in enumerate((home, away)):
                template = make.make_handed_in(district, category)
                rechecking.recheck(nomination_ids=[template.pk])
                template.refresh_from_db()
                first = 1 + index + half * len(categories)
                _copies(template, "handed_in" if half == 0 else "submitted", (first, total, 2 * len(categories)))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _codes(total: int) -> None:
    """A table of credit codes, filled by COPY: the database cannot compute check characters."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_codes (n bigint PRIMARY KEY, uscc text)")
        lines = "".join(f"{number}\t{fictional_uscc(_USCC_FROM + number)}\n" for number in range(1, total + 1))
        cursor.copy_expert("COPY bench_codes (n, uscc) FROM STDIN", io.StringIO(lines))


def _copies(template: Nomination, state: str, series: tuple[int, int, int]) -> None:
    """Copy one nomination with all that the selectors read of it, once per number of the series."""
    number = f"{BASE} + i"
    held = template.sheets.select_related("filing")
    documents = template.documents.all()
    code = "(SELECT uscc FROM bench_codes WHERE n = i)"
    _clone(Organisation, template.applicant, series, {"id": number, "uscc": code, "name": "name || i"})
    _clone(Subject, template.subject, series, {"id": number, "organisation_id": number, "name": "name || i"})
    moved: dict[str, str] = {"id": number, "subject_id": number, "applicant_id": number, "state": f"'{state}'"}
    if template.engagement is not None:
        values = {"id": number, "subject_id": number, "ordinal": f"{BASE} + i"}
        _clone(Engagement, template.engagement, series, values)
        moved["engagement_id"] = number
    if template.last_check is not None:
        _clone(CheckRun, template.last_check, series, {"id": number, "scope_id": number})
        moved["last_check_id"] = number
    _clone(Nomination, template, series, moved)
    for sheet in held:
        filing = f"{sheet.filing_id} * {BASE} + i"
        _clone(Filing, sheet.filing, series, {"id": filing, "scope_id": number})
        own = {"id": f"{sheet.pk} * {BASE} + i", "nomination_id": number, "filing_id": filing}
        _clone(NominationSheet, sheet, series, own)
    for document in documents:
        own = {"id": f"{document.pk} * {BASE} + i", "nomination_id": number}
        _clone(NominationDocument, document, series, own)


def _clone(
    model: type[models.Model], row: models.Model, series: Sequence[int], values: Mapping[str, str], **_: Any
) -> None:
    """INSERT … SELECT of one row over generate_series(i); `values` are SQL expressions by column."""
    columns = [field.column for field in model._meta.concrete_fields]
    quoted = ", ".join(f'"{name}"' for name in columns)
    chosen = ", ".join(values.get(name, f'"{name}"') for name in columns)
    table = model._meta.db_table
    # Only names of our own models and expressions of this module are put together here.
    text = f'INSERT INTO "{table}" ({quoted}) SELECT {chosen} FROM "{table}", generate_series(%s::bigint, %s, %s) AS i'
    with connection.cursor() as cursor:
        cursor.execute(f"{text} WHERE id = %s", [*series, row.pk])
