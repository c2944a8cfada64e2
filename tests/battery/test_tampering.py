"""Hidden fields changed, signed rows altered, links used twice: refused with a sentence, nothing changed, no 5xx."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import signing
from django.test import Client
from django.urls import reverse

from greenportal.accounts.actors import Role
from greenportal.accounts.models import User
from greenportal.filings import services
from greenportal.filings.models import Filing
from greenportal.filings.selectors import sheet_of
from nominations.models import Nomination
from nominations.services import handing_in
from nominations.views.bulk import CANDIDATE_COLUMNS
from tests.battery.conftest import Keep
from tests.factories import nominations as make
from tests.factories.accounts import actor_for, make_user, sign_in

pytestmark = [pytest.mark.battery, pytest.mark.django_db]
#: What somebody may put where a number of ours stood.
ODD = ("", "0", "-1", "1e9", "99999999999999999999", "１", "NaN", "\x00", "1; DROP TABLE x", "[]", "a" * 5_000)


@pytest.fixture
def district() -> make.District:
    return make.make_district()


@pytest.fixture
def user(client: Client, district: make.District) -> User:
    """An officer of the district, signed in with `client`."""
    found = make_user(Role.DISTRICT_OFFICER, authority=district.authority)
    sign_in(client, found)
    return found


@pytest.mark.parametrize("odd", ODD, ids=lambda text: ascii(text)[:20])
def test_a_changed_version_of_a_nomination_changes_nothing(
    odd: str, client: Client, user: User, district: make.District, keep: Keep
) -> None:
    nomination = make.make_handed_in(district)
    for name in ("check", "return", "withdraw", "key_energy"):
        url = reverse(f"nominations:{name}", args=[nomination.pk])
        answer = client.post(url, {"version": odd, "reason": "理由", "value": "yes"})
        assert answer.status_code < 500, name
    kept = Nomination.objects.get(pk=nomination.pk)
    assert (kept.state, kept.version, kept.key_energy_user) == (
        nomination.state,
        nomination.version,
        nomination.key_energy_user,
    )
    keep("tampering", f"版本号 {ascii(odd)[:24]}", "未改动")


def test_control_the_right_version_is_taken(client: Client, user: User, district: make.District, keep: Keep) -> None:
    nomination = make.make_handed_in(district)
    url = reverse("nominations:check", args=[nomination.pk])
    client.post(url, {"version": str(nomination.version)})
    assert Nomination.objects.get(pk=nomination.pk).state == "checked"
    keep("controls", "正确的版本号可以核对", "通过")


@pytest.mark.parametrize("odd", ODD, ids=lambda text: ascii(text)[:20])
def test_hidden_fields_of_a_form_never_overwrite_what_another_wrote(
    odd: str, client: Client, user: User, district: make.District, keep: Keep
) -> None:
    """Forged `_version`, `_base` and `_client`: another person's later text stays, or both are shown."""
    nomination = make.make_draft(district)
    filing = nomination.sheets.get(sheet_key="statement").filing
    services.save(
        filing_id=filing.pk, seen_version=filing.version, changes={"ex1_text": "他人所写"}, actor=district.lead
    )
    section = next(s.key for s in sheet_of(filing).sections if any(f.key == "ex1_text" for f in s.fields))
    url = reverse("filings:autosave", args=[filing.pk, section])
    forged = {
        "_version": odd,
        "_base": odd,
        "_client": odd,
        "ex1_text": "篡改所写",
        "id": "1",
        "locked": "",
        "answers": "{}",
    }
    answer = client.post(url, forged)
    assert answer.status_code in {200, 409}
    kept = Filing.objects.get(pk=filing.pk)
    if answer.status_code == 409:
        assert answer.json()["conflicts"][0]["theirs"] == "他人所写"
        assert kept.answers["ex1_text"] == "他人所写"
    assert (kept.pk, kept.scope_id, kept.locked) == (filing.pk, nomination.pk, False)
    keep("tampering", f"表单隐藏字段 {ascii(odd)[:24]}", f"状态 {answer.status_code}")


def rows_of(user_id: int, name: str = "试验轴承有限公司") -> list[Any]:
    values = {"category": "factory", "uscc": "91210202MA0TE5T16A", "organisation": name, "subject": f"{name}一厂"}
    return [user_id, [[2, *(values.get(field, "") for _, field in CANDIDATE_COLUMNS)]]]


def test_signed_rows_that_were_changed_or_belong_to_another_begin_nothing(
    client: Client, user: User, district: make.District, keep: Keep
) -> None:
    good = signing.dumps(rows_of(user.pk), salt="nominations.candidates", compress=True)
    forged = {
        "改动一个字符": good[:-1] + ("A" if good[-1] != "A" else "B"),
        "截断": good[: len(good) // 2],
        "换用密钥用途": signing.dumps(rows_of(user.pk), salt="another", compress=True),
        "他人的预览": signing.dumps(rows_of(user.pk + 1), salt="nominations.candidates", compress=True),
        "空": "",
        "未签名": "[]",
        "控制字符": "\x00:\x00",
    }
    for case, text in forged.items():
        answer = client.post(reverse("nominations:bulk"), {"rows": text})
        assert 200 <= answer.status_code < 500, case
        assert Nomination.objects.count() == 0, case
        keep("tampering", f"候选名单签名：{case}", f"状态 {answer.status_code}")


def test_control_the_signed_rows_as_they_were_begin_a_nomination_and_again_none(
    client: Client, user: User, district: make.District, keep: Keep
) -> None:
    good = signing.dumps(rows_of(user.pk), salt="nominations.candidates", compress=True)
    for _ in range(2):
        client.post(reverse("nominations:bulk"), {"rows": good})
        assert Nomination.objects.count() == 1
    keep("controls", "原样的签名可以建立，重放不重复建立", "通过")


def test_a_link_of_confirmation_confirms_once(client: Client, user: User, district: make.District, keep: Keep) -> None:
    nomination = make.make_complete(district)
    _, token = handing_in.ask_confirmation(
        actor=actor_for(user), nomination_id=nomination.pk, email="office@example.com"
    )
    digest = make.contents([nomination.pk])[nomination.pk].digest
    url = reverse("nominations:confirm_link", args=[token])
    stranger = Client()
    body = {"sha256": digest, "name": "张三试", "agreed": "on"}
    forged = stranger.post(url, {**body, "sha256": "0" * 64})
    assert 200 <= forged.status_code < 500
    assert Nomination.objects.get(pk=nomination.pk).confirmed_at is None
    first = stranger.post(url, body)
    confirmed = Nomination.objects.get(pk=nomination.pk)
    assert (first.status_code, confirmed.confirmed_sha256) == (200, digest)
    again = stranger.post(url, {**body, "name": "李四试"})
    assert 400 <= again.status_code < 500
    kept = Nomination.objects.get(pk=nomination.pk)
    assert (kept.confirmed_by_name, kept.confirmed_at) == (confirmed.confirmed_by_name, confirmed.confirmed_at)
    for odd in (token[:-1], token + "A", "0" * 43, "..", "a" * 500):
        assert stranger.get(reverse("nominations:confirm_link", args=[odd])).status_code in {400, 403, 404, 410}
    keep("tampering", "法定代表人确认链接重放", "第二次被拒", 状态码=again.status_code)


def test_fields_that_a_form_does_not_have_are_not_assigned(
    client: Client, user: User, district: make.District, keep: Keep
) -> None:
    """Every column of the row, posted beside the form of an officer: only what the form has is taken."""
    nomination = make.make_draft(district)
    before = Nomination.objects.filter(pk=nomination.pk).values().get()
    extra = {field.attname: "1" for field in Nomination._meta.concrete_fields if field.attname != "version"}
    url = reverse("nominations:key_energy", args=[nomination.pk])
    answer = client.post(url, {**extra, "version": nomination.version, "value": "no", "reason": "不属于重点用能行业"})
    assert answer.status_code < 500
    after = Nomination.objects.filter(pk=nomination.pk).values().get()
    changed = {key for key in before if before[key] != after[key]}
    assert changed <= {"key_energy_user", "key_energy_reason", "key_energy_by_id", "version", "updated_at"}
    keep("tampering", "夹带模型全部字段", "只改本表单字段", 字段=len(extra))
