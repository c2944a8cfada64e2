"""The home page, 长辈版, and the pages shown when the system itself fails."""

from __future__ import annotations

import sys

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.template import loader
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.accounts.http import actor_of
from greenportal.accounts.views.resume import to_sign_in
from greenportal.context import ELDER_COOKIE
from greenportal.filings import worklist

SAVED_COOKIE = "portal_saved_at"
RETRY_AFTER_SECONDS = 30
A_YEAR = 365 * 24 * 3600

#: What the home page says first, by role: what this person is here for.
GREETINGS = {
    Role.APPLICANT: "在这里填写本单位的申报材料，查看退回意见和办理结果。",
    Role.DISTRICT_OFFICER: "在这里组织本地区企业和园区申报，核对材料、征求意见、排序并形成推荐汇总表。",
    Role.DISTRICT_LEAD: "在这里审定并报送本地区的推荐汇总表。",
    Role.EVALUATOR: "在这里确认本机构的评价项目，填报年度工作情况。",
    Role.EVALUATOR_ADMIN: "在这里办理本机构备案，维护人员名册和关联单位。",
    Role.CITY_REVIEWER: "在这里接收、核对各地区报送的材料，退回补正并提出意见。",
    Role.CITY_LEAD: "在这里开启年度批次、审定名单和时限。",
    Role.AUDITOR: "在这里查阅审计记录。",
    Role.SYSTEM_ADMIN: "在这里查看系统运行情况。",
    Role.SECURITY_ADMIN: "在这里管理账户和授权。",
}


@require_safe
def home(request: HttpRequest) -> HttpResponseBase:
    """Show what the actor must do, by when, and what happened; anonymous people are sent to sign in."""
    actor = actor_of(request)
    if actor.user_id is None:
        return to_sign_in(request)
    groups = worklist.items_for(actor)
    context = {
        "greeting": GREETINGS.get(actor.role, ""),
        "todo": [_line(item) for item in groups[worklist.Group.TODO]],
        "waiting": [_line(item) for item in groups[worklist.Group.WAITING]],
        "news": [_line(item) for item in groups[worklist.Group.NEWS]],
    }
    return render(request, "filings/home.html", context)


def _line(item: worklist.WorkItem) -> dict[str, str | bool]:
    late = item.due_at is not None and item.due_at <= clock.now()
    return {
        "title": item.title,
        "url": item.url,
        "due": clock.spoken(item.due_at) if item.due_at else "",
        "late": late,
        "at": clock.spoken(item.at) if item.at else "",
        "status": item.status,
        "colour": item.colour,
        "detail": item.detail,
    }


@require_POST
def appearance(request: HttpRequest) -> HttpResponse:
    """Switch 长辈版 on or off for this browser and go back to the page."""
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    response = HttpResponseRedirect(wanted if safe else reverse("home"))
    response.set_cookie(
        ELDER_COOKIE,
        "1" if request.POST.get("elder") == "1" else "0",
        max_age=A_YEAR,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """Say what happened to the answers. A lost database is a short interruption (503), the rest an error (500).

    Reads nothing but a cookie: session and database may be what failed.
    """
    interrupted = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    context = {"saved_at": _saved_at(request)}
    page = loader.render_to_string("503.html" if interrupted else "500.html", context)
    response = HttpResponse(page, status=503 if interrupted else 500)
    if interrupted:
        response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _saved_at(request: HttpRequest) -> str:
    text = request.COOKIES.get(SAVED_COOKIE, "")
    hours, _, minutes = text.partition(":")
    return text if len(text) == 5 and hours.isdigit() and minutes.isdigit() else ""
