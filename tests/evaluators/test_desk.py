"""The desk: everything of the body over all districts, its years, the cap; and who may act on which evaluation."""

import pytest
from django.test import Client
from django.urls import reverse

from evaluators.models import Engagement, ProjectLead
from evaluators.selectors.desk import ends_of, projects, years
from evaluators.services import confirm, dispute
from evaluators.services.leads import assign_leads
from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.directory.fictional import fictional_uscc
from greenportal.findings.types import Invalid, NotVisible, Refused
from greenportal.rounds.models import Round
from tests.factories.accounts import actor_for, make_user, sign_in
from tests.factories.directory import make_authority, make_organisation, make_subject
from tests.factories.evaluators import make_engagement, make_evaluator
from tests.factories.files import make_stored
from tests.factories.registering import make_filed
from tests.factories.reporting import make_filed_report
from tests.factories.rounds import DURING

pytestmark = pytest.mark.django_db


@pytest.fixture
def during_the_round():
    """Pages take the running clock: sessions and second factors are of today."""


@pytest.fixture
def body(round_2022):
    return make_evaluator("甲试验评价所")


def somebody(body, role=Role.EVALUATOR):
    return make_user(role, organisation=body.organisation)


@pytest.fixture
def admin(body):
    return somebody(body, Role.EVALUATOR_ADMIN)


def test_handler_acts_only_on_what_is_assigned_to_him(body, admin, round_2022):
    mine, other = make_engagement(body, round_2022), make_engagement(body, round_2022)
    user = somebody(body)
    actor = actor_for(user)
    assign_leads(actor=actor_for(admin), engagement_id=mine.pk, user_ids=[user.pk])
    with pytest.raises(Refused, match="没有分派给您"):
        confirm(actor=actor, engagement_id=other.pk)
    with pytest.raises(Refused, match="没有分派给您"):
        dispute(actor=actor, engagement_id=other.pk, reason="未受委托")
    assert confirm(actor=actor, engagement_id=mine.pk).state == "confirmed"
    assert confirm(actor=actor_for(admin), engagement_id=other.pk).state == "confirmed"


def test_delegation_ends_when_it_is_taken_back(body, admin, round_2022):
    row, user = make_engagement(body, round_2022), somebody(body)
    assign_leads(actor=actor_for(admin), engagement_id=row.pk, user_ids=[user.pk])
    assign_leads(actor=actor_for(admin), engagement_id=row.pk, user_ids=[])
    with pytest.raises(Refused):
        confirm(actor=actor_for(user), engagement_id=row.pk)
    assert ProjectLead.objects.get().ended_at is not None


def test_leads_are_the_bodys_own_people(body, admin, round_2022):
    row = make_engagement(body, round_2022)
    stranger = somebody(make_evaluator())
    with pytest.raises(Invalid):
        assign_leads(actor=actor_for(admin), engagement_id=row.pk, user_ids=[stranger.pk])
    assert not ProjectLead.objects.exists()


@pytest.mark.parametrize("role", [role for role in Role if role != Role.EVALUATOR_ADMIN])
def test_only_the_administrator_assigns(role, body, admin, round_2022):
    row = make_engagement(body, round_2022)
    if role in {Role.SYSTEM, Role.ANONYMOUS}:
        return
    actor = actor_for(somebody(body)) if role == Role.EVALUATOR else actor_for(make_user(role))
    with pytest.raises((Refused, NotVisible)):
        assign_leads(actor=actor, engagement_id=row.pk, user_ids=[admin.pk])


def test_foreign_administrator_finds_nothing(body, round_2022):
    row = make_engagement(body, round_2022)
    foreign = somebody(make_evaluator(), Role.EVALUATOR_ADMIN)
    with pytest.raises(NotVisible):
        assign_leads(actor=actor_for(foreign), engagement_id=row.pk, user_ids=[foreign.pk])
    assert projects(actor_for(foreign)) == []
    assert years(actor_for(foreign)) == []


def test_desk_shows_all_districts_and_the_cap(body, admin, round_2022):
    for name in ("甲试验区", "乙试验区"):
        subject = make_subject(authority=make_authority(name=name))
        make_engagement(body, round_2022, subject)
    foreign = make_engagement(make_evaluator(), round_2022, make_subject(name="别家的厂区"))
    page = sign_in(Client(), admin).get(reverse("evaluators:mine")).content.decode()
    ids = Engagement.objects.filter(evaluator=body).values_list("pk", flat=True)
    assert len(ids) == 2
    assert all(reverse("evaluators:engagement", args=[pk]) in page for pk in ids)
    assert "甲试验区" in page
    assert "乙试验区" in page
    assert "还可承担13项" in page
    assert foreign.subject.name not in page


@pytest.mark.parametrize(("count", "told"), [(11, ""), (12, "接近上限"), (15, "已达上限"), (16, "已超出上限")])
def test_desk_warns_from_twelve(count, told, body, admin, round_2022):
    for _ in range(count):
        make_engagement(body, round_2022)
    page = sign_in(Client(), admin).get(reverse("evaluators:mine")).content.decode()
    assert [word for word in ("接近上限", "已达上限", "已超出上限") if word in page] == ([told] if told else [])


def test_years_count_by_category(body, admin, round_2022):
    make_engagement(body, round_2022)
    make_engagement(body, round_2022, make_subject(kind="park"), category="park", state="confirmed")
    make_engagement(body, round_2022, state="void")
    earlier = Round.objects.create(
        year=2021, name="2021年度", rulebook_key="2022", state="closed", created_at=round_2022.created_at
    )
    make_engagement(body, earlier, state="upheld")
    found = [(line.year, line.counted, line.other) for line in years(actor_for(admin))]
    assert found == [(2022, 2, 1), (2021, 1, 0)]
    page = sign_in(Client(), admin).get(reverse("evaluators:years")).content.decode()
    assert "2021年" in page


@pytest.mark.parametrize("size", [1, 3])
def test_desk_takes_constant_queries(size, body, admin, round_2022, django_assert_num_queries):
    for _ in range(size):
        make_engagement(body, round_2022)
    client = sign_in(Client(), admin)
    client.get(reverse("evaluators:mine"))
    with django_assert_num_queries(23):
        client.get(reverse("evaluators:mine"))


def test_home_tells_the_administrator_what_is_due(body, admin, round_2022):
    client = sign_in(Client(), admin)
    page = client.get(reverse("home")).content.decode()
    assert "办理机构登记" in page
    assert "报送年度工作情况报告（附件10）" in page
    actor = actor_for(admin)
    with clock.fixed(DURING):
        make_filed(actor, round_2022)
        make_filed_report(actor, round_2022)
    page = client.get(reverse("home")).content.decode()
    assert "办理机构登记" not in page
    assert "上传盖章的年度工作情况报告" in page
    city = sign_in(Client(), make_user(Role.CITY_REVIEWER)).get(reverse("home")).content.decode()
    assert "确认机构登记：甲试验评价所" in city


def test_home_of_a_body_that_is_not_on_file(round_2022):
    organisation = make_organisation(uscc=fictional_uscc(6), name="新试验评价公司")
    client = sign_in(Client(), make_user(Role.EVALUATOR_ADMIN, organisation=organisation))
    assert "办理机构登记" in client.get(reverse("home")).content.decode()
    assert "开始机构登记" in client.get(reverse("evaluators:mine")).content.decode()


def test_administrator_assigns_on_the_page(body, admin, round_2022):
    row, user = make_engagement(body, round_2022), somebody(body)
    client = sign_in(Client(), admin)
    client.post(reverse("evaluators:lead", args=[row.pk]), {"people": [str(user.pk)]})
    assert ProjectLead.objects.get().user == user
    assert user.name in client.get(reverse("evaluators:mine")).content.decode()


def test_lines_of_the_desk_say_what_is_due_and_until_when(body, admin, round_2022):
    make_engagement(body, round_2022)
    make_engagement(body, round_2022, state="confirmed")
    done = make_engagement(body, round_2022, state="confirmed", report_on=DURING.date())
    Engagement.objects.filter(pk=done.pk).update(statement=make_stored(kind="evaluators.statement"))
    make_engagement(body, round_2022, state="disputed", dispute_due_at=DURING)
    ends = ends_of(round_2022.pk, at=DURING)
    assert ends.submit < ends.report
    told = [line.due for line in projects(actor_for(admin), round_id=round_2022.pk, ends=ends)]
    assert told == [
        f"登记时没有规定确认期限，区市县{clock.spoken(ends.submit)}前报送",
        f"{clock.spoken(ends.report)}前补齐评价过程",
        "",
        f"{clock.spoken(DURING)}前由市局认定",
    ]
    page = sign_in(Client(), admin).get(reverse("evaluators:mine")).content.decode()
    assert all(text in page for text in told)


def test_a_handler_is_offered_only_what_is_assigned_to_him(body, admin, round_2022):
    """Control: the lead, and the administrator, are offered and shown all of it."""
    rows = [make_engagement(body, round_2022), make_engagement(body, round_2022, state="confirmed")]
    lead, other = somebody(body), somebody(body)
    for row in rows:
        assign_leads(actor=actor_for(admin), engagement_id=row.pk, user_ids=[lead.pk])
    forms = [("confirm", rows[0]), ("dispute", rows[0]), ("work", rows[1])]
    for user, offered in ((other, False), (lead, True), (admin, True)):
        client = sign_in(Client(), user)
        shown = client.get(reverse("evaluators:detail", args=[body.pk])).content.decode()
        own = [client.get(reverse("evaluators:engagement", args=[row.pk])).content.decode() for row in rows]
        for name, row in forms:
            url = reverse(f"evaluators:{name}", args=[row.pk])
            assert (url in own[rows.index(row)]) is offered, name
            assert (url in shown) is (offered and name != "work"), name
            answer = client.get(url)
            assert answer.status_code == (200 if offered else 403), name
            assert ("没有分派给您" in answer.content.decode()) is not offered
        assert all(("没有分派给您" in page) is not offered for page in own)
