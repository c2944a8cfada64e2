"""What dynamic tables tell the foundation at start: owners of filings, sight of jobs and uploads, part of the home page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from dynamic_mgmt import table_rules
from dynamic_mgmt.constants import (
    FILE_ARCHIVE,
    FILE_EVIDENCE,
    FILE_EXPORT,
    FILE_FIGURES,
    FILE_TABLES,
    SCOPE_PERIOD,
    SCOPE_TABLE,
)
from dynamic_mgmt.models import DynamicTable
from dynamic_mgmt.selectors.evidence import evidence_files
from dynamic_mgmt.selectors.hints import hints_of
from dynamic_mgmt.selectors.table_work import table_work
from dynamic_mgmt.selectors.tables import table_window, visible_to
from greenportal.accounts.actors import Actor
from greenportal.files import registry as files
from greenportal.files.models import StoredFile
from greenportal.filings import registry as filings
from greenportal.filings import worklist
from greenportal.findings.types import Verdict, denied
from greenportal.jobs import registry as jobs


def _seen(actor: Actor, scope_id: int) -> DynamicTable | None:
    return visible_to(actor).filter(pk=scope_id).first()


def may_view_filing(actor: Actor, scope_id: int) -> Verdict:
    """Unit and district their own; the city once it was filed."""
    table = _seen(actor, scope_id)
    if table is None:
        return denied(table_rules.ABSENT)
    return table_rules.may_view_answers(actor, table, organisation_id=table.unit.organisation_id)


def may_edit_filing(actor: Actor, scope_id: int, _sheet_key: str) -> Verdict:
    """Unit until the clock, district also afterwards, while the table is being filled."""
    table = _seen(actor, scope_id)
    if table is None:
        return denied(table_rules.ABSENT)
    is_open = table_window(table).open
    return table_rules.may_edit_answers(actor, table, organisation_id=table.unit.organisation_id, in_window=is_open)


def back_url(scope_id: int) -> str:
    """The table's page."""
    return reverse("dynamic_mgmt:table", args=[scope_id])


def title(scope_id: int) -> str:
    """The unit's name in breadcrumbs. One query."""
    row = DynamicTable.objects.select_related("unit").filter(pk=scope_id).first()
    return row.unit.current_name if row else "返回"


def hints(actor: Actor, scope_id: int, answers: Mapping[str, Any]) -> list[str]:
    """What the unit should look at again before it files."""
    table = _seen(actor, scope_id)
    return hints_of(table, answers) if table else []


def own_uploads(actor: Actor, rows: QuerySet[StoredFile]) -> QuerySet[StoredFile]:
    """A workbook of tables or figures is seen by the person who uploaded it, until it is removed."""
    return rows.filter(uploaded_by_id=actor.user_id) if actor.user_id is not None else rows.none()


def archives(actor: Actor, rows: QuerySet[StoredFile]) -> QuerySet[StoredFile]:
    """The ZIPs and exports of all districts' tables are the city's."""
    return rows if actor.is_city else rows.none()


def watches(actor: Actor, _scope_id: int) -> bool:
    """Progress of an archive is the city's, whoever of it asked."""
    return actor.is_city


def connect() -> None:
    """Register everything. Called once by `AppConfig.ready()`."""
    files.register(FILE_TABLES, own_uploads)
    files.register(FILE_FIGURES, own_uploads)
    files.register(FILE_EVIDENCE, evidence_files)
    files.register(FILE_ARCHIVE, archives)
    files.register(FILE_EXPORT, archives)
    filings.register(
        SCOPE_TABLE, view=may_view_filing, edit=may_edit_filing, back_url=back_url, title=title, hints=hints
    )
    worklist.register(table_work)
    jobs.visible(SCOPE_PERIOD, watches)
