"""Where the demonstration refuses, and the accounts of its first stage."""

from __future__ import annotations

from collections import defaultdict
from io import StringIO

import pytest
from allauth.mfa.totp.internal.auth import validate_totp_code
from django.core.management import CommandError, call_command

from greenportal.accounts.models import User
from greenportal.findings.types import Refused
from greenportal.rounds.models import Round
from nominations.demo import people
from nominations.demo.fiction import cast
from nominations.demo.stages import load
from tests.factories.accounts import make_person

pytestmark = pytest.mark.django_db


def test_without_the_setting_nothing_is_loaded(settings):
    settings.DEMO_ALLOWED = False
    with pytest.raises(Refused, match="演示数据只能载入演示环境"):
        load("opened", lambda line: None)
    with pytest.raises(CommandError, match="GREENPORTAL_DEMO=1"):
        call_command("demo_accounts")
    assert not User.objects.exists()
    assert not Round.objects.exists()


def test_beside_an_account_of_somebody_else_nothing_is_loaded(settings):
    settings.DEMO_ALLOWED = True
    make_person(username="wangli")
    with pytest.raises(CommandError, match="wangli等1个"):
        call_command("demo", "--stage", "opened")
    assert not Round.objects.exists()


def test_opened_stage_makes_people_who_can_sign_in(settings):
    settings.DEMO_ALLOWED = True
    out = StringIO()
    call_command("demo", "--stage", "opened", stdout=out)
    call_command("demo", "--stage", "opened", stdout=StringIO())
    assert Round.objects.get().opened_by.username == "dl-lead"
    assert "申报0项" in out.getvalue()
    assert User.objects.count() == len(people.officials()) == 25
    assert User.objects.get(username="wfd-officer").check_password(people.PASSWORD)
    printed = StringIO()
    call_command("demo_accounts", stdout=printed)
    line = next(row for row in printed.getvalue().splitlines() if row.startswith("dl-reviewer"))
    assert validate_totp_code(people.secret_of("dl-reviewer"), line.split()[-1])
    officer = next(row for row in printed.getvalue().splitlines() if row.startswith("wfd-officer"))
    assert officer.split() == ["wfd-officer", "示例·瓦房店市经办人", "区市县经办人", "瓦房店市", "—"]
    assert people.PASSWORD in printed.getvalue()


def test_limited_cast_begins_with_every_category_of_the_tutorials_district():
    small = cast(8)
    assert {a.district for a in small} == {"210281"}
    assert {a.category for a in small} == {"factory", "product", "park", "supply_chain"}
    assert [a for a in small if a not in cast()] == []


def test_names_are_shared_within_one_district_and_across_two():
    districts = defaultdict(list)
    for applicant in cast():
        districts[applicant.category, applicant.subject].append(applicant.district)
    shared = {category: found for (category, _), found in districts.items() if len(found) > 1}
    # A finding tells of the first pair and keeps silent on the second: test_collecting looks at what is stored.
    assert shared == {"factory": ["210214"] * 2, "park": ["210214", "210211"]}
