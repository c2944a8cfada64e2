"""Checks of values: canonical bytes and digests of what is frozen, the printed code, reasons."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from greenportal.accounts.identity import refuse_numbers
from greenportal.findings.types import Invalid
from nominations.constants import CODE_CORRECTION, CODE_LIST, CODE_NOMINATION, CODE_PREFIX

_CODE_PARTS = 5
_DIGEST_SHOWN = 16


def canonical(payload: Any) -> bytes:
    """Return the one byte form of a JSON value: sorted keys, no spaces, UTF-8. Raises ValueError on NaN."""
    text = json.dumps(payload, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode()


def digest(payload: Any) -> str:
    """Return the SHA-256 of the canonical bytes, as 64 hex digits."""
    return hashlib.sha256(canonical(payload)).hexdigest()


@dataclass(frozen=True, slots=True)
class Code:
    """What a printed code says: kind (list, nomination, correction), row id, version number, first digits of the hash."""

    kind: str
    id: int
    number: int
    sha: str

    @property
    def text(self) -> str:
        """The text inside the QR code."""
        return f"{CODE_PREFIX}:{self.kind}:{self.id}:{self.number}:{self.sha}"


def list_code(*, version_id: int, number: int, sha256: str) -> Code:
    """Return the code printed on the pages of a list version."""
    return Code(CODE_LIST, version_id, number, sha256[:_DIGEST_SHOWN])


def nomination_code(*, version_id: int, number: int, sha256: str) -> Code:
    """Return the code printed on the pages of a nomination version."""
    return Code(CODE_NOMINATION, version_id, number, sha256[:_DIGEST_SHOWN])


def correction_code(*, correction_id: int, number: int, sha256: str) -> Code:
    """Return the code printed on a sealed correction page (补正页); the hash is the answering version's."""
    return Code(CODE_CORRECTION, correction_id, number, sha256[:_DIGEST_SHOWN])


def parse_code(text: str) -> Code | None:
    """Read a code of ours; None for anything else that happens to be on a page."""
    parts = text.strip().split(":")
    if len(parts) != _CODE_PARTS or parts[0] != CODE_PREFIX:
        return None
    _, kind, row_id, number, sha = parts
    known = kind in {CODE_LIST, CODE_NOMINATION, CODE_CORRECTION}
    if not known or not (row_id.isascii() and row_id.isdigit() and number.isascii() and number.isdigit()):
        return None
    return Code(kind, int(row_id), int(number), sha)


def clean_reason(text: str, *, label: str = "理由", limit: int = 300) -> str:
    """Return the trimmed reason; raises Invalid when empty, too long or holding an identity number."""
    cleaned = " ".join(text.split())
    if not cleaned:
        raise Invalid(f"填写{label}。", errors={"reason": [f"填写{label}。"]})
    if len(cleaned) > limit:
        message = f"{label}不超过{limit}字，现在是{len(cleaned)}字。"
        raise Invalid(message, errors={"reason": [message]})
    refuse_numbers(reason=cleaned)
    return cleaned
