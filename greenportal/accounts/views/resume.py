"""Pages that hand back what was typed when the session or its token had ended."""

from __future__ import annotations

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from greenportal.accounts import resume as carrying
from greenportal.accounts.models import User
from greenportal.accounts.resume import Packet
from greenportal.findings.types import Invalid, Refused


def to_sign_in(request: HttpRequest, *, user_id: int | None = None) -> HttpResponse:
    """Send the person to the sign-in page; what a form carried is kept in the answer.

    user_id: whose session ended, when known. HTMX requests get 401 and leave the page as it is.
    """
    if request.headers.get("HX-Request") == "true":
        answer = HttpResponse("登录已超时，请在新窗口登录后再试，本页内容不会丢失。", status=401)
        answer["HX-Reswap"] = "none"
        return answer
    if request.method != "POST":
        return redirect_to_login(request.get_full_path())
    return _kept(request, carrying.packet_of(request, user_id=user_id))


# The token of the page is stale once the person has signed in again; the packet is signed, bound to
# its user and only shown for confirmation, and the browser must name a page of ours as its source.
@csrf_exempt
@never_cache
def resume(request: HttpRequest) -> HttpResponse:
    """Take a kept POST back after sign-in and show it for confirmation, with a fresh token."""
    if request.method != "POST":
        return render(request, "accounts/signed_in_again.html")
    packet = carrying.opened(request.POST.get("packet", "")) if carrying.from_our_page(request) else None
    if packet is None:
        raise Invalid("保留的内容已超过12小时或不完整，请回到原来的页面重新填写。")
    if not isinstance(request.user, User):
        return _kept(request, packet)
    if packet.user_id is not None and packet.user_id != request.user.pk:
        raise Refused("这份内容是另一个账户填写的，请用原来的账户登录后再继续。")
    return render(request, "accounts/confirm_resume.html", {"packet": packet})


@never_cache
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a POST whose token did not match: from our own page it can be sent again, else only read."""
    if request.headers.get("HX-Request") == "true":
        return HttpResponse("页面已过期，请刷新后再试。", status=403)
    user = request.user if hasattr(request, "user") else None
    packet = carrying.packet_of(request, user_id=user.pk if isinstance(user, User) else None)
    again = packet.fits and carrying.from_our_page(request) and isinstance(user, User)
    context = {"packet": packet, "again": again, "expired": True}
    return render(request, "accounts/confirm_resume.html", context, status=403)


def _kept(request: HttpRequest, packet: Packet) -> HttpResponse:
    context = {"packet": packet, "sealed": packet.signed(), "after": reverse("accounts:resume")}
    return render(request, "accounts/session_ended.html", context, status=401)
