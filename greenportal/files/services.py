"""Verbs about files: take an upload, keep an issued file, open one, look again for viruses."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

import structlog
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit import services as audit
from greenportal.files import antivirus, blobs, conf, pipeline, selectors, verified
from greenportal.files.messages import UploadRefused, spoken_size
from greenportal.files.models import StoredFile
from greenportal.findings.types import DomainError

log = structlog.get_logger(__name__)


class Corrupt(DomainError):
    """The stored bytes are not those that were stored (500): refused and written to the audit trail."""

    status = 500
    code = "corrupt"

    def __init__(self) -> None:
        super().__init__("文件校验没有通过，系统已通知管理员。请联系系统管理员从备份恢复后再下载。")


def receive(
    *,
    actor: Actor,
    upload: UploadedFile[Any] | None,
    kind: str,
    accept: Collection[str],
    data_class: str = "ordinary",
    owner_organisation_id: int | None = None,
    owner_authority_id: int | None = None,
) -> StoredFile:
    """Check and keep one uploaded file: the only way in.

    kind: registered purpose, decides who sees it; accept ⊆ {"pdf", "xlsx", "image", "docx"}.
    Raises UploadRefused with one exact sentence per cause; then there is neither row nor file.
    Call it outside a transaction of your own: parsing takes up to 30 s.
    """
    _check_quota((upload.size or 0) if upload else 0, owner_organisation_id, owner_authority_id)
    with pipeline.examined(upload, accept=accept) as file:
        key = f"uploads/{clock.today():%Y/%m}/{uuid.uuid4().hex}{file.suffix}"
        _put(key, file.path)
        try:
            with transaction.atomic():
                row = StoredFile.objects.create(
                    kind=kind,
                    name=file.name,
                    content_type=file.content_type,
                    size=file.size,
                    pages=file.pages,
                    sha256=file.sha256,
                    served_sha256=file.served_sha256,
                    key=key,
                    scan=file.scan,
                    author=file.author,
                    creator=file.creator,
                    data_class=StoredFile.DataClass(data_class),
                    owner_organisation_id=owner_organisation_id,
                    owner_authority_id=owner_authority_id,
                    uploaded_by_id=actor.user_id,
                    created_at=clock.now(),
                )
                audit.record(actor=actor, action="files.receive", target=f"files.file:{row.pk}", data=_described(row))
        except BaseException:
            blobs.delete(key)
            raise
    return row


def store_issued(
    *,
    source: Path | bytes,
    name: str,
    kind: str,
    content_type: str,
    pages: int | None = None,
    data_class: str = "ordinary",
    owner_organisation_id: int | None = None,
    owner_authority_id: int | None = None,
    expires_at: datetime | None = None,
) -> StoredFile:
    """Keep a file that we made, under a key made of its content: the same bytes are stored once.

    An equal issued row (kind, name, content, owners) is returned again, so that a repeated job
    leaves one row. May be called inside `ctx.fenced()`: the row then exists only if that commits.
    """
    with blobs.scratch() as copy:
        if isinstance(source, bytes):
            copy.write_bytes(source)
        path = copy if isinstance(source, bytes) else source
        sha256, size = blobs.digest(path), path.stat().st_size
        key = f"issued/{sha256[:2]}/{sha256}{PurePosixPath(name).suffix.lower()[:12]}"
        if not blobs.exists(key, size=size):
            _put(key, path)
    with transaction.atomic():
        row, _ = StoredFile.objects.get_or_create(
            kind=kind,
            name=pipeline.clean_name(name),
            sha256=sha256,
            issued=True,
            owner_organisation_id=owner_organisation_id,
            owner_authority_id=owner_authority_id,
            defaults={
                "content_type": content_type,
                "size": size,
                "pages": pages,
                "served_sha256": sha256,
                "key": key,
                "scan": StoredFile.Scan.CLEAN,
                "data_class": StoredFile.DataClass(data_class),
                "created_at": clock.now(),
                "expires_at": expires_at,
            },
        )
    return row


@contextmanager
def open_path(file: StoredFile, *, piece: bool = False) -> Iterator[Path]:
    """Yield a readable local path with the served bytes of `file`, whatever the storage.

    Every byte is compared with the stored hash first. Raises Corrupt, after a note in the audit
    trail, when they differ or are missing. Do not write to the path.

    piece: the caller sends one piece of many. The comparison this process made of the very same
    bytes on disk within `verified_seconds` then stands: a viewer that asks for 200 pieces of a
    file of 50 MB would otherwise make us read 10 GB.
    """
    try:
        with blobs.opened(file.key) as path:
            if not (piece and verified.holds(file.key, path, file.served_sha256)):
                if blobs.digest(path) != file.served_sha256:
                    raise _corrupt(file, "文件内容与登记的 SHA-256 不一致")
                verified.keep(file.key, path, file.served_sha256)
            yield path
    except FileNotFoundError as exc:
        raise _corrupt(file, "存储中没有这个文件") from exc


def delete(*, actor: Actor, file: StoredFile) -> None:
    """Remove an uploaded file that nothing refers to any more; its bytes go after commit."""
    with transaction.atomic():
        audit.record(actor=actor, action="files.delete", target=f"files.file:{file.pk}", data=_described(file))
        key = file.key
        StoredFile.objects.filter(pk=file.pk).delete()

        def forget() -> None:
            if not StoredFile.objects.filter(key=key).exists():
                blobs.delete(key)

        transaction.on_commit(forget)


def forget(*, actor: Actor, file: StoredFile, data: Mapping[str, Any]) -> None:
    """Remove the bytes of a file whose time of keeping is over; name and hashes stay, since versions cite them.

    data: what the trail says of the rule. The bytes go after commit, unless another row still has them.
    """
    with transaction.atomic():
        entry = {**_described(file), **data}
        audit.record(actor=actor, action="files.forget", target=f"files.file:{file.pk}", data=entry)
        file.expires_at = clock.now()
        file.save(update_fields=["expires_at"])
        key = file.key

        def gone() -> None:
            if not StoredFile.objects.filter(key=key, expires_at=None).exists():
                blobs.delete(key)

        transaction.on_commit(gone)


def scan_again(*, limit: int = 50) -> int:
    """Ask the scanner about files that no scanner has seen; return how many changed state."""
    if not conf.values().clamd:
        return 0
    changed = 0
    for file in StoredFile.objects.filter(scan=StoredFile.Scan.UNSCANNED).order_by("created_at")[:limit]:
        with open_path(file) as path:
            scan = antivirus.scan(path)
        if scan == StoredFile.Scan.UNSCANNED:
            continue
        with transaction.atomic():
            changed += StoredFile.objects.filter(pk=file.pk, scan=StoredFile.Scan.UNSCANNED).update(scan=scan)
            if scan == StoredFile.Scan.INFECTED:
                audit.record_failure(
                    actor=Actor.system("files.scan_again"),
                    action="files.infected",
                    target=f"files.file:{file.pk}",
                    data=_described(file),
                )
    return changed


def _described(file: StoredFile) -> dict[str, str | int]:
    return {"kind": file.kind, "name": file.name, "size": file.size, "sha256": file.sha256, "scan": str(file.scan)}


def _check_quota(size: int, organisation_id: int | None, authority_id: int | None) -> None:
    limits = conf.values()
    if organisation_id is not None:
        used, limit = selectors.used_bytes(organisation_id=organisation_id), limits.organisation_quota
    elif authority_id is not None:
        used, limit = selectors.used_bytes(authority_id=authority_id), limits.authority_quota
    else:
        return
    if used + size > limit:
        raise UploadRefused.of("quota", used=spoken_size(used), limit=spoken_size(limit))


def _put(key: str, path: Path) -> None:
    """Store or refuse; a storage that fails in any way leaves nothing behind."""
    try:
        blobs.put(key, path)
    except blobs.StorageFull as exc:
        log.exception("storage_full", key=key)
        raise UploadRefused.of("storage_full") from exc
    except Exception as exc:
        # The object storage's client has its own tree of exceptions; all mean "not stored".
        log.exception("storage_failed", key=key)
        raise UploadRefused.of("retry") from exc


def _corrupt(file: StoredFile, reason: str) -> Corrupt:
    log.error("file_corrupt", file=str(file.pk), key=file.key)
    audit.record_failure(
        actor=Actor.system("files.verify"),
        action="files.corrupt",
        target=f"files.file:{file.pk}",
        data={"reason": reason, "key": file.key},
    )
    return Corrupt()
