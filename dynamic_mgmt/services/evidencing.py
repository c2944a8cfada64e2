"""Files are put to a table as its evidence (佐证材料) and taken out again while it is being filled: signed in, or through its link."""

from __future__ import annotations

import uuid

from django.db import transaction

from dynamic_mgmt import table_rules
from dynamic_mgmt.constants import FILE_EVIDENCE
from dynamic_mgmt.models import DynamicTable, TableEvidence
from dynamic_mgmt.selectors.tables import table_window
from dynamic_mgmt.services.filing import behind_link
from dynamic_mgmt.services.table_moving import lock_table, person, table_target
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.files.selectors import visible_to as files_visible_to
from greenportal.findings.types import Invalid, NotVisible, WrongState

#: No table needs more; a guard against a folder dropped whole.
MOST = 60


def _editable(actor: Actor, table_id: int) -> DynamicTable:
    table = lock_table(actor, table_id)
    table_rules.may_edit_answers(
        actor, table, organisation_id=table.unit.organisation_id, in_window=table_window(table).open
    ).require()
    return table


def attach_evidence(
    *, actor: Actor, table_id: int, group: str, file_id: uuid.UUID | None, title: str = "", by_link: bool = False
) -> TableEvidence:
    """Put an uploaded file of the actor's to a table that is being filled: by its unit until the clock, by its district.

    Raises Invalid (group, no file), NotVisible (a table or file of somebody else), Refused (locked), WrongState (too many, twice).
    """
    with transaction.atomic():
        table = _editable(actor, table_id)
        errors: dict[str, list[str]] = {}
        if group not in TableEvidence.Group.values:
            errors["group"] = ["选择这份材料用于哪些数据。"]
        if file_id is None:
            errors["document"] = ["选择要上传的佐证材料。"]
        if errors or file_id is None:
            raise Invalid("核对上传内容。", errors=errors)
        file = files_visible_to(actor, kind=FILE_EVIDENCE).filter(pk=file_id).first()
        if file is None:
            raise NotVisible
        kept = table.evidence.filter(removed_at=None)
        if kept.count() >= MOST:
            raise WrongState(f"每张表最多{MOST}份佐证材料，请合并为一个PDF后上传。")
        if kept.filter(group=group, file__sha256=file.sha256).exists():
            raise WrongState("同一份材料已上传，不需要重复上传。")
        row = TableEvidence.objects.create(
            table=table,
            group=group,
            title=" ".join(title.split())[:160] or file.name[:160],
            file=file,
            added_by_id=actor.user_id if by_link else person(actor),
            added_at=clock.now(),
        )
        data = {"evidence": row.pk, "group": group, "sha256": file.sha256}
        record(actor=actor, action="dynamic_mgmt.attach_evidence", target=table_target(table.pk), data=data)
    return row


def remove_evidence(*, actor: Actor, table_id: int, evidence_id: int, by_link: bool = False) -> None:
    """Take a file out while the table is being filled; the row stays with its date. Raises NotVisible, Refused.

    by_link: only what came through a link; what somebody signed in put there stays.
    """
    with transaction.atomic():
        table = _editable(actor, table_id)
        row = table.evidence.select_for_update(of=("self",)).filter(pk=evidence_id, removed_at=None).first()
        if row is None or (by_link and row.added_by_id is not None):
            raise NotVisible
        row.removed_by_id, row.removed_at = None if by_link else person(actor), clock.now()
        row.save(update_fields=["removed_by", "removed_at"])
        data = {"evidence": row.pk, "group": row.group}
        record(actor=actor, action="dynamic_mgmt.remove_evidence", target=table_target(table.pk), data=data)


def attach_by_link(*, token: str, group: str, file_id: uuid.UUID | None, title: str = "") -> TableEvidence:
    """Put a file to the one table that the link is for; the link stays usable. Raises what `attach_evidence` and `behind_link` raise."""
    actor, table = behind_link(token)
    return attach_evidence(actor=actor, table_id=table.pk, group=group, file_id=file_id, title=title, by_link=True)


def remove_by_link(*, token: str, evidence_id: int) -> None:
    """Take out of the link's table what came through a link."""
    actor, table = behind_link(token)
    remove_evidence(actor=actor, table_id=table.pk, evidence_id=evidence_id, by_link=True)
