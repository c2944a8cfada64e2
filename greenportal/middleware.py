"""Request-wide behaviour: one instant per request, domain refusals as pages."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from urllib.parse import unquote_to_bytes

import structlog
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from greenportal import clock, logs
from greenportal.accounts.http import actor_of
from greenportal.accounts.resume import packet_of
from greenportal.audit import services as audit
from greenportal.findings.types import DomainError, Invalid, NotVisible, Refused, WindowClosed

log = structlog.get_logger(__name__)
GetResponse = Callable[[HttpRequest], HttpResponse]


class RequestIdMiddleware:
    """Gives each request a number of its own, in every log line and in the answer, so that a caller can quote it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        number = uuid.uuid4().hex[:16]
        with logs.bound(request_id=number, method=request.method, path=logs.masked(request.path)):
            response = self.get_response(request)
        response["X-Request-ID"] = number
        return response


class RequestTimeMiddleware:
    """Takes the time of receipt once, before the body is read."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with clock.fixed(clock.running()):
            return self.get_response(request)


class BodyEncodingMiddleware:
    """Refuses a form whose bytes are no UTF-8, instead of storing replacement characters for what was typed.

    Browsers send UTF-8 always, so this meets programs and forms of foreign pages. Files and their forms
    (multipart) are not read here.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: object) -> HttpResponse | None:
        """Answer 400 before the view; the body has been read for the CSRF check already."""
        if request.content_type != "application/x-www-form-urlencoded":
            return None
        try:
            unquote_to_bytes(request.body).decode()
        except UnicodeDecodeError:
            problem = Invalid("提交的文字不是UTF-8编码，没有保存。请在本系统的页面上填写后重新提交。")
            return render(request, "problem.html", {"problem": problem}, status=problem.status)
        return None


class DomainErrorMiddleware:
    """Turns a DomainError that left a view into its page, which shows what was typed, to be copied."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer with the page of the refusal; a refusal of rights, window or sight is recorded.

        Recorded without the token of a link: an entry is never removed, and a refused link is still good.
        The view's transaction is rolled back by now, so the record stands by itself.
        """
        if not isinstance(exception, DomainError):
            return None
        if isinstance(exception, Refused | NotVisible | WindowClosed):
            _note(request, exception)
        packet = packet_of(request, user_id=None) if request.method == "POST" else None
        return render(request, "problem.html", {"problem": exception, "packet": packet}, status=exception.status)


def _note(request: HttpRequest, refusal: DomainError) -> None:
    """Record what was refused; what somebody unknown asked for and did not find is only a line in the log.

    Anybody on the Internet can ask for what is not there. The trail keeps every entry for ever and its entries of
    one page wait for each other, so it is for people who signed in, and for refusals that need a real link.
    """
    view = request.resolver_match.view_name if request.resolver_match else ""
    actor = actor_of(request)
    if actor.user_id is None and isinstance(refusal, NotVisible):
        log.info("not_found_anonymous", view=view, address=actor.address)
        return
    audit.record_refusal(
        actor=actor,
        action="http.refused",
        target=f"view:{view}",
        reason=refusal.message,
        data={"code": refusal.code, "method": request.method or "", "path": logs.masked(request.path)[:300]},
    )
