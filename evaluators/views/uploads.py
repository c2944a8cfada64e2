"""A file that belongs to one service call: taken in first, given up again when the call refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.core.files.uploadedfile import UploadedFile

from evaluators.views.shared import kept
from greenportal.accounts.actors import Actor
from greenportal.files.models import StoredFile
from greenportal.files.services import delete
from greenportal.findings.types import DomainError

Result = TypeVar("Result")


def with_file(
    actor: Actor,
    upload: UploadedFile[Any] | None,
    verb: Callable[[StoredFile | None], Result],
    *,
    kind: str,
    field: str,
    needed: bool,
) -> Result:
    """Return what `verb` returns, given the stored upload; None goes in where no file was chosen and none is needed.

    A refused upload, and a missing one that is needed, raise Invalid at `field`. When `verb` refuses, the file
    that came with it is removed: the person chooses it again. Licences, contracts and letters may show identity
    numbers: they are of the restricted class, and a number in the name is kept without its middle.
    """
    if upload is None and not needed:
        return verb(None)
    return with_upload(actor, upload, verb, kind=kind, field=field)


def with_upload(
    actor: Actor,
    upload: UploadedFile[Any] | None,
    verb: Callable[[StoredFile], Result],
    *,
    kind: str,
    field: str = "file",
) -> Result:
    """Return what `verb` returns, given the stored upload, which is needed; as `with_file` otherwise."""
    file = kept(actor, upload, kind=kind, accept={"pdf", "image"}, data_class="restricted", field=field)
    try:
        return verb(file)
    except DomainError:
        delete(actor=actor, file=file)
        raise
