"""Planned work about files."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import structlog
from django.conf import settings
from django.core.files.storage import default_storage

from greenportal import clock
from greenportal.files import blobs, conf, services
from greenportal.files.models import StoredFile
from greenportal.jobs import registry

log = structlog.get_logger(__name__)


@registry.periodic("files.scan_again", every_seconds=3600)
def scan_again() -> None:
    """Ask the virus scanner about what it has not seen; nothing without a scanner."""
    services.scan_again()


@registry.periodic("files.tidy", hour=3, minute=20)
def tidy() -> None:
    """Remove half-done uploads older than an hour and stored bytes that no row knows."""
    temp, orphans = remove_stale_temp(), remove_orphans()
    log.info("files_tidied", temp=temp, orphans=orphans)


def remove_stale_temp() -> int:
    """Delete temporary files of uploads that broke off more than `stale_temp_seconds` ago; return how many."""
    limit = _present().timestamp() - conf.values().stale_temp_seconds
    folders = {blobs.temp_dir(): "gp-*"}
    if settings.FILE_UPLOAD_TEMP_DIR:
        folders[Path(settings.FILE_UPLOAD_TEMP_DIR)] = "*.upload*"
    stale = [
        path
        for folder, pattern in folders.items()
        for path in folder.glob(pattern)
        if path.is_file() and path.stat().st_mtime < limit
    ]
    for path in stale:
        path.unlink(missing_ok=True)
    return len(stale)


def remove_orphans() -> int:
    """Delete bytes that no row knows and that are older than `orphan_days`; return how many.

    They stay behind when a transaction rolls back after the bytes were written. The age keeps
    clear of uploads that are just being stored.
    """
    limit = _present() - timedelta(days=conf.values().orphan_days)
    removed = 0
    for top in ("uploads", "issued"):
        for key in _keys(top):
            if default_storage.get_modified_time(key) < limit and not StoredFile.objects.filter(key=key).exists():
                blobs.delete(key)
                removed += 1
    return removed


def _present() -> datetime:
    """Return the machine's time: the ages of files know nothing of the demonstration's shifted clock."""
    shift: timedelta = settings.CLOCK_OFFSET
    return clock.running() - shift


def _keys(folder: str) -> list[str]:
    """Return all keys below `folder`, in order; none when the folder was never made."""
    try:
        folders, names = default_storage.listdir(folder)
    except FileNotFoundError:
        return []
    keys = [f"{folder}/{name}" for name in sorted(names)]
    for below in sorted(folders):
        keys += _keys(f"{folder}/{below}")
    return keys
