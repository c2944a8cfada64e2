"""Which bytes on disk this process compared with their hash lately."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta
from pathlib import Path

from greenportal import clock
from greenportal.files import conf

#: What tells the same bytes: hash asked for, device, inode, size, time of the last change in ns. A file
#: that was written to or replaced differs; a temporary copy from an object storage always does.
Mark = tuple[str, int, int, int, int]
_MOST = 256
_kept: OrderedDict[str, tuple[Mark, datetime]] = OrderedDict()


def keep(key: str, path: Path, sha256: str) -> None:
    """Remember that the bytes at `path` have just been found equal to `sha256`; the oldest of many is forgotten."""
    _kept[key] = (_mark(path, sha256), clock.running())
    _kept.move_to_end(key)
    while len(_kept) > _MOST:
        _kept.popitem(last=False)


def holds(key: str, path: Path, sha256: str) -> bool:
    """True when the same bytes were found equal to `sha256` less than `verified_seconds` ago."""
    known = _kept.get(key)
    if known is None:
        return False
    mark, at = known
    fresh = clock.running() - at < timedelta(seconds=conf.values().verified_seconds)
    return fresh and mark == _mark(path, sha256)


def _mark(path: Path, sha256: str) -> Mark:
    facts = path.stat()
    return (sha256, facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns)
