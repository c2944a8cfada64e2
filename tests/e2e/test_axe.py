"""axe at every page that a role may come to, with things of its own and foreign ones: WCAG 2.0, 2.1 and 2.2, A and AA.

The addresses are those of the role matrix; the things are those of the sweep over forms. All of it takes minutes and
is run by `make slow`; `make test` looks at a seeded sample. Papers and workbooks are no pages.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse

from greenportal.accounts.actors import Role
from greenportal.filings.models import Filing
from greenportal.filings.selectors import sheet_of
from nominations.constants import THIRD_PARTY_MARK, Category
from tests.e2e.desk import RULES
from tests.factories.accounts import make_user
from tests.factories.nominations import good_evaluator, make_complete, make_district
from tests.factories.reports import report_answers
from tests.test_form_errors import FLOOR, PAPERS, Place, Things, bodies, drafts, person, sent, wanted
from tests.test_role_matrix import BUTTON, addresses, foreign, url_of

__all__ = ["foreign"]
pytestmark = pytest.mark.e2e

SEED = "axe"
#: Of the sample: pages at each of these desks.
SAMPLE = 10
SAMPLED = [(drafts, Role.DISTRICT_OFFICER), (sent, Role.CITY_LEAD)]
#: Sections of the forms of a category at least: the count keeps the look from finding nothing.
LEAST_SECTIONS = {Category.FACTORY: 10, Category.PRODUCT: 8, Category.PARK: 8, Category.SUPPLY_CHAIN: 8}
#: Sign-in, password and second factor: everybody's own, walked once.
OWN = ("account_", "mfa_")


def pages_of(place: Place, role: Role, variants: list[Things]) -> list[str]:
    """The addresses of a role's pages, each once."""
    names = {a.name: a for a in wanted(place, role)}
    if place is drafts:
        own = (a for a in addresses() if a.name.startswith(OWN) and a.manner != BUTTON and a.name != "account_logout")
        names.update({a.name: a for a in own if a.name != "mfa_download_recovery_codes"})
    return list(dict.fromkeys(url_of(a, things) for a in names.values() for things in variants if a.name not in PAPERS))


def looked_at(page: Any, portal: Any, urls: Iterable[str]) -> tuple[int, dict[str, list[str]]]:
    """Open each page; returns how many were shown, and what axe says of them. A refusal's page is looked at once."""
    shown, wrong, refusals = 0, {}, set()
    for url in urls:
        # Asked beside the page first: a workbook is no page, nor a part of one, nor a button's refusal of a look.
        answer = page.request.get(f"{portal.url}{url}")
        if b"<html" not in answer.body() or answer.status in refusals:
            continue
        assert answer.status < 500 or answer.status == 503, url
        if answer.status == 200:
            shown += 1
        else:
            refusals.add(answer.status)
        page.goto(f"{portal.url}{url}")
        if found := violations(page):
            wrong[url] = found
    return shown, wrong


def violations(page: Any) -> list[str]:
    found = Axe().run(page, options={"runOnly": RULES}).response["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "role"),
    [(place, role) for place in (drafts, sent, bodies) for role in FLOOR[place.__name__]],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_every_page_of_a_role_is_without_violations(
    place: Place, role: Role, october: None, live_portal: Any, browser_context: Any, request: pytest.FixtureRequest
) -> None:
    variants = place(request)
    live_portal.sign_in(browser_context, person(role, variants[0]))
    shown, wrong = looked_at(browser_context.new_page(), live_portal, pages_of(place, role, variants))
    assert wrong == {}
    assert shown >= FLOOR[place.__name__][role]


@pytest.mark.parametrize(("place", "role"), SAMPLED, ids=lambda value: getattr(value, "__name__", str(value)))
def test_a_sample_of_the_pages_is_without_violations(
    place: Place, role: Role, october: None, live_portal: Any, browser_context: Any, request: pytest.FixtureRequest
) -> None:
    variants = place(request)
    urls = random.Random(SEED).sample(pages_of(place, role, variants[:1]), SAMPLE)
    live_portal.sign_in(browser_context, person(role, variants[0]))
    shown, wrong = looked_at(browser_context.new_page(), live_portal, urls)
    assert wrong == {}
    assert shown > 0


@pytest.mark.slow
@pytest.mark.parametrize("category", list(Category))
def test_every_section_of_every_form_filled_in_is_without_violations(
    category: Category, october: None, live_portal: Any, browser_context: Any
) -> None:
    """The basic sheets, the statement and both reports of a category, as applicant and as the evaluator it named."""
    district = make_district("瓦房店市")
    evaluator = good_evaluator(district.round)
    nomination = make_complete(district, category.value, evaluator=evaluator)
    hands = {
        False: make_user(Role.APPLICANT, organisation=nomination.applicant),
        True: make_user(Role.EVALUATOR_ADMIN, organisation=evaluator.organisation),
    }
    shown, wrong = 0, {}
    for held in nomination.sheets.select_related("filing"):
        filing, sheet, third = held.filing, sheet_of(held.filing), held.sheet_key.endswith(THIRD_PARTY_MARK)
        if report := report_answers(sheet, category.value):
            Filing.objects.filter(pk=filing.pk).update(answers=report)
        live_portal.sign_in(browser_context, hands[third])
        urls = [reverse("filings:section", args=[filing.pk, section.key]) for section in sheet.sections]
        count, found = looked_at(browser_context.new_page(), live_portal, urls)
        assert count == len(urls), sheet.key
        shown, wrong = shown + count, wrong | found
    assert wrong == {}
    assert shown >= LEAST_SECTIONS[category]


def test_control_a_field_without_a_name_and_pale_words_are_seen(page: Any) -> None:
    page.set_content(
        '<html lang="zh-CN"><title>甲</title><main><input><p style="color:#bbb">看不清的字</p></main></html>'
    )
    assert {text.partition(":")[0] for text in violations(page)} == {"label", "color-contrast"}
