"""The auditor's pages: read, export, verify. Each of these is itself recorded."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.accounts.http import actor_of, roles
from greenportal.audit import selectors, services
from greenportal.audit.forms import AuditFilter

PER_PAGE = 100
TARGET = "audit.auditentry:0"


@never_cache
@roles(Role.AUDITOR)
def entries(request: HttpRequest) -> HttpResponse:
    """List the trail by filters that stand in the address."""
    actor = actor_of(request)
    form = AuditFilter(request.GET or None)
    chosen = form.chosen() if request.GET else {}
    page = Paginator(selectors.entries(actor, **chosen), PER_PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "form": form,
        "page": page,
        "query": query.urlencode(),
        "headings": [heading for heading in selectors.HEADINGS[:9] if heading != "动作代码"],
        "rows": [_shown(selectors.row_of(entry)) for entry in page.object_list],
    }
    services.record_read(actor=actor, target=TARGET, what="审计记录", data={"filters": chosen, "page": page.number})
    return render(request, "audit/entries.html", context)


def _shown(row: list[str]) -> dict[str, str | list[str]]:
    """Return the page's cells: the action's name with its code small beside it."""
    when, name, role, address, action, code, target, result, data, *_ = row
    return {
        "before": [when, name, role, address],
        "action": action,
        "code": code,
        "target": target,
        "result": result,
        "data": data,
    }


@never_cache
@roles(Role.AUDITOR)
def export(request: HttpRequest) -> StreamingHttpResponse:
    """The same filters as one CSV: what the page shows, plus stream, position and digest."""
    actor = actor_of(request)
    chosen = AuditFilter(request.GET).chosen()
    services.record_read(actor=actor, target=TARGET, what="审计记录导出", data={"filters": chosen})
    rows = selectors.csv_rows(selectors.entries(actor, **chosen).iterator(chunk_size=2000))
    answer = StreamingHttpResponse(_csv(rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="audit-{clock.local(clock.now()):%Y%m%d-%H%M%S}.csv"'
    return answer


@never_cache
@roles(Role.AUDITOR)
def verify(request: HttpRequest) -> HttpResponse:
    """GET: the button. POST: read the whole trail and name every break."""
    context: dict[str, object] = {"done": False}
    if request.method == "POST":
        breaks = services.verify(seal=request.POST.get("seal", "").strip())
        services.record(
            actor=actor_of(request),
            action="audit.verify",
            target=TARGET,
            data={"breaks": len(breaks)},
            result="ok" if not breaks else "failed",
        )
        context = {"done": True, "breaks": breaks, "at": clock.spoken(clock.now())}
    return render(request, "audit/verify.html", context)


class _Line:
    """What csv.writer writes to: gives each line back."""

    def write(self, text: str) -> str:
        return text


def _csv(rows: Iterator[list[str]]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield "\ufeff"
    for row in rows:
        yield writer.writerow(row)
