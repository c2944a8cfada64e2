"""What most tests of evaluators need: the instant of the round, the round, city people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from evaluators.models import AnnualReport, Evaluator, Sanction
from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.models import User
from greenportal.rounds.models import Round
from tests.factories.accounts import make_user, sign_in
from tests.factories.evaluators import make_evaluator, make_sanction
from tests.factories.reporting import make_report
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


def with_two_people(evaluator: Evaluator) -> Sanction:
    """Return a sanction that one person verified and another confirmed."""
    first, second = (person(Role.CITY_LEAD, name) for name in ("甲", "乙"))
    users = [type("U", (), {"pk": actor.user_id}) for actor in (first, second)]
    return make_sanction(evaluator.organisation, None, None, verified_by_id=users[0].pk, second_by_id=users[1].pk)


@pytest.fixture
def reviewer(db: None) -> Actor:
    return person(Role.CITY_REVIEWER, "市局审核员甲")


@pytest.fixture
def second(db: None) -> Actor:
    return person(Role.CITY_REVIEWER, "市局审核员乙")


@pytest.fixture
def body(round_2022: Round) -> Evaluator:
    return make_evaluator("甲试验评价所")


@pytest.fixture
def admin(body: Evaluator) -> Actor:
    return person(Role.EVALUATOR_ADMIN, "机构管理员甲", organisation_id=body.organisation_id)


@pytest.fixture
def report(admin: Actor, round_2022: Round) -> AnnualReport:
    return make_report(admin, round_2022)


@pytest.fixture
def client_of(db: None) -> Callable[..., Client]:
    """A maker of signed-in browsers, by role and place."""

    def make(role: Role, **values: Any) -> Client:
        return sign_in(Client(), make_user(role, **values))

    return make
