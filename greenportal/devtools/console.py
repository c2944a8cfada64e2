"""Words to the person at the terminal."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn


def say(text: str = "") -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def stop(text: str) -> NoReturn:
    """Say what must be done and end with status 1."""
    sys.stdout.flush()
    sys.stderr.write(f"\n{text}\n")
    raise SystemExit(1)


def tail(log: Path, lines: int = 30) -> str:
    """Return the last lines of a log, or an empty text where there is none."""
    if not log.is_file():
        return ""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
