"""Annual reports at their stages, of bodies that do not exist."""

from __future__ import annotations

import hashlib
from typing import Any

from evaluators.models import AnnualReport, ReportSeal
from evaluators.services import reporting
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.files.models import StoredFile
from greenportal.filings.services import save
from greenportal.rounds.models import Round

ANSWERS: dict[str, Any] = {
    "legal_representative": "赵试验",
    "registered_address": "试验市试验路1号",
    "office_address": "试验市试验路1号",
    "procedure": "试验：按参考程序开展。",
    "no_self_report": "yes",
    "no_interest": "yes",
}
#: One evaluation elsewhere that the cap counts, one that it does not.
ELSEWHERE: tuple[dict[str, str], ...] = (
    {"subject": "外省试验厂", "province": "吉林省", "category": "factory", "level": "national"},
    {"subject": "外省试验园", "province": "吉林省", "category": "park", "level": "provincial"},
)


def complete(
    report: AnnualReport, admin: Actor, *, elsewhere: Any = ELSEWHERE, ours: str = "yes", **changes: Any
) -> None:
    """Fill in every hard field; `ours` answers each row of this portal's evaluations."""
    filing = report.filing
    assert filing is not None
    filing.refresh_from_db()
    values = {**ANSWERS, **changes}
    for row in filing.answers.get("projects") or []:
        values[f"projects[{row['_id']}].ours"] = ours
    for number, row in enumerate(elsewhere):
        values |= {f"elsewhere[x{number}].{key}": text for key, text in row.items()}
    save(filing_id=filing.pk, seen_version=filing.version, changes=values, actor=admin)


def make_report(admin: Actor, round_: Round) -> AnnualReport:
    """Return a draft of the administrator's body."""
    return reporting.begin(actor=admin, round_id=round_.pk)


def make_filed_report(admin: Actor, round_: Round, **values: Any) -> AnnualReport:
    """Return a complete report that waits for the city."""
    report = make_report(admin, round_)
    complete(report, admin, **values)
    reporting.file(actor=admin, report_id=report.pk, seen_version=report.version)
    report.refresh_from_db()
    return report


def make_sealed(report: AnnualReport, admin: Actor) -> ReportSeal:
    """Return a sealed scan of the current version, put straight into the table."""
    digest = hashlib.sha256(str(report.pk).encode()).hexdigest()
    scan = StoredFile.objects.create(
        kind="evaluators.report_scan",
        name="盖章件.pdf",
        content_type="application/pdf",
        size=1,
        sha256=digest,
        served_sha256=digest,
        key=f"uploads/test/{digest}",
        owner_organisation_id=admin.organisation_id,
        created_at=clock.now(),
    )
    return ReportSeal.objects.create(
        filing=report.current,
        file=scan,
        method="declared",
        declared_reason="试验：已核对",
        uploaded_by_id=admin.user_id,
        uploaded_at=clock.now(),
    )
