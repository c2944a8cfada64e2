"""One message per event and person; sent once, never blindly again; doubt is shown."""

import smtplib
import socket
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.core import mail as outbound
from django.db import transaction
from django.urls import reverse

from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.audit.models import AuditEntry
from greenportal.findings.types import NotVisible, Refused, WrongState
from greenportal.jobs.models import Job
from greenportal.mail import gateways, selectors, services
from greenportal.mail.gateways import Doubtful, NotSent
from greenportal.mail.models import OutboxMail
from tests.factories.accounts import make_actor, make_user, sign_in

pytestmark = pytest.mark.django_db
HUMAN = [role for role in Role if role not in {Role.SYSTEM, Role.ANONYMOUS}]
INVITATION = {
    "name": "甲 & <乙>",
    "role": "经办人",
    "place": "",
    "path": "/x/secret/",
    "until": "明天",
    "inviter": "丙",
}


class Crash(BaseException):
    """The process dies here."""


def post(event="tests.event:1", recipient="a@example.com", **changes):
    return services.post(event=event, recipient=recipient, template="invitation", context=INVITATION, **changes)


def send(mail, fence=transaction.atomic):
    return services.send(mail_id=mail.pk, fence=fence)


def state_of(mail):
    return OutboxMail.objects.get(pk=mail.pk).state


@pytest.fixture
def failing(monkeypatch):
    """Let every mail fail with one error; returns the setter and counts the tries."""
    tries = []

    def use(error):
        def fail(self, message):
            tries.append(message)
            raise error

        monkeypatch.setattr(gateways.EmailGateway, "send", fail)
        return tries

    return use


class TestPosting:
    def test_one_event_makes_one_message_per_person_and_one_job_each(self):
        first, again, other = post(), post(), post(recipient="b@example.com")
        assert again == first
        assert OutboxMail.objects.count() == 2
        jobs = Job.objects.filter(kind="mail.send").order_by("created_at")
        assert [job.payload for job in jobs] == [{"mail_id": first.pk}, {"mail_id": other.pk}]

    def test_it_is_gone_with_the_transaction_that_wanted_it(self):
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            post()
            raise ZeroDivisionError
        assert (OutboxMail.objects.count(), Job.objects.count()) == (0, 0)

    @pytest.mark.parametrize("recipient", ["", "  "])
    def test_without_an_address_there_is_none(self, recipient):
        assert post(recipient=recipient) is None


class TestSending:
    def test_the_text_is_plain_the_subject_one_line_and_the_link_complete(self, settings):
        settings.SITE_URL = "https://green.example.gov.cn"
        mail = post()
        assert send(mail) == "sent"
        (message,) = outbound.outbox
        assert message.subject == "邀请您使用绿色制造名单推荐与管理平台"
        assert message.to == ["a@example.com"]
        assert "甲 & <乙>，您好：" in message.body
        assert "https://green.example.gov.cn/x/secret/" in message.body
        assert message.body.rstrip().endswith("本邮件由系统发出，请不要直接回复。")

    def test_what_opens_something_is_wiped_once_it_left(self):
        mail = post()
        send(mail)
        mail.refresh_from_db()
        assert (mail.context["path"], mail.context["name"]) == ("（已清除）", INVITATION["name"])
        assert mail.sent_at is not None

    def test_a_second_run_sends_nothing(self):
        mail = post()
        assert [send(mail), send(mail)] == ["sent", "sent"]
        assert len(outbound.outbox) == 1

    def test_after_a_crash_while_sending_it_is_unknown_and_not_sent_again(self, monkeypatch):
        mail = post()

        def dies(self, message):
            raise Crash

        with monkeypatch.context() as patch, pytest.raises(Crash):
            patch.setattr(gateways.EmailGateway, "send", dies)
            send(mail)
        assert state_of(mail) == "sending"
        assert send(mail) == "unknown"
        assert outbound.outbox == []
        assert list(selectors.troubled(make_actor(Role.SYSTEM_ADMIN))) == [mail]

    def test_control_without_the_state_written_first_a_crash_after_sending_would_send_twice(self):
        """The crash falls after the message left and before the end is written."""
        mail, fences = post(), []

        @contextmanager
        def fence():
            fences.append(1)
            if len(fences) == 2:
                raise Crash
            with transaction.atomic():
                yield

        with pytest.raises(Crash):
            send(mail, fence)
        assert len(outbound.outbox) == 1
        OutboxMail.objects.filter(pk=mail.pk).update(state="queued")
        send(mail)
        assert len(outbound.outbox) == 2

    def test_the_same_crash_with_the_guard_sends_once(self):
        mail, fences = post(), []

        @contextmanager
        def fence():
            fences.append(1)
            if len(fences) == 2:
                raise Crash
            with transaction.atomic():
                yield

        with pytest.raises(Crash):
            send(mail, fence)
        assert send(mail) == "unknown"
        assert len(outbound.outbox) == 1

    def test_doubt_is_kept_as_doubt(self, failing):
        failing(Doubtful("发送中断"))
        mail = post()
        assert send(mail) == "unknown"
        mail.refresh_from_db()
        assert (mail.error, mail.context["path"]) == ("发送中断", "/x/secret/")

    def test_what_certainly_did_not_leave_is_tried_five_times(self, failing):
        tries = failing(NotSent("连接不上"))
        mail = post()
        for _ in range(4):
            with pytest.raises(services.TryAgain):
                send(mail)
            assert state_of(mail) == "queued"
        assert send(mail) == "failed"
        assert send(mail) == "failed"
        assert len(tries) == 5

    def test_what_will_never_be_taken_is_tried_once(self, failing):
        tries = failing(NotSent("地址被拒绝", final=True))
        mail = post()
        assert [send(mail), send(mail)] == ["failed", "failed"]
        assert len(tries) == 1


@pytest.mark.parametrize(
    ("error", "kind", "final"),
    [
        (smtplib.SMTPRecipientsRefused({"a": (550, b"no")}), NotSent, True),
        (smtplib.SMTPSenderRefused(550, b"no", "a"), NotSent, True),
        (smtplib.SMTPDataError(451, b"later"), NotSent, False),
        (smtplib.SMTPAuthenticationError(535, b"no"), NotSent, False),
        (ConnectionRefusedError(), NotSent, False),
        (socket.gaierror(), NotSent, False),
        (TimeoutError(), Doubtful, None),
        (smtplib.SMTPServerDisconnected("gone"), Doubtful, None),
        (ConnectionResetError(), Doubtful, None),
    ],
)
def test_failures_of_smtp_are_sorted_into_certain_and_doubtful(monkeypatch, error, kind, final):
    def fail(self, fail_silently):
        raise error

    monkeypatch.setattr("greenportal.mail.gateways.EmailMessage.send", fail)
    with pytest.raises(kind) as caught:
        gateways.EmailGateway().send(gateways.Message("a@example.com", "s", "b"))
    assert getattr(caught.value, "final", None) == final


class Recorder:
    """A gateway of the office, behind the setting."""

    def send(self, message):
        sent.append(message)


sent: list[gateways.Message] = []


def test_a_channel_goes_through_the_gateway_of_its_setting(settings):
    settings.MESSAGE_GATEWAYS = {**settings.MESSAGE_GATEWAYS, "sms": f"{__name__}.Recorder"}
    sent.clear()
    mail = post(recipient="13800000000", channel="sms")
    assert send(mail) == "sent"
    assert [message.recipient for message in sent] == ["13800000000"]
    assert outbound.outbox == []


def test_the_console_gateway_shows_no_text(capfd):
    gateways.ConsoleGateway().send(gateways.Message("13812345678", "主题", "正文内容"))
    shown = capfd.readouterr()
    assert "正文内容" not in shown.out + shown.err
    assert "13812345678" not in shown.out + shown.err


class TestTrouble:
    def troubled(self, state="failed"):
        mail = post()
        OutboxMail.objects.filter(pk=mail.pk).update(state=state, error="连接不上", attempts=5)
        Job.objects.all().delete()
        return OutboxMail.objects.get(pk=mail.pk)

    @pytest.mark.parametrize("verb", [services.retry, services.abandon])
    @pytest.mark.parametrize("role", [role for role in HUMAN if role != Role.SYSTEM_ADMIN])
    def test_only_the_system_administrator_deals_with_it(self, role, verb):
        mail = self.troubled()
        with pytest.raises(Refused):
            verb(actor=make_actor(role), mail_id=mail.pk)
        assert state_of(mail) == "failed"
        assert list(selectors.troubled(make_actor(role))) == []

    @pytest.mark.parametrize("state", ["failed", "unknown"])
    def test_retry_queues_it_again_audited(self, state):
        mail, admin = self.troubled(state), make_actor(Role.SYSTEM_ADMIN)
        services.retry(actor=admin, mail_id=mail.pk)
        assert Job.objects.filter(kind="mail.send").count() == 1
        assert send(mail) == "sent"
        entry = AuditEntry.objects.get(action="mail.retry")
        assert (entry.user_id, entry.data) == (admin.user_id, {"before": state})

    def test_abandoning_wipes_the_link_audited(self):
        mail, admin = self.troubled(), make_actor(Role.SYSTEM_ADMIN)
        services.abandon(actor=admin, mail_id=mail.pk)
        mail.refresh_from_db()
        assert (mail.state, mail.context["path"]) == ("abandoned", "（已清除）")
        assert AuditEntry.objects.get(action="mail.abandon").user_id == admin.user_id

    @pytest.mark.parametrize("state", ["queued", "sending", "sent", "abandoned"])
    def test_other_states_are_left_alone(self, state):
        mail, admin = self.troubled(state), make_actor(Role.SYSTEM_ADMIN)
        for verb in (services.retry, services.abandon):
            with pytest.raises(WrongState):
                verb(actor=admin, mail_id=mail.pk)
            with pytest.raises(NotVisible):
                verb(actor=admin, mail_id=mail.pk + 999)
        assert state_of(mail) == state

    def test_the_page_lists_them_without_text_and_acts_by_post(self, client):
        mail = self.troubled("unknown")
        sign_in(client, make_user(Role.SYSTEM_ADMIN))
        page = client.get(reverse("mail:troubled")).content.decode()
        assert "不确定是否发出" in page
        assert "a***@example.com" in page
        for secret in ("a@example.com", "/x/secret/", INVITATION["inviter"] + "邀请"):
            assert secret not in page
        assert client.get(reverse("mail:retry", args=[mail.pk])).status_code == 405
        assert client.post(reverse("mail:retry", args=[mail.pk])).status_code == 302
        assert state_of(mail) == "queued"

    @pytest.mark.parametrize("role", [role for role in HUMAN if role != Role.SYSTEM_ADMIN])
    def test_other_roles_do_not_reach_the_page(self, client, role):
        mail = self.troubled()
        sign_in(client, make_user(role))
        assert client.get(reverse("mail:troubled")).status_code == 403
        assert client.post(reverse("mail:abandon", args=[mail.pk])).status_code == 403
        assert state_of(mail) == "failed"


def test_the_digest_tells_each_system_administrator_once_a_day():
    make_user(Role.SYSTEM_ADMIN, email="one@example.com")
    make_user(Role.SYSTEM_ADMIN, email="two@example.com")
    make_user(Role.SYSTEM_ADMIN, email="gone@example.com", is_active=False)
    make_user(Role.CITY_LEAD, email="lead@example.com")
    assert services.post_digest() == 0
    for number, state in enumerate(["failed", "unknown", "unknown", "sent"]):
        mail = post(event=f"tests.event:{number}")
        OutboxMail.objects.filter(pk=mail.pk).update(state=state)
    old = post(event="tests.old:1")
    OutboxMail.objects.filter(pk=old.pk).update(state="failed", created_at=clock.now() - timedelta(days=2))
    assert [services.post_digest(), services.post_digest()] == [2, 2]
    digests = OutboxMail.objects.filter(template="mail_digest").order_by("recipient")
    assert [mail.recipient for mail in digests] == ["one@example.com", "two@example.com"]
    assert services.rendered(digests[0]).subject == "过去一天有消息没有发出：失败1条，不确定2条"
