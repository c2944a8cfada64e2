"""Asking ClamAV about a file, when there is one."""

from __future__ import annotations

import socket
import struct
from pathlib import Path
from urllib.parse import urlsplit

import structlog

from greenportal.files import conf
from greenportal.files.child.archive import EICAR
from greenportal.files.models import StoredFile

log = structlog.get_logger(__name__)
CHUNK = 128 * 1024


def scan(path: Path) -> StoredFile.Scan:
    """Return clean, infected, or unscanned when no scanner is set or it did not answer.

    The EICAR test string is recognised without a scanner, so that an installation can be tested.
    """
    if _has_eicar(path):
        return StoredFile.Scan.INFECTED
    address = conf.values().clamd
    if not address:
        return StoredFile.Scan.UNSCANNED
    try:
        answer = _instream(address, path)
    except OSError as exc:
        log.warning("clamd_unreachable", reason=type(exc).__name__)
        return StoredFile.Scan.UNSCANNED
    if answer.endswith("FOUND"):
        return StoredFile.Scan.INFECTED
    if answer.endswith("OK"):
        return StoredFile.Scan.CLEAN
    log.warning("clamd_odd_answer", answer=answer[:80])
    return StoredFile.Scan.UNSCANNED


def _has_eicar(path: Path) -> bool:
    tail = b""
    with path.open("rb") as stream:
        while piece := stream.read(1024 * 1024):
            if EICAR in tail + piece:
                return True
            tail = piece[-len(EICAR) :]
    return False


def _connect(address: str) -> socket.socket:
    """Open the daemon's socket; raises OSError, also for an address of another kind."""
    parts = urlsplit(address)
    seconds = conf.values().clamd_seconds
    if parts.scheme == "unix":
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        link.settimeout(seconds)
        try:
            link.connect(parts.path)
        except OSError:
            link.close()
            raise
        return link
    if parts.scheme != "tcp" or not parts.hostname:
        raise OSError(f"not an address of clamd: {address}")
    return socket.create_connection((parts.hostname, parts.port or 3310), timeout=seconds)


def _instream(address: str, path: Path) -> str:
    """Speak clamd's INSTREAM: chunks with their length before them, an empty one ends."""
    with _connect(address) as link, path.open("rb") as stream:
        link.sendall(b"zINSTREAM\0")
        while piece := stream.read(CHUNK):
            link.sendall(struct.pack(">I", len(piece)) + piece)
        link.sendall(struct.pack(">I", 0))
        answer = b""
        while b"\0" not in answer and len(answer) < 4096:
            received = link.recv(1024)
            if not received:
                break
            answer += received
    return answer.split(b"\0", 1)[0].decode("utf-8", "replace").strip()
