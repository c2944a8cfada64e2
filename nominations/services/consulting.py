"""征求意见: each department is asked once for all nominees; it answers through a dated link or on sealed paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.urls import reverse

from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.identity import told_of
from greenportal.accounts.models import DatedLink
from greenportal.accounts.services import issue_link, use_link
from greenportal.audit.services import record
from greenportal.files.models import StoredFile
from greenportal.findings.types import Invalid, NotVisible, WrongState
from greenportal.jobs.services import enqueue
from greenportal.mail.services import post
from greenportal.rounds.selectors import rulebook_at
from nominations import rules
from nominations.constants import FILE_REPLY, JOB_RECHECK, OPINION_LINK_GRACE, SCOPE_CONSULTATION
from nominations.models import Consultation, ConsultationItem, Nomination
from nominations.selectors.nominations import consultations_visible_to, visible_files
from nominations.services.moving import person
from nominations.states import NominationState
from nominations.validators import clean_reason

#: Nominees whose opinion is asked: handed in, and not yet on a finalised list.
ASKABLE = (NominationState.HANDED_IN, NominationState.CHECKED)
Opinion = ConsultationItem.Opinion


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that went out: the row and the token of its link, which is shown this once."""

    consultation: Consultation
    token: str


@dataclass(frozen=True, slots=True)
class OpinionGiven:
    """A department's word on one nominee; text is needed for an objection."""

    item_id: int
    opinion: str
    text: str = ""


def target_of(consultation_id: int) -> str:
    """Return the audit target of a consultation."""
    return f"{SCOPE_CONSULTATION}:{consultation_id}"


def ask(
    *,
    actor: Actor,
    round_id: int,
    authority_id: int,
    departments: Sequence[str],
    due_on: date,
    emails: Mapping[str, str] | None = None,
) -> list[Asked]:
    """Ask every named department for its opinion on all nominees it was not asked about yet.

    departments: labels of the rulebook's, or others by name where the rulebook leaves the list open
    (…等). One Consultation, item per nominee and dated link for each; where `emails` has an address for
    the department the link is mailed to it. Raises Invalid.
    """
    rulebook, _ = rulebook_at(round_id)
    named = {d.label for d in rulebook.departments.values()}
    wanted = list(dict.fromkeys(" ".join(d.split()) for d in departments if d.strip()))
    errors: dict[str, list[str]] = {}
    if not wanted:
        errors["departments"] = ["选择要征求意见的部门。"]
    if not rulebook.departments_open and set(wanted) - named:
        errors["departments"] = ["从通知列明的部门中选择。"]
    if due_on < clock.today():
        errors["due_on"] = ["答复期限应不早于今天。"]
    if errors:
        raise Invalid("请核对征求意见的内容。", errors=errors)
    rules.may_consult(actor, authority_id=authority_id).require()
    with transaction.atomic():
        askable = Nomination.objects.filter(round_id=round_id, authority_id=authority_id, state__in=ASKABLE)
        locked = askable.order_by("pk").select_for_update(no_key=True)
        nominees = sorted(locked, key=lambda n: (n.category, n.rank is None, n.rank or 0, n.pk))
        asked = [
            _ask_one(actor, round_id, authority_id, department, due_on, nominees, (emails or {}).get(department, ""))
            for department in wanted
        ]
        found = [a for a in asked if a is not None]
        if not found:
            raise Invalid("没有需要征求意见的申报：各部门都已就全部申报收到函件。")
        _recheck([n.pk for n in nominees], actor)
        return found


def _ask_one(
    actor: Actor,
    round_id: int,
    authority_id: int,
    department: str,
    due_on: date,
    nominees: Sequence[Nomination],
    email: str,
) -> Asked | None:
    known = set(
        ConsultationItem.objects.filter(
            consultation__round_id=round_id,
            consultation__authority_id=authority_id,
            consultation__department=department,
        )
        .exclude(consultation__state=Consultation.State.CANCELLED)
        .values_list("nomination_id", flat=True)
    )
    fresh = [n for n in nominees if n.pk not in known]
    if not fresh:
        return None
    address = _address(email)
    consultation = Consultation.objects.create(
        round_id=round_id,
        authority_id=authority_id,
        department=department[:60],
        asked_at=clock.now(),
        asked_by_id=person(actor),
        due_on=due_on,
    )
    ConsultationItem.objects.bulk_create(ConsultationItem(consultation=consultation, nomination=n) for n in fresh)
    link, token = issue_link(
        actor=actor,
        purpose=DatedLink.Purpose.OPINION,
        scope=SCOPE_CONSULTATION,
        scope_id=consultation.pk,
        expires_at=clock.end_of(due_on) + OPINION_LINK_GRACE,
        email=address,
    )
    consultation.link = link
    consultation.save(update_fields=["link"])
    data = {"department": department, "nominations": [n.pk for n in fresh], "due_on": due_on.isoformat()}
    record(actor=actor, action="consultation.ask", target=target_of(consultation.pk), data=data)
    if address:
        _mail_link(consultation, address, token, count=len(fresh))
    return Asked(consultation, token)


def _mail_link(consultation: Consultation, address: str, token: str, *, count: int) -> None:
    """Send the department its link; `path` is wiped from the outbox once it left."""
    context = {
        "department": consultation.department,
        "district": consultation.authority.name,
        "count": count,
        "due": clock.spoken_date(consultation.due_on),
        "path": reverse("nominations:opinion_link", args=[token]),
    }
    event = f"nominations.consultation:{consultation.pk}"
    post(event=event, recipient=address, template="consultation_asked", context=context)


def _address(email: str) -> str:
    text = email.strip()
    if not text:
        return ""
    try:
        validate_email(text)
    except ValidationError as error:
        raise Invalid(
            "填写正确的部门邮箱，或留空由经办人转送。", errors={"emails": ["填写正确的部门邮箱，或留空。"]}
        ) from error
    return text


def answer_by_link(*, token: str, name: str, opinions: Sequence[OpinionGiven], address: str = "") -> Consultation:
    """Take the department's answer from the holder of the link; the link is used up with it.

    Every nominee of the request needs an opinion, an objection its text. Raises Invalid, WrongState.
    """
    with transaction.atomic():
        link = use_link(token=token, purpose=DatedLink.Purpose.OPINION)
        if link.scope != SCOPE_CONSULTATION:
            raise NotVisible
        row = Consultation.objects.select_for_update(no_key=True).get(pk=link.scope_id)
        actor = Actor(role=Role.DEPARTMENT, name=f"{row.department} {name.strip()}".strip(), address=address)
        return _answered(row, actor=actor, name=name, opinions=opinions, via="link", reply=None)


def record_reply(
    *, actor: Actor, consultation_id: int, name: str, opinions: Sequence[OpinionGiven], file_id: UUID
) -> Consultation:
    """Record a department's sealed reply: what it says of each nominee, and its scan."""
    reply = visible_files(actor, StoredFile.objects.filter(pk=file_id, kind=FILE_REPLY)).first()
    if reply is None:
        raise NotVisible
    with transaction.atomic():
        row = _locked(actor, consultation_id)
        return _answered(row, actor=actor, name=name, opinions=opinions, via="paper", reply=reply)


def _locked(actor: Actor, consultation_id: int) -> Consultation:
    visible = consultations_visible_to(actor).filter(pk=consultation_id).values("pk")
    row = Consultation.objects.select_for_update(no_key=True).filter(pk__in=visible).first()
    if row is None:
        raise NotVisible
    rules.may_consult(actor, authority_id=row.authority_id).require()
    return row


def _answered(
    row: Consultation,
    *,
    actor: Actor,
    name: str,
    opinions: Sequence[OpinionGiven],
    via: str,
    reply: StoredFile | None,
) -> Consultation:
    if row.state != Consultation.State.ASKED:
        raise WrongState(f"这份函件{row.get_state_display()}，不能再答复。")
    items = {item.pk: item for item in row.items.all()}
    given = {o.item_id: o for o in opinions}
    errors: dict[str, list[str]] = {}
    if not name.strip():
        errors["name"] = ["填写答复人姓名。"]
    for pk in items:
        opinion = given.get(pk)
        if opinion is None or opinion.opinion not in {Opinion.NO_OBJECTION, Opinion.OBJECTION}:
            errors[f"items.{pk}"] = ["选择“无意见”或“有意见”。"]
        elif opinion.opinion == Opinion.OBJECTION and not opinion.text.strip():
            errors[f"items.{pk}"] = ["写明意见的内容和依据。"]
        elif told := told_of(opinion.text):
            errors[f"items.{pk}"] = [told]
    if errors:
        raise Invalid("请把每项申报的意见填写完整。", errors=errors)
    for pk, item in items.items():
        item.opinion, item.text = given[pk].opinion, given[pk].text.strip()
    ConsultationItem.objects.bulk_update(items.values(), ["opinion", "text"])
    row.state = Consultation.State.ANSWERED
    row.answered_at, row.answered_name, row.via, row.reply_file = clock.now(), name.strip()[:60], via, reply
    row.save(update_fields=["state", "answered_at", "answered_name", "via", "reply_file"])
    data = {
        "via": via,
        "file": reply.sha256 if reply else None,
        "opinions": {str(item.nomination_id): item.opinion for item in items.values()},
    }
    record(actor=actor, action="consultation.answer", target=target_of(row.pk), data=data)
    _recheck([item.nomination_id for item in items.values()], actor)
    return row


def cancel(*, actor: Actor, consultation_id: int, reason: str) -> Consultation:
    """Take a request back that was not answered; its nominees are checked anew and can be asked about again.

    The link is locked before the request, as in answering by it. Raises Invalid without a reason, WrongState.
    """
    why = clean_reason(reason)
    with transaction.atomic():
        visible = consultations_visible_to(actor).filter(pk=consultation_id)
        link = DatedLink.objects.select_for_update().filter(pk__in=visible.values("link_id")).first()
        row = _locked(actor, consultation_id)
        if row.state != Consultation.State.ASKED:
            raise WrongState(f"这份函件{row.get_state_display()}，不能取消。")
        row.state = Consultation.State.CANCELLED
        row.save(update_fields=["state"])
        if link is not None:
            link.revoked_at = link.revoked_at or clock.now()
            link.save(update_fields=["revoked_at"])
        data = {"reason": why, "link": link.pk if link else None}
        record(actor=actor, action="consultation.cancel", target=target_of(row.pk), data=data)
        _recheck(list(row.items.values_list("nomination_id", flat=True)), actor)
        return row


def _recheck(ids: Sequence[int], actor: Actor) -> None:
    payload = {"nomination_ids": sorted(ids), "cause": "opinion"}
    enqueue(JOB_RECHECK, payload=payload, actor=actor)
