"""Every page of the nominations answers its own actor, and no foreign one."""

from __future__ import annotations

import re
from datetime import date, time

import pytest
from django.test import Client
from django.urls import reverse

from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.models import User
from greenportal.rounds.services import grant_extension
from nominations import rules
from nominations.constants import CLOCK_SUBMIT
from nominations.models import NominationVersion
from nominations.services import submitting
from tests.factories.accounts import make_actor, make_membership, make_user, sign_in
from tests.factories.nominations import (
    Ready,
    make_checked,
    make_complete,
    make_district,
    make_handed_in,
    ready_list,
)
from tests.factories.rounds import DURING

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _open_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "running", lambda: DURING)


def browser(actor: Actor) -> Client:
    client = Client()
    sign_in(client, User.objects.get(pk=actor.user_id))
    return client


def city_browser() -> Client:
    client = Client()
    sign_in(client, make_user(Role.CITY_REVIEWER))
    return client


def nomination_pages(pk: int) -> list[str]:
    plain = ["detail", "findings", "history", "documents", "evaluator", "standard", "confirm", "hand_in"]
    plain += ["withdraw", "national"]
    return [reverse(f"nominations:{name}", args=[pk]) for name in plain]


def district_pages(pk: int) -> list[str]:
    return [reverse(f"nominations:{name}", args=[pk]) for name in ("return", "key_energy", "invite")]


@pytest.mark.parametrize("category", ["factory", "product", "park", "supply_chain"])
def test_pages_of_a_nomination_open_for_its_district_and_are_absent_for_another(category: str) -> None:
    district = make_district()
    with clock.fixed(DURING):
        nomination = make_complete(district, category)
    own, foreign = browser(district.officer), browser(make_district("庄河市", year=district.round).officer)
    for url in [*nomination_pages(nomination.pk), *district_pages(nomination.pk)]:
        if category == "product" and url.endswith("/evaluator/"):
            continue
        assert own.get(url).status_code == 200, url
        assert foreign.get(url).status_code == 404, url


def test_pages_of_a_nomination_open_for_its_applicant_and_not_for_another_firm() -> None:
    district = make_district()
    with clock.fixed(DURING):
        nomination = make_complete(district)
    own = browser(make_actor(Role.APPLICANT, organisation=nomination.applicant))
    foreign = browser(make_actor(Role.APPLICANT))
    for url in [*nomination_pages(nomination.pk), reverse("nominations:own")]:
        assert own.get(url).status_code == 200, url
    for url in nomination_pages(nomination.pk):
        assert foreign.get(url).status_code == 404, url


def test_desk_of_the_district_opens_at_each_stage() -> None:
    district = make_district()
    with clock.fixed(DURING):
        make_handed_in(district)
        make_checked(district, "park")
    client = browser(district.officer)
    names = ["board", "create", "bulk", "candidates_template", "opinions", "my_list"]
    for name in names:
        response = client.get(reverse(f"nominations:{name}"), follow=True)
        assert response.status_code == 200, name


@pytest.mark.parametrize("stage", ["checked", "finalised", "sealed", "submitted"])
def test_list_pages_open_for_the_lead_at_each_stage(stage: str) -> None:
    ready = ready_list(stage=stage, categories=("factory", "product", "park", "supply_chain"))
    client = browser(ready.district.lead)
    names = ["list", "finalise", "reopen", "seal", "submit"] + (["receipt"] if stage == "submitted" else [])
    for name in names:
        response = client.get(reverse(f"nominations:{name}", args=[ready.list.pk]), follow=name == "seal")
        assert response.status_code == 200, name


@pytest.mark.parametrize(
    ("stage", "told"),
    [
        ("checked", "推荐汇总表定稿后才能上传盖章件。"),
        ("finalised", ""),
        ("sealed", "盖章件已核对，可以由负责人报送。需要更换的，请先撤销定稿。"),
        ("submitted", "推荐汇总表已报送，盖章件不再更换。"),
    ],
)
def test_a_scan_is_asked_for_only_while_one_is_taken(stage: str, told: str) -> None:
    ready = ready_list(stage=stage)
    response = browser(ready.district.officer).get(reverse("nominations:seal", args=[ready.list.pk]), follow=True)
    html = response.content.decode()
    assert ('type="file"' in html) is (stage == "finalised")
    if told:
        assert response.redirect_chain[0][0] == reverse("nominations:list", args=[ready.list.pk])
        assert told in html


def test_an_officer_who_also_works_for_the_applicant_is_offered_no_judging() -> None:
    """The services refuse him each of these; a colleague sees them all."""
    district = make_district()
    with clock.fixed(DURING):
        own = make_handed_in(district)
    colleague = make_user(Role.DISTRICT_OFFICER, authority=district.authority)
    make_membership(User.objects.get(pk=district.officer.user_id), Role.APPLICANT, organisation=own.applicant)
    judging = ("key_energy", "signatures", "independence", "check", "return")
    pages = [reverse(f"nominations:{name}", args=[own.pk]) for name in judging]
    seen = browser(district.officer).get(reverse("nominations:detail", args=[own.pk])).content.decode()
    assert [page for page in pages if page in seen] == []
    assert rules.TWO_HATS in seen
    other = sign_in(Client(), colleague).get(reverse("nominations:detail", args=[own.pk])).content.decode()
    assert [page for page in pages if page not in other] == []
    assert rules.TWO_HATS not in other


def submitted() -> Ready:
    return ready_list(stage="submitted", categories=("factory", "product", "park", "supply_chain"))


def test_desk_of_the_city_opens_once_a_list_arrived() -> None:
    ready = submitted()
    client = city_browser()
    for name in ("inbox", "summary", "submissions"):
        assert client.get(reverse(f"nominations:{name}")).status_code == 200, name
    assert client.get(reverse("nominations:city_list", args=[ready.list.pk])).status_code == 200
    for nomination in ready.nominations:
        page = client.get(reverse("nominations:city_nomination", args=[nomination.pk]))
        assert page.status_code == 200
        assert nomination.subject.name in page.content.decode()
        assert client.get(reverse("nominations:return", args=[nomination.pk])).status_code == 200
        version = NominationVersion.objects.get(nomination=nomination)
        assert client.get(reverse("nominations:version", args=[version.pk])).status_code == 200


def test_the_printable_list_says_who_submitted_when_under_which_receipt_and_by_which_extension() -> None:
    """It stands in on paper where the system does not: serial, receipt, district, time of receipt, person, extension."""
    first = ready_list(make_district("瓦房店市"), stage="submitted")
    assert first.submission is not None
    late = make_district("庄河市", year=first.district.round)
    lead = make_actor(Role.CITY_LEAD)
    with clock.fixed(DURING):
        grant_extension(
            actor=lead,
            round_id=first.district.round.pk,
            key=CLOCK_SUBMIT,
            authority_id=late.authority.pk,
            until=clock.local_instant(date(2022, 10, 20)),
            document_no="大工信延〔2022〕3号",
            reason="系统故障",
        )
    row = ready_list(late, stage="sealed").list
    with clock.fixed(clock.local_instant(date(2022, 10, 18), time(16, 30, 5))):
        submitting.submit(actor=late.lead, list_id=row.pk, seen_version=row.version)
    with clock.fixed(DURING):
        html = city_browser().get(reverse("nominations:submissions")).content.decode()
    rows = [
        [re.sub("<[^>]+>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row)]
        for row in re.findall(r"<tr>(.*?)</tr>", html)
        if "<td" in row
    ]
    names = list(User.objects.filter(pk__in=[first.district.lead.user_id, late.lead.user_id]).order_by("pk"))
    assert rows == [
        ["1", "DL2022-0001", "瓦房店市", "2022-09-20 09:00:00 +08:00", names[0].name, ""],
        ["2", "DL2022-0002", "庄河市", "2022-10-18 16:30:05 +08:00", names[1].name, "大工信延〔2022〕3号"],
    ]


def test_city_sees_no_draft_of_a_district() -> None:
    district = make_district()
    with clock.fixed(DURING):
        nomination = make_complete(district)
    client = city_browser()
    assert client.get(reverse("nominations:city_nomination", args=[nomination.pk])).status_code == 404
    assert nomination.subject.name not in client.get(reverse("nominations:inbox")).content.decode()


def test_summary_workbook_is_offered() -> None:
    submitted()
    response = city_browser().get(reverse("nominations:summary") + "?format=xlsx")
    assert response.content[:2] == b"PK"


def test_described_by_points_at_elements_that_exist() -> None:
    district = make_district()
    with clock.fixed(DURING):
        nomination = make_complete(district)
    client = browser(district.officer)
    posts = [
        reverse("nominations:key_energy", args=[nomination.pk]),
        reverse("nominations:return", args=[nomination.pk]),
        reverse("nominations:withdraw", args=[nomination.pk]),
        reverse("nominations:invite", args=[nomination.pk]),
        reverse("nominations:create"),
        reverse("nominations:opinions"),
        reverse("nominations:upload", args=[nomination.pk, "self_report"]),
    ]
    for url in posts:
        page = client.post(url, {"version": nomination.version, "c-TOTAL_FORMS": "1", "c-INITIAL_FORMS": "0"})
        html = page.content.decode()
        wanted = {word for ids in re.findall(r'aria-describedby="([^"]+)"', html) for word in ids.split()}
        missing = {word for word in wanted if f'id="{word}"' not in html}
        assert missing == set(), url


def test_list_shows_each_value_under_its_own_heading() -> None:
    """The database forgets the order of keys: cells must follow the columns of the form."""
    ready = ready_list(stage="finalised", categories=("factory",))
    html = browser(ready.district.lead).get(reverse("nominations:list", args=[ready.list.pk])).content.decode()
    table = html.partition('aria-label="绿色工厂"')[2].partition("</table>")[0]
    heads = re.findall(r"<th[^>]*>([^<]*)</th>", table)
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", table)
    found = dict(zip(heads, cells, strict=True))
    nomination = ready.nominations[0]
    assert found["地区"] == ready.district.authority.name
    assert found["工厂（企业）名称"] == nomination.subject.name
    assert found["是否重点用能行业"] == "否"


def test_fewer_paper_copies_than_the_notice_asks_are_said_so() -> None:
    ready = ready_list(stage="submitted")
    client = city_browser()
    url = reverse("nominations:city_list", args=[ready.list.pk])
    for copies, told in (
        ("1", "已登记1份，应收2份，校验码与报送版本不一致"),
        ("2", "已登记2份，校验码与报送版本不一致"),
    ):
        page = client.post(url, {"copies": copies, "hash_seen": "0" * 16, "note": ""}, follow=True).content.decode()
        assert told in page
    assert page.count("（应收2份）") == 1
