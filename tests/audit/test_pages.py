"""The auditor reads, exports and verifies; nobody else does any of it."""

import csv
import io
from datetime import date, timedelta

import pytest
from django.urls import reverse

from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.audit import selectors, services
from greenportal.audit.models import AuditEntry
from tests.audit.test_chain import tamper
from tests.factories.accounts import make_actor, make_user, sign_in

pytestmark = pytest.mark.django_db
PAGES = ["audit:entries", "audit:export", "audit:verify"]
HUMAN = [role for role in Role if role not in {Role.SYSTEM, Role.ANONYMOUS}]


@pytest.fixture
def auditor(client):
    user = make_user(Role.AUDITOR)
    sign_in(client, user)
    return user


def record(action="tests.do", target="tests.thing:1", **values):
    actor = Actor(role=Role.CITY_LEAD, user_id=77, name=values.pop("name", "甲"), address="192.0.2.1")
    return services.record(actor=actor, action=action, target=target, **values)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("role", [role for role in HUMAN if role != Role.AUDITOR])
def test_no_other_role_reaches_the_trail(client, role, page):
    record(name="可见的人")
    sign_in(client, make_user(role))
    answer = client.get(reverse(page))
    assert answer.status_code == 403
    assert "可见的人" not in answer.content.decode()


@pytest.mark.parametrize("role", HUMAN)
def test_rows_are_visible_to_the_auditor_alone(role):
    record()
    actor = make_actor(role)
    assert selectors.visible_to(actor).count() == (1 if role == Role.AUDITOR else 0)


@pytest.mark.parametrize("page", PAGES)
def test_nobody_signed_in_is_sent_to_the_sign_in_page(client, page):
    answer = client.get(reverse(page))
    assert (answer.status_code, answer["Location"]) == (302, f"{reverse('account_login')}?next={reverse(page)}")


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"a", "b", "c"}),
        ("action=tests.a", {"a"}),
        ("target=tests.thing:2", {"b"}),
        ("result=refused", {"c"}),
        ("person=乙", {"b"}),
        ("person=77", {"a", "b", "c"}),
        ("first=2999-01-01", set()),
        ("first=昨天", {"a", "b", "c"}),
        ("last=9999-12-31", {"a", "b", "c"}),
        ("action=tests.&result=ok&person=甲", {"a"}),
    ],
)
def test_filters_stand_in_the_address_and_export_equals_the_screen(client, auditor, query, shown):
    record(action="tests.a")
    record(action="tests.b", target="tests.thing:2", name="乙")
    record(action="tests.c", result="refused")
    page = client.get(f"{reverse('audit:entries')}?{query}")
    on_screen = [row["code"] for row in page.context["rows"] if row["code"].startswith("tests.")]
    text = b"".join(client.get(f"{reverse('audit:export')}?{query}").streaming_content).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == list(selectors.HEADINGS)
    assert [row[5] for row in rows[1:] if row[5].startswith("tests.")] == on_screen
    assert {action.removeprefix("tests.") for action in on_screen} == shown


@pytest.mark.parametrize("asked", ["导入行业", "名录：", "directory.import"])
def test_an_action_has_its_chinese_name_on_page_filter_and_export(client, auditor, asked):
    record(action="directory.import_industries")
    record(action="files.receive")
    page = client.get(reverse("audit:entries"), {"action": asked})
    assert [(row["action"], row["code"]) for row in page.context["rows"]] == [
        ("名录：导入行业分类", "directory.import_industries")
    ]
    assert "名录：导入行业分类<br><small" in page.content.decode()
    text = b"".join(client.get(reverse("audit:export"), {"action": asked}).streaming_content).decode("utf-8-sig")
    assert [row[4:6] for row in csv.reader(io.StringIO(text))] == [
        ["动作", "动作代码"],
        ["名录：导入行业分类", "directory.import_industries"],
    ]


def test_local_days_bound_the_list(client, auditor):
    with clock.fixed(clock.local_instant(date(2022, 9, 2))):
        record(action="tests.second")
    with clock.fixed(clock.local_instant(date(2022, 9, 2)) - timedelta(microseconds=1)):
        record(action="tests.first")
    found = selectors.entries(make_actor(Role.AUDITOR), first=date(2022, 9, 2), last=date(2022, 9, 2))
    assert [entry.action for entry in found] == ["tests.second"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "＝", "＋"])
def test_a_text_that_looks_like_a_formula_is_neutral_in_the_export(client, auditor, start):
    record(name=f"{start}cmd|' /C calc'!A0")
    text = b"".join(client.get(reverse("audit:export")).streaming_content).decode("utf-8-sig")
    names = [row[1] for row in csv.reader(io.StringIO(text))]
    assert f"'{start}cmd|' /C calc'!A0" in names
    assert not any(name.startswith(start) for name in names)


def test_reading_and_exporting_are_themselves_recorded(client, auditor):
    client.get(f"{reverse('audit:entries')}?action=tests")
    b"".join(client.get(reverse("audit:export")).streaming_content)
    rows = AuditEntry.objects.filter(action="audit.read", user_id=auditor.pk).order_by("id")
    assert [(row.data["what"], row.data["filters"]) for row in rows] == [
        ("审计记录", {"action": "tests"}),
        ("审计记录导出", {}),
    ]


def test_the_list_has_pages(client, auditor):
    for _ in range(101):
        record()
    first = client.get(reverse("audit:entries"))
    assert len(first.context["rows"]) == 100
    assert "page=2" in first.content.decode()
    assert len(client.get(f"{reverse('audit:entries')}?page=2").context["rows"]) == 2


def test_verification_runs_on_post_and_names_the_row(client, auditor):
    record()
    url = reverse("audit:verify")
    assert client.get(url).context["done"] is False
    assert client.post(url).context["breaks"] == []
    tamper("UPDATE audit_auditentry SET actor_name = 'x' WHERE stream = %s", "tests.thing:1")
    answer = client.post(url)
    assert "tests.thing:1：第1条记录的内容已被改动。" in answer.content.decode()
    assert [row.result for row in AuditEntry.objects.filter(action="audit.verify").order_by("id")] == ["ok", "failed"]


def test_the_list_costs_the_same_queries_at_one_row_and_at_many(client, auditor, django_assert_num_queries):
    client.get(reverse("audit:entries"))
    with django_assert_num_queries(10):
        client.get(reverse("audit:entries"))
    for _ in range(30):
        record()
    with django_assert_num_queries(10):
        client.get(reverse("audit:entries"))
