"""Whether the comments of a return were answered: by a change that can be seen, or by a stated reason."""

from __future__ import annotations

from django.db.models import QuerySet

from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.filings.models import FieldComment
from greenportal.filings.services import answer_comment
from greenportal.findings.types import Invalid
from nominations.constants import SCOPE_NOMINATION
from nominations.models import Correction, Nomination, NominationVersion
from nominations.selectors.content import Content, value_at


def open_correction(nomination: Nomination, *, stage: str | None = None) -> Correction | None:
    """Return the nomination's open return, locked."""
    rows = nomination.corrections.select_for_update(no_key=True).filter(closed_at=None)
    return (rows.filter(stage=stage) if stage else rows).first()


def _comments(correction: Correction) -> QuerySet[FieldComment]:
    """Return the comments of a return. Asked within its nomination: the number alone may be another owner's return."""
    return FieldComment.objects.filter(
        scope=SCOPE_NOMINATION, scope_id=correction.nomination_id, correction_id=correction.pk
    )


def unanswered(correction: Correction, content: Content) -> list[FieldComment]:
    """Return the comments that neither a change nor a reason answers, in order. One query."""
    comments = _comments(correction).order_by("pk")
    return [
        c for c in comments if c.answer != FieldComment.Answer.EXPLAINED and value_at(content, c.path) == c.value_seen
    ]


def close_answered(
    nomination: Nomination,
    content: Content,
    *,
    actor: Actor,
    stage: str,
    answered_version: NominationVersion | None = None,
) -> Correction | None:
    """Mark the open return of `stage` as answered; Invalid with the list when a comment is neither changed nor explained.

    A return of the district is closed by it; one of the city stays open until the city accepts or
    returns again. None when there is no open return.
    """
    correction = open_correction(nomination, stage=stage)
    if correction is None:
        return None
    left = unanswered(correction, content)
    if left:
        names = "、".join(c.label for c in left)
        raise Invalid(
            f"以下意见还没有修改，也没有说明理由：{names}。请逐条修改，或写明不修改的理由。",
            errors={c.path: [f"{c.label}：{c.text}"] for c in left},
        )
    for comment in _comments(correction).filter(answer=FieldComment.Answer.OPEN):
        answer_comment(comment_id=comment.pk, answer=FieldComment.Answer.CHANGED, text="", actor=actor)
    correction.answered_at = clock.now()
    correction.answered_version = answered_version
    if stage == Correction.Stage.DISTRICT:
        correction.closed_at = correction.answered_at
    correction.save(update_fields=["answered_at", "answered_version", "closed_at"])
    return correction
