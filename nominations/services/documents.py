"""Documents of a nomination: attach, replace, remove, reuse what was uploaded once; what was seen on them."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.db import transaction

from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.accounts.identity import refuse_numbers
from greenportal.files.models import StoredFile
from greenportal.findings.types import Invalid, NotVisible
from greenportal.rounds.booktypes import DocumentSlot
from greenportal.rounds.selectors import rulebook_at
from nominations import rules
from nominations.constants import FILE_DOCUMENT
from nominations.models import Nomination, NominationDocument
from nominations.selectors.nominations import documents_visible_to, visible_files
from nominations.services.checking import may_establish
from nominations.services.drafting import recheck_soon
from nominations.services.moving import lock_nomination, touch


def slot_of(nomination: Nomination, key: str) -> DocumentSlot:
    """Return the rulebook's slot for the nomination's category; Invalid when there is none of that key."""
    rulebook, _ = rulebook_at(nomination.round_id)
    for slot in rulebook.documents.get(nomination.category, ()):
        if slot.key == key:
            return slot
    raise Invalid("选择本类别材料清单中的材料。", errors={"slot": ["选择本类别材料清单中的材料。"]})


def attach(
    *,
    actor: Actor,
    nomination_id: int,
    slot: str,
    file_id: UUID,
    title: str = "",
    issued_on: date | None = None,
) -> NominationDocument:
    """Put an uploaded file of the actor's into a slot. A slot for one document has its former one replaced.

    Raises Invalid for an unknown slot or a date in the future, NotVisible for a file of somebody else.
    """
    with transaction.atomic():
        nomination = lock_nomination(actor, nomination_id)
        rules.may_change_documents(actor, nomination).require()
        wanted = slot_of(nomination, slot)
        file = visible_files(actor, StoredFile.objects.filter(pk=file_id, kind=FILE_DOCUMENT)).first()
        if file is None:
            raise NotVisible
        if issued_on is not None and issued_on > clock.today():
            raise Invalid("出具日期不能晚于今天。", errors={"issued_on": ["出具日期不能晚于今天。"]})
        refuse_numbers(title=title)
        live = nomination.documents.filter(slot=slot, removed_at=None)
        replaced = [] if wanted.many else list(live.values_list("pk", flat=True))
        if replaced:
            live.update(removed_at=clock.now())
        document = NominationDocument.objects.create(
            nomination=nomination,
            slot=slot,
            file=file,
            title=" ".join(title.split())[:160] or file.name,
            issued_on=issued_on,
            position=nomination.documents.filter(slot=slot).count(),
            added_by_id=actor.user_id,
            added_at=clock.now(),
        )
        data = {"slot": slot, "document": document.pk, "sha256": file.sha256, "replaced": replaced}
        touch(nomination, actor=actor, action="attach", data=data)
        recheck_soon(nomination, cause="document", actor=actor)
        return document


def reuse(*, actor: Actor, nomination_id: int, slot: str, document_id: int) -> NominationDocument:
    """Use a document of another nomination of the same applicant here too, without uploading it again."""
    found = documents_visible_to(actor).filter(pk=document_id, removed_at=None).select_related("nomination").first()
    if found is None:
        raise NotVisible
    with transaction.atomic():
        nomination = lock_nomination(actor, nomination_id)
        if found.nomination.applicant_id != nomination.applicant_id:
            raise NotVisible
        return attach(
            actor=actor,
            nomination_id=nomination_id,
            slot=slot,
            file_id=found.file_id,
            title=found.title,
            issued_on=found.issued_on,
        )


def remove(*, actor: Actor, nomination_id: int, document_id: int) -> None:
    """Take a document out; the row stays with its date, and versions that hold it keep it."""
    with transaction.atomic():
        nomination = lock_nomination(actor, nomination_id)
        rules.may_change_documents(actor, nomination).require()
        document = nomination.documents.filter(pk=document_id, removed_at=None).first()
        if document is None:
            raise NotVisible
        document.removed_at = clock.now()
        document.save(update_fields=["removed_at"])
        touch(nomination, actor=actor, action="remove", data={"slot": document.slot, "document": document.pk})
        recheck_soon(nomination, cause="document", actor=actor)


def mark_signatures(
    *, actor: Actor, nomination_id: int, document_id: int, signed: bool | None, sealed: bool | None
) -> NominationDocument:
    """Record what the district's officer saw on a document: signatures and seals complete, lacking, or None: not looked.

    Audited with the file's hash, since it holds for that file only: a replacement is looked at anew.
    Raises Refused (not the district, after 定稿, two hats), NotVisible.
    """
    with transaction.atomic():
        nomination = lock_nomination(actor, nomination_id)
        may_establish(actor, nomination)
        document = nomination.documents.filter(pk=document_id, removed_at=None).select_related("file").first()
        if document is None:
            raise NotVisible
        document.signed, document.sealed = signed, sealed
        looked = signed is not None or sealed is not None
        document.inspected_by_id = actor.user_id if looked else None
        document.inspected_at = clock.now() if looked else None
        document.save(update_fields=["signed", "sealed", "inspected_by", "inspected_at"])
        data = {
            "slot": document.slot,
            "document": document.pk,
            "sha256": document.file.sha256,
            "signed": signed,
            "sealed": sealed,
        }
        touch(nomination, actor=actor, action="mark_signatures", data=data)
        recheck_soon(nomination, cause="signatures", actor=actor)
        return document
