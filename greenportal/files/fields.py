"""What the upload partial `files/upload_field.html` needs to state before anybody chooses a file."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from greenportal.files import conf
from greenportal.files.messages import LABELS, SUFFIXES, accepted, spoken_size
from greenportal.files.models import StoredFile
from greenportal.files.pipeline import ORDER


@dataclass(frozen=True, slots=True)
class UploadField:
    """One place for a file. error: sentence of an UploadRefused; present: the file kept so far."""

    name: str
    label: str
    formats: str
    sizes: str
    suffixes: str
    error: str = ""
    present: StoredFile | None = None
    optional: bool = False


def upload_field(
    *,
    name: str,
    label: str,
    accept: Collection[str],
    error: str = "",
    present: StoredFile | None = None,
    optional: bool = False,
) -> UploadField:
    """Describe the place `name` for templates: `{% include "files/upload_field.html" with upload=… %}`.

    The form around it must be `method="post" enctype="multipart/form-data"`.
    """
    kinds = tuple(kind for kind in ORDER if kind in accept)
    limits = conf.values()
    sizes = {kind: spoken_size(limits.limit(kind)) for kind in kinds}
    if len(set(sizes.values())) == 1:
        spoken = f"不超过 {next(iter(sizes.values()))}"
    else:
        spoken = "，".join(f"{LABELS[kind]}不超过 {size}" for kind, size in sizes.items())
    suffixes = ",".join(suffix for kind in kinds for suffix in SUFFIXES[kind])
    return UploadField(name, label, accepted(kinds), spoken, suffixes, error, present, optional)
