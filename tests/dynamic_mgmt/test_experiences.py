"""典型经验 from unit to district to city and back to be mended; statements with date and checked link."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from dynamic_mgmt.models import Experience, ListedUnit, Statement
from dynamic_mgmt.selectors.table_work import experiences_visible_to
from dynamic_mgmt.services import experiences
from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.audit.models import AuditEntry
from greenportal.findings.types import Invalid, NotVisible, ReasonRequired, Refused, Stale, WrongState
from tests.factories.accounts import make_user, sign_in
from tests.factories.tables import actor, make_stage

pytestmark = pytest.mark.django_db


def test_experience_goes_from_unit_to_district_to_city():
    stage = make_stage()
    city, other = actor(Role.CITY_REVIEWER), make_stage("庄河市", period=stage.period)
    row = experiences.draft_experience(actor=stage.unit_actor, unit_id=stage.unit.pk, title="余热回收", text="做法")
    assert [experiences_visible_to(a).count() for a in (stage.officer, city, other.officer, other.unit_actor)] == [
        1,
        0,
        0,
        0,
    ]
    values = {"experience_id": row.pk, "seen_version": row.version}
    with pytest.raises(NotVisible):
        experiences.move_experience(actor=other.officer, action="recommend", text="好", **values)
    with pytest.raises(ReasonRequired):
        experiences.move_experience(actor=stage.officer, action="recommend", **values)
    row = experiences.move_experience(actor=stage.officer, action="recommend", text="节能明显", **values)
    row = experiences.move_experience(actor=city, experience_id=row.pk, seen_version=row.version, action="publish")
    assert (row.state, row.summary, row.published_at) == ("published", "节能明显", clock.now())
    assert experiences_visible_to(other.unit_actor).count() == 1


@pytest.mark.parametrize("by_city", [False, True])
def test_an_experience_that_was_not_taken_is_mended_and_offered_again(by_city):
    stage, city = make_stage(), actor(Role.CITY_REVIEWER)
    row = experiences.draft_experience(actor=stage.unit_actor, unit_id=stage.unit.pk, title="余热回收", text="做法")
    steps = [(stage.officer, "recommend", "节能明显"), (city, "decline", "成效缺数据")]
    for who, action, text in steps if by_city else [(stage.officer, "decline", "成效缺数据")]:
        row = experiences.move_experience(
            actor=who, experience_id=row.pk, seen_version=row.version, action=action, text=text
        )
    args = {"experience_id": row.pk, "title": "余热回收发电", "text": "年节能1200吨标准煤"}
    stranger = make_stage("庄河市", period=stage.period)
    for other in (stranger.officer, stranger.unit_actor):
        with pytest.raises(NotVisible):
            experiences.revise_experience(actor=other, seen_version=row.version, **args)
    with pytest.raises(Stale):
        experiences.revise_experience(actor=stage.unit_actor, seen_version=row.version - 1, **args)
    with pytest.raises(ReasonRequired):
        experiences.revise_experience(actor=stage.unit_actor, seen_version=row.version, **{**args, "text": " "})
    row = experiences.revise_experience(actor=stage.unit_actor, seen_version=row.version, **args)
    assert (row.state, row.title, row.text, row.reason, row.summary) == (
        "offered",
        "余热回收发电",
        "年节能1200吨标准煤",
        "",
        "",
    )
    entry = AuditEntry.objects.get(action="dynamic_mgmt.experience_revise")
    assert entry.data["declined_for"] == "成效缺数据"
    # control: what was offered is with the district, and is not changed under its eyes
    with pytest.raises(WrongState):
        experiences.revise_experience(actor=stage.unit_actor, seen_version=row.version, **args)


def test_the_page_offers_to_mend_what_was_not_taken_and_keeps_what_was_typed(monkeypatch):
    monkeypatch.setattr(clock, "running", lambda: clock.now())
    stage = make_stage()
    client = sign_in(Client(), make_user(Role.APPLICANT, organisation=stage.organisation))
    row = experiences.draft_experience(actor=stage.unit_actor, unit_id=stage.unit.pk, title="余热回收", text="做法")
    page, form = (reverse(f"dynamic_mgmt:{name}", args=[row.pk]) for name in ("experience", "experience_revise"))
    assert form not in client.get(page).content.decode() and client.get(form).status_code == 409
    row = experiences.move_experience(
        actor=stage.officer, experience_id=row.pk, seen_version=row.version, action="decline", text="成效缺数据"
    )
    assert form in client.get(page).content.decode()
    shown = client.get(form).content.decode()
    assert "未采用的理由：成效缺数据" in shown and "余热回收" in shown
    refused = client.post(form, {"title": "题" * 81, "text": "新写的成效", "version": row.version})
    assert "新写的成效" in refused.content.decode() and Experience.objects.get().state == "declined"
    assert client.post(form, {"title": "余热", "text": "新写的成效", "version": row.version}).status_code == 302
    assert Experience.objects.get().text == "新写的成效"


def test_an_experience_of_a_unit_taken_off_the_list_is_not_offered_again(monkeypatch):
    monkeypatch.setattr(clock, "running", lambda: clock.now())
    stage = make_stage()
    row = experiences.draft_experience(actor=stage.unit_actor, unit_id=stage.unit.pk, title="余热回收", text="做法")
    row = experiences.move_experience(
        actor=stage.officer, experience_id=row.pk, seen_version=row.version, action="decline", text="成效缺数据"
    )
    client = sign_in(Client(), make_user(Role.APPLICANT, organisation=stage.organisation))
    page, form = (reverse(f"dynamic_mgmt:{name}", args=[row.pk]) for name in ("experience", "experience_revise"))
    values = {"title": "余热", "text": "新写的成效", "version": row.version}
    ListedUnit.objects.filter(pk=stage.unit.pk).update(removed_on=clock.today())
    assert form not in client.get(page).content.decode()
    told = client.post(form, values).content.decode()
    assert "这一单位已移出名单，不能再报送典型经验。" in told and "新写的成效" in told
    assert Experience.objects.get().state == "declined"
    # control: while it is listed it is
    ListedUnit.objects.filter(pk=stage.unit.pk).update(removed_on=None)
    assert form in client.get(page).content.decode() and client.post(form, values).status_code == 302
    assert Experience.objects.get().state == "offered"


@pytest.mark.parametrize(("action", "text"), [("decline", "成效缺数据"), ("publish", "")])
def test_the_city_that_does_not_take_an_experience_is_led_to_the_list(monkeypatch, action, text):
    monkeypatch.setattr(clock, "running", lambda: clock.now())
    stage = make_stage()
    row = experiences.draft_experience(actor=stage.unit_actor, unit_id=stage.unit.pk, title="余热回收", text="做法")
    row = experiences.move_experience(
        actor=stage.officer, experience_id=row.pk, seen_version=row.version, action="recommend", text="节能明显"
    )
    client = sign_in(Client(), make_user(Role.CITY_REVIEWER))
    url = reverse("dynamic_mgmt:experience_move", args=[row.pk])
    done = client.post(url, {"action": action, "text": text, "version": row.version}, follow=True)
    assert done.status_code == 200
    # control: what it published it still sees
    after = {"decline": ("experiences", []), "publish": ("experience", [row.pk])}[action]
    assert done.redirect_chain == [(reverse(f"dynamic_mgmt:{after[0]}", args=after[1]), 302)]
    assert {"decline": "已登记不采用。", "publish": "已发布。"}[action] in done.content.decode()


def test_statements_bear_date_and_checked_link():
    stage = make_stage()
    values = {"actor": stage.unit_actor, "unit_id": stage.unit.pk, "kind": "commitment", "title": "承诺"}
    experiences.add_statement(issued_on=clock.today(), link="https://example.com/a", **values)
    for link in ("javascript:alert(1)", "example"):
        with pytest.raises(Invalid):
            experiences.add_statement(issued_on=clock.today(), link=link, **values)
    with pytest.raises(Invalid):
        experiences.add_statement(issued_on=clock.today() + timedelta(days=1), **values)
    stranger = make_stage("庄河市", period=stage.period).unit_actor
    with pytest.raises(NotVisible):
        experiences.add_statement(issued_on=clock.today(), **{**values, "actor": stranger})
    assert Experience.objects.count() == 0


def test_statement_is_withdrawn_by_its_unit_once_with_a_reason_and_kept():
    stage = make_stage()
    other = make_stage("庄河市", period=stage.period)
    row = experiences.add_statement(
        actor=stage.unit_actor, unit_id=stage.unit.pk, kind="commitment", title="承诺", issued_on=clock.today()
    )
    take_back = partial(experiences.withdraw_statement, statement_id=row.pk)
    for stranger in (other.unit_actor, other.officer):
        with pytest.raises(NotVisible):
            take_back(actor=stranger, reason="登错")
    with pytest.raises(Refused):
        take_back(actor=actor(Role.CITY_LEAD), reason="登错")
    with pytest.raises(ReasonRequired):
        take_back(actor=stage.unit_actor, reason=" ")
    gone = take_back(actor=stage.unit_actor, reason="日期登错")
    assert (gone.withdrawn_at, gone.withdrawn_reason) == (clock.now(), "日期登错")
    entry = AuditEntry.objects.get(action="dynamic_mgmt.statement_withdraw")
    assert entry.data["reason"] == "日期登错"
    with pytest.raises(WrongState):
        take_back(actor=stage.unit_actor, reason="又一次")
    with pytest.raises(IntegrityError, match="statement_withdrawn_has_reason"), transaction.atomic():
        Statement.objects.update(withdrawn_reason="")


def test_withdrawing_on_the_page_takes_the_statement_off_the_list(monkeypatch):
    monkeypatch.setattr(clock, "running", lambda: clock.now())
    stage = make_stage()
    row = experiences.add_statement(
        actor=stage.unit_actor, unit_id=stage.unit.pk, kind="report", title="旧版报告", issued_on=clock.today()
    )
    client = sign_in(Client(), make_user(Role.APPLICANT, organisation=stage.organisation))
    url = reverse("dynamic_mgmt:statement_withdraw", args=[row.pk])
    assert url in client.get(reverse("dynamic_mgmt:experiences")).content.decode()
    assert client.post(url, {"reason": ""}).status_code == 200
    assert "已撤回" in client.post(url, {"reason": "换新版"}, follow=True).content.decode()
    assert "旧版报告" not in client.get(reverse("dynamic_mgmt:experiences")).content.decode()
