"""Counting queries without Django's debug log, which costs time and memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


class Counter:
    """How many statements went to the database since it was made."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, execute: Callable[..., Any], statement: str, params: Any, many: bool, context: Any) -> Any:
        self.count += 1
        return execute(statement, params, many, context)


@contextmanager
def queries() -> Iterator[Counter]:
    """Count the statements of the block."""
    counter = Counter()
    with connection.execute_wrapper(counter):
        yield counter
