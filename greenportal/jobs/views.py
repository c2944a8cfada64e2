"""Progress of one job for who asked for it, and the dead letters for the system administrator."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from greenportal.accounts.actors import Role
from greenportal.accounts.http import actor_of, roles
from greenportal.findings.types import Invalid, ReasonRequired
from greenportal.jobs import selectors, services
from greenportal.jobs.models import Job

PAGE_SIZE = 50


@require_GET
def progress(request: HttpRequest, job_id: uuid.UUID) -> HttpResponse:
    """The progress page; it reads the row, so it survives reload, sign-out and a dead broker."""
    if actor_of(request).user_id is None:
        return redirect_to_login(request.get_full_path())
    job = selectors.visible_job(actor_of(request), job_id)
    stoppable = job.is_open and selectors.may_cancel(actor_of(request), job)
    return _fresh(render(request, "jobs/progress.html", {**_shown(job), "stoppable": stoppable}))


@require_GET
def part(request: HttpRequest, job_id: uuid.UUID) -> HttpResponse:
    """What changed since the state named by `seen`; 204 when nothing did, so that nothing is read out twice."""
    job = selectors.visible_job(actor_of(request), job_id)
    shown = _shown(job)
    if request.GET.get("seen") == shown["mark"]:
        return _fresh(HttpResponse(status=204))
    return _fresh(render(request, "jobs/status.html", shown))


@require_POST
def cancel(request: HttpRequest, job_id: uuid.UUID) -> HttpResponse:
    """Stop the job and show its progress page again."""
    services.cancel(actor=actor_of(request), job_id=job_id)
    messages.success(request, "已要求停止。正在进行的一步完成后任务即停止。")
    return redirect("jobs:progress", job_id=job_id)


@require_GET
@roles(Role.SYSTEM_ADMIN)
def dead(request: HttpRequest) -> HttpResponse:
    """Jobs that stopped for good and wait for a person."""
    page = Paginator(selectors.dead_letters(actor_of(request)), PAGE_SIZE).get_page(request.GET.get("page"))
    return _fresh(render(request, "jobs/dead.html", {"page": page}))


@require_POST
@roles(Role.SYSTEM_ADMIN)
def decide(request: HttpRequest, job_id: uuid.UUID) -> HttpResponse:
    """Retry or abandon one dead job; without a reason that can be kept the page comes back and says so."""
    actor, reason = actor_of(request), request.POST.get("reason", "")
    try:
        if request.POST.get("act") == "retry":
            services.retry_dead(actor=actor, job_id=job_id, reason=reason)
            messages.success(request, "已重新排队。")
        else:
            services.abandon_dead(actor=actor, job_id=job_id, reason=reason)
            messages.success(request, "已放弃这项任务。")
    except (ReasonRequired, Invalid) as exc:
        page = Paginator(selectors.dead_letters(actor), PAGE_SIZE).get_page(request.POST.get("page"))
        shown = {"page": page, "refused": job_id, "message": exc.message, "typed": reason, "has_errors": True}
        return render(request, "jobs/dead.html", shown, status=400)
    return redirect("jobs:dead")


def _shown(job: Job) -> dict[str, Any]:
    """What the page says of the row. mark: changes exactly when something shown changes."""
    facts = f"{job.state}|{job.progress_done}|{job.progress_total}|{job.stage}|{job.cancel_requested}|{job.attempts}"
    following = job.result.get("next", "")
    return {
        "job": job,
        "mark": hashlib.sha256(facts.encode()).hexdigest()[:16],
        "retrying": job.state == Job.State.DUE and job.attempts > 0,
        "download": reverse("files:download", args=[job.result["file"]]) if job.result.get("file") else "",
        # Only addresses of this site: a handler's result never leads elsewhere.
        "following": following if following.startswith("/") and not following.startswith("//") else "",
    }


def _fresh(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "private, no-store"
    return response
