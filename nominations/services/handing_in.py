"""From the applicant to the district: the legal representative's word, hand in, take back."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.models import DatedLink
from greenportal.accounts.services import issue_link, use_link
from greenportal.audit.services import record
from greenportal.filings.services import freeze, set_locked
from greenportal.findings.types import Invalid, NotVisible, Refused
from greenportal.rounds.selectors import rulebook_at
from nominations import rules
from nominations.constants import CLOCK_APPLICANT, CLOCK_SUBMIT, CONFIRMATION_LINK_LIFE, SCOPE_NOMINATION
from nominations.models import ConfirmedVia, Correction, Nomination
from nominations.selectors.content import Content, Gaps, contents, gaps
from nominations.selectors.reports import report_states
from nominations.services import answering
from nominations.services.drafting import recheck_soon
from nominations.services.moving import lock_nomination, move, target_of, touch, window_open
from nominations.states import NominationState
from nominations.validators import clean_reason

_CHANGED = "内容在确认之后有改动，请法定代表人重新核对并确认后再提交。"
_UNCONFIRMED = "请先由法定代表人核对并确认申报内容，再提交。"


@dataclass(frozen=True, slots=True)
class HandedIn:
    """What handing in did: the nomination, and the soft gaps that go along with it."""

    nomination: Nomination
    gaps: Gaps


def current_content(nomination: Nomination) -> Content:
    """Return the locked nomination's content as stored now."""
    return contents([nomination.pk])[nomination.pk]


def ask_confirmation(*, actor: Actor, nomination_id: int, email: str = "") -> tuple[DatedLink, str]:
    """Issue the link by which the legal representative confirms without an account.

    The link bears the digest of the content as it is now: after any change it confirms nothing.
    Returns the link and its token, shown once.
    """
    with transaction.atomic():
        nomination = lock_nomination(actor, nomination_id)
        (rules.owns(actor, nomination) & rules.editable(nomination)).require()
        link, token = issue_link(
            actor=actor,
            purpose=DatedLink.Purpose.CONFIRMATION,
            scope=SCOPE_NOMINATION,
            scope_id=nomination.pk,
            expires_at=clock.now() + CONFIRMATION_LINK_LIFE,
            email=email,
            payload={"sha256": current_content(nomination).digest},
        )
        record(
            actor=actor, action="nomination.ask_confirmation", target=target_of(nomination.pk), data={"link": link.pk}
        )
        return link, token


def confirm(*, actor: Actor, nomination_id: int, seen_sha256: str, name: str, basis: str = "") -> Nomination:
    """Record the legal representative's confirmation of exactly the content whose digest was shown.

    A signed-in applicant confirms on the page; a district officer records a paper signature and says
    where it is (`basis`). Raises Invalid when the content is no longer what was shown.
    """
    with transaction.atomic():
        nomination = lock_nomination(actor, nomination_id)
        (rules.owns(actor, nomination) & rules.editable(nomination)).require()
        via = ConfirmedVia.SIGNED_IN if actor.is_applicant else ConfirmedVia.PAPER
        note = "" if actor.is_applicant else clean_reason(basis, label="纸质签字件的存放说明")
        return _confirmed(nomination, actor=actor, seen_sha256=seen_sha256, name=name, via=via, note=note)


def confirm_by_link(*, token: str, seen_sha256: str, name: str) -> Nomination:
    """Record the confirmation of the person who holds the dated link; the link is used up with it."""
    with transaction.atomic():
        link = use_link(token=token, purpose=DatedLink.Purpose.CONFIRMATION)
        if link.scope != SCOPE_NOMINATION:
            raise NotVisible
        nomination = Nomination.objects.select_for_update(no_key=True).filter(pk=link.scope_id).first()
        if nomination is None:
            raise NotVisible
        rules.editable(nomination).require()
        if link.payload.get("sha256") != seen_sha256:
            raise Invalid(_CHANGED)
        actor = Actor(role=Role.APPLICANT, name=name.strip(), organisation_id=nomination.applicant_id)
        via = ConfirmedVia.LINK
        return _confirmed(nomination, actor=actor, seen_sha256=seen_sha256, name=name, via=via, note=f"link:{link.pk}")


def _confirmed(
    nomination: Nomination, *, actor: Actor, seen_sha256: str, name: str, via: ConfirmedVia, note: str
) -> Nomination:
    person = " ".join(name.split())
    if not person:
        raise Invalid("填写法定代表人姓名。", errors={"name": ["填写法定代表人姓名。"]})
    if current_content(nomination).digest != seen_sha256:
        raise Invalid(_CHANGED)
    nomination.confirmed_by_name = person[:60]
    nomination.confirmed_at = clock.now()
    nomination.confirmed_sha256 = seen_sha256
    nomination.confirmed_via = via
    touch(
        nomination,
        actor=actor,
        action="confirm",
        fields=["confirmed_by_name", "confirmed_at", "confirmed_sha256", "confirmed_via"],
        data={"sha256": seen_sha256, "via": str(via), "note": note},
    )
    return nomination


def require_complete(nomination: Nomination, content: Content) -> Gaps:
    """Return the soft gaps; raises Invalid listing every hard one, Refused when the confirmation does not hold."""
    rulebook, _ = rulebook_at(nomination.round_id)
    missing = gaps(nomination, content, rulebook)
    if missing.hard:
        errors: dict[str, list[str]] = {}
        for gap in missing.hard:
            errors.setdefault(gap.path, []).append(gap.message)
        raise Invalid(f"还有{len(missing.hard)}项必须填写或上传，补齐后再提交。", errors=errors)
    if not nomination.confirmed_sha256:
        raise Refused(_UNCONFIRMED)
    if nomination.confirmed_sha256 != content.digest:
        raise Refused(_CHANGED)
    return missing


def lock_filings(content: Content, *, locked: bool) -> None:
    """Lock or open the filings: what autosave asks under its own row lock.

    A third-party report that its evaluator stated finished stays locked until the evaluator itself opens it.
    """
    kept = not locked and report_states([content.nomination_id])[content.nomination_id].finished
    ids = [part.filing_id for part in content.sheets if not (kept and part.is_third_party)]
    set_locked(filing_ids=ids, locked=locked)


def hand_in(*, actor: Actor, nomination_id: int, seen_version: int) -> HandedIn:
    """Hand the nomination to the district: hard fields complete, content confirmed, comments answered.

    Locks the filings, keeps a version of each, closes the district's correction, asks for a check. Soft gaps are listed, not
    refused. The district hands in until its own deadline; an applicant until his, or a return's. Raises Invalid, Refused, WrongState, WindowClosed, Stale.
    """
    with transaction.atomic():
        nomination = lock_nomination(actor, nomination_id, seen_version=seen_version)
        rules.owns(actor, nomination).require()
        if nomination.state == NominationState.RETURNED_BY_CITY:
            raise Refused("这是市局退回的申报，请在补正页面提交补正。")
        content = current_content(nomination)
        lock_filings(content, locked=True)
        content = current_content(nomination)
        missing = require_complete(nomination, content)
        in_window = _in_window(nomination, actor)
        answering.close_answered(nomination, content, actor=actor, stage=Correction.Stage.DISTRICT)
        for part in content.sheets:
            # Kept so that the next handing in can be compared with this one, field by field.
            freeze(filing_id=part.filing_id, cause="hand_in", actor=actor)
        nomination.handed_in_at = clock.now()
        move(
            nomination,
            "hand_in",
            actor=actor,
            fields=["handed_in_at"],
            data={"sha256": content.digest, "soft_gaps": len(missing.soft)},
            in_window=in_window,
        )
        recheck_soon(nomination, cause="hand_in", actor=actor)
        return HandedIn(nomination, missing)


def _in_window(nomination: Nomination, actor: Actor) -> bool | None:
    """Answer for an applicant whose nomination was returned; None: the table's clock decides.

    He has the applicants' own time, and beyond it the return's, as long as the district may still submit.
    """
    if nomination.state != NominationState.RETURNED_BY_DISTRICT or not actor.is_applicant:
        return None
    place = {"round_id": nomination.round_id, "authority_id": nomination.authority_id}
    if window_open(key=CLOCK_APPLICANT, **place):
        return True
    correction = answering.open_correction(nomination, stage=Correction.Stage.DISTRICT)
    return correction is not None and clock.now() < correction.due_at and window_open(key=CLOCK_SUBMIT, **place)


def take_back(*, actor: Actor, nomination_id: int, seen_version: int) -> Nomination:
    """Take a handed-in nomination back to change it, before the district checked it; opens the filings again."""
    with transaction.atomic():
        nomination = lock_nomination(actor, nomination_id, seen_version=seen_version)
        rules.owns(actor, nomination).require()
        move(nomination, "take_back", actor=actor)
        lock_filings(current_content(nomination), locked=False)
        return nomination
