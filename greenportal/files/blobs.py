"""Bytes in the private storage: written whole or not at all, whatever the storage is."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from django.core.files import File
from django.core.files.storage import FileSystemStorage, default_storage

from greenportal.files import conf
from greenportal.jobs import faults

CHUNK = 1024 * 1024
NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class StorageFull(OSError):
    """No room is left where the bytes should go."""


def temp_dir() -> Path:
    """Return the directory of half-done uploads; swept of what is older than an hour."""
    path = Path(conf.values().temp_dir or Path(tempfile.gettempdir()) / "greenportal-files")
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


@contextmanager
def scratch(suffix: str = "") -> Iterator[Path]:
    """Yield the path of a new empty private file that is gone after the block."""
    handle, name = tempfile.mkstemp(prefix="gp-", suffix=suffix, dir=temp_dir())
    os.close(handle)
    path = Path(name)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def digest(path: Path) -> str:
    """Return the SHA-256 of the file, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def local_path(key: str) -> Path | None:
    """Return where `key` lies on this machine's disk, or None when the storage is elsewhere."""
    storage = _storage()
    return Path(storage.path(key)) if isinstance(storage, FileSystemStorage) else None


def put(key: str, source: Path) -> None:
    """Store the bytes of `source` under `key`, whole or not at all. Raises StorageFull and OSError.

    On a disk: temporary name beside the target → fsync → rename → fsync of the folder, so that a
    crash at any point leaves either nothing or the whole file under the key.
    """
    target = local_path(key)
    try:
        if target is None:
            with source.open("rb") as stream:
                default_storage.save(key, File(stream))
            return
        _put_on_disk(target, source)
    except OSError as exc:
        if exc.errno in NO_SPACE:
            raise StorageFull(exc.errno, "storage full") from exc
        raise


def _put_on_disk(target: Path, source: Path) -> None:
    target.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{uuid.uuid4().hex}.part")
    try:
        with source.open("rb") as read, partial.open("xb") as write:
            shutil.copyfileobj(read, write, CHUNK)
            write.flush()
            faults.point("temp_written")
            os.fsync(write.fileno())
        faults.point("fsynced")
        partial.replace(target)
        faults.point("renamed")
    finally:
        with suppress(FileNotFoundError):
            partial.unlink()
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def exists(key: str, *, size: int) -> bool:
    """True when `key` holds exactly `size` bytes."""
    return default_storage.exists(key) and default_storage.size(key) == size


def delete(key: str) -> None:
    """Remove `key`; nothing happens when it is not there."""
    default_storage.delete(key)


@contextmanager
def opened(key: str) -> Iterator[Path]:
    """Yield a local path with the bytes of `key`: the stored file itself, or a copy that is gone afterwards."""
    path = local_path(key)
    if path is not None:
        yield path
        return
    with scratch() as copy:
        with default_storage.open(key) as remote, copy.open("wb") as write:
            shutil.copyfileobj(_binary(remote), write, CHUNK)
        yield copy


def _binary(stream: object) -> BinaryIO:
    return stream  # type: ignore[return-value]


def _storage() -> object:
    """Unwrap Django's lazy default storage."""
    storage: object = default_storage
    if not isinstance(storage, FileSystemStorage):
        wrapped = getattr(storage, "_wrapped", None)
        return wrapped if isinstance(wrapped, FileSystemStorage) else storage
    return storage
