"""One save of one field through the service; beside one bare UPDATE … RETURNING of the same JSON."""

from __future__ import annotations

import json

from django.db import connection, transaction

from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.filings.models import Filing
from greenportal.filings.services import save
from nominations.models import Nomination
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


def ours() -> None:
    """Permission, lock, conflict check, normalise, store, audit entry, recheck asked for, section validated."""
    fresh_numbers()
    with clock.fixed(DURING):
        first, *filings = _filings(scale(SAVES, least=10))
        actor = make_actor(Role.DISTRICT_OFFICER, authority=make_authority("瓦房店市"))
        save(filing_id=first.pk, seen_version=first.version, changes={"ex1_text": "预热"}, actor=actor)
        with queries() as counter, measure():
            for filing in filings:
                save(filing_id=filing.pk, seen_version=filing.version, changes={"ex1_text": "已整改"}, actor=actor)
        Nomination.objects.filter(pk__gt=BASE, state="draft").update(state="handed_in")
    note(f"{len(filings)} saves, {counter.count / len(filings):.1f} statements each")


def bare() -> None:
    """The whole document written back in a transaction, the row returned."""
    first, *filings = _filings(scale(SAVES, least=10))
    texts = {filing.pk: json.dumps({**filing.answers, "ex1_text": "已整改"}) for filing in [first, *filings]}
    text = "UPDATE filings_filing SET answers = %s, version = version + 1 WHERE id = %s RETURNING answers, version"
    with measure():
        for filing in filings:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(text, [texts[filing.pk], filing.pk])
                cursor.fetchone()
    Nomination.objects.filter(pk__gt=BASE, state="draft").update(state="handed_in")
