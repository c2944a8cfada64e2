"""What most tests of evaluators need: the instant of the round, the round, city people."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.models import User
from greenportal.rounds.models import Round
from tests.factories.rounds import DURING, open_round_2022


@pytest.fixture(autouse=True)
def during_the_round() -> Iterator[None]:
    with clock.fixed(DURING):
        yield


@pytest.fixture
def round_2022(db: None) -> Round:
    return open_round_2022()


def person(role: Role, username: str, **values: int) -> Actor:
    """Return an actor with a real user behind it."""
    user, _ = User.objects.get_or_create(username=username, defaults={"name": username})
    return Actor(role=role, user_id=user.pk, name=username, **values)


@pytest.fixture
def reviewer(db: None) -> Actor:
    return person(Role.CITY_REVIEWER, "市局审核员甲")


@pytest.fixture
def second(db: None) -> Actor:
    return person(Role.CITY_REVIEWER, "市局审核员乙")
