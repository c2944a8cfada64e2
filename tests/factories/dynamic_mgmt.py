"""Listed units for tests."""

from __future__ import annotations

import itertools
from typing import Any

from dynamic_mgmt.models import ListedUnit
from dynamic_mgmt.naming import name_key
from greenportal import clock
from greenportal.directory.pinyin import sort_key

_numbers = itertools.count(1)


def make_listed(name: str = "", **values: Any) -> ListedUnit:
    """Return a new row of the register: a national factory of batch 5 (2020) unless `values` say otherwise."""
    name = name or f"试验名单单位{next(_numbers)}有限公司"
    defaults: dict[str, Any] = {
        "category": "factory",
        "level": "national",
        "batch": "5",
        "list_year": 2020,
        "province": "辽宁省",
        "city": "大连市",
        "source": "试验",
        "created_at": clock.now(),
        "sort_key": sort_key(name),
    }
    return ListedUnit.objects.create(name_as_listed=name, name_key=name_key(name), **{**defaults, **values})
