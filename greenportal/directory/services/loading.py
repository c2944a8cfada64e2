"""The shipped directory: `manage.py load_directory`. Never overwrites what an officer edited."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction

from greenportal.accounts.actors import Actor
from greenportal.directory.models import Authority, Territory
from greenportal.directory.pinyin import sort_key
from greenportal.directory.services.industries import HEADINGS, REQUIRED, apply_industries
from greenportal.directory.tables import parse_date, read_csv

DATA = Path(__file__).resolve().parent.parent / "data"


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many rows a load added or changed."""

    territories: int
    authorities: int
    industries: int


def _shipped(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _load_territories() -> int:
    rows = [Territory(code=row["code"], name=row["name"]) for row in _shipped("territories.csv")]
    stored = dict(Territory.objects.values_list("code", "name"))
    changed = [row for row in rows if stored.get(row.code) != row.name]
    Territory.objects.bulk_create(changed, update_conflicts=True, unique_fields=["code"], update_fields=["name"])
    return len(changed)


def _load_authority(row: dict[str, str]) -> bool:
    """Bring one shipped unit in; False when it stands already or an officer has edited it."""
    values = {
        "name": row["name"],
        "bureau_name": row["bureau_name"],
        "kind": row["kind"],
        "starts_on": parse_date(row["starts_on"]),
        "ends_on": parse_date(row["ends_on"]),
        "confidence": row["confidence"],
        "note": row["note"],
        "source": row["source"],
        "sort_key": sort_key(row["name"], limit=120),
    }
    stored = Authority.objects.select_for_update().filter(code=row["code"]).first()
    if stored is not None and (
        stored.edited_at is not None or all(getattr(stored, key) == value for key, value in values.items())
    ):
        return False
    authority, _ = Authority.objects.update_or_create(code=row["code"], defaults=values)
    authority.territories.set(Territory.objects.filter(code__in=row["territories"].split()))
    return True


def load_directory(*, actor: Actor | None = None) -> Loaded:
    """Bring in ten territories, the city, its districts, 先导区, three departments and the known classes. Idempotent."""
    with transaction.atomic():
        territories = _load_territories()
        authorities = sum(_load_authority(row) for row in _shipped("authorities.csv"))
        preview = apply_industries(
            actor=actor or Actor.system("load_directory"),
            rows=read_csv((DATA / "industries.csv").read_text("utf-8"), headings=HEADINGS, required=REQUIRED),
            source="随程序附带",
        )
    return Loaded(territories, authorities, len(preview.changes))
