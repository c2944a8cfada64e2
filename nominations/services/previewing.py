"""草稿: what 定稿 would print now. The versions are made by the code of 定稿 and taken back at once, so that a
preview and the version never differ by more than what was changed in between."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.files.models import StoredFile
from greenportal.findings.types import Invalid, NotVisible
from greenportal.rounds.selectors import rulebook_at
from nominations import rules
from nominations.constants import Category
from nominations.models import Nomination, NominationVersion, RecommendationList
from nominations.selectors.content import contents, gaps
from nominations.selectors.listing import columns_of, printed_row
from nominations.selectors.nominations import lists_visible_to, visible_to
from nominations.selectors.packet_data import Enclosure, Nominee, PacketData
from nominations.services.freezing import freeze_nomination
from nominations.states import NominationState
from nominations.validators import Code

#: Of no version: a preview bears no code, the renderers leave it out.
_NO_CODE = Code("", 0, 0, "")
_RELATIONS = ("subject", "applicant", "authority", "industry", "evaluator__organisation", "round", "last_check")


def preview_list(*, actor: Actor, list_id: int) -> PacketData:
    """Return the district's checked nominations as 附件1 would list them, in their present order.

    Nothing is kept. Raises NotVisible, Refused, and Invalid while no nomination is checked.
    """
    row = lists_visible_to(actor).select_related("authority", "round").filter(pk=list_id).first()
    if row is None:
        raise NotVisible
    rules.may_prepare_list(actor, row).require()
    found = Nomination.objects.filter(
        round_id=row.round_id, authority_id=row.authority_id, state=NominationState.CHECKED
    ).select_related(*_RELATIONS)
    order = {category: place for place, category in enumerate(Category.values)}
    rows = sorted(found, key=lambda n: (order[n.category], n.rank or 10**9, n.pk))
    if not rows:
        raise Invalid("还没有核对通过的申报，核对后再预览汇总表。")
    return _previewed(rows, actor=actor, row=row)


def preview_nomination(*, actor: Actor, nomination_id: int) -> PacketData:
    """Return one nomination as its own pages would show it: for its applicant and its district. Nothing is kept."""
    found = visible_to(actor).select_related(*_RELATIONS, "list__authority", "list__round").filter(pk=nomination_id)
    nomination = found.first()
    if nomination is None or nomination.list is None:
        raise NotVisible
    rules.owns(actor, nomination).require()
    return _previewed([nomination], actor=actor, row=nomination.list)


def _previewed(rows: Sequence[Nomination], *, actor: Actor, row: RecommendationList) -> PacketData:
    rulebook, revision = rulebook_at(row.round_id)
    columns = {category: columns_of(rulebook, category) for category in dict.fromkeys(n.category for n in rows)}
    payload = {
        "list": {
            "id": row.pk,
            "authority": {"id": row.authority_id, "name": row.authority.name, "bureau_name": row.authority.bureau_name},
            "contact": row.contact,
            "phone": row.phone,
            "filled_on": row.filled_on.isoformat() if row.filled_on else None,
        },
        "columns": {category: [list(pair) for pair in pairs] for category, pairs in columns.items()},
        "revision": {"id": revision.pk, "number": revision.number, "sha256": revision.sha256},
        "at": clock.now().isoformat(),
    }
    held = contents([n.pk for n in rows])
    files = {str(d.file_id): d.file for content in held.values() for d in content.documents}
    nominees, places = [], dict.fromkeys(columns, 0)
    with transaction.atomic():
        for nomination in rows:
            content = held[nomination.pk]
            version = freeze_nomination(
                nomination,
                content=content,
                gaps=gaps(nomination, content, rulebook),
                revision=revision,
                check_run=nomination.last_check,
                cause="preview",
                actor=actor,
            )
            places[nomination.category] += 1
            keys = [key for key, _ in columns[nomination.category]]
            nominees.append(_nominee(version, places[nomination.category], keys, files))
        transaction.set_rollback(True)
    return PacketData(0, 0, "", False, payload, _NO_CODE, tuple(nominees), ())


def _nominee(version: NominationVersion, place: int, keys: list[str], files: dict[str, StoredFile]) -> Nominee:
    payload = version.payload
    return Nominee(
        category=payload["nomination"]["category"],
        position=place,
        version_id=0,
        number=0,
        sha256="",
        payload=payload,
        printed=printed_row(payload, keys),
        code=_NO_CODE,
        enclosures=tuple(Enclosure(d, files[d["file_id"]]) for d in payload["documents"]),
    )
