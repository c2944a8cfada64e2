"""Who may give, end, delegate and hand over which role, and what the database never lets happen."""

from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction

from greenportal import clock
from greenportal.accounts import rules, selectors, services
from greenportal.accounts.actors import ADMIN_ROLES, Actor, Role
from greenportal.accounts.models import Membership, User
from greenportal.audit.models import AuditEntry
from greenportal.findings.types import Invalid, NotVisible, ReasonRequired, Refused, WrongState
from tests.factories import directory
from tests.factories.accounts import actor_for, make_actor, make_membership, make_person, make_user

pytestmark = pytest.mark.django_db
HUMAN = [role for role in Role if role not in {Role.SYSTEM, Role.ANONYMOUS}]
GIVEN = {
    Role.SECURITY_ADMIN: set(HUMAN),
    Role.CITY_LEAD: {Role.EVALUATOR_ADMIN},
    Role.CITY_REVIEWER: {Role.EVALUATOR_ADMIN},
    Role.DISTRICT_LEAD: {Role.APPLICANT},
    Role.DISTRICT_OFFICER: {Role.APPLICANT},
    Role.EVALUATOR_ADMIN: {Role.EVALUATOR, Role.EVALUATOR_ADMIN},
    Role.APPLICANT: {Role.APPLICANT},
}


def place_of(role, actor):
    """Ids of a place where `role` works; for organisations the actor's own, if it has one."""
    if role in rules.AUTHORITY_ROLES:
        return {"authority_id": actor.authority_id or directory.make_authority().pk}
    if role in rules.ORGANISATION_ROLES:
        return {"organisation_id": actor.organisation_id or directory.make_organisation().pk}
    return {}


@pytest.mark.parametrize("giver", HUMAN)
def test_each_role_invites_exactly_the_roles_of_the_table(giver):
    actor = make_actor(giver)
    invited = set()
    for number, role in enumerate(HUMAN):
        try:
            services.invite(
                actor=actor, role=role, email=f"n{number}@example.com", name="新人", **place_of(role, actor)
            )
        except Refused:
            continue
        invited.add(role)
    assert invited == GIVEN.get(giver, set())


@pytest.mark.parametrize("giver", HUMAN)
def test_each_role_grants_exactly_the_roles_of_the_table(giver):
    actor = make_actor(giver)
    granted = set()
    for role in HUMAN:
        try:
            services.grant_membership(actor=actor, user_id=make_person().pk, role=role, **place_of(role, actor))
        except Refused:
            continue
        granted.add(role)
    assert granted == GIVEN.get(giver, set())


@pytest.mark.parametrize("ender", HUMAN)
def test_each_role_ends_only_what_the_table_says(ender):
    actor = make_actor(ender)
    ended = set()
    for role in HUMAN:
        held = make_membership(make_person(), role, **organisation_of(actor, role))
        if role in rules.LAST_HANDLER_ROLES | {Role.SECURITY_ADMIN}:
            make_membership(make_person(), role, organisation=held.organisation)
        try:
            services.end_membership(actor=actor, membership_id=held.pk, reason="离职")
        except Refused:
            continue
        ended.add(role)
    expected = {Role.SECURITY_ADMIN: set(HUMAN), Role.APPLICANT: {Role.APPLICANT}}
    expected[Role.EVALUATOR_ADMIN] = {Role.EVALUATOR, Role.EVALUATOR_ADMIN}
    assert ended == expected.get(ender, set())


def organisation_of(actor, role):
    if role not in rules.ORGANISATION_ROLES or actor.organisation_id is None:
        return {}
    return {"organisation": directory.Organisation.objects.get(pk=actor.organisation_id)}


@pytest.mark.parametrize("role", [Role.APPLICANT, Role.EVALUATOR_ADMIN])
def test_a_handler_gives_and_ends_nothing_in_another_organisation(role):
    actor = make_actor(role)
    theirs = make_membership(make_person(), role)
    make_membership(make_person(), role, organisation=theirs.organisation)
    with pytest.raises(Refused, match="只能为本单位邀请经办人"):
        services.invite(
            actor=actor, role=role, email="a@example.com", name="甲", organisation_id=theirs.organisation_id
        )
    with pytest.raises(Refused):
        services.end_membership(actor=actor, membership_id=theirs.pk, reason="离职")
    theirs.refresh_from_db()
    assert theirs.ends_at is None


def test_nobody_grants_to_or_ends_oneself():
    actor = make_actor(Role.SECURITY_ADMIN)
    make_user(Role.SECURITY_ADMIN)
    with pytest.raises(Refused, match="不能给自己授予任职"):
        services.grant_membership(actor=actor, user_id=actor.user_id, role=Role.AUDITOR)
    with pytest.raises(Refused, match="不能结束自己的任职"):
        services.end_membership(actor=actor, membership_id=actor.membership_id, reason="离职")


def test_a_district_invites_no_second_handler_and_none_of_another_district():
    """Otherwise an officer could make itself a reader of another district's drafts."""
    officer = make_actor(Role.DISTRICT_OFFICER)
    other = directory.make_subject(authority=directory.make_authority("庄河市")).organisation
    taken = make_membership(make_person(), Role.APPLICANT).organisation
    own = directory.make_subject(authority=directory.Authority.objects.get(pk=officer.authority_id)).organisation
    with pytest.raises(NotVisible):
        services.invite(actor=officer, role=Role.APPLICANT, email="a@example.com", name="甲", organisation_id=other.pk)
    with pytest.raises(Refused, match="该单位已有经办人"):
        services.invite(actor=officer, role=Role.APPLICANT, email="a@example.com", name="甲", organisation_id=taken.pk)
    link, _ = services.invite(
        actor=officer, role=Role.APPLICANT, email="a@example.com", name="甲", organisation_id=own.pk
    )
    assert link.email == "a@example.com"


@pytest.mark.parametrize("role", [Role.APPLICANT, Role.EVALUATOR_ADMIN])
def test_the_last_handler_stays_until_there_is_a_successor(role):
    admin, held = make_actor(Role.SECURITY_ADMIN), make_membership(make_person(), role)
    with pytest.raises(WrongState) as caught:
        services.end_membership(actor=admin, membership_id=held.pk, reason="离职")
    assert caught.value.message == (
        "这是该单位最后一名经办人，请先邀请接替人员，或在移交时指定接替人员，再结束其任职。"
    )
    make_membership(make_person(is_active=False), role, organisation=held.organisation)
    with pytest.raises(WrongState):
        services.end_membership(actor=admin, membership_id=held.pk, reason="离职")
    make_membership(make_person(), role, organisation=held.organisation)
    with clock.fixed(clock.running()) as now:
        services.end_membership(actor=admin, membership_id=held.pk, reason="离职")
    held.refresh_from_db()
    assert (held.ends_at, held.ended_reason) == (now, "离职")


def test_the_last_security_administrator_stays():
    held = make_membership(make_person(), Role.SECURITY_ADMIN)
    with pytest.raises(WrongState, match="这是最后一名安全管理员"):
        services.end_membership(actor=Actor.system("试验"), membership_id=held.pk, reason="离职")


def test_ending_needs_a_reason_and_happens_once():
    admin, held = make_actor(Role.SECURITY_ADMIN), make_membership(make_person(), Role.DISTRICT_OFFICER)
    with pytest.raises(ReasonRequired):
        services.end_membership(actor=admin, membership_id=held.pk, reason=" ")
    services.end_membership(actor=admin, membership_id=held.pk, reason="调岗")
    with pytest.raises(WrongState, match="已经结束"):
        services.end_membership(actor=admin, membership_id=held.pk, reason="调岗")
    entry = AuditEntry.objects.get(action="accounts.end")
    assert (entry.user_id, entry.data["reason"]) == (admin.user_id, "调岗")


@pytest.mark.parametrize("first", sorted(ADMIN_ROLES))
@pytest.mark.parametrize("second", HUMAN)
def test_one_person_never_holds_two_powers(first, second):
    admin, person = make_actor(Role.SECURITY_ADMIN), make_user(first, mfa=False)
    if first == second:
        message = "此人在这段时间已有同一任职，无需重复授予。"
    else:
        message = "审计管理员、系统管理员、安全管理员与业务身份须由不同人员担任，请先结束此人现有的任职。"
    with pytest.raises(Invalid) as caught:
        services.grant_membership(actor=admin, user_id=person.pk, role=second, **place_of(second, admin))
    assert caught.value.message == message
    assert person.memberships.count() == 1


def test_the_database_alone_keeps_powers_apart_and_lets_them_follow_each_other():
    person = make_person()
    now = clock.now()
    make_membership(person, Role.AUDITOR, starts_at=now - timedelta(days=9), ends_at=now)
    make_membership(person, Role.SYSTEM_ADMIN, starts_at=now)
    with pytest.raises(IntegrityError, match="membership_powers_apart"), transaction.atomic():
        make_membership(person, Role.DISTRICT_OFFICER, starts_at=now + timedelta(days=9))
    assert person.memberships.count() == 2


def test_one_person_as_both_halves_of_a_district_needs_document_and_end():
    admin = make_actor(Role.SECURITY_ADMIN)
    officer = make_user(Role.DISTRICT_OFFICER)
    place = {"authority_id": actor_for(officer).authority_id}
    with pytest.raises(Invalid, match="须有委托文号和截止日期"):
        services.grant_membership(actor=admin, user_id=officer.pk, role=Role.DISTRICT_LEAD, **place)
    row = services.grant_membership(
        actor=admin, user_id=officer.pk, role=Role.DISTRICT_LEAD, document_no="瓦工信〔2022〕3号",
        ends_at=clock.now() + timedelta(days=30), **place,
    )  # fmt: skip
    assert [m.role for m in selectors.current_memberships(officer)] == [Role.DISTRICT_OFFICER, Role.DISTRICT_LEAD]
    assert row.document_no == "瓦工信〔2022〕3号"


class TestDelegation:
    """A dated row instead of a shared password."""

    def span(self, **changes):
        start = clock.now()
        return {"starts_at": start, "ends_at": start + timedelta(days=10), "document_no": "1号", **changes}

    def test_the_holder_keeps_the_role_and_the_stand_in_has_it_for_the_span(self):
        lead = make_user(Role.DISTRICT_LEAD)
        actor = actor_for(lead)
        other = make_person()
        row = services.delegate(actor=actor, membership_id=actor.membership_id, to_user_id=other.pk, **self.span())
        assert (row.delegated_by_id, row.role, row.authority_id) == (lead.pk, Role.DISTRICT_LEAD, actor.authority_id)
        assert [m.pk for m in selectors.current_memberships(other)] == [row.pk]
        assert selectors.current_memberships(other, at=row.ends_at) == []
        assert [m.pk for m in selectors.current_memberships(other, at=row.ends_at - timedelta(seconds=1))] == [row.pk]
        assert selectors.current_memberships(other, at=row.starts_at - timedelta(seconds=1)) == []
        assert len(selectors.current_memberships(lead)) == 1

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"document_no": " "}, "填写委托文件的文号。"),
            ({"ends_at": clock.now() - timedelta(days=1)}, "委托的截止时间须晚于开始时间和现在，请修改。"),
            ({"ends_at": clock.now() + timedelta(days=400)}, "委托最长一年，请缩短期限；长期任职请直接授予。"),
        ],
    )
    def test_it_is_dated_and_documented(self, changes, message):
        actor = make_actor(Role.CITY_REVIEWER)
        with pytest.raises(Invalid) as caught:
            services.delegate(
                actor=actor, membership_id=actor.membership_id, to_user_id=make_person().pk, **self.span(**changes)
            )
        assert caught.value.message == message

    def test_nobody_delegates_what_is_not_theirs(self):
        held = make_membership(make_person(), Role.DISTRICT_LEAD)
        for role in HUMAN:
            if role == Role.SECURITY_ADMIN:
                continue
            with pytest.raises(Refused):
                services.delegate(
                    actor=make_actor(role), membership_id=held.pk, to_user_id=make_person().pk, **self.span()
                )
        admin = make_actor(Role.SECURITY_ADMIN)
        with pytest.raises(Refused, match="不能委托给自己"):
            services.delegate(actor=admin, membership_id=held.pk, to_user_id=admin.user_id, **self.span())
        services.delegate(actor=admin, membership_id=held.pk, to_user_id=make_person().pk, **self.span())

    @pytest.mark.parametrize("role", [Role.APPLICANT, Role.AUDITOR, Role.SECURITY_ADMIN])
    def test_some_roles_have_no_stand_in(self, role):
        actor = make_actor(role)
        with pytest.raises(Refused, match="不能委托"):
            services.delegate(
                actor=actor, membership_id=actor.membership_id, to_user_id=make_person().pk, **self.span()
            )

    def test_a_stand_in_passes_nothing_on(self):
        lead = make_actor(Role.DISTRICT_LEAD)
        stand_in = make_person()
        row = services.delegate(actor=lead, membership_id=lead.membership_id, to_user_id=stand_in.pk, **self.span())
        with pytest.raises(WrongState, match="不能再委托"):
            services.delegate(
                actor=actor_for(stand_in), membership_id=row.pk, to_user_id=make_person().pk, **self.span()
            )

    def test_the_end_of_the_own_membership_bounds_it(self):
        person = make_person()
        held = make_membership(person, Role.DISTRICT_LEAD, ends_at=clock.now() + timedelta(days=5))
        with pytest.raises(WrongState, match="不能超过本人任职的期限"):
            services.delegate(
                actor=actor_for(person), membership_id=held.pk, to_user_id=make_person().pk, **self.span()
            )


class TestHandOver:
    """Staff leave; somebody takes over."""

    def test_to_a_colleague_ends_the_one_and_keeps_the_other(self):
        leaving = make_person()
        held = make_membership(leaving, Role.APPLICANT)
        successor = make_membership(make_person(), Role.APPLICANT, organisation=held.organisation)
        row = services.hand_over(
            actor=actor_for(leaving), membership_id=held.pk, to_user_id=successor.user_id, reason="离职"
        )
        assert row == successor
        assert selectors.current_memberships(leaving) == []
        assert list(selectors.handlers_of(organisation_id=held.organisation_id)) == [successor.user]

    def test_the_security_administrator_hands_over_to_anybody_with_an_account(self):
        held = make_membership(make_person(), Role.APPLICANT)
        successor = make_person()
        row = services.hand_over(
            actor=make_actor(Role.SECURITY_ADMIN), membership_id=held.pk, to_user_id=successor.pk, reason="离职"
        )
        assert (row.user_id, row.organisation_id) == (successor.pk, held.organisation_id)
        assert list(selectors.handlers_of(organisation_id=held.organisation_id)) == [successor]

    def test_a_handler_cannot_bring_in_a_stranger_by_number(self):
        leaving = make_person()
        held = make_membership(leaving, Role.APPLICANT)
        stranger = make_user(Role.APPLICANT)
        with pytest.raises(NotVisible, match="请先发出邀请"):
            services.hand_over(actor=actor_for(leaving), membership_id=held.pk, to_user_id=stranger.pk, reason="离职")
        assert len(selectors.current_memberships(leaving)) == 1

    @pytest.mark.parametrize("role", [Role.DISTRICT_LEAD, Role.AUDITOR, Role.EVALUATOR])
    def test_power_is_handed_over_by_the_security_administrator_only(self, role):
        person = make_user(role, mfa=False)
        actor = actor_for(person)
        with pytest.raises(Refused):
            services.hand_over(
                actor=actor, membership_id=actor.membership_id, to_user_id=make_person().pk, reason="离职"
            )

    def test_by_invitation_the_old_membership_ends_when_the_new_one_begins(self):
        leaving = make_person()
        held = make_membership(leaving, Role.APPLICANT)
        _, token = services.invite(
            actor=actor_for(leaving), role=Role.APPLICANT, email="new@example.com", name="接替",
            organisation_id=held.organisation_id, replaces_membership_id=held.pk,
        )  # fmt: skip
        assert len(selectors.current_memberships(leaving)) == 1
        new = services.accept_invitation(token=token, password="Nice-Password-77")
        assert list(selectors.handlers_of(organisation_id=held.organisation_id)) == [new]


class TestUnusedAccounts:
    """等保: 多余账户."""

    def test_those_unused_for_90_days_are_disabled_and_audited(self):
        now = clock.now()
        idle = make_person(last_seen_at=now - timedelta(days=90, seconds=1))
        never = make_person(last_seen_at=None, date_joined=now - timedelta(days=91))
        make_person(last_seen_at=now - timedelta(days=89))
        make_person(last_seen_at=None, date_joined=now)
        assert services.disable_unused() == [idle.pk, never.pk]
        assert set(User.objects.filter(is_active=False)) == {idle, never}
        assert AuditEntry.objects.filter(action="accounts.disable").count() == 2
        assert services.disable_unused() == []

    def test_the_last_security_administrator_remains(self):
        long_ago = clock.now() - timedelta(days=400)
        first = make_user(Role.SECURITY_ADMIN, last_seen_at=long_ago)
        second = make_user(Role.SECURITY_ADMIN, last_seen_at=long_ago + timedelta(days=1))
        assert services.disable_unused() == [first.pk]
        assert User.objects.get(pk=second.pk).is_active


@pytest.mark.parametrize("role", HUMAN)
def test_only_the_security_administrator_manages_accounts(role):
    actor, person = make_actor(role), make_person()
    verbs = [services.disable_user, services.enable_user, services.reset_second_factor]
    for verb in verbs:
        if role == Role.SECURITY_ADMIN:
            with pytest.raises(Refused, match="不能管理自己的账户"):
                verb(actor=actor, user_id=actor.user_id, reason="丢失")
            with pytest.raises(ReasonRequired):
                verb(actor=actor, user_id=person.pk, reason="")
        else:
            with pytest.raises(Refused, match="只有安全管理员可以管理账户"):
                verb(actor=actor, user_id=person.pk, reason="丢失")
    assert User.objects.get(pk=person.pk).is_active


def test_an_account_is_disabled_and_enabled_again():
    admin, person = make_actor(Role.SECURITY_ADMIN), make_user(Role.CITY_LEAD)
    services.disable_user(actor=admin, user_id=person.pk, reason="停用")
    assert list(selectors.handlers_of(authority_id=actor_for(person).authority_id)) == []
    with pytest.raises(WrongState):
        services.disable_user(actor=admin, user_id=person.pk, reason="停用")
    services.enable_user(actor=admin, user_id=person.pk, reason="恢复")
    assert list(selectors.handlers_of(authority_id=actor_for(person).authority_id)) == [person]
    services.reset_second_factor(actor=admin, user_id=person.pk, reason="手机丢失")
    assert not selectors.has_second_factor(person)


def test_handlers_are_the_active_people_of_that_place_and_role_now():
    place = directory.make_authority()
    officer = make_user(Role.DISTRICT_OFFICER, authority=place)
    lead = make_user(Role.DISTRICT_LEAD, authority=place)
    make_user(Role.DISTRICT_OFFICER, authority=directory.make_authority("庄河市"))
    make_user(Role.DISTRICT_OFFICER, authority=place, is_active=False)
    make_membership(make_person(), Role.DISTRICT_OFFICER, authority=place, ends_at=clock.now())
    assert list(selectors.handlers_of(authority_id=place.pk)) == [officer, lead]
    assert list(selectors.handlers_of(authority_id=place.pk, roles=[Role.DISTRICT_LEAD])) == [lead]
    with time_machine.travel(clock.now() - timedelta(days=366), tick=False):
        assert list(selectors.handlers_of(authority_id=place.pk)) == []
    with pytest.raises(ValueError, match="either"):
        selectors.handlers_of()


@pytest.mark.parametrize("role", [role for role in HUMAN if role != Role.SECURITY_ADMIN])
def test_nobody_but_the_security_administrator_lists_people(role):
    actor, person = make_actor(role), make_user(Role.CITY_LEAD)
    assert list(selectors.people(actor)) == []
    with pytest.raises(NotVisible):
        selectors.person(actor, person.pk)
    with pytest.raises(NotVisible):
        selectors.membership(actor, Membership.objects.get(user=person).pk)
