"""What a form asks anew, and what no more, since its filing followed a newer definition."""

from __future__ import annotations

from dataclasses import dataclass

from greenportal.filings.models import Filing
from greenportal.filings.selectors.reading import sheets_of
from greenportal.sheets import Change, Sheet
from greenportal.sheets.differ import Asked, left_behind, newly_asked


@dataclass(frozen=True, slots=True)
class FormChange:
    """added: what is asked now and was not; gone: former answers at places that are asked no more, as printed."""

    added: tuple[Asked, ...]
    gone: tuple[Change, ...]


def form_change(filing: Filing, sheet: Sheet) -> FormChange | None:
    """Return what changed about the form of a filing since it was begun or last frozen, None where nothing did.

    No query while nothing changed, else two at most: the former definition and the version written under it.
    """
    if not filing.former_sha256:
        return None
    former = sheets_of([filing.former_sha256])[filing.former_sha256]
    kept = filing.versions.filter(definition_sha256=filing.former_sha256).order_by("-number").first()
    gone = left_behind(former, kept.answers, sheet) if kept else []
    added = newly_asked(former, sheet)
    return FormChange(tuple(added), tuple(gone)) if added or gone else None
