"""The hash chain as arithmetic: what is hashed, in which form. No database, no request."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

GENESIS = "0" * 64
#: The stream of the seals among the anchors; no target bears this name.
SEAL = "*"
#: The columns that a digest covers, besides `previous`; the order is fixed by canonical JSON.
COLUMNS = (
    "stream",
    "position",
    "user_id",
    "actor_name",
    "role",
    "authority_id",
    "organisation_id",
    "address",
    "action",
    "target",
    "result",
    "data",
)


def clean(text: str, limit: int) -> str:
    """Return `text` on one line, as PostgreSQL can store it, at most `limit` characters.

    Control characters would let a hostile value forge lines in an exported log: each becomes U+FFFD.
    """
    return "".join("\ufffd" if ch < " " else ch for ch in storable(text))[:limit]


def storable(text: str) -> str:
    """Return `text` with NUL and unpaired surrogates, which PostgreSQL cannot store, as U+FFFD."""
    return "".join("\ufffd" if ch == "\0" or "\ud800" <= ch <= "\udfff" else ch for ch in text)


def plain(value: Any) -> Any:
    """Return `value` in the JSON that survives a round trip through jsonb unchanged.

    Numbers other than whole ones become strings: jsonb rewrites 1e22. Raises TypeError for
    anything that is not JSON, a date, a Decimal or a UUID.
    """
    match value:
        case None | bool() | int():
            return value
        case str():
            return storable(value)
        case float() | Decimal() | UUID():
            return str(value)
        case datetime() | date():
            return value.isoformat()
        case Mapping():
            return {clean(str(key), 200): plain(item) for key, item in value.items()}
        case set() | frozenset():
            return sorted(plain(item) for item in value)
        case list() | tuple():
            return [plain(item) for item in value]
        case _:
            raise TypeError(f"audit data holds a {type(value).__name__}; give text, numbers, dates or lists of them")


def canonical(value: Any) -> bytes:
    """Return the one byte form of a JSON value: sorted keys, no blanks, UTF-8."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def entry_digest(row: Mapping[str, Any], *, at: datetime, previous: str) -> str:
    """Return the SHA-256 of an entry: its columns, its instant in UTC to the microsecond, its predecessor."""
    content = {name: row[name] for name in COLUMNS}
    content["at"] = at.astimezone(UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(canonical([previous, content])).hexdigest()


def seal_digest(previous: str, heads: Iterable[tuple[str, int, str]]) -> str:
    """Return the SHA-256 over the previous seal and the (stream, position, digest) rows of one run, sorted."""
    return hashlib.sha256(canonical([previous, [list(head) for head in sorted(heads)]])).hexdigest()
