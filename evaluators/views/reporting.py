"""The annual report (附件10): its evaluator's pages and the city's desk."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from evaluators.constants import CLOCK_REPORT, FILE_REPORT_SCAN, SCOPE_REPORT
from evaluators.forms.papers import LateForm, SealForm
from evaluators.models import AnnualReport, FiledReturn, ReportFiling, ReportSeal
from evaluators.packets.report import TITLE, ReportPaper, StaffRow, report_pdf, report_workbook
from evaluators.rules import may_keep_own
from evaluators.selectors.papers import paper_lines, report_label
from evaluators.selectors.papers import totals as paper_totals
from evaluators.selectors.registering import remark_places, remarks_of
from evaluators.selectors.report_paper import marks_of, staff_at, staff_cells, staff_of_version, total_lines
from evaluators.selectors.reporting import differences, gate, reports_visible_to, unsigned
from evaluators.services import report_seal, reporting
from evaluators.services.moving import Remark
from evaluators.states import ReportState
from evaluators.views.city import seen
from evaluators.views.listing import shown_round, the_round
from evaluators.views.shared import (
    ADMIN,
    CITY,
    COLOURS,
    OWN,
    PDF,
    XLSX,
    answered,
    attachment,
    done,
    remark_lines,
    return_page,
    sheet_tasks,
    version_of,
)
from evaluators.views.uploads import with_upload
from greenportal import clock
from greenportal.accounts import masking
from greenportal.accounts.actors import Actor
from greenportal.accounts.http import actor_of, roles
from greenportal.audit.services import record_read
from greenportal.directory.forms import posted
from greenportal.filings.selectors import sheets_of
from greenportal.findings.types import DomainError, Invalid, NotVisible, WindowClosed
from greenportal.rounds.selectors import window
from greenportal.sheets.printing import printed

EDITABLE = frozenset({ReportState.DRAFT, ReportState.RETURNED})
_PARENT = "年度工作情况报告"


def seen_report(actor: Actor, report_id: int) -> AnnualReport:
    """Return the report if the actor may open it; absent and foreign answer alike."""
    found = reports_visible_to(actor).select_related("filing").filter(pk=report_id).first()
    if found is None:
        raise NotVisible
    return found


@roles(*ADMIN)
@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    """Begin this round's report, or go to the one that is there."""
    report = reporting.begin(actor=actor_of(request), round_id=the_round().pk)
    return redirect("evaluators:report", report.pk)


def _open_return(report: AnnualReport) -> FiledReturn | None:
    return FiledReturn.objects.filter(scope=SCOPE_REPORT, scope_id=report.pk, closed_at=None).first()


def _seals(filing: ReportFiling | None) -> list[ReportSeal]:
    return list(filing.seals.select_related("file").order_by("pk")) if filing else []


@roles(*OWN)
@require_GET
def report(request: HttpRequest, report_id: int) -> HttpResponse:
    """The report's home: sections, totals against the cap, clock, what was sent back, sealed scan."""
    actor = actor_of(request)
    row = seen_report(actor, report_id)
    if row.filing is None:
        raise NotVisible
    now = clock.now()
    found = gate(row, at=now)
    keeps = bool(may_keep_own(actor, organisation_id=row.evaluator.organisation_id))
    editable = keeps and row.state in EDITABLE
    context = {
        "report": row,
        "colour": COLOURS.get(row.state, ""),
        "gate": found,
        "closes": clock.spoken(found.closes_at) if found.closes_at else "",
        "until": clock.spoken(found.until) if found.until and found.until != found.closes_at else "",
        "tasks": sheet_tasks(row.filing),
        "totals": total_lines(asdict(reporting.totals_of(row, row.filing.answers))),
        "stale": editable and bool(reporting.pending(row, row.filing)),
        "returned": _open_return(row),
        "remarks": remark_lines(remarks_of(SCOPE_REPORT, row.pk), row.filing.pk, "evaluators:case_explain"),
        "seals": _seals(row.current),
        "received": clock.spoken(row.current.received_at) if row.current else "",
        "unsigned": unsigned(row.evaluator_id, row.round_id),
        "editable": editable,
        "keeps": keeps,
    }
    return render(request, "evaluators/report.html", context)


@roles(*ADMIN)
@require_POST
def take_in(request: HttpRequest, report_id: int) -> HttpResponse:
    """Bring the portal's columns up to date."""
    number = reporting.take_in(actor=actor_of(request), report_id=report_id)
    text = f"已更新{number}处系统数据。" if number else "系统数据已是最新。"
    return done(request, text, "evaluators:report", report_id)


@roles(*ADMIN)
def file(request: HttpRequest, report_id: int) -> HttpResponse:
    """Read everything once more, then file it."""
    actor = actor_of(request)
    row = seen_report(actor, report_id)
    if row.filing is None:
        raise NotVisible
    problem: DomainError | None = None
    if request.method == "POST":
        try:
            filed = reporting.file(actor=actor, report_id=row.pk, seen_version=version_of(request))
        except (Invalid, WindowClosed) as error:
            problem = error
        else:
            text = f"已报送第{filed.number}版，收到时间{clock.spoken(filed.received_at)}。请打印盖章后上传扫描件。"
            return done(request, text, "evaluators:report", row.pk)
    sheet = sheets_of([row.filing.definition_sha256])[row.filing.definition_sha256]
    lines = total_lines(asdict(reporting.totals_of(row, row.filing.answers)))
    context = {
        "row": row,
        "title": "核对并报送年度报告",
        "sheets": [printed(sheet, row.filing.answers)],
        "notes": [f"{label}：{text}" for label, text in lines[:4]],
        "problem": problem,
        "back": reverse("evaluators:report", args=[row.pk]),
        "parent": _PARENT,
        "submit": "确认并报送",
        "editable": row.state in EDITABLE and gate(row, at=clock.now()).open,
        "has_errors": problem is not None,
    }
    return render(request, "evaluators/file.html", context, status=problem.status if problem else 200)


def paper_of(row: AnnualReport, *, masked: bool) -> ReportPaper:
    """Return what is printed of a report: its current version, else the draft. masked: names and certificates starred."""
    current = row.current
    if current is not None:
        frozen, at = current.frozen, current.received_at
        sheet, answers = sheets_of([frozen.definition_sha256])[frozen.definition_sha256], frozen.answers
        members, figures = staff_of_version(current), current.payload["totals"]
    elif row.filing is not None:
        at = clock.now()
        sheet, answers = sheets_of([row.filing.definition_sha256])[row.filing.definition_sha256], row.filing.answers
        members, figures = staff_at(row, at=at), asdict(reporting.totals_of(row, row.filing.answers))
    else:
        raise NotVisible
    cells = [StaffRow(*values) for values in staff_cells(members, row.round.rulebook_key)]
    if masked:
        cells = [
            StaffRow(masking.name(c.name), c.title, c.title_name, c.field, c.full_time, c.years, "") for c in cells
        ]
    code, caption = marks_of(current, masked=masked) if current else ("", ())
    return ReportPaper(
        organisation=row.evaluator.organisation.name,
        year=row.round.year,
        sheet=printed(sheet, answers),
        staff=tuple(cells),
        totals=total_lines(figures),
        issued_at=at,
        code=code,
        caption=caption,
        copy_of=current.sha256[:16] if current and masked else "",
    )


@roles(*ADMIN, *CITY)
@require_GET
def paper(request: HttpRequest, report_id: int, form: str) -> HttpResponse:
    """The report as PDF or workbook. Its own administrator gets names, and that is written down; the city masked ones."""
    actor = actor_of(request)
    row = seen_report(actor, report_id)
    made = paper_of(row, masked=actor.is_city)
    if not actor.is_city:
        target = f"{SCOPE_REPORT}:{row.pk}"
        record_read(actor=actor, target=target, what="evaluators.report_staff", data={"rows": len(made.staff)})
    version = f"第{row.current.number}版" if row.current else "草稿"
    name = f"{TITLE}（{made.organisation}，{version}）.{form}"
    if form == "pdf":
        return attachment(report_pdf(made), name=name, kind=PDF)
    if form == "xlsx":
        return attachment(report_workbook(made), name=name, kind=XLSX)
    raise NotVisible


@roles(*ADMIN)
def seal(request: HttpRequest, report_id: int) -> HttpResponse:
    """Upload the sealed scan of the current version."""
    actor = actor_of(request)
    row = seen_report(actor, report_id)
    form = SealForm(posted(request), request.FILES or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data

        def put() -> ReportSeal:
            return with_upload(
                actor,
                values["file"],
                lambda scan: report_seal.seal(
                    actor=actor, report_id=row.pk, file_id=scan.pk, declared=values["declared"]
                ),
                kind=FILE_REPORT_SCAN,
            )

        if (sealed := form.run(put)) is not None:
            return done(request, f"已收到盖章扫描件：{sealed.get_method_display()}。", "evaluators:report", row.pk)
    context = {
        "form": form,
        "title": "上传盖章的年度报告",
        "lead": "先下载已报送版本的PDF，打印、签字盖章后扫描。系统读取二维码，核对是否为当前版本。",
        "back": reverse("evaluators:report", args=[row.pk]),
        "parent": _PARENT,
        "submit": "上传并核对",
    }
    return answered(request, "evaluators/own_form.html", context)


# --- the city ---------------------------------------------------------------------------------------------------------

HEADS = ("机构名称", "统一社会信用代码", "报送情况", "收到时间", "迟报", "同意补报至")


@roles(*CITY)
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Who has filed, late, missing; and where reports and nominations do not agree."""
    actor, year, now = actor_of(request), shown_round(), clock.now()
    closes_at = window(round_id=year.pk, key=CLOCK_REPORT, authority_id=None, at=now).closes_at
    lines = paper_lines(actor, round_id=year.pk, closes_at=closes_at, now=now)
    context = {
        "round": year,
        "closes": clock.spoken(closes_at) if closes_at else "",
        "over": closes_at is not None and now >= closes_at,
        "sums": paper_totals(lines),
        "lines": [(line, report_label(line), COLOURS.get(line.report_state, ""), _day(line)) for line in lines],
        "differences": differences(actor, round_id=year.pk),
    }
    return render(request, "evaluators/reports.html", context)


def _day(line: Any) -> tuple[str, str]:
    filed: datetime | None = line.filed_at
    allowed: datetime | None = line.allowed_until
    return (clock.spoken(filed) if filed else "", clock.spoken(allowed) if allowed else "")


@roles(*CITY)
@require_GET
def desk(request: HttpRequest, report_id: int) -> HttpResponse:
    """A filed report as the city reads it: the frozen version, its totals, its sealed scan, what does not agree."""
    actor = actor_of(request)
    row = seen_report(actor, report_id)
    current = row.current
    if current is None:
        raise NotVisible
    sheet = sheets_of([current.frozen.definition_sha256])[current.frozen.definition_sha256]
    context = {
        "report": row,
        "version": current,
        "colour": COLOURS.get(row.state, ""),
        "received": clock.spoken(current.received_at),
        "totals": total_lines(current.payload["totals"]),
        "unsigned": unsigned(row.evaluator_id, row.round_id),
        "over": current.payload["totals"]["union"] > current.payload["totals"]["cap"],
        "seals": _seals(current),
        "waits": row.state == ReportState.FILED,
        "returned": _open_return(row),
        "remarks": [{"row": remark} for remark in remarks_of(SCOPE_REPORT, row.pk)],
        "sheets": [printed(sheet, current.frozen.answers)],
        "differences": [d for d in differences(actor, round_id=row.round_id) if d.evaluator_id == row.evaluator_id],
    }
    return render(request, "evaluators/report_desk.html", context)


@roles(*CITY)
@require_POST
def accept(request: HttpRequest, report_id: int) -> HttpResponse:
    """Accept a filed report."""
    reporting.accept(actor=actor_of(request), report_id=report_id, seen_version=version_of(request))
    return done(request, "已接收年度报告。", "evaluators:report_desk", report_id)


@roles(*CITY)
def send_back(request: HttpRequest, report_id: int) -> HttpResponse:
    """Return a filed report with remarks at its fields."""
    actor = actor_of(request)
    row = seen_report(actor, report_id)
    if row.current is None:
        raise NotVisible
    sha = row.current.frozen.definition_sha256
    places = [p for p in remark_places(sheets_of([sha])[sha]) if not p[0].startswith("document:")]

    def send(version: int, reason: str, due_at: datetime, remarks: list[Remark]) -> FiledReturn:
        return reporting.return_report(
            actor=actor, report_id=row.pk, seen_version=version, reason=reason, due_at=due_at, remarks=remarks
        )

    return return_page(
        request,
        version=row.version,
        places=places,
        title=f"退回年度报告：{row.evaluator.organisation.name}",
        back=reverse("evaluators:report_desk", args=[row.pk]),
        send=send,
    )


@roles(*CITY)
def late(request: HttpRequest, evaluator_id: int) -> HttpResponse:
    """Give leave to file after the clock."""
    actor = actor_of(request)
    evaluator, year = seen(actor, evaluator_id), the_round()
    form = LateForm(posted(request))
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        given = form.run(
            lambda: reporting.allow_late(
                actor=actor,
                evaluator_id=evaluator.pk,
                round_id=year.pk,
                until=clock.end_of(values["until_on"]),
                reason=values["reason"],
            )
        )
        if given is not None:
            return done(request, f"已同意{evaluator.organisation.name}补报。", "evaluators:reports")
    context = {
        "form": form,
        "title": "同意补报年度报告",
        "lead": f"{evaluator.organisation.name}。期限内补报的报告标明迟报。",
        "back": reverse("evaluators:reports"),
        "parent": _PARENT,
        "submit": "同意补报",
    }
    return answered(request, "evaluators/own_form.html", context)
