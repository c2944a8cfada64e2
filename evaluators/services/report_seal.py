"""The sealed report comes back: its code says which version it is of; a code nobody can read is no dead end."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from evaluators.constants import FILE_REPORT_SCAN
from evaluators.models import ReportFiling, ReportSeal
from evaluators.rules import may_keep_own
from evaluators.services.moving import person
from evaluators.services.reporting import lock_report, target_of
from evaluators.states import ReportState
from evaluators.validators import ReportCode, parse_code, report_code
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.files import jail
from greenportal.files.models import StoredFile
from greenportal.files.selectors import visible_file
from greenportal.files.services import open_path
from greenportal.findings.types import Invalid, NotVisible, ReasonRequired, WrongState

UNREADABLE = "没有读出扫描件上的二维码。请核对是否为当前版本，写明核对情况后再次上传，或重新扫描。"


def read_codes(file: StoredFile) -> list[ReportCode]:
    """Return the codes of reports on a scan. Takes seconds in the jailed child: call it outside a transaction."""
    with open_path(file) as path:
        found = (parse_code(text) for text in jail.read_codes(path))
        return [code for code in found if code is not None]


def seal(*, actor: Actor, report_id: int, file_id: UUID, declared: str = "") -> ReportSeal:
    """Match a sealed scan with the report's current version, by its code or by a person's word with a reason.

    A code of another version or body is refused. Raises Invalid, ReasonRequired, WrongState, NotVisible.
    """
    file = visible_file(actor, file_id)
    if file.kind != FILE_REPORT_SCAN:
        raise NotVisible
    codes = read_codes(file)
    with transaction.atomic():
        report = lock_report(actor, report_id)
        may_keep_own(actor, organisation_id=report.evaluator.organisation_id).require()
        current = report.current
        if current is None or report.state != ReportState.FILED:
            label = ReportState(report.state).label
            raise WrongState(f"年度报告当前为“{label}”，报送之后才能上传盖章扫描件。")
        by_code = _matched(codes, current)
        text = " ".join(declared.split())[:300]
        if not by_code and not text:
            raise ReasonRequired(UNREADABLE)
        row = ReportSeal.objects.create(
            filing=current,
            file=file,
            method=ReportSeal.Method.CODE if by_code else ReportSeal.Method.DECLARED,
            declared_reason="" if by_code else text,
            uploaded_by_id=person(actor),
            uploaded_at=clock.now(),
        )
        data = {"number": current.number, "method": row.method, "sha256": file.sha256, "declared": row.declared_reason}
        record(actor=actor, action="evaluators.seal_report", target=target_of(report.pk), data=data)
    return row


def _matched(codes: list[ReportCode], current: ReportFiling) -> bool:
    expected = report_code(filing_id=current.pk, number=current.number, sha256=current.sha256)
    for code in codes:
        if code == expected:
            continue
        if ReportFiling.objects.filter(pk=code.id, report_id=current.report_id).exists():
            raise Invalid(
                f"扫描件是第{code.number}版，当前是第{current.number}版。请打印当前版本，盖章后重新扫描上传。",
                errors={"file": [f"扫描件是第{code.number}版，当前是第{current.number}版。"]},
            )
        text = "扫描件上的二维码不属于这份年度报告。请核对是否选错了文件。"
        raise Invalid(text, errors={"file": [text]})
    return bool(codes)
