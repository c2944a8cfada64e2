"""Versions: what leaves the house is made from these and never from live rows (DESIGN §2.3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.filings.services import freeze
from greenportal.findings.models import CheckRun
from greenportal.rounds.models import RoundRevision
from nominations.eligibility.answers import spoken
from nominations.models import Decision, Nomination, NominationVersion, VersionDocument
from nominations.selectors.content import Content, Gaps
from nominations.selectors.reports import report_states
from nominations.validators import canonical, digest


def _heading(nomination: Nomination) -> dict[str, Any]:
    """What is typed on the nomination itself and on its subject, as text: joins may change later, this may not."""
    subject, applicant = nomination.subject, nomination.applicant
    evaluator = nomination.evaluator.organisation if nomination.evaluator else None
    return {
        "id": nomination.pk,
        "category": nomination.category,
        "category_label": nomination.get_category_display(),
        "round_id": nomination.round_id,
        "subject": {"id": subject.pk, "kind": subject.kind, "name": subject.name, "address": subject.address},
        "applicant": {
            "id": applicant.pk,
            "uscc": applicant.uscc,
            "name": applicant.name,
            "legal_representative": applicant.legal_representative,
            "is_central": applicant.is_central,
        },
        "authority": {"id": nomination.authority_id, "name": nomination.authority.name},
        "industry": {"code": nomination.industry.code, "name": nomination.industry.name}
        if nomination.industry
        else None,
        "evaluator": {"uscc": evaluator.uscc, "name": evaluator.name} if evaluator else None,
        "standard": nomination.standard,
        "key_energy_user": nomination.key_energy_user,
        "key_energy_reason": nomination.key_energy_reason,
        "declared_independent": nomination.declared_independent,
        "independence": nomination.independence,
        "independence_reason": nomination.independence_reason,
        "rank": nomination.rank,
        "confirmed": {
            "name": nomination.confirmed_by_name,
            "at": nomination.confirmed_at.isoformat() if nomination.confirmed_at else None,
            "via": nomination.confirmed_via,
            "sha256": nomination.confirmed_sha256,
        },
    }


def _documents(content: Content) -> list[dict[str, Any]]:
    return [
        {
            "id": d.pk,
            "slot": d.slot,
            "title": d.title,
            "issued_on": d.issued_on.isoformat() if d.issued_on else None,
            "trust": d.trust,
            "signed": d.signed,
            "sealed": d.sealed,
            "file_id": str(d.file_id),
            "name": d.file.name,
            "content_type": d.file.content_type,
            "size": d.file.size,
            "pages": d.file.pages,
            "sha256": d.file.sha256,
        }
        for d in content.documents
    ]


def _sheets(content: Content, cause: str, actor: Actor) -> list[dict[str, Any]]:
    """Freeze each filing and describe it."""
    sheets = []
    for part in content.sheets:
        filed = freeze(filing_id=part.filing_id, cause=cause, actor=actor)
        sheets.append(
            {
                "key": part.key,
                "filing_version_id": filed.pk,
                "number": filed.number,
                "definition_sha256": filed.definition_sha256,
                "answers": filed.answers,
                "sha256": filed.sha256,
            }
        )
    return sheets


def _report(nomination: Nomination) -> dict[str, Any] | None:
    """What the evaluator stated about its report; None while it stated nothing. One query."""
    state = report_states([nomination.pk])[nomination.pk]
    if state.stated is None:
        return None
    return {
        "finished": state.finished,
        "author": state.author,
        "report_on": state.report_on.isoformat() if state.report_on else None,
        "by": state.stated.stated_by.name,
        "at": state.stated.stated_at.isoformat(),
    }


def _lasting(payload: Mapping[str, Any]) -> str:
    """Return the digest of a payload without the moment of its check: which run it was, and the day its words name."""
    check = payload["check"]
    if check is None:
        return digest(payload)
    day = clock.local(datetime.fromisoformat(check["as_of"])).date()
    said = canonical(check["findings"]).decode().replace(spoken(day), "").replace(day.isoformat(), "")
    return digest({**payload, "check": said})


def freeze_nomination(
    nomination: Nomination,
    *,
    content: Content,
    gaps: Gaps,
    revision: RoundRevision,
    check_run: CheckRun | None,
    cause: str,
    actor: Actor,
) -> NominationVersion:
    """Write the next immutable version of a locked nomination: answers, document hashes, revision, findings, gaps.

    定稿 again of what did not change since the last 定稿 gives that version again, so that its printed code and the
    pages made from it stay good; the run that was made now is named by the list's version. Call with the relations subject, applicant, authority, industry and evaluator__organisation
    loaded. `cause` is finalise or correct.
    """
    payload = {
        "nomination": _heading(nomination),
        "sheets": _sheets(content, cause, actor),
        "documents": _documents(content),
        "third_party_report": _report(nomination),
        "revision": {"id": revision.pk, "number": revision.number, "sha256": revision.sha256},
        "check": {"id": check_run.pk, "as_of": check_run.as_of.isoformat(), "findings": check_run.findings}
        if check_run
        else None,
        "gaps": [gap.as_json() for gap in gaps.items],
        "decisions": [
            {
                "rule": d.rule,
                "keep": d.keep,
                "reason": d.reason,
                "by": d.decided_by.name,
                "at": d.decided_at.isoformat(),
            }
            for d in Decision.objects.filter(nomination=nomination).select_related("decided_by").order_by("pk")
        ],
    }
    last = NominationVersion.objects.filter(nomination=nomination).order_by("-number").first()
    if last is not None and cause == last.cause == "finalise" and _lasting(last.payload) == _lasting(payload):
        return last
    version = NominationVersion.objects.create(
        nomination=nomination,
        number=last.number + 1 if last else 1,
        cause=cause,
        payload=payload,
        sha256=digest(payload),
        revision=revision,
        check_run=check_run,
        created_by_id=actor.user_id,
        created_at=clock.now(),
    )
    VersionDocument.objects.bulk_create(VersionDocument(version=version, document=d) for d in content.documents)
    return version
