"""What was typed is not lost when the session or its token ended; and nobody can use that to send for others."""

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import include, path, reverse

from greenportal.accounts import resume
from greenportal.accounts.actors import Role
from greenportal.accounts.http import roles
from tests.factories.accounts import make_user, sign_in

pytestmark = pytest.mark.django_db
START = datetime(2026, 9, 1, 1, 0, tzinfo=UTC)
TYPED = {"name": "大连试验轴承有限公司", "text": "第一行\r\n第二行 <b>&\"'", "many": ["甲", "乙"], "password": "geheim"}
OURS = {"HTTP_ORIGIN": "http://testserver"}


@roles(Role.APPLICANT)
def save(request):
    return HttpResponse(repr(sorted((k, v) for k, v in request.POST.lists() if k != "csrfmiddlewaretoken")))


urlpatterns = [path("save/", save, name="save"), path("", include("greenportal.urls"))]


@pytest.fixture(autouse=True)
def travel():
    """Our address, and a clock that stands still until a test moves it."""
    with override_settings(ROOT_URLCONF=__name__), time_machine.travel(START, tick=False) as moved:
        yield moved


def fields_of(page):
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    return [(name, html.unescape(value)) for name, value in found]


def packet_in(page):
    return dict(fields_of(page))["packet"]


@pytest.fixture
def late_post(client, travel):
    """Post as somebody whose session ended while typing, then sign in again."""

    def post(**more):
        person = make_user(Role.APPLICANT)
        sign_in(client, person)
        travel.shift(timedelta(minutes=31))
        answer = client.post("/save/?step=2", {**TYPED, **more})
        sign_in(client, person)
        return person, answer

    return post


def test_a_post_after_the_session_ended_comes_back_whole_after_sign_in(client, travel):
    person = make_user(Role.APPLICANT)
    sign_in(client, person)
    travel.shift(timedelta(minutes=31))
    ended = client.post("/save/?step=2", TYPED)
    page = ended.content.decode()
    assert ended.status_code == 401
    assert "大连试验轴承有限公司" in page
    assert "geheim" not in page
    again = client.post(reverse("accounts:resume"), {"packet": packet_in(page)}, **OURS)
    assert again.status_code == 401
    sign_in(client, person)
    confirm = client.post(reverse("accounts:resume"), {"packet": packet_in(page)}, **OURS)
    text = confirm.content.decode()
    assert confirm.status_code == 200
    assert 'action="/save/?step=2"' in text
    sent = [pair for pair in fields_of(text) if pair[0] in TYPED]
    assert sent == [("name", TYPED["name"]), ("text", TYPED["text"]), ("many", "甲"), ("many", "乙")]
    data = {"name": sent[0][1], "text": sent[1][1], "many": ["甲", "乙"]}
    assert "第二行" in client.post("/save/?step=2", data).content.decode()


def test_only_the_same_person_gets_it_back(client, late_post):
    _, ended = late_post()
    other = sign_in(Client(), make_user(Role.APPLICANT))
    answer = other.post(reverse("accounts:resume"), {"packet": packet_in(ended.content.decode())}, **OURS)
    assert answer.status_code == 403
    assert "大连试验轴承有限公司" not in answer.content.decode()


@pytest.mark.parametrize(
    "headers",
    [{}, {"HTTP_ORIGIN": "http://evil.example"}, {"HTTP_REFERER": "http://evil.example/x"}, {"HTTP_ORIGIN": "null"}],
)
def test_a_packet_sent_by_another_site_is_not_taken(client, late_post, headers):
    _, ended = late_post()
    answer = client.post(reverse("accounts:resume"), {"packet": packet_in(ended.content.decode())}, **headers)
    assert answer.status_code == 400
    assert "大连试验轴承有限公司" not in answer.content.decode()


def test_a_packet_that_was_changed_or_is_old_is_not_taken(client, late_post, travel):
    person, ended = late_post()
    packet = packet_in(ended.content.decode())
    changed = packet[:-1] + ("A" if packet[-1] != "A" else "B")
    assert client.post(reverse("accounts:resume"), {"packet": changed}, **OURS).status_code == 400
    assert client.post(reverse("accounts:resume"), {"packet": packet}, **OURS).status_code == 200
    travel.shift(timedelta(hours=13))
    sign_in(client, person)
    assert client.post(reverse("accounts:resume"), {"packet": packet}, **OURS).status_code == 400


def test_names_of_files_are_kept_so_that_they_can_be_chosen_again(late_post):
    _, ended = late_post(proof=SimpleUploadedFile("证明.pdf", b"%PDF"))
    assert "附件不能保留，请在提交后重新选择：证明.pdf" in ended.content.decode()


def test_too_much_for_a_page_is_shown_for_copying(late_post):
    _, ended = late_post(long="字" * (resume.LIMIT + 1))
    page = ended.content.decode()
    assert "内容较多，不能自动带回" in page
    assert 'name="packet"' not in page
    assert "字" * 1000 in page


def test_a_get_goes_to_the_sign_in_page_and_an_htmx_post_leaves_the_page_alone():
    client = Client()
    assert client.get("/save/?step=2")["Location"] == "/accounts/login/?next=/save/%3Fstep%3D2"
    answer = client.post("/save/", TYPED, HTTP_HX_REQUEST="true")
    assert (answer.status_code, answer["HX-Reswap"]) == (401, "none")


def test_a_stale_token_keeps_what_was_typed_and_can_be_sent_again():
    client = Client(enforce_csrf_checks=True)
    sign_in(client, make_user(Role.APPLICANT))
    answer = client.post("/save/", TYPED, **OURS)
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "页面已过期，填写的内容还在" in page
    token = dict(fields_of(page))["csrfmiddlewaretoken"]
    assert client.post("/save/", {**TYPED, "csrfmiddlewaretoken": token}, **OURS).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"HTTP_ORIGIN": "http://evil.example"}])
def test_a_forged_post_gets_no_page_that_would_send_it_on(headers):
    client = Client(enforce_csrf_checks=True)
    sign_in(client, make_user(Role.APPLICANT))
    page = client.post("/save/", TYPED, **headers).content.decode()
    assert "确认提交" not in page
    assert [name for name, _ in fields_of(page) if name in TYPED] == []


def test_a_forged_post_against_an_ended_session_is_refused_before_it_is_kept(travel):
    client = Client(enforce_csrf_checks=True)
    sign_in(client, make_user(Role.APPLICANT))
    travel.shift(timedelta(minutes=31))
    answer = client.post("/save/", TYPED, HTTP_ORIGIN="http://evil.example")
    assert answer.status_code == 403
    assert 'name="packet"' not in answer.content.decode()


def test_a_refusal_on_a_page_of_its_own_shows_what_was_typed_and_no_password(client):
    """The control stands in it: a look without a press shows nothing, and bookkeeping is not shown as typed."""
    sign_in(client, make_user(Role.APPLICANT))
    typed = {**TYPED, "version": "7", "_base": "gebunden"}
    refused = client.post(reverse("nominations:withdraw", args=[987_654_321]), typed)
    page = html.unescape(refused.content.decode())
    assert refused.status_code == 404
    assert [word in page for word in ("刚才填写的内容", TYPED["name"], "甲", "乙")] == [True] * 4
    assert [word in page for word in ("geheim", "gebunden", "<dt>version</dt>")] == [False] * 3
    looked = client.get(reverse("nominations:withdraw", args=[987_654_321])).content.decode()
    assert "刚才填写的内容" not in looked
