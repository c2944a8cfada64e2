"""Many nominations from one, copied inside PostgreSQL: what costs the same for forty is asked of forty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection, models

from greenportal.directory.models import Subject
from greenportal.filings.models import Filing
from nominations.models import (
    ListEntry,
    ListVersion,
    Nomination,
    NominationDocument,
    NominationSheet,
    NominationVersion,
)


def _insert(model: type[models.Model], source: str, values: Mapping[str, str], params: list[Any]) -> None:
    """Copy rows: every column as it is in `o` of the FROM clause `source`, but those in `values` (column → SQL)."""
    names = [field.column for field in model._meta.concrete_fields if field.column != "id"]
    selected = ", ".join(values.get(name, f'o."{name}"') for name in names)
    columns = ", ".join(f'"{name}"' for name in names)
    with connection.cursor() as cursor:
        cursor.execute(f'INSERT INTO "{model._meta.db_table}" ({columns}) SELECT {selected} FROM {source}', params)


def copy_nomination(first: Nomination, times: int) -> list[int]:
    """Return the ids of the nomination and of `times` copies: subjects, sheets with their answers, documents."""
    t = {model: f'"{model._meta.db_table}"' for model in (Subject, Nomination, Filing, NominationSheet)}
    numbers = f"generate_series(1, {times}) n"
    _insert(
        Subject,
        f"{t[Subject]} o, {numbers} WHERE o.id = %s",
        {"name": "o.name || '第' || n || '号'"},
        [first.subject_id],
    )
    made = f"(SELECT s.id, row_number() OVER (ORDER BY s.id) AS n FROM {t[Subject]} s, {t[Subject]} b"
    made += " WHERE b.id = %s AND s.organisation_id = b.organisation_id AND s.name LIKE b.name || '第%%号') s"
    values = {"subject_id": "s.id", "rank": f"{first.rank} + s.n" if first.rank else "NULL"}
    _insert(Nomination, f"{t[Nomination]} o, {made} WHERE o.id = %s", values, [first.subject_id, first.pk])
    ids = list(
        Nomination.objects.filter(round=first.round_id, applicant=first.applicant_id, category=first.category)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    copies = f"unnest(%s::bigint[]) c(id), {t[Filing]} o WHERE o.scope = 'nominations.nomination' AND o.scope_id = %s"
    _insert(Filing, copies, {"scope_id": "c.id"}, [ids[1:], first.pk])
    joined = f"{t[NominationSheet]} o JOIN {t[Filing]} f ON f.sheet_key = o.sheet_key AND f.scope_id = ANY(%s)"
    joined += " AND f.scope = 'nominations.nomination' WHERE o.nomination_id = %s"
    _insert(NominationSheet, joined, {"nomination_id": "f.scope_id", "filing_id": "f.id"}, [ids[1:], first.pk])
    papers = f'unnest(%s::bigint[]) c(id), "{NominationDocument._meta.db_table}" o WHERE o.nomination_id = %s'
    _insert(NominationDocument, papers, {"nomination_id": "c.id"}, [ids[1:], first.pk])
    return ids


def grown(version: ListVersion, times: int) -> ListVersion:
    """Return another version of the list that holds its first nominee and `times` copies of it behind."""
    entry = version.entries.select_related("nomination", "version").order_by("position").first()
    assert entry is not None
    ids = copy_nomination(entry.nomination, times)
    table = f'"{NominationVersion._meta.db_table}"'
    source = f"unnest(%s::bigint[]) c(id), {table} o WHERE o.id = %s"
    _insert(NominationVersion, source, {"nomination_id": "c.id"}, [ids[1:], entry.version_id])
    held = [entry.version_id, *NominationVersion.objects.filter(nomination__in=ids[1:]).values_list("pk", flat=True)]
    row = version.payload["entries"][0]
    payload = {**version.payload, "entries": [{**row, "version_id": pk} for pk in held]}
    more = ListVersion.objects.create(
        list=version.list,
        number=version.number + 1,
        payload=payload,
        sha256=version.sha256,
        revision=version.revision,
        created_at=version.created_at,
    )
    of = dict(NominationVersion.objects.filter(pk__in=held).values_list("pk", "nomination_id"))
    ListEntry.objects.bulk_create(
        ListEntry(
            list_version=more,
            nomination_id=of[pk],
            version_id=pk,
            category=entry.category,
            position=entry.position + place,
            printed=entry.printed,
        )
        for place, pk in enumerate(held)
    )
    return more
