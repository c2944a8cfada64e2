"""What a notice to a unit may say: read from the table, its period, its history and the rulebook."""

from __future__ import annotations

from django.conf import settings

from dynamic_mgmt.models import DynamicTable
from dynamic_mgmt.notices import NoticeFacts, NoticeKind
from dynamic_mgmt.selectors.catalogue import newest_book
from dynamic_mgmt.selectors.tables import ends_at, table_window
from dynamic_mgmt.table_states import TableState
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.rounds.selectors import rulebook_at

_MOVE = {NoticeKind.RECHECK: "open_recheck", NoticeKind.ON_SITE: "open_on_site"}


def signer(actor: Actor, table: DynamicTable) -> str:
    """Return the office that signs: the officer's own."""
    if actor.is_city:
        return str(settings.SITE_OWNER["name"])
    return table.authority.bureau_name or table.authority.name


def notice_facts(table: DynamicTable, kind: NoticeKind) -> NoticeFacts:
    """Return the facts of one notice about a table. Four queries."""
    book, _ = rulebook_at(table.period.round_id)
    spec = (book.dynamic_tables or newest_book().dynamic_tables)[table.category]
    window, unit, removal = table_window(table), table.unit, table.removal
    # What was returned without a day of its own is urged by the clock of the period.
    mend_by = ends_at(table, closes_at=None)
    closes_at = mend_by or window.closes_at
    office, mark, rest = book.document_no.partition("《")
    return NoticeFacts(
        unit=unit.current_name,
        category=unit.get_category_display(),
        batch=unit.batch,
        listed_as=unit.name_as_listed,
        notice=f"《{office}{rest}" if mark and office else book.document_no,
        clause=spec.clause,
        table=spec.label,
        period=table.period.label,
        state=table.state,
        district=table.authority.bureau_name or table.authority.name,
        filed=table.filed_at is not None,
        closes=clock.spoken(closes_at) if closes_at else "",
        closed=closes_at is not None and clock.now() >= closes_at,
        mends=mend_by is not None,
        extension="" if mend_by else window.document_no,
        reason=_reason(table, kind),
        document_no=removal.document_no if removal and kind == NoticeKind.REMOVAL else "",
        removed_on=removal.removed_on if removal and kind == NoticeKind.REMOVAL else None,
    )


def _reason(table: DynamicTable, kind: NoticeKind) -> str:
    if kind == NoticeKind.REMOVAL:
        return table.removal.reason if table.removal else ""
    action = _MOVE.get(kind) or ("return" if table.state == TableState.RETURNED else "")
    change = table.changes.filter(action=action).order_by("-pk").first() if action else None
    return change.reason if change else ""
