"""Remarks at a field, each answered by a change or by a stated reason (UX-31)."""

from __future__ import annotations

import json
from typing import Any

from django.db import transaction

from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.accounts.identity import refuse_numbers
from greenportal.audit.services import record
from greenportal.filings import registry
from greenportal.filings.models import FieldComment, Filing
from greenportal.findings.types import Invalid, NotVisible, ReasonRequired, WrongState
from greenportal.sheets.paths import parse

_DOCUMENT = "document:"
NOT_CHANGED = "这一项的内容与退回时相同。修改后再确认，或写明不修改的理由。"


def add_comment(
    *,
    scope: str,
    scope_id: int,
    path: str,
    label: str,
    kind: str,
    text: str,
    actor: Actor,
    correction_id: int | None = None,
    clause: str = "",
    value_seen: str | None = None,
) -> FieldComment:
    """Leave a remark at `path` (`sheet.field`, `sheet.table[row].column`, `document:slot`).

    value_seen: what stood there (canonical); read from the filing when not given. The caller has checked that
    the actor may return the owner: a city reviewer may, though it reads versions and never the living answers.
    Raises Invalid for an empty text or an unknown kind, NotVisible for nobody in person and an unknown scope.
    """
    if kind not in FieldComment.Kind.values:
        raise Invalid("选择意见类别。", errors={"kind": ["选择意见类别。"]})
    if not text.strip():
        raise Invalid("填写意见内容。", errors={"text": ["填写意见内容。"]})
    refuse_numbers(text=text)
    registry.scope(scope)
    if actor.user_id is None:
        raise NotVisible
    with transaction.atomic():
        comment = FieldComment.objects.create(
            scope=scope,
            scope_id=scope_id,
            correction_id=correction_id,
            path=path,
            label=label[:160],
            kind=kind,
            text=text.strip(),
            clause=clause,
            value_seen=current_text(scope, scope_id, path) if value_seen is None else value_seen,
            created_by_id=actor.user_id,
            created_at=clock.now(),
        )
        data = {"comment": comment.pk, "path": path}
        record(actor=actor, action="filings.comment", target=f"{scope}:{scope_id}", data=data)
    return comment


def answer_comment(*, comment_id: int, answer: str, text: str = "", actor: Actor) -> FieldComment:
    """Answer a remark: `changed` (the content differs from what was seen) or `explained` with a reason.

    Raises WrongState when it is answered already, Invalid when nothing changed, ReasonRequired, NotVisible;
    Refused when the owner is not the actor's to edit.
    """
    with transaction.atomic():
        comment = FieldComment.objects.select_for_update().filter(pk=comment_id).first()
        if comment is None:
            raise NotVisible
        owner = registry.scope(comment.scope)
        if not owner.view(actor, comment.scope_id):
            raise NotVisible
        owner.edit(actor, comment.scope_id, comment.path.partition(".")[0]).require()
        if comment.answer != FieldComment.Answer.OPEN:
            raise WrongState("这条意见已经答复。")
        _check_answer(comment, answer, text)
        refuse_numbers(text=text)
        comment.answer = FieldComment.Answer(answer)
        comment.answer_text = text.strip()
        comment.answered_by_id = actor.user_id
        comment.answered_at = clock.now()
        comment.save(update_fields=["answer", "answer_text", "answered_by", "answered_at"])
        data = {"comment": comment.pk, "answer": answer}
        record(actor=actor, action="filings.answer_comment", target=f"{comment.scope}:{comment.scope_id}", data=data)
    return comment


def _check_answer(comment: FieldComment, answer: str, text: str) -> None:
    if answer == FieldComment.Answer.EXPLAINED:
        if not text.strip():
            raise ReasonRequired("写明不修改的理由。")
        return
    if answer != FieldComment.Answer.CHANGED:
        raise Invalid("选择“已修改”或“说明理由”。", errors={"answer": ["选择“已修改”或“说明理由”。"]})
    # Documents are compared by their owner, which knows the files.
    if comment.path.startswith(_DOCUMENT):
        return
    if current_text(comment.scope, comment.scope_id, comment.path) == comment.value_seen:
        raise Invalid(NOT_CHANGED, errors={"answer": [NOT_CHANGED]})


def current_text(scope: str, scope_id: int, path: str) -> str:
    """Return what stands at a path now: a text as it is, lists and rows as canonical JSON, "" for nothing."""
    sheet_key, _, inner = path.partition(".")
    filing = Filing.objects.filter(scope=scope, scope_id=scope_id, sheet_key=sheet_key).first()
    place = parse(inner)
    if filing is None or place is None:
        return ""
    value: Any
    if place.field:
        value = filing.answers.get(place.field, "")
    else:
        row = next((row for row in filing.answers.get(place.table) or [] if row["_id"] == place.row), None)
        value = row.get(place.column, "") if row and place.column else row
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
