"""The demonstration plays in October 2022: business time runs shifted, and goes on over restarts."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

SHANGHAI = timezone(timedelta(hours=8))
OPENING = datetime(2022, 10, 10, 9, 0, tzinfo=SHANGHAI)
MODES = ("demo", "reset", "real")


def offset_seconds(mode: str, note: Path, *, present: float | None = None) -> int:
    """Return how many seconds business time is apart from real time (negative: in the past).

    demo: 2022-10-10 09:00 in Dalian at the first start, remembered in `note`, so that time goes on over restarts.
    reset: the same opening again, from now. real: none. Raises ValueError for another mode.
    """
    if mode not in MODES:
        raise ValueError(f"CLOCK must be one of {', '.join(MODES)}, got {mode!r}")
    if mode == "real":
        return 0
    if mode == "demo" and note.is_file():
        return int(json.loads(note.read_text(encoding="utf-8"))["offset_seconds"])
    offset = int(OPENING.timestamp() - (time.time() if present is None else present))
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text(json.dumps({"offset_seconds": offset}), encoding="utf-8")
    return offset


def shown(offset: int) -> str:
    """Return business time as people read it."""
    moment = datetime.fromtimestamp(time.time() + offset, tz=SHANGHAI)
    return f"{moment.year}年{moment.month}月{moment.day}日 {moment:%H:%M}"
