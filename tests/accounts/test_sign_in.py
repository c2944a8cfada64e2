"""Signing in: lock-out, second factor, passwords, sessions, and what must not be learnt."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from allauth.mfa.utils import encrypt
from django.contrib.sessions.models import Session
from django.test import Client, RequestFactory, override_settings
from django.urls import NoReverseMatch, reverse

from greenportal import clock
from greenportal.accounts import http, passwords
from greenportal.accounts.actors import SECOND_FACTOR_ROLES, Role
from greenportal.accounts.models import User
from greenportal.audit.models import AuditEntry
from greenportal.mail.models import OutboxMail
from tests.factories.accounts import PASSWORD, actor_for, make_membership, make_person, make_user, sign_in

pytestmark = pytest.mark.django_db
START = datetime(2026, 9, 1, 1, 0, tzinfo=UTC)
LOGIN = "/accounts/login/"
HUMAN = [role for role in Role if role not in {Role.SYSTEM, Role.ANONYMOUS}]


def attempt(client, login, password=PASSWORD, address="192.0.2.1", **headers):
    return client.post(LOGIN, {"login": login, "password": password}, REMOTE_ADDR=address, **headers)


def signed_in(client):
    return "_auth_user_id" in client.session


def code_of(user):
    secret = TOTP(Authenticator.objects.get(user=user, type="totp")).instance.data["secret"]
    counter = int(clock.running().timestamp()) // 30
    return format_hotp_value(hotp_value(secret, counter))


class TestLockOut:
    @pytest.mark.parametrize(
        "names", [["wang"] * 5, ["wang", "WANG", "wang@example.com", " wang ", "Wang@Example.com"]]
    )
    def test_five_failures_lock_that_person_at_that_address_for_ten_minutes(self, names):
        make_user(Role.DISTRICT_OFFICER, username="wang")
        with time_machine.travel(START, tick=False) as travel:
            for name in names:
                answer = attempt(Client(), name, "wrong")
            assert answer.status_code == 429
            travel.shift(timedelta(minutes=9, seconds=59))
            assert attempt(Client(), "wang").status_code == 429
            travel.shift(timedelta(seconds=2))
            client = Client()
            assert attempt(client, "wang").status_code == 302
            assert signed_in(client)

    def test_control_four_failures_lock_nothing(self):
        make_user(Role.DISTRICT_OFFICER, username="wang")
        for _ in range(4):
            assert attempt(Client(), "wang", "wrong").status_code == 200
        client = Client()
        attempt(client, "wang")
        assert signed_in(client)

    def test_an_attacker_elsewhere_cannot_lock_a_victim_out(self):
        make_user(Role.DISTRICT_OFFICER, username="wang")
        for _ in range(20):
            last = attempt(Client(), "wang", "wrong", address="198.51.100.9")
        assert last.status_code == 429
        client = Client()
        attempt(client, "wang", address="192.0.2.1")
        assert signed_in(client)

    @override_settings(TRUSTED_PROXY_COUNT=1)
    def test_a_forged_forwarded_address_does_not_get_round_the_lock(self):
        make_user(Role.DISTRICT_OFFICER, username="wang")
        for number in range(5):
            answer = attempt(
                Client(), "wang", "wrong", address="10.0.0.1", HTTP_X_FORWARDED_FOR=f"203.0.113.{number}, 198.51.100.9"
            )
        assert answer.status_code == 429

    @override_settings(ACCOUNT_RATE_LIMITS={"login_failed": "5/300s/key"})
    def test_control_a_limit_by_name_alone_would_let_anybody_lock_anybody_out(self):
        make_user(Role.DISTRICT_OFFICER, username="wang")
        for _ in range(5):
            attempt(Client(), "wang", "wrong", address="198.51.100.9")
        client = Client()
        attempt(client, "wang", address="192.0.2.1")
        assert not signed_in(client)

    def test_failures_are_recorded_without_the_password(self):
        make_user(Role.DISTRICT_OFFICER, username="wang")
        attempt(Client(), "wang", "my-secret-guess")
        entry = AuditEntry.objects.get(action="accounts.sign_in")
        assert (entry.result, entry.address, entry.data) == ("failed", "192.0.2.1", {"login": "wang"})


class TestNothingIsLearnt:
    def page(self, client, login):
        text = attempt(client, login, "wrong").content.decode()
        return re.sub(r'value="[^"]*"|"X-CSRFToken": "[^"]*"', "", text)

    def test_a_wrong_password_and_an_unknown_name_read_alike(self):
        make_user(Role.DISTRICT_OFFICER, username="wang")
        assert self.page(Client(), "wang") == self.page(Client(), "nobody")
        assert self.page(Client(), "wang@example.com") == self.page(Client(), "nobody@example.com")

    def test_an_unknown_name_is_locked_just_the_same(self):
        for _ in range(5):
            answer = attempt(Client(), "nobody", "wrong")
        assert answer.status_code == 429

    def test_asking_for_a_new_password_answers_alike_and_writes_only_to_accounts(self):
        make_user(Role.DISTRICT_OFFICER, username="wang")
        answers = [
            Client().post("/accounts/password/reset/", {"email": address}, follow=True)
            for address in ("wang@example.com", "nobody@example.com")
        ]
        assert [answer.redirect_chain for answer in answers] == [[("/accounts/password/reset/done/", 302)]] * 2
        assert [mail.recipient for mail in OutboxMail.objects.all()] == ["wang@example.com"]

    def test_nobody_signs_up_alone_and_mail_management_does_not_exist(self, client):
        assert "账户凭邀请开通" in client.get("/accounts/signup/").content.decode()
        answer = client.post("/accounts/signup/", {"username": "new", "password1": PASSWORD, "email": "n@example.com"})
        assert User.objects.count() == 0
        assert "账户凭邀请开通" in answer.content.decode()
        with pytest.raises(NoReverseMatch):
            reverse("account_email")

    def test_a_disabled_account_does_not_come_in(self, client):
        person = make_user(Role.DISTRICT_OFFICER, username="wang", is_active=False)
        attempt(client, "wang")
        assert not signed_in(client)
        entry = AuditEntry.objects.get(target=f"accounts.user:{person.pk}")
        assert (entry.result, entry.data) == ("failed", {"reason": "账户已停用"})


@pytest.mark.parametrize("login", ["wang", "Wang", "wang@example.com", "WANG@example.com"])
def test_one_signs_in_by_name_or_address_and_it_is_recorded(client, login):
    person = make_user(Role.DISTRICT_OFFICER, username="wang")
    answer = attempt(client, login)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    entry = AuditEntry.objects.get(action="accounts.sign_in")
    assert (entry.result, entry.user_id, entry.address) == ("ok", person.pk, "192.0.2.1")
    client.post("/accounts/logout/")
    assert AuditEntry.objects.get(action="accounts.sign_out").user_id == person.pk
    assert not signed_in(client)


class TestSecondFactor:
    @pytest.mark.parametrize("role", HUMAN)
    def test_roles_with_power_enrol_before_anything_else(self, role):
        client = Client()
        make_user(role, username="wang", mfa=False)
        attempt(client, "wang")
        answer = client.get(reverse("accounts:switch"))
        if role in SECOND_FACTOR_ROLES:
            assert (answer.status_code, answer["Location"]) == (302, reverse("mfa_activate_totp"))
            assert client.get(reverse("mfa_activate_totp")).status_code == 200
        else:
            assert answer.status_code == 200

    def test_enrolling_opens_the_portal_and_leaves_recovery_codes(self):
        client = Client()
        person = make_user(Role.CITY_LEAD, username="wang", mfa=False)
        attempt(client, "wang")
        page = client.get(reverse("mfa_activate_totp"))
        secret = page.context["form"].secret
        counter = int(clock.running().timestamp()) // 30
        wrong = client.post(reverse("mfa_activate_totp"), {"code": "000000x"})
        assert "动态口令不正确" in wrong.content.decode()
        done = client.post(reverse("mfa_activate_totp"), {"code": format_hotp_value(hotp_value(secret, counter))})
        assert (done.status_code, done["Location"]) == (302, reverse("mfa_view_recovery_codes"))
        assert client.get(reverse("accounts:switch")).status_code == 200
        assert Authenticator.objects.filter(user=person).count() == 2
        assert AuditEntry.objects.filter(action="accounts.enrol_second_factor", user_id=person.pk).count() == 1

    def test_the_password_alone_opens_nothing_once_enrolled(self):
        client = Client()
        person = make_user(Role.CITY_LEAD, username="wang")
        answer = attempt(client, "wang")
        assert answer["Location"].startswith(reverse("mfa_authenticate"))
        assert not signed_in(client)
        assert client.get(reverse("accounts:switch")).status_code == 302
        client.post(reverse("mfa_authenticate"), {"code": code_of(person)})
        assert signed_in(client)
        assert client.get(reverse("accounts:switch")).status_code == 200

    def test_a_session_opened_by_password_before_the_role_was_given_is_opened_anew(self):
        client = Client()
        person = make_user(Role.DISTRICT_OFFICER, username="wang")
        attempt(client, "wang")
        assert client.get(reverse("accounts:switch")).status_code == 200
        TOTP.activate(person, encrypt(generate_totp_secret()))
        make_membership(person, Role.CITY_REVIEWER)
        assert client.get(reverse("accounts:switch")).status_code == 302
        assert not signed_in(client)

    def test_it_cannot_be_removed_where_it_is_required(self):
        client = Client()
        person = make_user(Role.AUDITOR)
        sign_in(client, person)
        answer = client.post(reverse("mfa_deactivate_totp"))
        assert "不能停用" in answer.content.decode()
        assert Authenticator.objects.filter(user=person, type="totp").count() == 1

    def test_control_who_is_free_to_remove_it_can(self):
        client = Client()
        person = make_user(Role.DISTRICT_OFFICER, mfa=True)
        sign_in(client, person)
        client.post(reverse("mfa_deactivate_totp"))
        assert Authenticator.objects.filter(user=person).count() == 0

    def test_removing_it_asks_for_the_password_again_after_a_while(self):
        client = Client()
        person = make_user(Role.DISTRICT_OFFICER, mfa=True)
        with time_machine.travel(START, tick=False) as travel:
            sign_in(client, person)
            travel.shift(timedelta(minutes=6))
            answer = client.post(reverse("mfa_deactivate_totp"))
            assert answer.status_code == 302
        assert Authenticator.objects.filter(user=person, type="totp").count() == 1

    def test_an_htmx_request_is_sent_as_a_whole_page(self, client):
        sign_in(client, make_user(Role.CITY_LEAD, mfa=False))
        answer = client.get(reverse("accounts:switch"), HTTP_HX_REQUEST="true")
        assert (answer.status_code, answer["HX-Redirect"]) == (204, reverse("mfa_activate_totp"))


class TestSessionTime:
    @pytest.mark.parametrize("role", HUMAN)
    def test_it_ends_after_the_idle_time_of_the_role(self, role):
        minutes = 10 if role in SECOND_FACTOR_ROLES else 30
        url = reverse("accounts:switch")
        with time_machine.travel(START, tick=False) as travel:
            client = sign_in(Client(), make_user(role))
            travel.shift(timedelta(minutes=minutes, seconds=-1))
            assert client.get(url).status_code == 200
            travel.shift(timedelta(minutes=minutes, seconds=-1))
            assert client.get(url).status_code == 200
            travel.shift(timedelta(minutes=minutes))
            answer = client.get(url)
            assert (answer.status_code, answer["Location"]) == (302, f"{LOGIN}?next={url}")
            assert not signed_in(client)

    def test_it_ends_after_twelve_hours_of_steady_work(self):
        with time_machine.travel(START, tick=False) as travel:
            client = sign_in(Client(), make_user(Role.APPLICANT))
            for _ in range(12 * 4 - 1):
                travel.shift(timedelta(minutes=15))
                assert client.get(reverse("accounts:switch")).status_code == 200
            travel.shift(timedelta(minutes=15))
            assert client.get(reverse("accounts:switch")).status_code == 302

    def test_a_page_that_only_asks_by_itself_keeps_nothing_alive(self):
        with time_machine.travel(START, tick=False) as travel:
            client = sign_in(Client(), make_user(Role.APPLICANT))
            for _ in range(3):
                travel.shift(timedelta(minutes=10))
                answer = client.get(reverse("accounts:switch"), HTTP_HX_REQUEST="true")
            assert answer.status_code == 401

    def test_use_is_noted_at_most_once_a_minute(self, django_assert_num_queries):
        with time_machine.travel(START, tick=False) as travel:
            person = make_user(Role.APPLICANT)
            client = sign_in(Client(), person)
            travel.shift(timedelta(seconds=59))
            client.get(reverse("accounts:switch"))
            assert User.objects.get(pk=person.pk).last_seen_at == START
            travel.shift(timedelta(seconds=1))
            client.get(reverse("accounts:switch"))
            assert User.objects.get(pk=person.pk).last_seen_at == START + timedelta(minutes=1)


class TestPasswords:
    @pytest.mark.parametrize(
        ("password", "fits"),
        [
            ("Aa1aaaaaaaaa", True),
            ("Aa1aaaaaaaa", False),
            ("aaaaaaaaaaaaa1", False),
            ("aaaaaaaaaaa1!", True),
            ("密码aaaaaaaa1111", True),
            ("Password1234", True),
            ("a" * 200 + "A1", True),
        ],
    )
    def test_length_and_classes(self, password, fits):
        rule = passwords.CharacterClasses(3)
        answers = len(password) >= 12
        try:
            rule.validate(password)
        except passwords.ValidationError:
            answers = False
        assert answers == fits

    @pytest.mark.parametrize(
        ("new", "message"),
        [
            ("Short1!", "至少"),
            ("onlylowercaseletters", "至少三种"),
            (PASSWORD, "新密码须与现在的密码不同。"),
        ],
    )
    def test_the_form_says_which_rule_was_broken(self, client, new, message):
        sign_in(client, make_user(Role.APPLICANT))
        answer = client.post(
            reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": new, "password2": new}
        )
        assert answer.status_code == 200
        assert message in answer.content.decode()

    def test_a_change_ends_the_other_sessions_and_keeps_this_one(self):
        person = make_user(Role.APPLICANT)
        here, there = sign_in(Client(), person), sign_in(Client(), person)
        fields = {"oldpassword": PASSWORD, "password1": "Quite-Another-1", "password2": "Quite-Another-1"}
        assert here.post(reverse("account_change_password"), fields).status_code == 302
        assert here.get(reverse("accounts:switch")).status_code == 200
        assert there.get(reverse("accounts:switch")).status_code == 302
        assert AuditEntry.objects.filter(action="accounts.password_set", user_id=person.pk).count() == 1

    def test_a_reset_by_mail_sets_the_password_once_and_ends_all_sessions(self):
        person = make_user(Role.APPLICANT, username="wang")
        there = sign_in(Client(), person)
        client = Client()
        client.post("/accounts/password/reset/", {"email": "wang@example.com"})
        link = OutboxMail.objects.get().context["link"]
        page = client.get(link, follow=True)
        fields = {"password1": "Quite-Another-1", "password2": "Quite-Another-1"}
        client.post(page.redirect_chain[-1][0], fields)
        assert User.objects.get(pk=person.pk).check_password("Quite-Another-1")
        assert not signed_in(client)
        assert there.get(reverse("accounts:switch")).status_code == 302
        assert "这个链接已使用或已到期" in Client().get(link, follow=True).content.decode()

    def test_the_link_of_a_reset_ends_after_an_hour(self):
        make_user(Role.APPLICANT, username="wang")
        with time_machine.travel(START, tick=False) as travel:
            Client().post("/accounts/password/reset/", {"email": "wang@example.com"})
            link = OutboxMail.objects.get().context["link"]
            travel.shift(timedelta(hours=1, seconds=1))
            assert "这个链接已使用或已到期" in Client().get(link, follow=True).content.decode()

    @pytest.mark.parametrize(("days", "asked"), [(90, False), (91, True)])
    def test_a_password_is_changed_on_day_91(self, days, asked):
        with time_machine.travel(START, tick=False):
            person = make_user(Role.APPLICANT, password_changed_at=START - timedelta(days=days))
            client = sign_in(Client(), person)
            answer = client.get(reverse("accounts:switch"))
            assert answer.status_code == (302 if asked else 200)

    @override_settings(PASSWORD_ROTATION_DAYS=0)
    def test_rotation_is_a_setting(self):
        person = make_person(password_changed_at=START - timedelta(days=999))
        assert not passwords.must_change(person)

    def test_a_password_set_by_others_is_changed_first(self, client):
        person = make_user(Role.APPLICANT, must_change_password=True)
        sign_in(client, person)
        answer = client.get(reverse("accounts:switch"))
        assert (answer.status_code, answer["Location"]) == (302, reverse("account_change_password"))
        fields = {"oldpassword": PASSWORD, "password1": "Quite-Another-1", "password2": "Quite-Another-1"}
        client.post(reverse("account_change_password"), fields)
        assert client.get(reverse("accounts:switch")).status_code == 200


class TestMembershipOfTheRequest:
    def test_it_is_the_one_chosen_and_only_while_in_force(self, client):
        person = make_user(Role.DISTRICT_OFFICER)
        lead = make_membership(person, Role.DISTRICT_LEAD, delegated_by=make_person())
        sign_in(client, person)
        assert client.get(reverse("accounts:switch")).wsgi_request.actor.role == Role.DISTRICT_OFFICER
        answer = client.post(reverse("accounts:switch"), {"membership": lead.pk})
        assert (answer.status_code, answer["Location"]) == (302, "/")
        assert client.get(reverse("accounts:switch")).wsgi_request.actor.membership_id == lead.pk
        lead.ends_at = clock.now()
        lead.save()
        assert client.get(reverse("accounts:switch")).wsgi_request.actor.role == Role.DISTRICT_OFFICER
        person.memberships.update(ends_at=clock.now())
        assert client.get(reverse("accounts:switch")).wsgi_request.actor.role == Role.ANONYMOUS

    def test_nobody_takes_a_membership_of_others_nor_by_get(self, client):
        person, theirs = make_user(Role.DISTRICT_OFFICER), make_user(Role.DISTRICT_LEAD)
        sign_in(client, person)
        foreign = theirs.memberships.get().pk
        for value in (foreign, 0, "x", ""):
            assert client.post(reverse("accounts:switch"), {"membership": value}).status_code == 404
        client.get(reverse("accounts:switch"), {"membership": foreign})
        assert client.get(reverse("accounts:switch")).wsgi_request.actor == http.Actor(
            **{**actor_fields(actor_for(person)), "address": "127.0.0.1"}
        )

    def test_a_disabled_account_loses_its_session_at_once(self, client):
        person = make_user(Role.DISTRICT_OFFICER)
        sign_in(client, person)
        assert client.get(reverse("accounts:switch")).status_code == 200
        User.objects.filter(pk=person.pk).update(is_active=False)
        assert client.get(reverse("accounts:switch")).status_code == 302


def actor_fields(actor):
    return {name: getattr(actor, name) for name in actor.__slots__}


@pytest.mark.parametrize(
    ("count", "forwarded", "address"),
    [
        (0, "203.0.113.5", "10.0.0.1"),
        (1, "203.0.113.5", "203.0.113.5"),
        (1, "6.6.6.6, 203.0.113.5", "203.0.113.5"),
        (2, "6.6.6.6, 203.0.113.5, 10.0.0.2", "203.0.113.5"),
        (2, "203.0.113.5", "10.0.0.1"),
        (1, "", "10.0.0.1"),
        (1, "<script>", "10.0.0.1"),
        (1, "2001:DB8::1", "2001:db8::1"),
    ],
)
def test_the_address_is_what_the_trusted_proxies_saw(settings, count, forwarded, address):
    settings.TRUSTED_PROXY_COUNT = count
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=forwarded)
    assert http.client_address(request) == address


def test_sessions_are_not_left_behind_by_a_failed_second_factor():
    make_user(Role.CITY_LEAD, username="wang")
    client = Client()
    attempt(client, "wang")
    assert all("_auth_user_id" not in row.get_decoded() for row in Session.objects.all())
