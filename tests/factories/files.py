"""Files for tests: uploads as a browser sends them, and stored rows with their bytes."""

from __future__ import annotations

import hashlib
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile, UploadedFile

from greenportal import clock
from greenportal.files.models import StoredFile
from tests.battery import corpus


def make_upload(name: str = "报告.pdf", body: bytes | None = None) -> SimpleUploadedFile:
    """Return a small upload; without `body` a sound PDF of one page."""
    return SimpleUploadedFile(name, corpus.pdf() if body is None else body)


def make_big_upload(name: str, body: bytes) -> UploadedFile[Any]:
    """Return an upload that Django keeps on disk, as it does above 2.5 MB."""
    upload = TemporaryUploadedFile(name, "application/octet-stream", len(body), None)
    upload.write(body)
    upload.seek(0)
    return upload


def make_stored(kind: str = "test.document", body: bytes = b"0123456789", **values: Any) -> StoredFile:
    """Return a stored row whose bytes are `body`; no pipeline, so any bytes are possible."""
    digest = hashlib.sha256(body).hexdigest()
    key = default_storage.save(f"uploads/test/{digest[:16]}", ContentFile(body))
    defaults: dict[str, Any] = {
        "name": "文件.pdf",
        "content_type": "application/pdf",
        "size": len(body),
        "sha256": digest,
        "served_sha256": digest,
        "key": key,
        "created_at": clock.now(),
    }
    return StoredFile.objects.create(kind=kind, **{**defaults, **values})
