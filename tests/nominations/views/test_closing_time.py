"""The deadline at the page: one press before it, none after it, and what was sent stays sent."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.urls import reverse

from greenportal import clock
from greenportal.rounds.selectors import WindowState
from nominations.models import Submission
from nominations.services import submitting
from nominations.views import lists
from tests.factories.nominations import ready_list
from tests.nominations.views.browsing import browser

pytestmark = pytest.mark.django_db
CLOSES = clock.local_instant(datetime(2022, 10, 16).date())


@pytest.mark.parametrize(("before", "open_"), [(timedelta(seconds=1), True), (-timedelta(seconds=1), False)])
def test_the_page_offers_the_press_until_the_end(
    monkeypatch: pytest.MonkeyPatch, before: timedelta, open_: bool
) -> None:
    ready = ready_list(stage="sealed")
    monkeypatch.setattr(clock, "running", lambda: CLOSES - before)
    client, url = browser(ready.district.lead), reverse("nominations:submit", args=[ready.list.pk])
    html = client.get(url).content.decode()
    assert ("确认并报送市局" in html, "报送期限已过" in html) == (open_, not open_)
    answer = client.post(url, {"version": str(ready.list.version)})
    assert (answer.status_code == 302, Submission.objects.exists()) == (open_, open_)


def test_a_press_again_after_the_end_finds_the_receipt(monkeypatch: pytest.MonkeyPatch) -> None:
    ready = ready_list(stage="submitted")
    monkeypatch.setattr(clock, "running", lambda: CLOSES + timedelta(hours=1))
    url = reverse("nominations:submit", args=[ready.list.pk])
    answer = browser(ready.district.lead).post(url, {"version": str(ready.list.version)})
    assert answer["Location"] == reverse("nominations:receipt", args=[ready.list.pk])


@pytest.mark.parametrize("shut", [True, False])
def test_the_view_refuses_by_itself(monkeypatch: pytest.MonkeyPatch, shut: bool) -> None:
    """With the service's gate off the page still refuses; the control: with the page's gate off too, the database does."""
    ready = ready_list(stage="sealed")
    monkeypatch.setattr(clock, "running", lambda: CLOSES + timedelta(seconds=1))
    running = WindowState(open=True, closes_at=CLOSES)
    monkeypatch.setattr(submitting, "_open_window", lambda row: running)
    if not shut:
        monkeypatch.setattr(lists, "window", lambda **named: running)
    client, url = browser(ready.district.lead), reverse("nominations:submit", args=[ready.list.pk])
    answer = client.post(url, {"version": str(ready.list.version)})
    html = answer.content.decode()
    assert (answer.status_code, "报送期限已过，不能报送" in html) == ((409, True) if shut else (403, False))
    assert ("数据库核对接收时间" in html) is not shut
    assert not Submission.objects.exists()
