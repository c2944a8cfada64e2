"""The first account of an installation; nobody but the system makes accounts without an invitation."""

import pytest
from django.core.management import CommandError, call_command

from greenportal.accounts import selectors, services
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.models import User
from greenportal.audit.models import AuditEntry
from greenportal.findings.types import Invalid, Refused
from tests.factories.accounts import actor_for, make_actor, make_person

pytestmark = pytest.mark.django_db
HUMAN = [role for role in Role if role not in {Role.SYSTEM, Role.ANONYMOUS}]
WHO = {"username": "Anquan", "name": "安全员", "email": "aq@example.com", "password": "Nice-Password-77"}


def test_the_command_makes_one_security_administrator_once(capsys):
    call_command("first_account", "anquan", "--name", "安全员", "--email", "aq@example.com")
    shown = capsys.readouterr().out
    user = User.objects.get()
    assert user.check_password(shown.split("一次性密码：")[1].split("\n")[0])
    assert user.must_change_password
    assert actor_for(user).role == Role.SECURITY_ADMIN
    with pytest.raises(CommandError, match="已有安全管理员"):
        call_command("first_account", "zwei", "--name", "乙", "--email", "b@example.com")
    assert User.objects.count() == 1
    assert "一次性" not in "".join(str(entry.data) for entry in AuditEntry.objects.all())


@pytest.mark.parametrize("role", HUMAN)
def test_people_make_no_accounts_and_no_factors_for_others(role):
    actor, person = make_actor(role), make_person()
    with pytest.raises(Refused, match="账户凭邀请开通"):
        services.create_account(actor=actor, **WHO)
    with pytest.raises(Refused):
        services.enrol_second_factor(actor=actor, user_id=person.pk, secret="JBSWY3DPEHPK3PXP")
    assert not selectors.has_second_factor(person)


@pytest.mark.parametrize("changes", [{"password": "weak"}, {"username": "taken"}, {"email": "TAKEN@example.com"}])
def test_rules_hold_for_them_too(changes):
    make_person(username="taken")
    with pytest.raises(Invalid, match="账户没有建立"):
        services.create_account(actor=Actor.system("试验"), **{**WHO, **changes})


def test_a_known_secret_is_stored_for_the_demonstration():
    system = Actor.system("演示")
    user = services.create_account(actor=system, **WHO, must_change=False)
    services.enrol_second_factor(actor=system, user_id=user.pk, secret="JBSWY3DPEHPK3PXP")
    assert selectors.has_second_factor(user)
    assert (user.username, user.must_change_password) == ("anquan", False)
