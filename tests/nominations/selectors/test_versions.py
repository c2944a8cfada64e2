"""Any two moments of a nomination, field by field, for those who may see them."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.models import User
from greenportal.filings.models import Filing
from greenportal.filings.services import save
from nominations.models import Nomination
from nominations.selectors import content, versions
from nominations.selectors.nominations import get_visible
from nominations.services import documents, handing_in, returning
from tests.factories import nominations as make
from tests.factories.accounts import actor_for, make_user, sign_in
from tests.factories.rounds import DURING

pytestmark = pytest.mark.django_db
SECRET = "只在草稿里的文字"


def at(minutes: int) -> AbstractContextManager[datetime]:
    return clock.fixed(DURING + timedelta(minutes=minutes))


def change(nomination: Nomination, actor: Actor, **values: Any) -> None:
    filing = Filing.objects.get(scope_id=nomination.pk, sheet_key="factory_basic")
    save(filing_id=filing.pk, seen_version=filing.version, changes=values, actor=actor)


def fresh(nomination: Nomination) -> Nomination:
    return Nomination.objects.get(pk=nomination.pk)


def hand_in_again(nomination: Nomination, minutes: int) -> None:
    actor = make.applicant_of(nomination)
    with at(minutes):
        make.confirm(fresh(nomination), actor=actor)
        version = fresh(nomination).version
        handing_in.hand_in(actor=actor, nomination_id=nomination.pk, seen_version=version)


def returned_and_changed(district: make.District, text: str) -> Nomination:
    """Handed in, returned, changed in one field and one document, handed in again."""
    nomination = make.make_handed_in(district)
    actor = make.applicant_of(nomination)
    with at(10):
        returning.return_by_district(
            actor=district.officer,
            nomination_id=nomination.pk,
            seen_version=fresh(nomination).version,
            reason="请补正",
            due_at=clock.now() + timedelta(days=3),
            comments=[],
        )
    with at(15):
        change(nomination, actor, profile=text)
        file = make.make_file(actor, name="新报告.pdf", text="新的一份")
        documents.attach(actor=actor, nomination_id=nomination.pk, slot="self_report", file_id=file.pk)
    hand_in_again(nomination, 20)
    return nomination


@pytest.mark.parametrize("who", ["applicant", "officer"])
def test_what_changed_between_two_handings_in(who: str) -> None:
    district = make.make_district()
    nomination = returned_and_changed(district, "第二次的简介")
    actor = make.applicant_of(nomination) if who == "applicant" else district.officer
    first, second, now = versions.snapshots(actor, get_visible(actor, nomination.pk))
    assert (first.label[:7], second.label[:7], now.label) == ("第1次提交区县", "第2次提交区县", "现在填写的内容")
    found = versions.differences(first, second)
    assert [(row.part, row.label, row.before, row.after) for row in found][:1] == [
        ("绿色工厂基本信息表", "单位简介", "试验单位简介", "第二次的简介")
    ]
    assert {(row.before, row.after) for row in found[1:]} == {("报告.pdf", ""), ("", "新报告.pdf")}
    assert versions.differences(second, now) == []


def test_an_unchanged_sheet_is_not_frozen_twice_for_the_same_cause() -> None:
    nomination = returned_and_changed(make.make_district(), "第二次的简介")
    filings = Filing.objects.filter(scope_id=nomination.pk)
    numbers = {row.sheet_key: row.versions.count() for row in filings}
    assert numbers["factory_basic"] == 2
    assert set(numbers.values()) == {1, 2}


def test_the_city_compares_what_was_submitted_and_nothing_before_it() -> None:
    ready = make.ready_list(categories=["factory"], stage="submitted")
    nomination = Nomination.objects.get()
    city = make.make_city()
    (only,) = versions.snapshots(city, get_visible(city, nomination.pk))
    assert only.label.startswith("第1版（定稿，")
    officer = ready.district.officer
    keys = [moment.key for moment in versions.snapshots(officer, get_visible(officer, nomination.pk))]
    assert keys == ["h1", "1", "now"]


def test_the_city_s_page_tells_nothing_of_what_is_being_typed_and_the_applicant_s_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make.ready_list(categories=["factory"], stage="submitted")
    nomination = Nomination.objects.get()
    reviewer = make_user(Role.CITY_REVIEWER)
    city = actor_for(reviewer)
    with at(10):
        returning.return_by_city(
            actor=city,
            nomination_id=nomination.pk,
            seen_version=nomination.version,
            reason="请补正",
            due_at=clock.now() + timedelta(days=3),
            comments=[],
        )
    applicant = make.applicant_of(nomination)
    with at(20):
        change(nomination, applicant, profile=SECRET)
    page = reverse("nominations:history", args=[nomination.pk])
    asked = {"from": "1", "to": "now"}
    seen = {}
    monkeypatch.setattr(clock, "running", lambda: DURING + timedelta(minutes=25))
    for name, user in (("city", reviewer), ("applicant", User.objects.get(pk=applicant.user_id))):
        answer = sign_in(Client(), user).get(page, asked)
        assert answer.status_code == 200
        seen[name] = answer.content.decode()
    assert (SECRET in seen["city"], SECRET in seen["applicant"]) == (False, True)
    assert "现在填写的内容" not in seen["city"]


@pytest.mark.parametrize("times", [1, 3])
def test_any_number_of_moments_costs_the_same(times: int) -> None:
    district = make.make_district()
    nomination = make.make_handed_in(district)
    actor = make.applicant_of(nomination)
    for number in range(1, times):
        with at(number * 10):
            handing_in.take_back(actor=actor, nomination_id=nomination.pk, seen_version=fresh(nomination).version)
            change(nomination, actor, profile=f"第{number}次")
        hand_in_again(nomination, number * 10 + 5)
    row = get_visible(district.officer, nomination.pk)
    content.forget_definitions()
    with CaptureQueriesContext(connection) as seen:
        moments = versions.snapshots(district.officer, row)
        versions.differences(moments[0], moments[-1])
    assert (len(moments), len(seen)) == (times + 1, 8)
