"""What evaluators tell the foundation at start: owners of filings and who sees which kind of file."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.urls import reverse

from evaluators.constants import (
    FILE_EVIDENCE,
    FILE_REPORT_SCAN,
    FILE_ROSTER,
    SCOPE_REGISTRATION,
    SCOPE_REPORT,
)
from evaluators.models import AnnualReport, RegistrationCase, ReportSeal
from evaluators.rules import may_keep_own
from evaluators.selectors.registering import cases_visible_to, evidence_visible_to
from evaluators.selectors.reporting import reports_visible_to
from evaluators.states import RegistrationState, ReportState
from greenportal.accounts.actors import Actor
from greenportal.files import registry as files
from greenportal.files.models import StoredFile
from greenportal.filings import registry as filings
from greenportal.findings.types import ALLOWED, Verdict, denied

_ABSENT = "没有找到这份材料。"
#: The party of `Field.who` that only the portal itself writes.
PORTAL = "portal"


def _case(actor: Actor, case_id: int) -> RegistrationCase | None:
    return cases_visible_to(actor).filter(pk=case_id).first()


def _report(actor: Actor, report_id: int) -> AnnualReport | None:
    return reports_visible_to(actor).filter(pk=report_id).first()


def may_view_case(actor: Actor, case_id: int) -> Verdict:
    """Living answers are the evaluator's own; the city reads what was filed."""
    if not actor.is_city and _case(actor, case_id) is not None:
        return ALLOWED
    return denied(_ABSENT)


def may_edit_case(actor: Actor, case_id: int, _sheet: str) -> Verdict:
    """The evaluator's administrator, while the registration is a draft or was returned."""
    case = _case(actor, case_id)
    if case is None:
        return denied(_ABSENT)
    if case.state not in {RegistrationState.DRAFT, RegistrationState.RETURNED}:
        return denied(f"登记当前为“{RegistrationState(case.state).label}”，不能修改。需要修改的，先取回或变更登记。")
    return may_keep_own(actor, organisation_id=case.evaluator.organisation_id)


def may_view_report(actor: Actor, report_id: int) -> Verdict:
    """Living answers are the evaluator's own; the city reads what was filed; the portal fills its columns."""
    if actor.is_system or (not actor.is_city and _report(actor, report_id) is not None):
        return ALLOWED
    return denied(_ABSENT)


def may_edit_report(actor: Actor, report_id: int, _sheet: str) -> Verdict:
    """The evaluator's administrator, while the report is a draft or was returned; the portal its own columns."""
    report = _report(actor, report_id)
    if report is None:
        return denied(_ABSENT)
    if report.state not in {ReportState.DRAFT, ReportState.RETURNED}:
        return denied(f"年度报告当前为“{ReportState(report.state).label}”，不能修改。需要更正的，请联系市局退回。")
    return ALLOWED if actor.is_system else may_keep_own(actor, organisation_id=report.evaluator.organisation_id)


def may_fill_report(actor: Actor, _report_id: int, who: str) -> Verdict:
    """Columns kept for the portal come from engagements and roster, nobody types them."""
    return ALLOWED if actor.is_system and who == PORTAL else denied("这一项由系统填写。")


def case_title(case_id: int) -> str:
    """The registration's name in breadcrumbs. One query."""
    row = RegistrationCase.objects.select_related("round").filter(pk=case_id).first()
    return f"{row.round.name}　机构登记" if row else "返回"


def report_title(report_id: int) -> str:
    """The report's name in breadcrumbs. One query."""
    row = AnnualReport.objects.select_related("round").filter(pk=report_id).first()
    return f"{row.round.name}　年度工作情况报告" if row else "返回"


def visible_evidence(actor: Actor, rows: QuerySet[StoredFile]) -> QuerySet[StoredFile]:
    """Proofs: an evaluator's administrator those of its body, the city those of registrations that were filed."""
    own = Q(owner_organisation_id=actor.organisation_id) if _keeps(actor) else Q(pk=None)
    if not actor.is_city:
        return rows.filter(own)
    return rows.filter(pk__in=evidence_visible_to(actor).values("file"))


def visible_scans(actor: Actor, rows: QuerySet[StoredFile]) -> QuerySet[StoredFile]:
    """Sealed reports: an evaluator's administrator those of its body, the city those of versions that were filed."""
    if actor.is_city:
        return rows.filter(pk__in=ReportSeal.objects.values("file"))
    return rows.filter(Q(owner_organisation_id=actor.organisation_id) if _keeps(actor) else Q(pk=None))


def _keeps(actor: Actor) -> bool:
    return actor.organisation_id is not None and bool(may_keep_own(actor, organisation_id=actor.organisation_id))


def own_uploads(actor: Actor, rows: QuerySet[StoredFile]) -> QuerySet[StoredFile]:
    """A workbook being imported is seen by the person who uploaded it, until it is removed."""
    return rows.filter(uploaded_by_id=actor.user_id) if actor.user_id is not None else rows.none()


def connect() -> None:
    """Register everything. Called once by `AppConfig.ready()`."""
    files.register(FILE_EVIDENCE, visible_evidence)
    files.register(FILE_REPORT_SCAN, visible_scans)
    files.register(FILE_ROSTER, own_uploads)
    filings.register(
        SCOPE_REGISTRATION,
        view=may_view_case,
        edit=may_edit_case,
        back_url=lambda pk: reverse("evaluators:case", args=[pk]),
        title=case_title,
    )
    filings.register(
        SCOPE_REPORT,
        view=may_view_report,
        edit=may_edit_report,
        back_url=lambda pk: reverse("evaluators:report", args=[pk]),
        title=report_title,
        fill=may_fill_report,
    )
