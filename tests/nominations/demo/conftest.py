"""The whole demonstration once per module: it takes half a minute, and what a test changes is taken back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction
from django.test import override_settings

from nominations.demo.stages import load


@contextmanager
def played(stage: str, folder: Path, *, limit: int | None = None, heavy: bool = False) -> Iterator[list[str]]:
    """Load `stage` inside a transaction that the end takes back, files in `folder`; yields the progress lines."""
    default = {**settings.STORAGES["default"], "OPTIONS": {"location": folder}}
    storages = {**settings.STORAGES, "default": default}
    lines: list[str] = []
    with transaction.atomic():
        with override_settings(DEMO_ALLOWED=True, STORAGES=storages):
            load(stage, lines.append, limit=limit, heavy=heavy)
        yield lines
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def told(django_db_setup, django_db_blocker, tmp_path_factory):
    """Stage `collecting` with the whole cast."""
    with django_db_blocker.unblock(), played("collecting", tmp_path_factory.mktemp("demo")) as lines:
        yield lines


@pytest.fixture(scope="module")
def sent(django_db_setup, django_db_blocker, tmp_path_factory):
    """Stage `corrected` with the applicants of the three districts that submit."""
    with django_db_blocker.unblock(), played("corrected", tmp_path_factory.mktemp("demo"), limit=21) as lines:
        yield lines
