"""The register as Excel, streamed row by row."""

from __future__ import annotations

from dynamic_mgmt.selectors.counts import COLUMNS, register_rows
from dynamic_mgmt.selectors.lists import Filters, filtered, visible_to
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.documents.xlsx import Column, write_list
from greenportal.files import blobs


def export_register(*, actor: Actor, filters: Filters) -> bytes:
    """Return the units that the actor sees and the filters leave as an Excel list; the export is recorded."""
    columns = [
        Column(key, label, width=width, kind="code" if key == "uscc" else "text") for key, label, width in COLUMNS
    ]
    expected = filtered(visible_to(actor), filters).count()
    with blobs.scratch(".xlsx") as target:
        write_list(
            target,
            name="绿色制造名录",
            columns=columns,
            rows=register_rows(actor, filters),
            expected=expected,
            issued_at=clock.now(),
        )
        content = target.read_bytes()
    record(
        actor=actor, action="dynamic_mgmt.export_register", target="dynamic_mgmt.register:0", data={"rows": expected}
    )
    return content
