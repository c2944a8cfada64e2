"""The pages of the security administrator and of an organisation's own people."""

from datetime import timedelta

import pytest
from django.urls import reverse

from greenportal import clock
from greenportal.accounts import selectors
from greenportal.accounts.actors import Role
from greenportal.accounts.models import DatedLink, Membership, User
from tests.factories import directory
from tests.factories.accounts import make_membership, make_person, make_user, sign_in

pytestmark = pytest.mark.django_db
HUMAN = [role for role in Role if role not in {Role.SYSTEM, Role.ANONYMOUS}]


@pytest.fixture
def admin(client):
    user = make_user(Role.SECURITY_ADMIN)
    sign_in(client, user)
    return user


def addresses(person, membership):
    return [
        reverse("accounts:people"),
        reverse("accounts:people_invite"),
        reverse("accounts:person", args=[person.pk]),
        reverse("accounts:person_grant", args=[person.pk]),
        reverse("accounts:person_switch", args=[person.pk]),
        reverse("accounts:person_second_factor", args=[person.pk]),
        reverse("accounts:membership_end", args=[membership.pk]),
    ]


@pytest.mark.parametrize("role", [role for role in HUMAN if role != Role.SECURITY_ADMIN])
def test_no_other_role_reaches_people(client, role):
    person = make_user(Role.CITY_LEAD, name="不可见的人")
    sign_in(client, make_user(role))
    for url in addresses(person, person.memberships.get()):
        for answer in (client.get(url), client.post(url, {"reason": "x"})):
            assert answer.status_code == 403
            assert "不可见的人" not in answer.content.decode()
    assert selectors.current_memberships(person) != []


def test_every_page_opens_and_absent_people_are_not_found(client, admin):
    person = make_user(Role.CITY_LEAD)
    for url in addresses(person, person.memberships.get()):
        assert client.get(url).status_code == 200
    assert client.get(reverse("accounts:person", args=[0])).status_code == 404
    assert client.get(reverse("accounts:membership_end", args=[0])).status_code == 404


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("search=甲甲", {"甲甲"}),
        ("search=BING@", {"丙丙"}),
        ("role=city_lead", {"甲甲"}),
        ("state=disabled", {"丙丙"}),
        ("role=city_lead&state=disabled", set()),
    ],
)
def test_people_are_found_by_filters_in_the_address(client, admin, query, names):
    make_user(Role.CITY_LEAD, name="甲甲")
    make_user(Role.APPLICANT, name="乙乙")
    make_person(name="丙丙", email="bing@example.com", is_active=False)
    page = client.get(f"{reverse('accounts:people')}?{query}").context["page"]
    assert {person.name for person in page} == names


def test_the_list_costs_the_same_queries_for_few_and_many(client, admin, django_assert_num_queries):
    for _ in range(2):
        client.get(reverse("accounts:people"))
    with django_assert_num_queries(6):
        client.get(reverse("accounts:people"))
    for _ in range(20):
        make_user(Role.APPLICANT)
    with django_assert_num_queries(6):
        client.get(reverse("accounts:people"))


def test_a_role_is_granted_delegated_and_ended_in_the_browser(client, admin):
    place = directory.make_authority()
    lead = make_user(Role.DISTRICT_LEAD, authority=place, name="负责人甲")
    officer = make_user(Role.DISTRICT_OFFICER, authority=place)
    url = reverse("accounts:person_grant", args=[officer.pk])
    wrong = client.post(url, {"role": "district_officer"})
    assert "授予“区市县经办人”需要选择主管部门" in wrong.content.decode()
    clash = client.post(url, {"role": "auditor"})
    assert "须由不同人员担任" in clash.content.decode()
    done = client.post(url, {"role": "city_reviewer", "authority": place.pk})
    assert done["Location"] == reverse("accounts:person", args=[officer.pk])
    assert {row.role for row in selectors.current_memberships(officer)} == {"district_officer", "city_reviewer"}

    held = lead.memberships.get()
    start = clock.local(clock.now()) - timedelta(minutes=5)
    span = {"starts_at": f"{start:%Y-%m-%dT%H:%M}", "ends_at": f"{start + timedelta(days=9):%Y-%m-%dT%H:%M}"}
    url = reverse("accounts:membership_delegate", args=[held.pk])
    stranger = make_user(Role.DISTRICT_OFFICER, authority=directory.make_authority("庄河市"))
    assert client.post(url, {**span, "to": stranger.pk, "document_no": "1号"}).status_code == 200
    assert client.post(url, {**span, "to": officer.pk, "document_no": "1号"}).status_code == 302
    assert Membership.objects.get(delegated_by=lead).user == officer

    url = reverse("accounts:membership_end", args=[held.pk])
    assert "请写明理由。" in client.post(url, {"reason": ""}).content.decode()
    assert client.post(url, {"reason": "调岗"}).status_code == 302
    assert selectors.current_memberships(lead) == []


def test_an_account_is_invited_disabled_and_its_factor_reset_in_the_browser(client, admin):
    organisation = directory.make_organisation()
    fields = {"role": "applicant", "uscc": organisation.uscc, "name": "新人", "email": "new@example.com"}
    unknown = client.post(reverse("accounts:people_invite"), {**fields, "uscc": "91210202MA0TE5T16A"})
    assert "没有登记过这个统一社会信用代码" in unknown.content.decode()
    assert client.post(reverse("accounts:people_invite"), fields).status_code == 302
    assert DatedLink.objects.get().payload["organisation_id"] == organisation.pk

    person = make_user(Role.CITY_LEAD)
    client.post(reverse("accounts:person_second_factor", args=[person.pk]), {"reason": "手机丢失"})
    assert not selectors.has_second_factor(person)
    client.post(reverse("accounts:person_switch", args=[person.pk]), {"reason": "离职"})
    assert not User.objects.get(pk=person.pk).is_active
    client.post(reverse("accounts:person_switch", args=[person.pk]), {"reason": "返岗"})
    assert User.objects.get(pk=person.pk).is_active


def test_a_form_with_an_error_describes_each_field_by_ids_that_exist(client, admin):
    page = client.post(reverse("accounts:people_invite"), {"role": "applicant"}).content.decode()
    for described in [part.split('"')[0] for part in page.split('aria-describedby="')[1:]]:
        for name in described.split():
            assert f'id="{name}"' in page


class TestColleagues:
    @pytest.fixture
    def handler(self, client):
        user = make_user(Role.APPLICANT, name="经办甲")
        sign_in(client, user)
        return user

    @pytest.mark.parametrize(
        "role", [role for role in HUMAN if role not in {Role.APPLICANT, Role.EVALUATOR, Role.EVALUATOR_ADMIN}]
    )
    def test_roles_without_an_organisation_have_no_such_page(self, client, role):
        sign_in(client, make_user(role))
        assert client.get(reverse("accounts:colleagues")).status_code == 403

    def test_one_sees_one_s_own_people_and_nobody_else_s(self, client, handler):
        own = handler.memberships.get().organisation
        make_membership(make_person(name="同事乙"), Role.APPLICANT, organisation=own)
        foreign = make_membership(make_person(name="外人丙"), Role.APPLICANT)
        page = client.get(reverse("accounts:colleagues")).content.decode()
        assert "经办甲" in page
        assert "同事乙" in page
        assert "外人丙" not in page
        for name in ("accounts:colleague_end", "accounts:colleague_hand_over"):
            url = reverse(name, args=[foreign.pk])
            assert client.get(url).status_code == 404
            assert client.post(url, {"reason": "x", "name": "x", "email": "x@example.com"}).status_code == 404
        foreign.refresh_from_db()
        assert foreign.ends_at is None

    def test_a_colleague_is_invited_into_the_same_role_and_place(self, client, handler):
        client.post(reverse("accounts:colleagues"), {"name": "同事", "email": "co@example.com"})
        payload = DatedLink.objects.get().payload
        assert (payload["role"], payload["organisation_id"]) == ("applicant", handler.memberships.get().organisation_id)

    def test_the_last_one_cannot_be_ended_and_the_page_says_what_to_do(self, client, handler):
        url = reverse("accounts:colleague_end", args=[handler.memberships.get().pk])
        page = client.post(url, {"reason": "离职"}).content.decode()
        assert "这是该单位最后一名经办人，请先邀请接替人员" in page

    def test_the_work_is_handed_to_a_colleague_at_once_or_to_a_newcomer_by_invitation(self, client, handler):
        held = handler.memberships.get()
        url = reverse("accounts:colleague_hand_over", args=[held.pk])
        client.post(url, {"name": "新人", "email": "new@example.com"})
        assert DatedLink.objects.get().payload["replaces"] == held.pk
        assert selectors.current_memberships(handler) == [held]
        colleague = make_person(email="co@example.com")
        make_membership(colleague, Role.APPLICANT, organisation=held.organisation)
        client.post(url, {"name": "同事", "email": "CO@example.com"})
        assert selectors.current_memberships(handler) == []
        assert list(selectors.handlers_of(organisation_id=held.organisation_id)) == [colleague]

    def test_staff_of_an_evaluator_see_and_change_nothing(self, client):
        person = make_user(Role.EVALUATOR)
        sign_in(client, person)
        assert "邀请同事" not in client.get(reverse("accounts:colleagues")).content.decode()
        client.post(reverse("accounts:colleagues"), {"name": "同事", "email": "co@example.com"})
        assert DatedLink.objects.count() == 0
        url = reverse("accounts:colleague_end", args=[person.memberships.get().pk])
        assert client.post(url, {"reason": "x"}).status_code == 403
