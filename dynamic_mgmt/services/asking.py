"""Questions to a person: does this listed unit belong to that legal person? Raised by likeness of names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from dynamic_mgmt.likeness import index_of
from dynamic_mgmt.models import ListedUnit, MatchDoubt
from dynamic_mgmt.naming import name_key
from dynamic_mgmt.services.comparing import CANDIDATES
from greenportal import clock
from greenportal.directory.models import Organisation

Subject = MatchDoubt.Subject


def raise_doubts(units: Iterable[ListedUnit]) -> int:
    """Put the questions about these units into the queue; returns how many are new. Four queries."""
    people = list(Organisation.objects.order_by("pk").values_list("id", "name"))
    names = dict(people)
    keys = {name_key(name) for name in names.values()}
    index = index_of(people)
    settled = _settled_pairs()
    asked: list[MatchDoubt] = []
    for unit in units:
        if {unit.name_key, unit.renamed_key} & keys:
            continue
        found = index.like(unit.current_name) | index.like(unit.name_as_listed)
        like = {pk: because for pk, because in sorted(found.items()) if (unit.pk, pk) not in settled}
        if like:
            asked.append(_question(unit, dict(list(like.items())[:CANDIDATES]), names))
    known = set(
        MatchDoubt.objects.filter(subject=Subject.UNIT, key__in=[row.key for row in asked]).values_list(
            "key", flat=True
        )
    )
    fresh = [row for row in asked if row.key not in known]
    MatchDoubt.objects.bulk_create(fresh, batch_size=1000)
    return len(fresh)


def _settled_pairs() -> set[tuple[int, int]]:
    """Return (unit, legal person) that a person answered about. One query."""
    rows = MatchDoubt.objects.filter(subject=Subject.UNIT).exclude(answer="").values_list("unit_id", "candidates")
    return {(unit_id, candidate["id"]) for unit_id, candidates in rows if unit_id for candidate in candidates}


def _question(unit: ListedUnit, like: dict[int, str], names: dict[int, str]) -> MatchDoubt:
    text = f"{unit.pk}:{','.join(map(str, like))}"
    return MatchDoubt(
        subject=Subject.UNIT,
        key=hashlib.sha256(text.encode()).hexdigest(),
        name=unit.current_name,
        unit=unit,
        candidates=[{"id": pk, "name": names[pk], "because": because} for pk, because in like.items()],
        source=unit.source,
        raised_at=clock.now(),
    )
