"""One save of one field through the service; beside one bare UPDATE … RETURNING of the same JSON."""

from __future__ import annotations

import json
import time

from django.db import connection, transaction

from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.filings.models import Filing
from greenportal.filings.selectors import sheet_of
from greenportal.filings.services import save
from greenportal.sheets import Section
from nominations.models import Nomination
from nominations.selectors.live import live_findings
from tests.bench.counting import queries
from tests.bench.harness import measure, note, scale
from tests.bench.seed import BASE, fresh_numbers
from tests.factories.accounts import make_actor
from tests.factories.directory import make_authority
from tests.factories.rounds import DURING

SAVES = 200


def _filings(count: int) -> list[Filing]:
    """Statements of different nominations: the sheet that every category has."""
    rows = Nomination.objects.filter(pk__gt=BASE, state="handed_in").order_by("pk")[: count + 1]
    Filing.objects.filter(scope_id__in=[row.pk for row in rows]).update(locked=False)
    Nomination.objects.filter(pk__in=[row.pk for row in rows]).update(state="draft")
    return [row.sheets.select_related("filing").get(sheet_key="statement").filing for row in rows]


def _save(actor: Actor, filing: Filing, section: Section) -> float:
    """Return how many seconds the rules of the section took."""
    saved = save(filing_id=filing.pk, seen_version=filing.version, changes={"ex1_text": "已整改"}, actor=actor)
    began = time.perf_counter()
    live_findings(actor, saved.filing, section)
    return time.perf_counter() - began


def ours() -> None:
    """Permission, lock, conflict check, normalise, store, audit entry, recheck asked for, section validated and its rules asked at once."""
    fresh_numbers()
    with clock.fixed(DURING):
        first, *filings = _filings(scale(SAVES, least=10))
        section = sheet_of(first).section("exclusions")
        actor = make_actor(Role.DISTRICT_OFFICER, authority=make_authority("瓦房店市"))
        _save(actor, first, section)
        with queries() as counter, measure():
            asked = sum(_save(actor, filing, section) for filing in filings)
        Nomination.objects.filter(pk__gt=BASE, state="draft").update(state="handed_in")
    note(
        f"{len(filings)} saves, {counter.count / len(filings):.1f} statements each, {asked * 1000 / len(filings):.1f} ms of each for the rules of the section"
    )


def _write(text: str, texts: dict[int, str], filing: Filing) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(text, [texts[filing.pk], filing.pk])
        cursor.fetchone()


def bare() -> None:
    """The whole document written back in a transaction, the row returned."""
    first, *filings = _filings(scale(SAVES, least=10))
    texts = {filing.pk: json.dumps({**filing.answers, "ex1_text": "已整改"}) for filing in [first, *filings]}
    # Each side stores one answer before the time runs.
    text = "UPDATE filings_filing SET answers = %s, version = version + 1 WHERE id = %s RETURNING answers, version"
    _write(text, texts, first)
    with measure():
        for filing in filings:
            _write(text, texts, filing)
    Nomination.objects.filter(pk__gt=BASE, state="draft").update(state="handed_in")
