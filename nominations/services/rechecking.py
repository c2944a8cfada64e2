"""Running the eligibility rules and keeping what they said (DESIGN §2.4): drafts too, without touching a version."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import structlog
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DatabaseError, transaction
from django.db.models import Q

from greenportal import clock
from greenportal.findings.models import CheckRun
from greenportal.findings.types import Finding, Invalid
from greenportal.jobs.services import enqueue
from greenportal.rounds.selectors import rulebook_at
from nominations.constants import JOB_RECHECK, SCOPE_NOMINATION
from nominations.eligibility.engine import evaluate
from nominations.models import Nomination
from nominations.selectors.facts import facts_digest, load_rows
from nominations.states import OPEN

log = structlog.get_logger(__name__)
#: Causes that always leave a run of their own; the others only when something is different.
_KEPT = frozenset({"hand_in", "finalise", "correct", "submit"})
_CHUNK = 500


def check_now(rows: Sequence[Nomination], *, cause: str) -> dict[int, CheckRun]:
    """Evaluate the nominations as of now and return the run that is current for each.

    A run is written when facts, rulebook or findings differ from the last one, or when `cause` is one
    that must leave its own. `Nomination.last_check` follows without a change of version, so that a
    form that somebody has open does not go stale. Constant query count per round.
    """
    current: dict[int, CheckRun] = {}
    for round_id in sorted({n.round_id for n in rows}):
        mine = [n for n in rows if n.round_id == round_id]
        rulebook, _ = rulebook_at(round_id)
        now = clock.now()
        facts = load_rows(mine, as_of=now, book=rulebook)
        last = CheckRun.objects.in_bulk([n.last_check_id for n in mine if n.last_check_id])
        fresh: list[CheckRun] = []
        for nomination, fact in zip(mine, facts, strict=True):
            run = _run(nomination, evaluate(fact, rulebook), facts_digest(fact), rulebook.sha256, cause)
            former = last.get(nomination.last_check_id or 0)
            if former is not None and cause not in _KEPT and _same(former, run):
                current[nomination.pk] = former
            else:
                fresh.append(run)
        for run in CheckRun.objects.bulk_create(fresh):
            current[run.scope_id] = run
        changed = [n for n in mine if n.last_check_id != current[n.pk].pk]
        for nomination in changed:
            nomination.last_check = current[nomination.pk]
        Nomination.objects.bulk_update(changed, ["last_check"])
    return current


def refuse_blockers(run: CheckRun, sentence: str) -> None:
    """Raise Invalid with `sentence` and one message per finding of `run` that blocks, by rule."""
    errors: dict[str, list[str]] = {}
    for found in map(Finding.from_json, run.findings):
        if found.blocks:
            errors.setdefault(found.rule, []).append(f"{found.clause} {found.because}")
    if errors:
        raise Invalid(sentence, errors=errors)


def _run(nomination: Nomination, found: Sequence[Finding], facts_sha: str, book_sha: str, cause: str) -> CheckRun:
    now = clock.now()
    return CheckRun(
        scope=SCOPE_NOMINATION,
        scope_id=nomination.pk,
        as_of=now,
        facts_sha256=facts_sha,
        rulebook_sha256=book_sha,
        cause=cause,
        findings=[_jsonable(f.as_json()) for f in found],
        blockers=sum(f.blocks for f in found),
        decisions=sum(f.needs_decision for f in found),
        manual=sum(f.outcome == "manual" for f in found),
        created_at=now,
    )


def _jsonable(row: dict[str, Any]) -> Any:
    """The finding as the database gives it back: decimals and dates as text."""
    return json.loads(json.dumps(row, cls=DjangoJSONEncoder, ensure_ascii=False))


def _same(a: CheckRun, b: CheckRun) -> bool:
    hashes = (a.facts_sha256, a.rulebook_sha256) == (b.facts_sha256, b.rulebook_sha256)
    return hashes and bool(a.findings == b.findings)


def recheck(*, nomination_ids: Iterable[int], cause: str = "recheck") -> int:
    """Check the given open nominations, in chunks of 500, each in its own transaction; returns how many were checked.

    One that cannot be checked stops no other: it is asked for again as a job of its own, which fails by itself where
    failed jobs are seen. Asked for alone, it raises.
    """
    ids = sorted(set(nomination_ids))
    return sum(_recheck(ids[start : start + _CHUNK], cause) for start in range(0, len(ids), _CHUNK))


def _recheck(ids: Sequence[int], cause: str) -> int:
    try:
        with transaction.atomic():
            rows = Nomination.objects.filter(pk__in=ids, state__in=OPEN).order_by("pk")
            locked = list(rows.select_for_update(no_key=True, of=("self",)))
            check_now(locked, cause=cause)
            return len(locked)
    except DatabaseError:
        raise
    except Exception:
        if len(ids) == 1:
            raise
        # Any fault of a rule or of reading one nomination's answers: which one is found by asking each.
        log.exception("recheck_one_by_one", nominations=len(ids), cause=cause)
    return sum(_alone(pk, cause) for pk in ids)


def _alone(nomination_id: int, cause: str) -> int:
    """Check one of many; what fails becomes a job of its own."""
    try:
        return _recheck([nomination_id], cause)
    except DatabaseError:
        raise
    except Exception:
        log.exception("recheck_failed", nomination=nomination_id, cause=cause)
        enqueue(
            JOB_RECHECK,
            payload={"nomination_ids": [nomination_id], "cause": cause},
            dedupe_key=f"nomination:{nomination_id}",
            scope=SCOPE_NOMINATION,
            scope_id=nomination_id,
        )
        return 0


def affected_ids(
    *,
    nomination_ids: Iterable[int] = (),
    engagement_ids: Iterable[int] = (),
    organisation_ids: Iterable[int] = (),
    round_ids: Iterable[int] = (),
) -> list[int]:
    """Return the open nominations that news from below is about: by engagement, applicant, evaluator or round. One query."""
    organisations = list(organisation_ids)
    about = Q(pk__in=list(nomination_ids)) | Q(engagement_id__in=list(engagement_ids))
    about |= Q(round_id__in=list(round_ids))
    about |= Q(applicant_id__in=organisations) | Q(evaluator__organisation_id__in=organisations)
    return list(Nomination.objects.filter(about, state__in=OPEN).order_by("pk").values_list("pk", flat=True))


def open_ids(*, round_id: int, authority_id: int | None = None) -> list[int]:
    """Return the ids of the round's (or one district's) open nominations. One query."""
    rows = Nomination.objects.filter(round_id=round_id, state__in=OPEN)
    if authority_id is not None:
        rows = rows.filter(authority_id=authority_id)
    return list(rows.order_by("pk").values_list("pk", flat=True))
