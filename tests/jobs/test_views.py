"""Progress pages and dead letters as people see them."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import RequestFactory

from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.identity import NO_NUMBERS
from greenportal.audit.models import AuditEntry
from greenportal.findings.types import NotVisible
from greenportal.jobs import registry, views
from greenportal.jobs.models import Job
from tests.factories.jobs import make_job
from tests.factories.roster import fictional_id

pytestmark = pytest.mark.django_db


@pytest.fixture
def user(django_user_model: Any) -> Any:
    return django_user_model.objects.create(username="officer", email="officer@example.com", name="经办人")


@pytest.fixture
def actor(user: Any) -> Actor:
    return Actor(role=Role.DISTRICT_OFFICER, user_id=user.pk, name="经办人")


def request_of(actor: Actor, method: str = "get", **data: str) -> Any:
    request = getattr(RequestFactory(), method)("/jobs/", data)
    request.actor = actor
    request.session = {}
    request._messages = type("Kept", (list,), {"add": lambda self, level, text, extra="": self.append(text)})()
    return request


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "处理排队中"),
        ({"attempts": 2, "error": "ZeroDivisionError: x"}, "系统会自动再次处理"),
        ({"state": "running", "progress_done": 3, "progress_total": 12, "stage": "正在合并附件"}, "3/12 正在合并附件"),
        ({"state": "running", "cancel_requested": True}, "正在停止"),
        ({"state": "done"}, "已完成"),
        ({"state": "cancelled"}, "已取消"),
        ({"state": "dead", "error": "ZeroDivisionError: x"}, "处理没有成功"),
        ({"state": "dead", "user_message": "请先定稿。"}, "请先定稿。"),
    ],
)
def test_page_says_where_the_job_is(values: dict[str, Any], words: str, actor: Actor, user: Any) -> None:
    job = make_job(created_by=user, **values)
    body = views.progress(request_of(actor), job.pk).content.decode()
    assert words in body
    assert "ZeroDivisionError" not in body
    assert ('aria-live="polite"' in body, f"/jobs/{job.pk}/part/" in body) == (True, job.is_open)


def test_open_job_can_be_refreshed_and_cancelled_without_script(actor: Actor, user: Any) -> None:
    job = make_job(created_by=user)
    body = views.progress(request_of(actor), job.pk).content.decode()
    assert f'<a href="/jobs/{job.pk}/">刷新进度</a>' in body
    assert f'<form method="post" action="/jobs/{job.pk}/cancel/">' in body
    answer = views.cancel(request_of(actor, "post"), job.pk)
    job.refresh_from_db()
    assert (answer.status_code, answer["Location"], job.state) == (302, f"/jobs/{job.pk}/", "cancelled")


def test_part_answers_nothing_while_nothing_changed(actor: Actor, user: Any) -> None:
    job = make_job(created_by=user, state=Job.State.RUNNING)
    mark = views._shown(job)["mark"]
    assert views.part(request_of(actor, seen=mark), job.pk).status_code == 204
    Job.objects.update(progress_done=1, progress_total=2, stage="正在盖页码")
    changed = views.part(request_of(actor, seen=mark), job.pk)
    assert (changed.status_code, "1/2 正在盖页码" in changed.content.decode()) == (200, True)


def test_finished_part_stops_asking(actor: Actor, user: Any) -> None:
    job = make_job(created_by=user, state=Job.State.DONE)
    assert "hx-get" not in views.part(request_of(actor), job.pk).content.decode()


def test_result_becomes_a_download_and_a_way_on(actor: Actor, user: Any) -> None:
    file = uuid.uuid4()
    job = make_job(created_by=user, state=Job.State.DONE, result={"file": str(file), "next": "/nominations/3/"})
    body = views.progress(request_of(actor), job.pk).content.decode()
    assert (f'href="/files/{file}/"' in body, 'href="/nominations/3/"' in body) == (True, True)


@pytest.mark.parametrize("address", ["https://example.com/", "//example.com/", "javascript:alert(1)"])
def test_result_never_leads_to_another_site(address: str, actor: Actor, user: Any) -> None:
    job = make_job(created_by=user, state=Job.State.DONE, result={"next": address})
    assert address not in views.progress(request_of(actor), job.pk).content.decode()


def test_foreign_absent_and_unregistered_jobs_answer_alike(actor: Actor, user: Any, django_user_model: Any) -> None:
    other = django_user_model.objects.create(username="other", email="other@example.com", name="他人")
    registry.visible("test.closed", lambda _actor, _id: False)
    hidden = [
        make_job(created_by=other).pk,
        make_job(created_by=user, scope="test.closed", scope_id=1).pk,
        make_job(created_by=user, scope="test.unregistered", scope_id=1).pk,
        uuid.uuid4(),
    ]
    refusals = []
    for job_id in hidden:
        for view in (views.progress, views.part):
            with pytest.raises(NotVisible) as caught:
                view(request_of(actor), job_id)
            refusals.append(caught.value.message)
    assert len(set(refusals)) == 1


def test_job_about_something_is_seen_by_who_sees_that_thing(actor: Actor) -> None:
    registry.visible("test.scope", lambda _actor, scope_id: scope_id == 7)
    assert views.progress(request_of(actor), make_job(scope="test.scope", scope_id=7).pk).status_code == 200
    with pytest.raises(NotVisible):
        views.progress(request_of(actor), make_job(scope="test.scope", scope_id=8).pk)


def test_page_offers_to_stop_only_to_who_may(actor: Actor, user: Any) -> None:
    registry.visible("test.scope", lambda _actor, _id: True, may_cancel=lambda _actor, scope_id: scope_id == 7)
    offered = {
        scope_id: "取消处理"
        in views.progress(request_of(actor), make_job(scope="test.scope", scope_id=scope_id).pk).content.decode()
        for scope_id in (7, 8)
    }
    assert offered == {7: True, 8: False}


def test_anonymous_sees_no_job_that_nobody_made() -> None:
    job = make_job()
    with pytest.raises(NotVisible):
        views.part(request_of(Actor.anonymous()), job.pk)
    answer = views.progress(request_of(Actor.anonymous()), job.pk)
    assert (answer.status_code, "next=/jobs/" in answer["Location"]) == (302, True)


@pytest.fixture
def admin(django_user_model: Any) -> Actor:
    user = django_user_model.objects.create(username="admin", email="admin@example.com", name="系统管理员")
    return Actor(role=Role.SYSTEM_ADMIN, user_id=user.pk, name="系统管理员")


def test_dead_letters_list_what_stopped(admin: Actor) -> None:
    make_job("test.fail", state=Job.State.DEAD, error="ZeroDivisionError: 例外", attempts=3)
    make_job("test.result", state=Job.State.DONE)
    body = views.dead(request_of(admin)).content.decode()
    assert ("ZeroDivisionError: 例外" in body, "test.result" in body, "共 1 项" in body) == (True, False, True)


def test_decision_without_reason_comes_back_with_the_error_at_its_field(admin: Actor) -> None:
    job = make_job("test.fail", state=Job.State.DEAD)
    answer = views.decide(request_of(admin, "post", act="retry", reason=""), job.pk)
    body = answer.content.decode()
    assert (answer.status_code, "重试需要写明理由" in body) == (400, True)
    assert f'aria-describedby="reason-{job.pk}-error"' in body
    assert f'id="reason-{job.pk}-error"' in body


def test_decision_whose_reason_holds_an_identity_number_comes_back_with_what_was_typed(admin: Actor) -> None:
    job, typed = make_job("test.fail", state=Job.State.DEAD), f"已与{fictional_id(94)}核实"
    answer = views.decide(request_of(admin, "post", act="abandon", reason=typed), job.pk)
    body = answer.content.decode()
    job.refresh_from_db()
    assert (answer.status_code, job.state, AuditEntry.objects.count()) == (400, "dead", 0)
    assert (NO_NUMBERS in body, f'value="{typed}"' in body) == (True, True)


@pytest.mark.parametrize(("act", "state"), [("retry", "due"), ("abandon", "abandoned")])
def test_decision_changes_the_job_and_is_audited(act: str, state: str, admin: Actor) -> None:
    job = make_job("test.fail", state=Job.State.DEAD)
    answer = views.decide(request_of(admin, "post", act=act, reason="已修复"), job.pk)
    job.refresh_from_db()
    assert (answer.status_code, job.state, AuditEntry.objects.get().action) == (302, state, f"jobs.{act}")


def test_list_of_dead_letters_costs_a_constant_number_of_queries(admin: Actor, django_assert_num_queries: Any) -> None:
    for rows in (1, 2):
        for _ in range(rows):
            make_job("test.fail", state=Job.State.DEAD)
        with django_assert_num_queries(2):
            views.dead(request_of(admin))


def test_dead_letters_are_closed_to_others(client: Any, django_user_model: Any) -> None:
    assert client.get("/jobs/stopped/").status_code == 302
