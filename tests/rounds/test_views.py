"""Pages of rounds: who reaches them, that every act goes through check, form errors and messages."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.documents.pdf import render_pdf
from greenportal.rounds import selectors, services
from greenportal.rounds.models import Deadline, Extension, Round
from tests.factories.accounts import actor_for, make_user, sign_in
from tests.factories.directory import make_authority
from tests.factories.rounds import DURING, open_round_2022, prepare_round_2022

pytestmark = pytest.mark.django_db
HAND_IN, SUBMIT = "nominations.hand_in", "nominations.submit"
SIGNED_IN = [role for role in Role if role not in {Role.SYSTEM, Role.ANONYMOUS}]


def _client(role, **where):
    user = make_user(role, **where)
    return sign_in(Client(), user), actor_for(user)


def _text(response):
    return response.content.decode()


@pytest.fixture
def lead():
    return _client(Role.CITY_LEAD)


def _addresses(row, extension):
    lead_only = {
        reverse("rounds:revise", args=[row.pk]),
        reverse("rounds:open", args=[row.pk]),
        reverse("rounds:close", args=[row.pk]),
        reverse("rounds:extend", args=[row.pk]),
        reverse("rounds:standards", args=[row.pk]),
        reverse("rounds:standards_template"),
        reverse("rounds:revoke", args=[extension.pk]),
    }
    everybody = {
        reverse("rounds:index"),
        reverse("rounds:detail", args=[row.pk]),
        reverse("rounds:rulebook", args=[row.pk]),
    }
    return lead_only, everybody, {reverse("rounds:cut_off", args=[row.pk])}


@pytest.mark.parametrize("role", SIGNED_IN)
def test_pages_answer_by_role(role, lead):
    _, leader = lead
    row = open_round_2022(actor=leader)
    district = make_authority()
    extension = services.grant_extension(
        actor=leader,
        round_id=row.pk,
        key=SUBMIT,
        authority_id=district.pk,
        until=clock.local_instant(clock.date(2022, 10, 20)),
        document_no="1号",
        reason="台风",
    )
    client, actor = _client(role, authority=district) if role.value.startswith("district") else _client(role)
    lead_only, everybody, districts = _addresses(row, extension)
    for url in everybody:
        assert client.get(url).status_code == 200, url
    for url in lead_only:
        assert client.get(url).status_code == (200 if role == Role.CITY_LEAD else 403), url
    for url in districts:
        assert client.get(url).status_code == (200 if actor.is_district else 403), url


def test_pages_send_strangers_to_sign_in(lead):
    row = open_round_2022(actor=lead[1])
    response = Client().get(reverse("rounds:detail", args=[row.pk]))
    assert response.status_code == 302
    assert "/accounts/login/" in response["Location"]


def test_round_in_preparation_is_absent_for_districts(lead):
    row = prepare_round_2022(actor=lead[1])
    client, _ = _client(Role.DISTRICT_LEAD)
    foreign = client.get(reverse("rounds:detail", args=[row.pk]))
    absent = client.get(reverse("rounds:detail", args=[row.pk + 999]))
    assert (foreign.status_code, absent.status_code) == (404, 404)
    assert lead[0].get(reverse("rounds:detail", args=[row.pk])).status_code == 200


def test_lead_prepares_changes_checks_and_opens_in_the_browser(lead):
    client, _ = lead
    made = client.post(reverse("rounds:prepare"), {"rulebook_key": "2022", "name": ""}, follow=True)
    row = Round.objects.get()
    assert "批次已按规则书准备好" in _text(made)
    assert "2022年10月15日（星期六）24:00" in _text(made)
    assert "截止当日为星期六，可能是休息日，请提前办理" in _text(made)
    revise = reverse("rounds:revise", args=[row.pk])
    form = client.get(revise).context["form"]
    values = {name: form[name].value() for name in form.fields} | {"reason": ""}
    paths = {item.path: name for name, item in form.editables.items()}
    values = {k: v.strftime("%Y-%m-%dT%H:%M") if hasattr(v, "strftime") else v for k, v in values.items()}
    values[paths["cap_rule|limit"]] = "12"
    values[paths["deadlines|nominations.hand_in|closes_at"]] = "2022-10-10T17:00"
    values[paths["evaluation_tables|park_2016|weighting"]] = "plain"
    changed = client.post(revise, values, follow=True)
    assert "已保存修改" in _text(changed)
    assert selectors.rulebook_at(row.pk)[0].cap == 12
    assert clock.spoken(Deadline.objects.get(round=row, key=HAND_IN).closes_at) == "2022年10月10日（星期一）17:00"
    check = client.get(reverse("rounds:open", args=[row.pk]))
    assert "启动后各区市县即可办理" in _text(check)
    version = check.context["form"]["version"].value()
    opened = client.post(reverse("rounds:open", args=[row.pk]), {"version": version}, follow=True)
    assert "批次已启动" in _text(opened)
    row.refresh_from_db()
    assert (row.state, row.version) == ("open", version + 1)
    diff = client.get(reverse("rounds:revision", args=[row.pk, 2]))
    assert "15项" in _text(diff)
    assert "12项" in _text(diff)
    assert "各项比值简单平均" in _text(diff)
    tables = client.get(reverse("rounds:evaluation_tables", args=[row.pk]))
    assert "与引领值的比值，各项比值简单平均，比值大于1时按实际比值计（市局启动前修改）" in _text(tables)


def test_open_page_of_a_stale_version_keeps_the_round_closed(lead):
    row = prepare_round_2022(actor=lead[1])
    response = lead[0].post(reverse("rounds:open", args=[row.pk]), {"version": row.version + 5})
    assert "批次刚刚被修改过" in _text(response)
    row.refresh_from_db()
    assert row.state == "preparing"


def _pdf():
    return SimpleUploadedFile("补充通知.pdf", render_pdf("<p>补充通知</p>", title="补充通知"), "application/pdf")


def test_revising_an_open_round_asks_for_document_and_reason(lead):
    client, leader = lead
    row = open_round_2022(actor=leader)
    url = reverse("rounds:revise", args=[row.pk])
    form = client.get(url).context["form"]
    values = {n: form[n].value() for n in form.editables} | {"version": row.version}
    values = {k: v.strftime("%Y-%m-%dT%H:%M") if hasattr(v, "strftime") else v for k, v in values.items()}
    cap = next(name for name, item in form.editables.items() if item.path == "cap_rule|limit")
    values[cap] = "10"
    refused = client.post(url, values)
    assert "上传补充通知（PDF）" in _text(refused)
    assert "写明修改理由" in _text(refused)
    assert refused.context["form"][cap].value() == "10"
    assert selectors.rulebook_at(row.pk)[0].cap == 15
    words = {"reason": "按补充通知调整", "document_title": "大工信〔2022〕9号", "document": _pdf()}
    kept = client.post(url, values | words, follow=True)
    assert "已保存修改" in _text(kept)
    book, revision = selectors.rulebook_at(row.pk)
    assert (book.cap, revision.number, revision.document.name) == (10, 2, "补充通知.pdf")
    assert book.cap_rule.source == "补充通知：大工信〔2022〕9号"
    stranger, _ = _client(Role.DISTRICT_OFFICER)
    notice = stranger.get(reverse("files:download", args=[revision.document_id]))
    assert b"".join(notice.streaming_content).startswith(b"%PDF")
    notice.close()


def test_extension_is_granted_and_revoked_on_pages(lead):
    client, leader = lead
    row, district = open_round_2022(actor=leader), make_authority()
    url = reverse("rounds:extend", args=[row.pk])
    empty = client.post(url, {})
    for told in ("填写批准延期的文号。", "写明延期理由。", "选择区市县或先导区。"):
        assert told in _text(empty)
    values = {"key": SUBMIT, "authority": district.pk, "document_no": "大工信函〔2022〕3号", "reason": "台风"}
    early = client.post(url, values | {"until": "2022-10-01T00:00"})
    assert "延期应晚于现在的截止时间2022年10月15日（星期六）24:00" in _text(early)
    assert Extension.objects.count() == 0
    done = client.post(url, values | {"until": "2022-10-18T17:00"}, follow=True)
    assert "延期已办理" in _text(done)
    extension = Extension.objects.get()
    assert clock.spoken(extension.until) == "2022年10月18日（星期二）17:00"
    revoke = reverse("rounds:revoke", args=[extension.pk])
    assert "写明撤销理由" in _text(client.post(revoke, {}))
    assert "延期已撤销" in _text(client.post(revoke, {"reason": "填错"}, follow=True))
    extension.refresh_from_db()
    assert extension.revoked_by_id == leader.user_id


def test_district_sets_its_own_cut_off_but_no_later_than_the_city(lead):
    row = open_round_2022(actor=lead[1])
    district = make_authority()
    client, _ = _client(Role.DISTRICT_OFFICER, authority=district)
    url = reverse("rounds:cut_off", args=[row.pk])
    late = client.post(url, {"closes_at": "2022-10-16T00:01"})
    assert "不能晚于市局的截止时间2022年10月15日（星期六）24:00" in _text(late)
    with clock.fixed(DURING):
        done = client.post(url, {"closes_at": "2022-10-10T17:00"}, follow=True)
    assert "已设定本地区的申报截止时间" in _text(done)
    assert Deadline.objects.get(round=row, authority=district).closes_at < clock.local_instant(clock.date(2022, 10, 11))


def test_close_page_asks_for_a_reason(lead):
    client, leader = lead
    row = open_round_2022(actor=leader)
    url = reverse("rounds:close", args=[row.pk])
    assert "写明结束理由" in _text(client.post(url, {"version": row.version}))
    done = client.post(url, {"version": row.version, "reason": "国家名单已公布"}, follow=True)
    assert "批次已结束" in _text(done)


def test_rulebook_page_shows_clause_source_and_confidence(lead):
    row = open_round_2022(actor=lead[1])
    page = _text(lead[0].get(reverse("rounds:rulebook", args=[row.pk])))
    for told in (
        "通知 一、第2段",
        "大连市工信局通知原文",
        "官方原文",
        "未收录",
        "通知 二、（三）",
        "按报送截止日回溯三年",
    ):
        assert told in page


@pytest.mark.parametrize("count", [1, 3])
def test_detail_page_needs_the_same_queries_for_any_number_of_extensions(count, lead):
    client, leader = lead
    row = open_round_2022(actor=leader)
    for number in range(count):
        services.grant_extension(
            actor=leader,
            round_id=row.pk,
            key=SUBMIT,
            authority_id=make_authority(f"第{number}区").pk,
            until=clock.local_instant(clock.date(2022, 10, 16)) + timedelta(days=number + 1),
            document_no="1号",
            reason="台风",
        )
    url = reverse("rounds:detail", args=[row.pk])
    client.get(url)
    with CaptureQueriesContext(connection) as seen:
        page = client.get(url)
    assert _text(page).count("撤销</a>") == count
    own = [q for q in seen.captured_queries if '"rounds_' in q["sql"]]
    assert len(own) == 6


def test_every_form_with_errors_has_the_elements_that_describe_it(lead):
    client, leader = lead
    row = open_round_2022(actor=leader)
    for name in ("extend", "close", "revise"):
        page = _text(client.post(reverse(f"rounds:{name}", args=[row.pk]), {}))
        ids = set(re.findall(r' id="([^"]+)"', page))
        wanted = {i for refs in re.findall(r'aria-describedby="([^"]+)"', page) for i in refs.split()}
        assert wanted
        assert wanted <= ids, name
