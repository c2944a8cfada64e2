"""Checks of values: canonical bytes of what is frozen, and the code printed on an annual report."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from evaluators.constants import CODE_PREFIX, CODE_REPORT, CODE_REPORT_MASKED

_PARTS = 5
_DIGEST_SHOWN = 16


def digest(payload: Any) -> str:
    """Return the SHA-256 of the one byte form of a JSON value: sorted keys, no spaces, UTF-8."""
    text = json.dumps(payload, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class ReportCode:
    """What the code on a report's pages says: row id of the filed version, its number, first digits of its hash."""

    id: int
    number: int
    sha: str

    @property
    def text(self) -> str:
        """The text inside the QR code."""
        return f"{CODE_PREFIX}:{CODE_REPORT}:{self.id}:{self.number}:{self.sha}"


def report_code(*, filing_id: int, number: int, sha256: str) -> ReportCode:
    """Return the code printed on the pages of a filed version."""
    return ReportCode(filing_id, number, sha256[:_DIGEST_SHOWN])


def masked_code(*, filing_id: int, number: int, sha256: str) -> str:
    """Return the code on the copy with starred names: of a kind and a hash of its own, so that it is never taken for it."""
    return f"{CODE_PREFIX}:{CODE_REPORT_MASKED}:{filing_id}:{number}:{masked_sha(sha256)[:_DIGEST_SHOWN]}"


def masked_sha(sha256: str) -> str:
    """Return the hash of the masked copy of a version: it depends on the version and on nothing else."""
    return digest({"version": sha256, "masked": True})


def parse_code(text: str) -> ReportCode | None:
    """Read a report's code; None for anything else that happens to be on a page."""
    parts = text.strip().split(":")
    if len(parts) != _PARTS or parts[:2] != [CODE_PREFIX, CODE_REPORT]:
        return None
    _, _, row, number, sha = parts
    if not all(part.isascii() and part.isdigit() and len(part) < 19 for part in (row, number)):
        return None
    return ReportCode(int(row), int(number), sha)
