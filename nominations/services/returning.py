"""Return for correction, as an object: comments at fields, a due date, and who must answer (UX-31)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.accounts.identity import told_of
from greenportal.filings.models import FieldComment
from greenportal.filings.services import add_comment
from greenportal.findings.types import DomainError, Invalid
from nominations import rules
from nominations.constants import SCOPE_NOMINATION
from nominations.models import Correction, Nomination, NominationVersion
from nominations.selectors.content import Content, value_at
from nominations.selectors.people import hats
from nominations.services import notifying
from nominations.services.answering import open_correction
from nominations.services.checking import evaluator_organisation, may_judge
from nominations.services.handing_in import current_content, lock_filings
from nominations.services.moving import lock_with_list, move, move_list, person
from nominations.services.ranking import close_gap
from nominations.validators import clean_reason


@dataclass(frozen=True, slots=True)
class CommentDraft:
    """A remark at one place: path as in FieldComment, label as printed, kind of FieldComment.Kind, text, clause."""

    path: str
    label: str
    kind: str
    text: str
    clause: str = ""


@dataclass(frozen=True, slots=True)
class Returned:
    """One row of a batch return: what happened to it."""

    nomination_id: int
    correction_id: int | None
    problem: str = ""


def _checked(comments: Sequence[CommentDraft], due_at: datetime) -> None:
    if due_at <= clock.now():
        raise Invalid("补正期限应晚于现在。", errors={"due_at": ["补正期限应晚于现在。"]})
    errors = {}
    for number, comment in enumerate(comments):
        if not comment.text.strip():
            errors[f"comments.{number}.text"] = [f"填写对“{comment.label}”的意见。"]
        if told := told_of(comment.text):
            errors[f"comments.{number}.text"] = [told]
        if comment.kind not in FieldComment.Kind.values:
            errors[f"comments.{number}.kind"] = [f"选择对“{comment.label}”的意见类别。"]
    if errors:
        raise Invalid("请把每条意见填写完整。", errors=errors)


def _open(
    nomination: Nomination,
    content: Content,
    *,
    actor: Actor,
    stage: Correction.Stage,
    reason: str,
    due_at: datetime,
    comments: Sequence[CommentDraft],
    version: NominationVersion | None,
) -> Correction:
    """Write the correction and its comments with the values they speak of; the former return is closed."""
    former = open_correction(nomination)
    if former is not None:
        former.closed_at = clock.now()
        former.save(update_fields=["closed_at"])
    correction = Correction.objects.create(
        nomination=nomination,
        stage=stage,
        version=version,
        reason=reason,
        due_at=due_at,
        opened_by_id=person(actor),
        opened_at=clock.now(),
    )
    for comment in comments:
        add_comment(
            scope=SCOPE_NOMINATION,
            scope_id=nomination.pk,
            correction_id=correction.pk,
            path=comment.path,
            label=comment.label,
            kind=comment.kind,
            text=comment.text.strip(),
            clause=comment.clause,
            value_seen=value_at(content, comment.path),
            actor=actor,
        )
    return correction


def return_by_district(
    *,
    actor: Actor,
    nomination_id: int,
    seen_version: int,
    reason: str,
    due_at: datetime,
    comments: Sequence[CommentDraft] = (),
) -> Correction:
    """Give a handed-in or checked nomination back to its applicant; opens its filings and tells its handlers.

    Raises Invalid (due date past, empty comment), ReasonRequired, WrongState, Stale, Refused.
    """
    _checked(comments, due_at)
    with transaction.atomic():
        nomination = lock_with_list(actor, nomination_id, seen_version=seen_version, ranking=True)
        may_judge(actor, nomination)
        content = current_content(nomination)
        nomination.rank = None
        move(nomination, "return_by_district", actor=actor, reason=reason, fields=["rank"])
        close_gap(nomination)
        correction = _open(
            nomination,
            content,
            actor=actor,
            stage=Correction.Stage.DISTRICT,
            reason=clean_reason(reason, limit=2000),
            due_at=due_at,
            comments=comments,
            version=None,
        )
        lock_filings(content, locked=False)
        notifying.returned(nomination, correction)
        return correction


def return_by_city(
    *,
    actor: Actor,
    nomination_id: int,
    seen_version: int,
    reason: str,
    due_at: datetime,
    comments: Sequence[CommentDraft] = (),
) -> Correction:
    """Give a submitted or corrected nomination back; the list is partly returned, its seal stays valid.

    The due date is the return's own and no extension of the round's. Raises like `return_by_district`.
    """
    _checked(comments, due_at)
    with transaction.atomic():
        nomination = lock_with_list(actor, nomination_id, seen_version=seen_version)
        organisation_id = evaluator_organisation(nomination)
        rules.may_review(actor, nomination, hats=hats(actor), evaluator_organisation_id=organisation_id).require()
        content = current_content(nomination)
        move(nomination, "return_by_city", actor=actor, reason=reason)
        if nomination.list is not None:
            move_list(nomination.list, "part_return", actor=actor, data={"nomination": nomination.pk})
        correction = _open(
            nomination,
            content,
            actor=actor,
            stage=Correction.Stage.CITY,
            reason=clean_reason(reason, limit=2000),
            due_at=due_at,
            comments=comments,
            version=nomination.versions.order_by("-number").first(),
        )
        lock_filings(content, locked=False)
        notifying.returned(nomination, correction)
        return correction


def return_batch(
    *, actor: Actor, nominations: Sequence[tuple[int, int]], reason: str, due_at: datetime
) -> list[Returned]:
    """Return several with one reason; each (id, version seen) in a transaction of its own, each result told.

    The verb is the actor's: a district returns to its applicants, the city to districts.
    """
    verb = return_by_city if actor.is_city else return_by_district
    results = []
    for nomination_id, seen_version in nominations:
        try:
            done = verb(
                actor=actor, nomination_id=nomination_id, seen_version=seen_version, reason=reason, due_at=due_at
            )
        except DomainError as error:
            results.append(Returned(nomination_id, None, error.message))
        else:
            results.append(Returned(nomination_id, done.pk))
    return results
