"""What an annual report prints: from a filed version with the roster of its instant, or from a draft as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from evaluators.models import AnnualReport, ReportFiling, StaffMember
from evaluators.selectors.roster import present, roster_sheet
from evaluators.validators import masked_code, masked_sha, report_code
from greenportal.sheets.types import Table


def staff_at(report: AnnualReport, *, at: datetime) -> list[StaffMember]:
    """Return the report's roster as of an instant, in order of entry. One query."""
    return list(StaffMember.objects.filter(present(at), evaluator_id=report.evaluator_id).order_by("id"))


def staff_of_version(filing: ReportFiling) -> list[StaffMember]:
    """Return the roster rows that a filed version names: exactly those of its instant. One query."""
    return list(StaffMember.objects.filter(pk__in=filing.payload.get("staff", [])).order_by("id"))


def staff_cells(rows: Iterable[StaffMember], rulebook_key: str) -> list[tuple[str, ...]]:
    """Return the printed cells of each person: name, title, its name, field, full-time, years, certificate."""
    fields = _fields(rulebook_key)
    return [
        (
            row.name,
            row.get_title_display(),
            row.title_name,
            row.field_text or fields.column("field").label_of(row.field),
            "是" if row.full_time else "否",
            "" if row.years is None else str(row.years),
            row.certificate_no,
        )
        for row in rows
    ]


def _fields(rulebook_key: str) -> Table:
    return roster_sheet(rulebook_key).table("staff")


def total_lines(figures: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return the totals of a report as lines (label, text), from the payload of a version or the like."""
    union, cap = int(figures["union"]), int(figures["cap"])
    over = f"，超出{union - cap}项" if union > cap else ""
    lines = [
        ("本系统评价项目（含关联机构）", f"{figures['portal']}项"),
        ("其中本机构", f"{figures['own']}项"),
        ("本系统以外的评价项目", f"{figures['elsewhere']}项，其中国家级计入上限{figures['counted_elsewhere']}项"),
        ("合计（与上限比较）", f"{union}项，上限{cap}项{over}"),
    ]
    for name, key in (("按类别", "by_category"), ("按省", "by_province")):
        lines.append((name, "，".join(f"{label}{count}项" for label, count in figures[key]) or "无"))
    return tuple(lines)


def marks_of(filing: ReportFiling, *, masked: bool) -> tuple[str, tuple[str, ...]]:
    """Return the code of a filed version and the lines under it; a masked copy has its own of both."""
    if masked:
        code = masked_code(filing_id=filing.pk, number=filing.number, sha256=filing.sha256)
        return code, (f"第{filing.number}版", masked_sha(filing.sha256)[:16])
    code = report_code(filing_id=filing.pk, number=filing.number, sha256=filing.sha256).text
    return code, (f"第{filing.number}版", filing.sha256[:16])
