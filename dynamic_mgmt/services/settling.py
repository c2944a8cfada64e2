"""A decided removal moves the table that asked for it, wherever it was decided."""

from __future__ import annotations

from dynamic_mgmt.models import DynamicTable, RemovalProposal
from dynamic_mgmt.services.table_moving import move_table, person
from dynamic_mgmt.table_states import Opinion, TableState
from greenportal import clock
from greenportal.accounts.actors import Actor


def follow_removal(proposal: RemovalProposal, actor: Actor) -> None:
    """Move the tables that wait for this proposal, inside the transaction of the decision."""
    rows = DynamicTable.objects.select_for_update(no_key=True).filter(
        removal=proposal, state=TableState.REMOVAL_PROPOSED
    )
    for table in rows.order_by("pk"):
        if not proposal.confirmed:
            table.removal = None
            move_table(table, "drop_removal", actor=actor, fields=["removal"])
            continue
        table.decision, table.decision_reason = Opinion.REMOVE, proposal.reason
        table.decided_by_id, table.decided_at = person(actor), clock.now()
        move_table(
            table,
            "confirm_removal",
            actor=actor,
            fields=["decision", "decision_reason", "decided_by", "decided_at"],
            data={"decision": Opinion.REMOVE.value, "proposal": proposal.pk},
        )
