"""A document of our own inside a packet, and how to make it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Piece:
    """path in the ZIP, type, everything its bytes depend on beside the kitchen's version (JSON), and how to make it."""

    name: str
    content_type: str
    inputs: Any
    make: Callable[[], bytes]
