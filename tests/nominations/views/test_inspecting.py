"""签字盖章核对 in the browser, and the pages around it that show what was found."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from django.urls import reverse

from greenportal import clock
from nominations.models import Nomination
from nominations.services import rechecking
from tests.factories.nominations import District, finalise, make_checked, make_district, make_draft, make_handed_in
from tests.factories.rounds import DURING
from tests.nominations.views.browsing import browser, dangling

pytestmark = pytest.mark.django_db


@pytest.fixture
def district() -> District:
    return make_district()


@pytest.fixture
def handed_in(district: District) -> Nomination:
    with clock.fixed(DURING):
        return make_handed_in(district)


def page_of(nomination: Nomination) -> str:
    return reverse("nominations:signatures", args=[nomination.pk])


def answers(nomination: Nomination, **changes: str) -> dict[str, str]:
    """Everything complete on every document, but for `changes` by slot."""
    data = {"version": str(nomination.version)}
    for document in nomination.documents.filter(removed_at=None):
        seen = changes.get(document.slot, "yes")
        data |= {f"signed-{document.pk}": seen, f"sealed-{document.pk}": seen}
    return data


def outcome(nomination: Nomination) -> str:
    rechecking.recheck(nomination_ids=[nomination.pk])
    nomination.refresh_from_db()
    assert nomination.last_check is not None
    return next(f["outcome"] for f in nomination.last_check.findings if f["rule"] == "SEALS")


def test_every_place_is_asked_and_the_answer_reaches_the_check(district: District, handed_in: Nomination) -> None:
    client = browser(district.officer)
    html = client.get(page_of(handed_in)).content.decode()
    assert html.count("应有：") == 2 * handed_in.documents.count()
    assert dangling(html) == set()
    client.post(page_of(handed_in), answers(handed_in))
    assert outcome(handed_in) == "met"
    client.post(page_of(handed_in), answers(handed_in, third_party_report="no"))
    assert outcome(handed_in) == "not_met"


def test_a_page_that_is_old_changes_nothing_and_keeps_what_was_ticked(
    district: District, handed_in: Nomination
) -> None:
    client = browser(district.officer)
    answer = client.post(page_of(handed_in), {**answers(handed_in), "version": "0"})
    assert answer.status_code == 409
    assert answer.content.decode().count("checked") == 2 * handed_in.documents.count()
    assert set(handed_in.documents.values_list("signed", flat=True)) == {None}


def test_a_tick_that_is_none_of_ours_is_refused_with_its_place(district: District, handed_in: Nomination) -> None:
    first = handed_in.documents.order_by("pk").first()
    assert first is not None
    data = {**answers(handed_in), f"signed-{first.pk}": "大概"}
    answer = browser(district.officer).post(page_of(handed_in), data)
    assert answer.status_code == 400
    assert dangling(answer.content.decode()) == set()
    assert set(handed_in.documents.values_list("signed", flat=True)) == {None}


def test_without_documents_the_page_says_so(district: District) -> None:
    draft = make_draft(district)
    html = browser(district.officer).get(page_of(draft)).content.decode()
    assert "尚未上传需要签字盖章的材料" in html
    assert "保存核对情况" not in html


def test_the_way_to_it_is_shown_until_the_list_is_final(district: District) -> None:
    with clock.fixed(DURING):
        nomination = make_checked(district)
    client, home = browser(district.officer), reverse("nominations:detail", args=[nomination.pk])
    assert "签字盖章核对" in client.get(home).content.decode()
    with clock.fixed(DURING):
        finalise(district)
    assert "签字盖章核对" not in client.get(home).content.decode()
    nomination.refresh_from_db()
    assert client.post(page_of(nomination), answers(nomination)).status_code == 403


def test_findings_stand_in_groups_and_headings_in_order(district: District, handed_in: Nomination) -> None:
    rechecking.recheck(nomination_ids=[handed_in.pk])
    url = reverse("nominations:findings", args=[handed_in.pk])
    html = browser(district.officer).get(url).content.decode()
    levels = [int(level) for level in re.findall(r"<h([1-6])", html.partition("<main")[2])]
    assert levels[:3] == [1, 2, 3]
    assert max(b - a for a, b in pairwise(levels)) == 1
    folded = html.partition("<details>")[2]
    assert "不适用的" in html and "园区主要功能" in folded
    assert folded.count('class="gp-finding gp-finding-none"') == html.count('class="gp-finding gp-finding-none"') > 3


def test_one_row_of_a_category_has_nothing_to_order(district: District) -> None:
    with clock.fixed(DURING):
        make_checked(district)
        make_checked(district, "park")
    client, url = browser(district.officer), reverse("nominations:my_list")
    html = client.get(url, follow=True).content.decode()
    assert "按填写的次序保存" not in html and "上移" not in html
    with clock.fixed(DURING):
        make_checked(district)
    html = client.get(url, follow=True).content.decode()
    assert (html.count("按填写的次序保存"), html.count("上移"), html.count("下移")) == (1, 1, 1)
