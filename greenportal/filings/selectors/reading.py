"""Which filing, which sheet, which comments."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from django.db.models import QuerySet

from greenportal.accounts.actors import Actor
from greenportal.filings import registry
from greenportal.filings.models import FieldComment, Filing, SheetDefinition
from greenportal.findings.types import NotVisible
from greenportal.sheets import Sheet, from_json
from greenportal.sheets.units import stated, words_of

#: Definitions are immutable and named by their hash, so a process may keep them; this bounds the memory.
_KEPT = 64
_known: OrderedDict[str, Sheet] = OrderedDict()


def sheet_of(filing: Filing) -> Sheet:
    """Return the sheet definition that the filing is pinned to. No query when this process knows it already."""
    return sheets_of([filing.definition_sha256])[filing.definition_sha256]


def worded_sheet(filing: Filing) -> Sheet:
    """Return the sheet as people see it and type in it: with the stated unit of the product in its units.

    The unit is the filing's own answer, or what another sheet of the same owner states (`registry.Scope.words`): page,
    autosave and Excel read one form alike. Fingerprints and changes of forms are told from `sheet_of`.
    """
    sheet = sheet_of(filing)
    return stated(sheet, words_of(sheet, filing.answers) | dict(registry.scope(filing.scope).words(filing)))


def sheets_of(hashes: Iterable[str]) -> dict[str, Sheet]:
    """Return the sheets of these definition hashes: one query for all that are not known yet, else none."""
    wanted = set(hashes)
    found = {sha: _known[sha] for sha in wanted if sha in _known}
    missing = wanted - found.keys()
    if missing:
        for row in SheetDefinition.objects.filter(pk__in=missing):
            found[row.sha256] = _known[row.sha256] = from_json(row.definition)
        while len(_known) > _KEPT:
            _known.popitem(last=False)
    return found


def forget_sheets() -> None:
    """Empty the memory of definitions, so that a test counts every query."""
    _known.clear()


def filing_for(actor: Actor, filing_id: int) -> Filing:
    """Return the filing if the actor may see its owner; NotVisible for absent and foreign alike."""
    filing = Filing.objects.select_related("updated_by").filter(pk=filing_id).first()
    if filing is None or not registry.scope(filing.scope).view(actor, filing.scope_id):
        raise NotVisible
    return filing


def open_comments(scope: str, scope_id: int) -> QuerySet[FieldComment]:
    """Return the comments of an owner that nobody answered yet, oldest first."""
    return FieldComment.objects.filter(scope=scope, scope_id=scope_id, answer=FieldComment.Answer.OPEN).order_by("pk")


def comments_of(filing: Filing) -> list[FieldComment]:
    """Return every comment at this filing's sheet, oldest first, answered ones included. One query."""
    rows = FieldComment.objects.filter(
        scope=filing.scope, scope_id=filing.scope_id, path__startswith=f"{filing.sheet_key}."
    )
    return list(rows.order_by("pk"))
