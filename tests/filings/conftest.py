"""Fixtures of filings: an owner, an applicant, a signed-in client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from greenportal.accounts.actors import Actor, Role
from tests.factories import accounts, filings


@pytest.fixture
def scope() -> Iterator[dict[str, Any]]:
    with filings.thing_scope() as rules:
        yield rules


@pytest.fixture
def applicant(db: None, scope: dict[str, Any]) -> Actor:
    return accounts.make_actor(Role.APPLICANT)
