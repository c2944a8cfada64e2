"""How messages leave: one small interface, so that the office can put its own gateway behind a setting."""

from __future__ import annotations

import smtplib
import socket
from dataclasses import dataclass
from typing import Protocol

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.module_loading import import_string

from greenportal.accounts import masking

log = structlog.get_logger(__name__)


class NotSent(Exception):
    """The message certainly did not leave; `final` when another try would end alike."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.final = final


class Doubtful(Exception):
    """Nobody knows whether the message left."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: recipient is an address or a phone number, subject one line, body plain text."""

    recipient: str
    subject: str
    body: str


class Gateway(Protocol):
    """A way out. `send` returns when the message was taken, raises NotSent or Doubtful otherwise."""

    def send(self, message: Message) -> None:
        """Hand the message over."""


class EmailGateway:
    """SMTP, or whatever EMAIL_URL names."""

    def send(self, message: Message) -> None:
        """Send one mail; sort the failures into certain and doubtful ones."""
        mail = EmailMessage(message.subject, message.body, settings.DEFAULT_FROM_EMAIL, [message.recipient])
        try:
            mail.send(fail_silently=False)
        except smtplib.SMTPRecipientsRefused as error:
            raise NotSent(f"收件地址被对方拒绝：{error}", final=True) from error
        except smtplib.SMTPResponseException as error:
            # The server answered, and its answer was no.
            raise NotSent(f"邮件服务器拒绝：{error.smtp_code}", final=error.smtp_code >= 550) from error
        except (ConnectionRefusedError, socket.gaierror) as error:
            raise NotSent(f"连接不上邮件服务器：{error}") from error
        except (OSError, smtplib.SMTPException) as error:
            # Broken off in the middle: the server may have taken it.
            raise Doubtful(f"发送中断：{type(error).__name__}") from error


class ConsoleGateway:
    """Writes a line into the log instead of sending: the default for text messages."""

    def send(self, message: Message) -> None:
        """Log that a message would have gone out, without its text."""
        log.info("message_shown_only", recipient=masking.phone(message.recipient), subject=message.subject)


def gateway(channel: str) -> Gateway:
    """Return the gateway of a channel: settings.MESSAGE_GATEWAYS[channel], a dotted path."""
    found: Gateway = import_string(settings.MESSAGE_GATEWAYS[channel])()
    return found
