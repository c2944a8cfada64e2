"""Districts, legal persons and subjects for tests. Every code is fictional and bears right check characters."""

from __future__ import annotations

import itertools
from typing import Any

from greenportal import clock
from greenportal.directory.fictional import fictional_uscc as fictional_uscc
from greenportal.directory.models import Authority, Industry, Organisation, Subject, Territory
from greenportal.directory.pinyin import search_key, sort_key
from greenportal.directory.validators import section_of

_numbers = itertools.count(1)


def make_territory(code: str = "210281", name: str = "瓦房店市") -> Territory:
    territory, _ = Territory.objects.get_or_create(code=code, defaults={"name": name})
    return territory


def make_authority(name: str = "瓦房店市", kind: str = "district", code: str = "", **values: Any) -> Authority:
    """Return the unit with this name, made on first call."""
    found = Authority.objects.filter(name=name, kind=kind).first()
    if found is not None and not code and not values:
        return found
    return Authority.objects.create(
        code=code or f"T-{next(_numbers)}", name=name, kind=kind, sort_key=sort_key(name, limit=120), **values
    )


def make_organisation(uscc: str | None = None, name: str = "", **values: Any) -> Organisation:
    """Return a new legal person; without `uscc` a code never used before in this run."""
    number = next(_numbers)
    name = name or f"试验单位{number}有限公司"
    values.setdefault("created_at", clock.now())
    return Organisation.objects.create(
        uscc=uscc or fictional_uscc(number), name=name, sort_key=sort_key(name), **values
    )


def make_industry(code: str = "3451", name: str = "滚动轴承制造", **values: Any) -> Industry:
    values.setdefault("section", section_of(code))
    found, _ = Industry.objects.get_or_create(
        code=code, defaults={"name": name, "sort_key": sort_key(name), "search_key": search_key(name), **values}
    )
    return found


def make_subject(
    organisation: Organisation | None = None,
    authority: Authority | None = None,
    kind: str = "factory",
    name: str = "",
    **values: Any,
) -> Subject:
    """Return a new subject of `organisation` (a new one by default), reported by `authority` (瓦房店市 by default)."""
    organisation = organisation or make_organisation()
    name = name or f"{organisation.name}{next(_numbers)}号厂区"
    values.setdefault("created_at", clock.now())
    return Subject.objects.create(
        organisation=organisation,
        authority=authority or make_authority(),
        kind=kind,
        name=name,
        sort_key=sort_key(name),
        **values,
    )
