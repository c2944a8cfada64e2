"""What filings tell the foundation at start."""

from __future__ import annotations

from django.db.models import QuerySet

from greenportal.accounts.actors import Actor
from greenportal.files import registry as files
from greenportal.files.models import StoredFile
from greenportal.filings.selectors.workbooks import FILE_WORKBOOK


def own_uploads(actor: Actor, rows: QuerySet[StoredFile]) -> QuerySet[StoredFile]:
    """A workbook being brought in is seen by the person who uploaded it, until it is removed."""
    return rows.filter(uploaded_by_id=actor.user_id) if actor.user_id is not None else rows.none()


def connect() -> None:
    """Register everything. Called once by `AppConfig.ready()`."""
    files.register(FILE_WORKBOOK, own_uploads)
