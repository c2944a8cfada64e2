"""What the two machines of an evaluator's papers share: the person, the return with its remarks, the answer to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from evaluators.models import FiledReturn
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.accounts.identity import NO_NUMBERS, holds_number, refuse_numbers
from greenportal.filings.models import FieldComment, Filing
from greenportal.filings.selectors import open_comments
from greenportal.filings.services import add_comment, answer_comment
from greenportal.findings.types import Invalid, ReasonRequired, Refused
from greenportal.sheets import Level, Sheet, validate


@dataclass(frozen=True, slots=True)
class Remark:
    """A remark at one field: path as in FieldComment, label as printed, kind of FieldComment.Kind, text, clause."""

    path: str
    label: str
    kind: str
    text: str
    clause: str = ""


def person(actor: Actor) -> int:
    """Return the id of the person who acts; rows that name somebody are written by people only."""
    if actor.user_id is None:
        raise Refused("这一事项须由登录的人员办理。")
    return actor.user_id


def clean_reason(text: str, *, label: str, limit: int = 2000) -> str:
    """Return the trimmed reason; ReasonRequired when empty, Invalid when too long."""
    cleaned = " ".join(text.split())
    if not cleaned:
        raise ReasonRequired(f"填写{label}。")
    if len(cleaned) > limit:
        message = f"{label}不超过{limit}字，现在是{len(cleaned)}字。"
        raise Invalid(message, errors={"reason": [message]})
    refuse_numbers(reason=cleaned)
    return cleaned


def check_return(remarks: Sequence[Remark], due_at: datetime) -> None:
    """Refuse a return whose due day is past or whose remarks are incomplete; before any lock."""
    errors: dict[str, list[str]] = {}
    if due_at <= clock.now():
        errors["due_on"] = ["修改期限应晚于现在。"]
    for number, remark in enumerate(remarks):
        if not remark.text.strip():
            errors[f"comments.{number}.text"] = [f"填写对“{remark.label}”的意见。"]
        if holds_number(remark.text):
            errors[f"comments.{number}.text"] = [NO_NUMBERS]
        if remark.kind not in FieldComment.Kind.values:
            errors[f"comments.{number}.kind"] = [f"选择对“{remark.label}”的意见类别。"]
    if errors:
        raise Invalid("请把退回意见填写完整。", errors=errors)


def open_return(
    *,
    actor: Actor,
    scope: str,
    scope_id: int,
    reason: str,
    due_at: datetime,
    remarks: Sequence[Remark],
    value_at: Callable[[str], str],
) -> FiledReturn:
    """Write the return and its remarks with the values they speak of. Under the owner's lock."""
    row = FiledReturn.objects.create(
        scope=scope,
        scope_id=scope_id,
        reason=reason,
        due_at=due_at,
        opened_by_id=person(actor),
        opened_at=clock.now(),
    )
    for remark in remarks:
        add_comment(
            scope=scope,
            scope_id=scope_id,
            path=remark.path,
            label=remark.label,
            kind=remark.kind,
            text=remark.text.strip(),
            clause=remark.clause,
            value_seen=value_at(remark.path),
            actor=actor,
        )
    return row


def returned(scope: str, scope_id: int) -> FiledReturn | None:
    """Return the open return of an owner, locked."""
    return FiledReturn.objects.select_for_update().filter(scope=scope, scope_id=scope_id, closed_at=None).first()


def close_return(*, actor: Actor, scope: str, scope_id: int, value_at: Callable[[str], str]) -> None:
    """Mark the open return as answered; Invalid with the list when a remark is neither changed nor explained."""
    comments = list(open_comments(scope, scope_id))
    left = [row for row in comments if value_at(row.path) == row.value_seen]
    if left:
        names = "、".join(row.label for row in left)
        raise Invalid(
            f"以下意见还没有修改，也没有说明理由：{names}。请逐条修改，或写明不修改的理由。",
            errors={row.path: [f"{row.label}：{row.text}"] for row in left},
        )
    for row in comments:
        answer_comment(comment_id=row.pk, answer=FieldComment.Answer.CHANGED, text="", actor=actor)
    row_open = returned(scope, scope_id)
    if row_open is not None:
        row_open.closed_at = clock.now()
        row_open.save(update_fields=["closed_at"])


def require_complete(sheet: Sheet, filing: Filing) -> int:
    """Return how many soft gaps go along; Invalid with every hard one by path."""
    errors: dict[str, list[str]] = {}
    soft = 0
    for problem in validate(sheet, filing.answers):
        if problem.level == Level.SOFT:
            soft += 1
        else:
            errors.setdefault(problem.path, []).append(problem.message)
    if errors:
        raise Invalid(f"还有{len(errors)}处需要填写或修改，改好后再提交。", errors=errors)
    return soft
