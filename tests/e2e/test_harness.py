"""The browser fixtures themselves: a page comes up, with its styles, and signed in."""

import pytest

from greenportal.accounts.models import User

pytestmark = pytest.mark.e2e


def test_sign_in_page_comes_up_with_styles_that_the_policy_allows(live_portal, page):
    answer = page.goto(f"{live_portal.url}/accounts/login/")

    assert answer.status == 200
    assert page.evaluate("document.styleSheets.length") >= 1
    assert page.evaluate("document.documentElement.lang").startswith("zh")


def test_signed_in_user_reaches_the_home_page(live_portal, browser_context, page):
    user = User.objects.create_user("harness", password="Harness-2022-only")
    live_portal.sign_in(browser_context, user)

    answer = page.goto(f"{live_portal.url}/")

    assert answer.status == 200
    assert "/accounts/login" not in page.url
