"""What the city reads before it confirms a relation: count here, declared elsewhere, both together, and what lies beyond the cap."""

import pytest
from django.test import Client
from django.urls import reverse

from evaluators.models import Engagement
from evaluators.selectors.groups import effect_of
from evaluators.services import confirm_relation
from greenportal.accounts.actors import Role
from tests.evaluators.test_engagements import fill
from tests.factories.accounts import make_user, sign_in
from tests.factories.evaluators import make_evaluator, make_registration, make_relation
from tests.factories.rounds import open_round_2022

pytestmark = pytest.mark.django_db


@pytest.fixture
def during_the_round():
    """Pages take the running clock: sessions and second factors are of today."""


def told(round_, reviewer, counts, elsewhere):
    """A relation of two bodies with these evaluations here and elsewhere (None: nothing declared)."""
    bodies = [make_evaluator() for _ in counts]
    for evaluator, count, declared in zip(bodies, counts, elsewhere, strict=True):
        fill(evaluator, round_, count)
        if declared is not None:
            make_registration(evaluator, round_, declared_elsewhere=declared)
    return make_relation(bodies[0].organisation, bodies[1].organisation, reviewer)


@pytest.mark.parametrize(
    ("counts", "elsewhere", "sums", "level"),
    [
        ((2, 3), (None, None), (5, None, 5, 0, 0, 0), ""),
        ((2, 3), (4, None), (5, 4, 9, 0, 0, 0), ""),
        ((6, 5), (1, 0), (11, 1, 12, 0, 0, 0), "near"),
        ((8, 7), (0, 0), (15, 0, 15, 0, 0, 0), "full"),
        ((8, 7), (0, 2), (15, 2, 17, 0, 0, 2), "over"),
        ((9, 8), (1, 2), (17, 3, 20, 2, 2, 5), "over"),
        ((16, 2), (None, 0), (18, 0, 18, 3, 2, 3), "over"),
    ],
)
def test_effect_tells_count_elsewhere_union_and_what_is_beyond(counts, elsewhere, sums, level, round_2022, reviewer):
    relation = told(round_2022, reviewer, counts, elsewhere)
    found = effect_of(relation, round_2022)
    assert (found.total, found.elsewhere, found.union, found.over, found.fresh, found.union_over) == sums
    assert found.level == level
    assert [(part.counted, part.elsewhere) for part in found.parts] == list(zip(counts, elsewhere, strict=True))
    confirm_relation(actor=reviewer, relation_id=relation.pk)
    assert Engagement.objects.filter(over_cap=True).count() == found.over


@pytest.mark.parametrize("cap", [12, 9])
def test_page_names_the_cap_of_one_city_list(cap, reviewer):
    relation = told(open_round_2022(cap=cap), reviewer, (2, 3), (None, None))
    page = sign_in(Client(), make_user(Role.CITY_REVIEWER)).get(reverse("evaluators:relation", args=[relation.pk]))
    assert f"同一全市推荐汇总表中合计仍不得超过{cap}项。" in page.content.decode()


@pytest.mark.parametrize(
    ("counts", "elsewhere", "words", "absent"),
    [
        ((9, 8), (1, 2), ["本系统登记超出 2 项", "每一项须有书面决定"], ["连同系统外项目超出"]),
        ((8, 7), (0, 2), ["连同系统外项目超出 2 项", "须写明处理意见"], ["本系统登记超出"]),
        ((2, 3), (None, None), ["认定后不超出上限", "未申报"], ["超出 "]),
    ],
)
def test_page_says_it_before_the_button(counts, elsewhere, words, absent, round_2022, reviewer):
    relation = told(round_2022, reviewer, counts, elsewhere)
    url = reverse("evaluators:relation", args=[relation.pk])
    page = sign_in(Client(), make_user(Role.CITY_REVIEWER)).get(url).content.decode()
    assert [word for word in words if word not in page] == []
    assert [word for word in absent if word in page] == []
    assert page.index("认定后合并计数") < page.index("认定，合并计数")
    body = make_user(Role.EVALUATOR_ADMIN, organisation=relation.first)
    assert "认定后的影响" not in sign_in(Client(), body).get(url).content.decode()
