"""Pages of the city's own list: prepared, looked at whole, approved by another person, undone."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from evaluators.models import Engagement
from greenportal import clock
from greenportal.accounts.actors import Role
from nominations.models import CityList
from nominations.services import approving
from tests.factories import nominations as make
from tests.factories.accounts import make_user, sign_in
from tests.factories.evaluators import join
from tests.factories.rounds import DURING, open_round_2022

pytestmark = pytest.mark.django_db


@pytest.fixture
def _during_the_round():
    """Pages take the running clock: sessions and second factors are of today."""


def accepted(count: int, *, cap: int | None = None) -> make.Ready:
    with clock.fixed(DURING):
        district = make.make_district(year=open_round_2022(cap=cap))
        bodies = [make.good_evaluator(district.round) for _ in range(count)]
        for other in bodies[1:]:
            join(bodies[0], other, make.make_city())
    return make.ready_list(district, categories=["factory"] * count, evaluators=bodies, stage="accepted")


def signed_in(role: Role) -> Client:
    return sign_in(Client(), make_user(role))


def test_prepared_with_a_reason_refused_with_words_decided_and_approved(db):
    ready = accepted(3, cap=2)
    reviewer, lead = signed_in(Role.CITY_REVIEWER), signed_in(Role.CITY_LEAD)
    whole = reviewer.post(reverse("nominations:city_prepare"), {}, follow=True).content.decode()
    assert "超过上限，不能批准" in whole
    row = CityList.objects.get()
    url = reverse("nominations:city_approval", args=[row.pk])
    answer = lead.post(url, {"approve": "1", "sha256": row.sha256, "note": "意见保留"})
    shown = answer.content.decode()
    assert answer.status_code == 400
    assert "在本表中有3项，超过上限2项" in shown
    assert "意见保留" in shown
    over = Engagement.objects.get(over_cap=True)
    first = next(n for n in ready.nominations if n.engagement_id != over.pk)
    reviewer.post(reverse("nominations:city_prepare"), {f"reason_{first.pk}": "不推荐"})
    second = CityList.objects.get(state="prepared")
    url = reverse("nominations:city_approval", args=[second.pk])
    shown = reviewer.get(url).content.decode()
    assert "不列入的理由：不推荐" in shown
    assert "批准这一版" not in shown
    lead.post(url, {"approve": "1", "sha256": second.sha256, "note": "已核对"})
    second.refresh_from_db()
    assert second.state == "approved"
    assert "撤销批准需要写明理由" in lead.post(url, {"undo": "1", "reason": ""}).content.decode()
    lead.post(url, {"undo": "1", "reason": "补充一家"})
    second.refresh_from_db()
    assert second.state == "undone"


def test_published_by_the_lead_and_what_came_afterwards_is_on_the_page(db):
    ready = accepted(2)
    with clock.fixed(DURING):
        row = approving.prepare(actor=make.make_city(), round_id=ready.district.round.pk, left_out={})
        approving.approve(
            actor=make.make_city(Role.CITY_LEAD), city_list_id=row.pk, seen_sha256=row.sha256, note="已核对"
        )
    lead, reviewer = signed_in(Role.CITY_LEAD), signed_in(Role.CITY_REVIEWER)
    url, publish = (reverse(f"nominations:{name}", args=[row.pk]) for name in ("city_approval", "city_publish"))
    assert publish in lead.get(url).content.decode()
    assert publish not in reviewer.get(url).content.decode()
    told = {"sha256": row.sha256, "document": "试验〔2022〕30号", "note": "逐项核对"}
    answer = lead.post(publish, {**told, "published_on": "2022-09-19"})
    shown = answer.content.decode()
    assert answer.status_code == 400
    assert "公示日期应在批准之后、不晚于今天" in shown
    assert "试验〔2022〕30号" in shown and "逐项核对" in shown
    assert reviewer.post(publish, {**told, "published_on": "2022-09-20"}).status_code == 403
    lead.post(publish, {**told, "published_on": "2022-09-20"})
    shown = lead.get(url).content.decode()
    assert "公示：2022年9月20日，试验〔2022〕30号" in shown
    assert "撤销批准" not in shown
    CityList.objects.filter(pk=row.pk).update(judged=[], problems=2)
    assert "本版已公示，下列事项由市局逐项核对处理" in lead.get(url).content.decode()
    assert "情况有变化，2处须核对" in lead.get(reverse("nominations:city_lists")).content.decode()
    assert "全市推荐汇总表第1版已公示后情况有变化：2处须核对" in lead.get(reverse("home")).content.decode()


@pytest.mark.parametrize("rows", [1, 3])
def test_pages_cost_a_constant_number_of_queries(rows, django_assert_num_queries):
    ready = accepted(rows)
    with clock.fixed(DURING):
        row = approving.prepare(actor=make.make_city(), round_id=ready.district.round.pk, left_out={})
    client = signed_in(Role.CITY_LEAD)
    pages = {
        reverse("nominations:city_lists"): 5,
        reverse("nominations:city_prepare"): 7,
        reverse("nominations:city_approval", args=[row.pk]): 10,
    }
    for url, queries in pages.items():
        client.get(url)
        with django_assert_num_queries(queries):
            client.get(url)
