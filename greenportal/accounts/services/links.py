"""Dated links: made once, opened often, used up by one POST."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.accounts.models import DatedLink
from greenportal.audit import services as audit
from greenportal.findings.types import Invalid, NotVisible, WrongState

_GONE = "这个链接不存在，请核对是否复制完整，或向发送人索取新的链接。"


def issue_link(
    *,
    actor: Actor,
    purpose: str,
    scope: str,
    scope_id: int,
    expires_at: datetime,
    email: str = "",
    payload: Mapping[str, Any] | None = None,
) -> tuple[DatedLink, str]:
    """Make a link for one purpose and one object; return it with its token, which is kept nowhere else.

    The caller has checked that `actor` may. Raises Invalid when the end is not in the future.
    """
    now = clock.now()
    if expires_at <= now:
        raise Invalid("链接的有效期须晚于现在，请修改。")
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        link = DatedLink.objects.create(
            purpose=DatedLink.Purpose(purpose),
            token_sha256=_digest(token),
            scope=scope,
            scope_id=scope_id,
            email=email,
            payload=dict(payload or {}),
            created_by_id=actor.user_id,
            created_at=now,
            expires_at=expires_at,
        )
        audit.record(
            actor=actor,
            action="accounts.issue_link",
            target=f"{scope}:{scope_id}",
            data={"link": link.pk, "purpose": purpose, "expires_at": expires_at},
        )
    return link, token


def peek_link(*, token: str, purpose: str) -> DatedLink:
    """Return the link without using it: for the page that shows what it is for (GET).

    Raises NotVisible for an unknown token or another purpose, WrongState when used, withdrawn or over.
    """
    return _checked(DatedLink.objects.filter(token_sha256=_digest(token), purpose=purpose).first())


def use_link(*, token: str, purpose: str, actor: Actor | None = None) -> DatedLink:
    """Use the link up and return it: only on POST. Of two at once one wins, the other reads 已使用.

    Joins the caller's transaction: when what the link was for fails, the link stays usable.
    Raises like `peek_link`.
    """
    with transaction.atomic():
        found = DatedLink.objects.select_for_update().filter(token_sha256=_digest(token), purpose=purpose).first()
        link = _checked(found)
        link.used_at = clock.now()
        link.save(update_fields=["used_at"])
        audit.record(
            actor=actor or Actor.anonymous(),
            action="accounts.use_link",
            target=f"{link.scope}:{link.scope_id}",
            data={"link": link.pk, "purpose": purpose},
        )
    return link


def revoke_link(*, actor: Actor, link_id: int, reason: str) -> DatedLink:
    """Withdraw a link that was not used: by its issuer. Raises NotVisible for others, WrongState when used."""
    with transaction.atomic():
        link = DatedLink.objects.select_for_update().filter(pk=link_id, created_by_id=actor.user_id).first()
        if link is None or actor.user_id is None:
            raise NotVisible
        if link.used_at is not None:
            raise WrongState("链接已经使用，不能撤回。")
        link.revoked_at = link.revoked_at or clock.now()
        link.save(update_fields=["revoked_at"])
        audit.record(
            actor=actor,
            action="accounts.revoke_link",
            target=f"{link.scope}:{link.scope_id}",
            data={"link": link.pk, "reason": reason},
        )
    return link


def _checked(link: DatedLink | None) -> DatedLink:
    """Return a link that may still be used, or say exactly why it may not."""
    if link is None:
        raise NotVisible(_GONE)
    if link.used_at is not None:
        raise WrongState("这个链接已经使用过，每个链接只能使用一次。如需再次办理，请向发送人索取新的链接。")
    if link.revoked_at is not None:
        raise WrongState("这个链接已被撤回，请向发送人索取新的链接。")
    if link.expires_at <= clock.now():
        raise WrongState(f"这个链接已于{clock.spoken(link.expires_at)}到期，请向发送人索取新的链接。")
    return link


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
