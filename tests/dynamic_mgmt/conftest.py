"""The instant of the 2022 round and city people."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.models import User
from tests.factories.rounds import DURING


@pytest.fixture(autouse=True)
def during_the_round() -> Iterator[None]:
    with clock.fixed(DURING):
        yield


def person(role: Role, username: str, **values: int) -> Actor:
    """Return an actor with a real user behind it."""
    user, _ = User.objects.get_or_create(username=username, defaults={"name": username})
    return Actor(role=role, user_id=user.pk, name=username, **values)


@pytest.fixture
def reviewer(db: None) -> Actor:
    return person(Role.CITY_REVIEWER, "市局审核员")


@pytest.fixture
def lead(db: None) -> Actor:
    return person(Role.CITY_LEAD, "市局负责人")
