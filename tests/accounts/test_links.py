"""Links and invitations: used up by one POST, once, whoever races."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from greenportal import clock
from greenportal.accounts import services
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.models import DatedLink, Membership, User
from greenportal.findings.types import DomainError, Invalid, NotVisible, Refused, WrongState
from greenportal.mail.models import OutboxMail
from tests.factories import directory
from tests.factories.accounts import make_actor, make_membership, make_person, sign_in

GOOD = "Nice-Password-77"


def issue(**changes):
    values = {"actor": Actor.system("试验"), "purpose": "opinion", "scope": "tests.thing", "scope_id": 1}
    return services.issue_link(**{**values, "expires_at": clock.now() + timedelta(days=1), **changes})


@pytest.mark.django_db
class TestLink:
    def test_only_the_hash_of_the_token_is_stored(self):
        link, token = issue(payload={"a": 1})
        assert len(token) >= 43
        assert token not in str(DatedLink.objects.filter(pk=link.pk).values().get())

    def test_peeking_uses_nothing_up_and_using_does(self):
        _, token = issue()
        services.peek_link(token=token, purpose="opinion")
        assert services.peek_link(token=token, purpose="opinion").used_at is None
        services.use_link(token=token, purpose="opinion")
        for verb in (services.peek_link, services.use_link):
            with pytest.raises(WrongState, match="已经使用过"):
                verb(token=token, purpose="opinion")

    def test_another_purpose_or_token_is_as_if_it_were_not(self):
        _, token = issue()
        for wrong in ({"token": token, "purpose": "invitation"}, {"token": token + "x", "purpose": "opinion"}):
            with pytest.raises(NotVisible):
                services.use_link(**wrong)
        with pytest.raises(NotVisible):
            services.peek_link(token="\ud800", purpose="opinion")

    def test_it_ends_at_its_instant(self):
        link, token = issue()
        with clock.fixed(link.expires_at - timedelta(microseconds=1)):
            services.peek_link(token=token, purpose="opinion")
        with clock.fixed(link.expires_at), pytest.raises(WrongState, match="到期"):
            services.use_link(token=token, purpose="opinion")

    def test_it_does_not_begin_ended(self):
        with pytest.raises(Invalid, match="有效期须晚于现在"):
            issue(expires_at=clock.now())

    def test_its_issuer_withdraws_it_and_nobody_else(self):
        issuer, other = make_actor(Role.CITY_LEAD), make_actor(Role.CITY_REVIEWER)
        link, token = issue(actor=issuer)
        with pytest.raises(NotVisible):
            services.revoke_link(actor=other, link_id=link.pk, reason="误发")
        with pytest.raises(NotVisible):
            services.revoke_link(actor=Actor.anonymous(), link_id=link.pk, reason="误发")
        services.revoke_link(actor=issuer, link_id=link.pk, reason="误发")
        with pytest.raises(WrongState, match="已被撤回"):
            services.use_link(token=token, purpose="opinion")

    def test_it_stays_usable_when_what_it_was_for_failed(self):
        _, token = issue()
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            services.use_link(token=token, purpose="opinion")
            raise ZeroDivisionError
        services.use_link(token=token, purpose="opinion")


def invite(**changes):
    actor = make_actor(Role.SECURITY_ADMIN)
    values = {"actor": actor, "role": Role.CITY_REVIEWER, "email": "New@Example.com ", "name": "新人"}
    if "role" not in changes:
        values["authority_id"] = directory.make_authority("大连市工业和信息化局", kind="city").pk
    return services.invite(**{**values, **changes})


@pytest.mark.django_db
class TestInvitation:
    def test_it_is_mailed_with_the_link_and_makes_account_and_membership(self):
        link, token = invite()
        mail = OutboxMail.objects.get()
        assert (mail.recipient, mail.template) == ("new@example.com", "invitation")
        assert mail.context["path"] == reverse("accounts:invitation", args=[token])
        user = services.accept_invitation(token=token, password=GOOD, username="xinren")
        assert (user.username, user.email, user.name) == ("xinren", "new@example.com", "新人")
        assert user.check_password(GOOD)
        assert Membership.objects.get(user=user).role == Role.CITY_REVIEWER
        link.refresh_from_db()
        assert link.used_at is not None

    @pytest.mark.parametrize(
        ("values", "field"),
        [
            ({"password": "short"}, "password"),
            ({"password": "alllowercaseletters"}, "password"),
            ({"password": GOOD, "username": "taken"}, "username"),
            ({"password": GOOD, "username": "TAKEN"}, "username"),
            ({"password": GOOD, "username": "有 空格"}, "username"),
        ],
    )
    def test_a_mistake_is_named_by_field_and_the_link_stays_usable(self, values, field):
        make_person(username="taken")
        _, token = invite()
        with pytest.raises(Invalid) as caught:
            services.accept_invitation(token=token, **values)
        assert list(caught.value.errors) == [field]
        services.accept_invitation(token=token, password=GOOD)

    @pytest.mark.parametrize(
        ("email", "name", "field"), [("nonsense", "新人", "email"), ("a@example.com", " ", "name")]
    )
    def test_it_needs_an_address_and_a_name(self, email, name, field):
        with pytest.raises(Invalid) as caught:
            invite(email=email, name=name)
        assert list(caught.value.errors) == [field]
        assert OutboxMail.objects.count() == 0

    def test_an_address_with_an_account_is_accepted_by_that_account_alone(self):
        known, other = make_person(email="new@example.com"), make_person()
        _, token = invite()
        for user_id in (None, other.pk):
            with pytest.raises(Refused, match="该邮箱已有账户"):
                services.accept_invitation(token=token, password=GOOD, user_id=user_id)
        assert services.accept_invitation(token=token, user_id=known.pk) == known
        assert User.objects.filter(email__iexact="new@example.com").count() == 1

    def test_an_account_signed_in_does_not_become_another(self):
        _, token = invite()
        with pytest.raises(Refused, match="您已登录另一个账户"):
            services.accept_invitation(token=token, password=GOOD, user_id=make_person().pk)

    def test_the_page_is_opened_by_get_as_often_as_one_likes_and_used_by_one_post(self, client):
        _, token = invite()
        url = reverse("accounts:invitation", args=[token])
        for _ in range(3):
            answer = client.get(url)
            assert answer.status_code == 200
        client.head(url)
        assert "市局审核人员" in answer.content.decode()
        assert User.objects.filter(email="new@example.com").count() == 0
        wrong = client.post(url, {"password": GOOD, "again": GOOD + "x"})
        assert "两次填写的密码不一致" in wrong.content.decode()
        done = client.post(url, {"password": GOOD, "again": GOOD, "username": "xinren"})
        assert (done.status_code, done["Location"]) == (302, reverse("account_login"))
        assert client.get(url).status_code == 409
        assert client.post(url, {"password": GOOD, "again": GOOD}).status_code == 409
        assert User.objects.filter(email="new@example.com").count() == 1

    def test_the_page_shows_the_password_rules_that_were_broken(self, client):
        _, token = invite()
        answer = client.post(reverse("accounts:invitation", args=[token]), {"password": "abc", "again": "abc"})
        assert "密码须包含大写字母、小写字母、数字、符号中的至少三种。" in answer.content.decode()

    def test_the_known_account_accepts_on_the_page_with_one_press(self, client):
        known = make_person(email="new@example.com")
        _, token = invite(role=Role.APPLICANT, organisation_id=directory.make_organisation().pk)
        sign_in(client, known)
        answer = client.post(reverse("accounts:invitation", args=[token]))
        assert (answer.status_code, answer["Location"]) == (302, reverse("home"))
        assert Membership.objects.get(user=known).role == Role.APPLICANT

    def test_an_unknown_token_is_not_found(self, client):
        assert client.get(reverse("accounts:invitation", args=["nothing"])).status_code == 404


def race(*acts):
    """Run `acts` at once, each on its own connection; return what each gave or raised, sorted by name."""
    gate, results = threading.Barrier(len(acts)), []

    def run(act):
        try:
            gate.wait()
            results.append(type(act()).__name__)
        except (DomainError, IntegrityError) as error:
            results.append(type(error).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(results)


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_of_two_who_use_a_link_at_once_one_wins(self):
        for _ in range(5):
            _, token = issue()
            use = lambda token=token: services.use_link(token=token, purpose="opinion")  # noqa: E731
            assert race(use, use) == ["DatedLink", "WrongState"]

    def test_control_without_the_row_lock_both_would_win(self):
        """The same steps without `select_for_update`, held between check and write."""
        link, _ = issue()
        between = threading.Barrier(2)

        def use():
            with transaction.atomic():
                found = DatedLink.objects.get(pk=link.pk)
                free = found.used_at is None
                between.wait()
                DatedLink.objects.filter(pk=link.pk).update(used_at=clock.now())
                return found if free else None

        assert race(use, use) == ["DatedLink", "DatedLink"]

    def test_of_two_powers_granted_at_once_the_database_keeps_one(self):
        admin = make_actor(Role.SECURITY_ADMIN)
        for _ in range(5):
            person = make_person()
            acts = [
                lambda role=role, person=person: services.grant_membership(actor=admin, user_id=person.pk, role=role)
                for role in (Role.AUDITOR, Role.SYSTEM_ADMIN)
            ]
            assert race(*acts) == ["Invalid", "Membership"]
            assert person.memberships.count() == 1

    def test_written_past_the_service_the_constraint_still_keeps_one(self):
        person, now = make_person(), clock.now()
        acts = [
            lambda role=role: Membership.objects.create(user=person, role=role, starts_at=now, created_at=now)
            for role in (Role.AUDITOR, Role.SYSTEM_ADMIN)
        ]
        assert race(*acts) == ["IntegrityError", "Membership"]

    def test_control_without_the_constraint_one_person_would_hold_both(self):
        person, now = make_person(), clock.now()
        constraint = next(c for c in Membership._meta.constraints if c.name == "membership_powers_apart")
        with connection.schema_editor() as editor:
            editor.remove_constraint(Membership, constraint)
        try:
            acts = [
                lambda role=role: Membership.objects.create(user=person, role=role, starts_at=now, created_at=now)
                for role in (Role.AUDITOR, Role.SYSTEM_ADMIN)
            ]
            assert race(*acts) == ["Membership", "Membership"]
        finally:
            Membership.objects.filter(user=person).delete()
            with connection.schema_editor() as editor:
                editor.add_constraint(Membership, constraint)

    def test_of_the_last_two_handlers_ended_at_once_one_stays(self):
        admin = make_actor(Role.SECURITY_ADMIN)
        for _ in range(5):
            first = make_membership_of_applicant()
            second = make_membership_of_applicant(first.organisation)
            acts = [
                lambda row=row: services.end_membership(actor=admin, membership_id=row.pk, reason="离职")
                for row in (first, second)
            ]
            assert race(*acts) == ["Membership", "WrongState"]


def make_membership_of_applicant(organisation=None):
    return make_membership(make_person(), Role.APPLICANT, organisation=organisation)
