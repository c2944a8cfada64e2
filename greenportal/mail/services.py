"""Messages are written with the change that causes them; sending is a job."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.template import Context
from django.template.backends.django import Template
from django.template.loader import get_template
from django.urls import reverse

from greenportal import clock
from greenportal.accounts import selectors as people
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.models import Membership
from greenportal.audit import chain
from greenportal.audit import services as audit
from greenportal.findings.types import NotVisible, Refused, WrongState
from greenportal.jobs.services import enqueue
from greenportal.mail.gateways import Doubtful, Message, NotSent, gateway
from greenportal.mail.models import OutboxMail

SEND = "mail.send"
MAX_ATTEMPTS = 5
#: Context values that open something; wiped as soon as the message left or was given up.
SECRETS = ("link", "path")
TROUBLE = (OutboxMail.State.FAILED, OutboxMail.State.UNKNOWN)
Fence = Callable[[], AbstractContextManager[Any]]


class TryAgain(Exception):
    """The message certainly did not leave this time; the job runner tries later."""


def post(
    *, event: str, recipient: str, template: str, context: Mapping[str, Any], channel: str = "email"
) -> OutboxMail | None:
    """Write a message into the outbox, in the caller's transaction, and ask for its sending.

    event: what happened, with the id of the row (`nominations.returned:17`); one recipient gets
    one message per event, a second call returns the first row. template: name of
    `templates/emails/<template>.txt`, whose first line is the subject. context: JSON-like; a
    `path` is completed to an address by the template with `{{ site }}{{ path }}`.
    Returns None when there is no address to write to.
    """
    address = recipient.strip()
    if not address:
        return None
    mine = OutboxMail.objects.filter(event=event, recipient=address)
    posted = mine.first()
    if posted is not None:
        return posted
    try:
        with transaction.atomic():
            mail = OutboxMail.objects.create(
                event=event,
                recipient=address,
                channel=OutboxMail.Channel(channel),
                template=template,
                context=chain.plain(context),
                created_at=clock.now(),
            )
            _ask(mail)
    except IntegrityError:
        # Somebody posted the same event to the same person meanwhile: that one is sent.
        return mine.first()
    return mail


def rendered(mail: OutboxMail) -> Message:
    """Return subject and body of a message: plain text, nothing escaped, subject on one line."""
    template = get_template(f"emails/{mail.template}.txt")
    if not isinstance(template, Template):
        raise TypeError("mails are rendered by Django's own engine")
    values = {**mail.context, "site": settings.SITE_URL, "owner": settings.SITE_OWNER}
    subject, _, body = template.template.render(Context(values, autoescape=False)).lstrip().partition("\n")
    footer = get_template("emails/_footer.txt")
    return Message(mail.recipient, " ".join(subject.split())[:200], f"{body.strip()}\n\n{footer.render(values)}")


def send(*, mail_id: int, fence: Fence) -> str:
    """Send one message; return the state it is in afterwards. For the job alone.

    fence: opens a transaction that commits only while the job is still ours. Raises TryAgain when
    the message certainly did not leave and may be tried later.
    """
    with fence():
        mail = OutboxMail.objects.select_for_update().get(pk=mail_id)
        if mail.state == OutboxMail.State.SENDING:
            return _settle(mail, OutboxMail.State.UNKNOWN, "上次发送中断，无法确认对方是否收到。")
        if mail.state != OutboxMail.State.QUEUED:
            return mail.state
        message = rendered(mail)
        mail.state, mail.attempts = OutboxMail.State.SENDING, mail.attempts + 1
        mail.save(update_fields=["state", "attempts"])
    try:
        gateway(mail.channel).send(message)
    except Doubtful as error:
        with fence():
            return _settle(mail, OutboxMail.State.UNKNOWN, str(error))
    except NotSent as error:
        last = error.final or mail.attempts >= MAX_ATTEMPTS
        with fence():
            state = _settle(mail, OutboxMail.State.FAILED if last else OutboxMail.State.QUEUED, str(error))
        if not last:
            raise TryAgain(str(error)) from error
        return state
    with fence():
        return _settle(mail, OutboxMail.State.SENT, "")


def _settle(mail: OutboxMail, state: OutboxMail.State, error: str) -> str:
    mail.state, mail.error = state, error[:500]
    if state in {OutboxMail.State.SENT, OutboxMail.State.ABANDONED}:
        mail.context = {key: "（已清除）" if key in SECRETS else value for key, value in mail.context.items()}
    if state == OutboxMail.State.SENT:
        mail.sent_at = clock.now()
    mail.save(update_fields=["state", "error", "context", "sent_at"])
    return state


def retry(*, actor: Actor, mail_id: int) -> OutboxMail:
    """Queue a failed or doubtful message again: by the system administrator, who knows it may arrive twice."""
    with transaction.atomic():
        mail = _troubled(actor, mail_id)
        before = mail.state
        mail.state, mail.attempts = OutboxMail.State.QUEUED, 0
        mail.save(update_fields=["state", "attempts"])
        audit.record(actor=actor, action="mail.retry", target=f"mail.outboxmail:{mail.pk}", data={"before": before})
        _ask(mail)
    return mail


def abandon(*, actor: Actor, mail_id: int) -> OutboxMail:
    """Give a failed or doubtful message up: by the system administrator."""
    with transaction.atomic():
        mail = _troubled(actor, mail_id)
        before = mail.state
        _settle(mail, OutboxMail.State.ABANDONED, mail.error)
        audit.record(actor=actor, action="mail.abandon", target=f"mail.outboxmail:{mail.pk}", data={"before": before})
    return mail


def post_digest() -> int:
    """Tell each system administrator how many messages of the last day failed or are doubtful; return how many told."""
    since = clock.now() - timedelta(days=1)
    troubled = OutboxMail.objects.filter(state__in=TROUBLE, created_at__gte=since)
    counts = {state: troubled.filter(state=state).count() for state in TROUBLE}
    if not any(counts.values()):
        return 0
    holders = Membership.objects.filter(people.valid_at(), role=Role.SYSTEM_ADMIN, user__is_active=True)
    addresses = sorted({row.user.email for row in holders.select_related("user") if row.user.email})
    for address in addresses:
        post(
            event=f"mail.digest:{clock.today().isoformat()}",
            recipient=address,
            template="mail_digest",
            context={
                "failed": counts[OutboxMail.State.FAILED],
                "unknown": counts[OutboxMail.State.UNKNOWN],
                "path": reverse("mail:troubled"),
            },
        )
    return len(addresses)


def _troubled(actor: Actor, mail_id: int) -> OutboxMail:
    if actor.role != Role.SYSTEM_ADMIN:
        raise Refused("只有系统管理员可以处理发送失败的消息。")
    mail = OutboxMail.objects.select_for_update().filter(pk=mail_id).first()
    if mail is None:
        raise NotVisible
    if mail.state not in TROUBLE:
        raise WrongState(f"这条消息当前为“{mail.get_state_display()}”，无需处理。请刷新页面查看。")
    return mail


def _ask(mail: OutboxMail) -> None:
    enqueue(SEND, payload={"mail_id": mail.pk}, dedupe_key=str(mail.pk), scope="mail.outboxmail", scope_id=mail.pk)
