"""Reminders: before a district's closing instant, before a returned table's own day, each once and to whom it is."""

from datetime import timedelta

import pytest
from django.urls import reverse

from dynamic_mgmt.models import TableMark
from dynamic_mgmt.services import chasing, filing
from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.mail.models import OutboxMail
from greenportal.mail.services import rendered
from tests.dynamic_mgmt.test_chasing import CLOSES
from tests.factories.accounts import make_user
from tests.factories.tables import make_filed, make_stage

pytestmark = pytest.mark.django_db


def test_a_returned_table_is_not_told_that_it_is_locked():
    stage = make_stage()
    table = make_filed(stage)
    make_user(Role.APPLICANT, organisation=stage.organisation, email="u@example.com")
    filing.return_table(actor=stage.officer, table_id=table.pk, seen_version=table.version, reason="数据有误")
    with clock.fixed(CLOSES):
        chasing.keep_time()
    body = rendered(OutboxMail.objects.get(template="table_unit_reminder")).body
    assert "已锁定" not in body and "退回修改的内容仍可修改并提交" in body


@pytest.mark.parametrize(
    ("before", "mark"),
    [
        (timedelta(days=31), ""),
        (timedelta(days=30), "T-30d"),
        (timedelta(days=7), "T-7d"),
        (timedelta(hours=23), "T-1d"),
        (timedelta(0), "closed"),
        (timedelta(days=-3), ""),
    ],
)
def test_marks(before, mark):
    assert chasing.due_mark(CLOSES, CLOSES - before) == mark


def test_reminder_goes_out_once_per_mark_and_not_to_districts_that_are_done():
    stage = make_stage()
    done = make_stage("庄河市", period=stage.period)
    make_filed(done)
    make_user(Role.DISTRICT_OFFICER, authority=stage.authority, email="a@example.com")
    make_user(Role.DISTRICT_OFFICER, authority=done.authority, email="b@example.com")
    with clock.fixed(CLOSES - timedelta(days=6)):
        assert [chasing.keep_time(), chasing.keep_time()] == [1, 0]
    assert set(OutboxMail.objects.values_list("recipient", flat=True)) == {"a@example.com"}
    with clock.fixed(CLOSES):
        assert chasing.keep_time() == 1
    assert list(TableMark.objects.order_by("id").values_list("mark", flat=True)) == ["T-7d", "closed"]


def test_units_that_have_not_filed_are_reminded_of_their_own_table_once():
    stage = make_stage()
    done = make_stage(stage.authority.name, period=stage.period)
    make_filed(done)
    for address, organisation in (("u@example.com", stage.organisation), ("done@example.com", done.organisation)):
        make_user(Role.APPLICANT, organisation=organisation, email=address)
    make_user(Role.DISTRICT_OFFICER, authority=stage.authority, email="a@example.com")
    with clock.fixed(CLOSES - timedelta(days=6)):
        assert [chasing.keep_time(), chasing.keep_time()] == [1, 0]
    mails = OutboxMail.objects.filter(template="table_unit_reminder")
    assert [mail.recipient for mail in mails] == ["u@example.com"]
    text = rendered(mails.get())
    assert text.subject == "提醒：2022年11月15日（星期二）24:00前提交动态管理表"
    assert reverse("dynamic_mgmt:table", args=[stage.table().pk]) in text.body and stage.unit.current_name in text.body
    with clock.fixed(CLOSES):
        chasing.keep_time()
    assert "期限已过，内容已锁定" in rendered(mails.order_by("id").last()).body and mails.all().count() == 2


@pytest.mark.parametrize(("days", "marks"), [(5, 0), (None, 1)])
def test_a_table_returned_with_a_day_of_its_own_is_not_chased_by_the_clock(days, marks):
    stage = make_stage()
    table = make_filed(stage)
    make_user(Role.APPLICANT, organisation=stage.organisation, email="u@example.com")
    make_user(Role.DISTRICT_OFFICER, authority=stage.authority, email="a@example.com")
    due_on = clock.local(CLOSES).date() + timedelta(days=days) if days else None
    values = {"actor": stage.officer, "table_id": table.pk, "reason": "数据有误"}
    filing.return_table(seen_version=table.version, due_on=due_on, **values)
    OutboxMail.objects.all().delete()
    with clock.fixed(CLOSES):
        assert chasing.keep_time() == marks
    # control: without a day it is the clock that chases
    assert OutboxMail.objects.exists() is (due_on is None)
    # one that was never filed is chased beside it, and the returned one is not in its list
    make_stage(stage.authority.name, period=stage.period)
    with clock.fixed(CLOSES - timedelta(days=6)):
        assert chasing.keep_time() == 1
    body = rendered(OutboxMail.objects.filter(template="tables_reminder").order_by("id").last()).body
    assert (stage.unit.current_name in body) is (due_on is None)


@pytest.mark.parametrize("has_account", [True, False])
def test_a_returned_table_is_reminded_of_before_its_own_day_and_once(has_account):
    stage = make_stage()
    table, due_on = make_filed(stage), clock.today() + timedelta(days=10)
    if has_account:
        make_user(Role.APPLICANT, organisation=stage.organisation, email="u@example.com")
    make_user(Role.DISTRICT_OFFICER, authority=stage.authority, email="a@example.com")
    values = {"actor": stage.officer, "table_id": table.pk, "reason": "数据有误"}
    table = filing.return_table(seen_version=table.version, due_on=due_on, **values)
    mails = OutboxMail.objects.filter(template="table_mend_reminder").order_by("id")
    day = f"{due_on.year}年{due_on.month}月{due_on.day}日"
    for before, number in ((4, 0), (3, 1), (2, 1), (1, 2), (0, 3)):
        with clock.fixed(table.correct_by - timedelta(days=before)):
            chasing.keep_time()
            chasing.keep_time()
        assert mails.count() == number, before
    assert set(mails.values_list("recipient", flat=True)) == {"u@example.com" if has_account else "a@example.com"}
    early, over = rendered(mails[0]), rendered(mails[2])
    assert early.subject.startswith(f"提醒：{day}") and "前修改并重新提交动态管理表" in early.subject
    assert stage.unit.current_name in early.body and "修改期限已过" not in early.body
    assert over.subject.startswith("动态管理表修改期限已过") and "计为已逾期" in over.body
    # control: what was filed again is not reminded of
    mails.delete()
    with clock.fixed(table.correct_by - timedelta(days=3)):
        filing.file_table(actor=stage.unit_actor, table_id=table.pk)
    with clock.fixed(table.correct_by - timedelta(days=1)):
        chasing.keep_time()
    assert not mails.exists()


@pytest.mark.parametrize("count", [1, 3])
def test_addresses_of_units_are_one_query(count, django_assert_num_queries):
    firms = [make_stage(f"试验区{n}").organisation for n in range(count)]
    for n, firm in enumerate(firms):
        make_user(Role.APPLICANT, organisation=firm, email=f"u{n}@example.com")
    with django_assert_num_queries(1):
        assert len(chasing.unit_addresses([firm.pk for firm in firms])) == count
