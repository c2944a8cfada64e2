"""Which district manages a unit and where it stands: two things, since 先导区 manage other districts' ground."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.db import transaction

from dynamic_mgmt.constants import SCOPE_UNIT
from dynamic_mgmt.models import ListedUnit
from dynamic_mgmt.parsing import ListedRow
from dynamic_mgmt.rules import may_import
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.directory.models import Territory
from greenportal.directory.selectors import nominating_authorities
from greenportal.findings.types import Invalid, NotVisible, Stale


def _bare(name: str) -> str:
    """Return a place's name as lists shorten it: 甘井子区 and 甘井子 are one."""
    text = "".join(name.split())
    for end in ("区", "市", "县"):
        if len(text) > 2:
            text = text.removesuffix(end)
    return text


class Places:
    """Districts and territories by name or code, read when a list first names one. At most two queries."""

    @cached_property
    def _authorities(self) -> dict[str, int]:
        rows = list(nominating_authorities())
        named = {_bare(row.name): row.pk for row in rows} | {row.code: row.pk for row in rows}
        return named | {row.name: row.pk for row in rows}

    @cached_property
    def _territories(self) -> dict[str, str]:
        rows = list(Territory.objects.values_list("code", "name"))
        return {_bare(name): code for code, name in rows} | {code: code for code, _ in rows}

    def of(self, row: ListedRow) -> dict[str, Any]:
        """Return the columns to store; a blank in the list gives None, which never clears what is stored."""
        found: dict[str, Any] = {"authority_id": None, "territory_id": None}
        if row.district:
            found["authority_id"] = self._authorities.get(row.district) or self._authorities.get(_bare(row.district))
        if row.territory:
            found["territory_id"] = self._territories.get(row.territory) or self._territories.get(_bare(row.territory))
        return found

    def problems(self, row: ListedRow) -> list[str]:
        """Return what cannot be found, in Chinese."""
        if not row.district and not row.territory:
            return []
        found = self.of(row)
        messages = []
        if row.district and found["authority_id"] is None:
            messages.append(f"区市县“{row.district}”不在主管部门名录中，改为名录中的名称。")
        if row.territory and found["territory_id"] is None:
            messages.append(f"行政区划“{row.territory}”不在区划名录中，改为区划名称或6位代码。")
        return messages


def place_unit(
    *, actor: Actor, unit_id: int, authority_id: int | None, territory_code: str, seen_version: int
) -> ListedUnit:
    """Say which district manages a unit (None: nobody of ours) and in which territory it stands ("": not known).

    Raises `Refused`, `NotVisible`, `Stale`, `Invalid` per field.
    """
    may_import(actor).require()
    errors: dict[str, list[str]] = {}
    if authority_id is not None and not nominating_authorities().filter(pk=authority_id).exists():
        errors["authority"] = ["选择区市县或先导区。"]
    if territory_code and not Territory.objects.filter(pk=territory_code).exists():
        errors["territory"] = ["选择行政区划。"]
    if errors:
        raise Invalid("核对管理单位和所在区划。", errors=errors)
    with transaction.atomic():
        unit = ListedUnit.objects.select_for_update().filter(pk=unit_id).first()
        if unit is None:
            raise NotVisible
        if unit.version != seen_version:
            raise Stale("这一名单单位刚被他人修改，刷新后核对最新内容。", current=unit.authority_id)
        before = unit.authority_id
        unit.authority_id, unit.territory_id = authority_id, territory_code or None
        unit.version += 1
        unit.save(update_fields=["authority", "territory", "version"])
        record(
            actor=actor,
            action="dynamic_mgmt.place_unit",
            target=f"{SCOPE_UNIT}:{unit.pk}",
            data={"before": before, "after": authority_id, "territory": territory_code},
        )
    return unit
