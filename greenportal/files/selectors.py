"""Which files an actor sees."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet, Sum

from greenportal.accounts.actors import Actor
from greenportal.files import registry
from greenportal.files.models import StoredFile
from greenportal.findings.types import NotVisible


def visible_to(actor: Actor, *, kind: str) -> QuerySet[StoredFile]:
    """Return the files of `kind` that `actor` sees; none when no app answers for the kind."""
    visible = registry.visible_for(kind)
    if visible is None:
        return StoredFile.objects.none()
    return visible(actor, StoredFile.objects.filter(kind=kind))


def visible_file(actor: Actor, file_id: uuid.UUID) -> StoredFile:
    """Return one file; raises NotVisible alike for an absent, a foreign and an unregistered one."""
    kind = StoredFile.objects.filter(pk=file_id).values_list("kind", flat=True).first()
    file = visible_to(actor, kind=kind).filter(pk=file_id).first() if kind is not None else None
    if file is None:
        raise NotVisible
    return file


def needs_reason(actor: Actor, file: StoredFile) -> bool:
    """Whether `actor`, who sees the file, must say why it opens it: personal data of somebody else's people.

    Who uploaded it and the people of its owner open it as they do any file of theirs.
    """
    if file.data_class != StoredFile.DataClass.RESTRICTED or actor.user_id == file.uploaded_by_id:
        return False
    mine = {(file.owner_organisation_id, actor.organisation_id), (file.owner_authority_id, actor.authority_id)}
    return not any(owner is not None and owner == place for owner, place in mine)


def used_bytes(*, organisation_id: int | None = None, authority_id: int | None = None) -> int:
    """Return how many bytes an owner's uploads hold, same content counted once per upload."""
    files = StoredFile.objects.filter(issued=False)
    if organisation_id is not None:
        files = files.filter(owner_organisation_id=organisation_id)
    if authority_id is not None:
        files = files.filter(owner_authority_id=authority_id)
    return files.aggregate(total=Sum("size"))["total"] or 0
