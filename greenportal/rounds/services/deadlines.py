"""A district's own cut-off for its applicants, and longer time granted with a document."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit import services as audit
from greenportal.directory.models import Authority
from greenportal.findings.types import Invalid, NotVisible, ReasonRequired, WrongState
from greenportal.rounds import rules, selectors
from greenportal.rounds.models import Deadline, Extension, Round
from greenportal.rounds.services.lifecycle import lock_round


@transaction.atomic
def set_deadline(*, actor: Actor, round_id: int, key: str, authority_id: int, closes_at: datetime) -> Deadline:
    """Set a district's own earlier end of clock `key` (exclusive); never later than the city's.

    Raises Refused, NotVisible (no such clock), Invalid (not a clock of districts, too late, before its start).
    """
    row = lock_round(actor, round_id)
    rules.may_set_deadline(actor, authority_id=authority_id, state=row.state).require()
    city = _city_deadline(row, key)
    if not selectors.rulebook_at(row.pk)[0].deadlines[key].per_district:
        raise Invalid(f"“{city.label}”由市局统一规定，不能自行设定。")
    _district(authority_id)
    if closes_at > city.closes_at:
        told = f"不能晚于市局的截止时间{clock.spoken(city.closes_at)}。"
        raise Invalid(told, errors={"closes_at": [told]})
    if closes_at <= city.opens_at:
        told = f"应晚于开始时间{clock.spoken(city.opens_at)}。"
        raise Invalid(told, errors={"closes_at": [told]})
    own, _ = Deadline.objects.update_or_create(
        round=row,
        key=key,
        authority_id=authority_id,
        defaults={
            "label": city.label,
            "opens_at": city.opens_at,
            "closes_at": closes_at,
            "clause": "区市县自行设定",
        },
    )
    data = {"key": key, "authority": authority_id, "closes_at": closes_at.isoformat()}
    audit.record(actor=actor, action="rounds.set_deadline", target=f"rounds.round:{row.pk}", data=data)
    return own


@transaction.atomic
def add_deadline(
    *, actor: Actor, round_id: int, key: str, label: str, opens_at: datetime, closes_at: datetime, clause: str
) -> Deadline:
    """Add a clock that the rulebook does not have: of a further period that the city asks for (通知 三: 定期报送).

    Districts may be given longer time on it like on any other. Raises Refused, NotVisible, Invalid, WrongState.
    """
    row = lock_round(actor, round_id)
    rules.may_extend(actor, row.state).require()
    if closes_at <= opens_at:
        told = f"应晚于开始时间{clock.spoken(opens_at)}。"
        raise Invalid(told, errors={"closes_at": [told]})
    if Deadline.objects.filter(round=row, key=key).exists():
        raise WrongState("这一期已有期限，刷新页面查看。")
    made = Deadline.objects.create(
        round=row, key=key, label=label[:80], opens_at=opens_at, closes_at=closes_at, clause=clause[:120]
    )
    data = {"key": key, "closes_at": closes_at.isoformat()}
    audit.record(actor=actor, action="rounds.add_deadline", target=f"rounds.round:{row.pk}", data=data)
    return made


@transaction.atomic
def clear_deadline(*, actor: Actor, round_id: int, key: str, authority_id: int) -> None:
    """Let the city's end hold for a district again; extensions hang on the city's row and stay."""
    row = lock_round(actor, round_id)
    rules.may_set_deadline(actor, authority_id=authority_id, state=row.state).require()
    own = Deadline.objects.filter(round=row, key=key, authority_id=authority_id).first()
    if own is None:
        raise NotVisible
    own.delete()
    data = {"key": key, "authority": authority_id}
    audit.record(actor=actor, action="rounds.clear_deadline", target=f"rounds.round:{row.pk}", data=data)


@transaction.atomic
def grant_extension(
    *, actor: Actor, round_id: int, key: str, authority_id: int, until: datetime, document_no: str, reason: str
) -> Extension:
    """Give one district longer time on clock `key`, until `until` (exclusive), with document number and reason.

    It may be granted before or after the end. Raises Refused, NotVisible, Invalid, ReasonRequired.
    """
    row = lock_round(actor, round_id)
    rules.may_extend(actor, row.state).require()
    city = _city_deadline(row, key)
    _district(authority_id)
    if not document_no.strip():
        raise Invalid("填写批准延期的文号。", errors={"document_no": ["填写批准延期的文号"]})
    if not reason.strip():
        raise ReasonRequired("办理延期需要写明理由。")
    present = selectors.window(round_id=row.pk, key=key, authority_id=authority_id, at=clock.now())
    if present.closes_at is not None and until <= present.closes_at:
        told = f"延期应晚于现在的截止时间{clock.spoken(present.closes_at)}。"
        raise Invalid(told, errors={"until": [told]})
    granted = Extension.objects.create(
        deadline=city,
        authority_id=authority_id,
        until=until,
        document_no=document_no.strip()[:80],
        reason=reason.strip()[:300],
        granted_by_id=_person(actor),
        granted_at=clock.now(),
    )
    data = {
        "extension": granted.pk,
        "key": key,
        "authority": authority_id,
        "until": until.isoformat(),
        "document_no": granted.document_no,
        "reason": granted.reason,
    }
    audit.record(actor=actor, action="rounds.grant_extension", target=f"rounds.round:{row.pk}", data=data)
    return granted


@transaction.atomic
def revoke_extension(*, actor: Actor, extension_id: int, reason: str) -> Extension:
    """Take an extension back by a dated mark; what was received under it stays received.

    Raises Refused, NotVisible, WrongState (already revoked), ReasonRequired.
    """
    found = selectors.extensions_visible_to(actor).filter(pk=extension_id).first()
    if found is None:
        raise NotVisible
    row = lock_round(actor, found.deadline.round_id)
    rules.may_extend(actor, row.state).require()
    if not reason.strip():
        raise ReasonRequired("撤销延期需要写明理由。")
    extension = Extension.objects.select_for_update().get(pk=extension_id)
    if extension.revoked_at is not None:
        raise WrongState("该延期已经撤销。请刷新页面查看最新状态。")
    extension.revoked_at, extension.revoked_by_id = clock.now(), actor.user_id
    extension.save(update_fields=["revoked_at", "revoked_by"])
    data = {"extension": extension.pk, "reason": reason.strip()}
    audit.record(actor=actor, action="rounds.revoke_extension", target=f"rounds.round:{row.pk}", data=data)
    return extension


def _city_deadline(row: Round, key: str) -> Deadline:
    found = Deadline.objects.filter(round=row, key=key, authority=None).first()
    if found is None:
        raise NotVisible
    return found


def _district(authority_id: int) -> Authority:
    kinds = [Authority.Kind.DISTRICT, Authority.Kind.ZONE]
    found = Authority.objects.filter(pk=authority_id, kind__in=kinds).first()
    if found is None:
        raise NotVisible
    return found


def _person(actor: Actor) -> int:
    """Return the user who acts; the rules let nobody else come this far."""
    if actor.user_id is None:
        raise NotVisible
    return actor.user_id
