"""A person says which legal person a listed name belongs to."""

from __future__ import annotations

from django.db import transaction

from dynamic_mgmt.constants import SCOPE_UNIT
from dynamic_mgmt.models import ListedUnit
from dynamic_mgmt.rules import may_import
from dynamic_mgmt.services.telling import tell_nominations
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.directory.models import Organisation
from greenportal.findings.types import NotVisible, ReasonRequired, Stale


def link_unit(*, actor: Actor, unit_id: int, organisation_id: int | None, seen_version: int, reason: str) -> ListedUnit:
    """Link a row to a legal person (None takes the link away); from then on only the link decides the match.

    Raises `Refused`, `ReasonRequired`, `NotVisible`, `Stale`.
    """
    may_import(actor).require()
    if not reason.strip():
        raise ReasonRequired("确认对应单位需要写明依据，如名单附件或更名证明。")
    if organisation_id is not None and not Organisation.objects.filter(pk=organisation_id).exists():
        raise NotVisible
    with transaction.atomic():
        unit = ListedUnit.objects.select_for_update().filter(pk=unit_id).first()
        if unit is None:
            raise NotVisible
        if unit.version != seen_version:
            raise Stale("这一名单单位刚被他人修改，刷新后核对最新内容。", current=unit.organisation_id)
        before, unit.organisation_id, unit.version = unit.organisation_id, organisation_id, unit.version + 1
        unit.save(update_fields=["organisation", "version"])
        record(
            actor=actor,
            action="dynamic_mgmt.link_unit",
            target=f"{SCOPE_UNIT}:{unit.pk}",
            data={"before": before, "after": organisation_id, "reason": reason.strip()},
        )
        both = [pk for pk in (before, organisation_id) if pk is not None]
        tell_nominations(actor=actor, cause="dynamic_mgmt.link", organisation_ids=both)
    return unit
