"""A round's life: prepared from a rulebook, revised, opened, closed."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit import services as audit
from greenportal.findings.types import Confidence, Invalid, NotVisible, ReasonRequired, Stale, WrongState
from greenportal.jobs.services import enqueue
from greenportal.rounds import bookchanges, rulebook, rules, selectors
from greenportal.rounds.models import Deadline, Round, RoundRevision
from greenportal.rounds.rulebook import EvaluationTable, ProductStandard, Rulebook, RulebookError

#: News for nominations: enqueued by name, never imported (DESIGN §3).
RECHECK = "nominations.recheck"

Changes = Mapping[str, bookchanges.Value]


@transaction.atomic
def prepare_round(*, actor: Actor, rulebook_key: str, name: str = "") -> Round:
    """Make a round in preparation from a shipped rulebook; its dates and numbers may still be changed.

    Raises Refused (city lead only) and Invalid (unknown or malformed rulebook).
    """
    rules.may_lead(actor).require()
    try:
        book = rulebook.load(rulebook_key)
    except RulebookError as error:
        raise Invalid(f"规则书不能使用：{error}") from error
    row = Round.objects.create(
        year=book.year, name=(name.strip() or book.title)[:80], rulebook_key=rulebook_key, created_at=clock.now()
    )
    _keep_revision(row, book, actor=actor, number=1, reason="按规则书准备")
    _write_deadlines(row, book)
    audit.record(
        actor=actor,
        action="rounds.prepare",
        target=_target(row),
        data={"rulebook": rulebook_key, "sha256": book.sha256},
    )
    return row


@transaction.atomic
def revise(
    *,
    actor: Actor,
    round_id: int,
    seen_version: int,
    changes: Changes,
    reason: str,
    document_id: str | None = None,
    document_title: str = "",
    standards: tuple[ProductStandard, ...] | None = None,
    standards_complete: bool | None = None,
    evaluation_tables: Mapping[str, EvaluationTable] | None = None,
) -> RoundRevision:
    """Add a revision of the round's rulebook. Before opening freely, afterwards with a document and a reason.

    changes: path (see `bookchanges.editables`) → new value; instants are aware. Districts' own
    cut-offs that would now be later than the city's are moved to it. In force, the round's nominations
    are checked again by the new rules. Raises Refused, Stale, ReasonRequired, Invalid; Invalid too when
    nothing changes.
    """
    row = _locked(actor, round_id, seen_version)
    rules.may_revise(actor, row.state).require()
    in_force = row.state == Round.State.OPEN
    if in_force and not reason.strip():
        raise ReasonRequired("批次进行中修改规则需要写明理由。")
    if in_force and not document_id:
        raise Invalid("批次进行中修改规则需要上传补充通知。", errors={"document": ["上传补充通知（PDF）"]})
    old, last = selectors.rulebook_at(row.pk)
    source = f"补充通知：{document_title.strip() or reason.strip()}" if document_id else "市局启动前修改"
    new = bookchanges.apply(
        old,
        changes,
        source=source,
        confidence=Confidence.OFFICIAL if document_id else None,
        standards=standards,
        standards_complete=standards_complete,
        evaluation_tables=evaluation_tables,
    )
    differences = bookchanges.difference(old, new)
    if not differences:
        raise Invalid("没有修改任何内容。修改日期或数值后再保存。")
    revision = _keep_revision(
        row, new, actor=actor, number=last.number + 1, reason=reason.strip(), document_id=document_id
    )
    _write_deadlines(row, new)
    _touch(row)
    told = {change.label: [change.before, change.after] for change in differences}
    data = {"revision": revision.number, "reason": reason.strip(), "document": document_id, "changes": told}
    audit.record(actor=actor, action="rounds.revise", target=_target(row), data=data)
    if in_force:
        payload = {"round_ids": [row.pk], "cause": "rulebook"}
        enqueue(RECHECK, payload=payload, dedupe_key=f"round:{row.pk}", actor=actor)
    return revision


@transaction.atomic
def open_round(*, actor: Actor, round_id: int, seen_version: int) -> Round:
    """Open a prepared round: from now on districts work in it. One open round per year.

    Raises Refused, Stale, WrongState.
    """
    row = _locked(actor, round_id, seen_version)
    rules.may_lead(actor).require()
    if not rules.may_open(actor, row.state):
        raise WrongState(rules.may_open(actor, row.state).reason)
    if Round.objects.filter(year=row.year, state=Round.State.OPEN).exists():
        raise WrongState(f"{row.year}年度已有进行中的批次，请先结束该批次。")
    row.state, row.opened_at, row.opened_by_id = Round.State.OPEN, clock.now(), actor.user_id
    _touch(row, "state", "opened_at", "opened_by")
    revision = selectors.rulebook_at(row.pk)[1]
    data = {"revision": revision.number, "sha256": revision.sha256}
    audit.record(actor=actor, action="rounds.open", target=_target(row), data=data)
    return row


@transaction.atomic
def close_round(*, actor: Actor, round_id: int, seen_version: int, reason: str) -> Round:
    """End a round: its clocks stop, its rulebook is never revised again. Raises Refused, Stale, WrongState."""
    row = _locked(actor, round_id, seen_version)
    rules.may_lead(actor).require()
    if not rules.may_close(actor, row.state):
        raise WrongState(rules.may_close(actor, row.state).reason)
    if not reason.strip():
        raise ReasonRequired("结束批次需要写明理由。")
    row.state = Round.State.CLOSED
    _touch(row, "state")
    audit.record(actor=actor, action="rounds.close", target=_target(row), data={"reason": reason.strip()})
    return row


def lock_round(actor: Actor, round_id: int) -> Round:
    """Return the round's row locked for this transaction; raises NotVisible."""
    row = selectors.visible_to(actor).select_for_update().filter(pk=round_id).first()
    if row is None:
        raise NotVisible
    return row


def _locked(actor: Actor, round_id: int, seen_version: int) -> Round:
    row = lock_round(actor, round_id)
    if row.version != seen_version:
        raise Stale("批次刚刚被修改过，请刷新页面，核对后再操作。", current=row.version)
    return row


def _touch(row: Round, *fields: str) -> None:
    row.version += 1
    row.save(update_fields=["version", *fields])


def _keep_revision(
    row: Round, book: Rulebook, *, actor: Actor, number: int, reason: str, document_id: str | None = None
) -> RoundRevision:
    return RoundRevision.objects.create(
        round=row,
        number=number,
        rulebook=book.as_json(),
        sha256=book.sha256,
        document_id=document_id,
        reason=reason[:300],
        created_by_id=actor.user_id,
        created_at=clock.now(),
    )


def _write_deadlines(row: Round, book: Rulebook) -> None:
    """Bring the round's clocks in line with its rulebook, and districts' own not beyond them."""
    kept = {deadline.key: deadline for deadline in Deadline.objects.filter(round=row, authority=None)}
    for key, spec in book.deadlines.items():
        values = {"label": spec.label, "opens_at": spec.opens_at, "closes_at": spec.closes_at, "clause": spec.clause}
        if key in kept:
            Deadline.objects.filter(pk=kept[key].pk).update(**values)
        else:
            Deadline.objects.create(round=row, key=key, **values)
        own = Deadline.objects.filter(round=row, key=key, authority__isnull=False)
        own.filter(closes_at__gt=spec.closes_at).update(closes_at=spec.closes_at)
        own.update(opens_at=spec.opens_at)


def _target(row: Round) -> str:
    return f"rounds.round:{row.pk}"
