"""The roster of those who recommend and those who are asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db import transaction

from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.directory.models import Authority, Territory
from greenportal.directory.pinyin import sort_key
from greenportal.directory.rules import may_edit_authorities
from greenportal.findings.types import Confidence, Invalid, NotVisible, Stale


def _problems(
    *, name: str, kind: str, starts_on: date | None, ends_on: date | None, codes: Sequence[str], known: set[str]
) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    if not name:
        errors["name"] = ["填写主管部门名称。"]
    if kind not in Authority.Kind.values:
        errors["kind"] = ["选择类别。"]
    if starts_on and ends_on and ends_on < starts_on:
        errors["ends_on"] = ["撤并日期应不早于设立日期，核对两个日期。"]
    if missing := [code for code in codes if code not in known]:
        errors["territories"] = [f"行政区划代码{'、'.join(missing)}不在名录中，从名录中选择。"]
    return errors


def edit_authority(
    *,
    actor: Actor,
    authority_id: int,
    seen_version: int,
    name: str,
    bureau_name: str,
    kind: str,
    territory_codes: Sequence[str],
    starts_on: date | None,
    ends_on: date | None,
    note: str,
) -> Authority:
    """Store what the city lead knows of a unit: names, kind, territories, dates. Confidence becomes `official`.

    From then on `load_directory` leaves the row alone. Raises `Refused`, `Stale`, `Invalid` per field.
    """
    may_edit_authorities(actor).require()
    found = {t.code: t for t in Territory.objects.filter(code__in=territory_codes)}
    errors = _problems(
        name=name.strip(), kind=kind, starts_on=starts_on, ends_on=ends_on, codes=territory_codes, known=set(found)
    )
    if errors:
        raise Invalid("核对主管部门的内容。", errors=errors)
    with transaction.atomic():
        authority = Authority.objects.select_for_update().filter(pk=authority_id).first()
        if authority is None:
            raise NotVisible
        if authority.version != seen_version:
            raise Stale("这一主管部门刚被他人修改，核对最新内容后重新保存。", current=authority)
        before = {"name": authority.name, "kind": authority.kind, "note": authority.note}
        authority.name, authority.bureau_name, authority.kind = name.strip(), bureau_name.strip(), kind
        authority.starts_on, authority.ends_on, authority.note = starts_on, ends_on, note.strip()
        authority.sort_key = sort_key(authority.name, limit=120)
        authority.confidence = Confidence.OFFICIAL
        authority.edited_at, authority.version = clock.now(), authority.version + 1
        authority.save()
        authority.territories.set(found.values())
        record(
            actor=actor,
            action="directory.edit_authority",
            target=f"directory.authority:{authority.pk}",
            data={
                "before": before,
                "after": {"name": authority.name, "kind": kind, "note": authority.note},
                "starts_on": starts_on.isoformat() if starts_on else None,
                "ends_on": ends_on.isoformat() if ends_on else None,
                "territories": sorted(found),
            },
        )
    return authority
