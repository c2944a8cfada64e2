"""The one door through which files leave the house."""

from __future__ import annotations

import re
import uuid
from contextlib import ExitStack
from datetime import timedelta
from typing import BinaryIO
from urllib.parse import quote

from django import forms
from django.contrib.auth.views import redirect_to_login
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import render
from django.utils.http import content_disposition_header, parse_etags
from django.views.decorators.http import require_http_methods

from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.accounts.http import actor_of
from greenportal.audit import services as audit
from greenportal.audit.models import AuditEntry
from greenportal.files import blobs, conf, selectors, services
from greenportal.files.models import StoredFile
from greenportal.findings.types import NotVisible, Refused
from greenportal.sheets.forms import PortalForm

CHUNK = 256 * 1024
#: Pieces of a file taken by one actor within this time are one download.
ONE_ACT = timedelta(hours=1)
RANGE = re.compile(r"^bytes=(\d*)-(\d*)$")


class ReasonForm(PortalForm):
    """Why somebody opens a file with personal data that is not its own."""

    reason = forms.CharField(label="查看理由", max_length=300, widget=forms.Textarea(attrs={"rows": 3}))


@require_http_methods(["GET", "HEAD", "POST"])
def download(request: HttpRequest, file_id: uuid.UUID) -> HttpResponseBase:
    """Send one file to an actor who sees it; absent, foreign and unregistered files answer alike.

    A file of the restricted class that is not the actor's own is sent only for a posted reason, which is kept.

    Supports one byte range (206, 416) and ETag, both only after authorisation. Whatever takes bytes
    out is audited; a file whose bytes changed is refused.
    """
    actor = actor_of(request)
    if actor.user_id is None:
        return redirect_to_login(request.get_full_path())
    target = f"files.file:{file_id}"
    try:
        file = selectors.visible_file(actor, file_id)
    except NotVisible:
        audit.record_refusal(actor=actor, action="files.download", target=target, reason="不可见")
        raise
    if file.scan == StoredFile.Scan.INFECTED:
        raise Refused("查毒时发现该文件带有病毒，已停止下载。请联系上传单位重新提交。")
    if file.expires_at is not None and file.expires_at <= clock.now():
        raise Refused("该文件含个人信息，已按市局规定的保存期限清除，不能再下载。文件名和校验值仍保留备查。")
    asks = selectors.needs_reason(actor, file)
    if request.method == "POST" and not asks:
        return HttpResponseNotAllowed(["GET", "HEAD"])
    if asks:
        form = ReasonForm(request.POST if request.method == "POST" else None)
        if not form.is_valid():
            return _asked(request, file, form)
        told = {"reason": form.cleaned_data["reason"], "name": file.name, "kind": file.kind}
        audit.record_read(actor=actor, target=target, what="files.restricted", data=told)
    etag = f'"{file.served_sha256}"'
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        return _dressed(HttpResponse(status=304), file, etag)
    span = _span(request, file.size, etag)
    if span is None:
        refused = HttpResponse(status=416)
        refused["Content-Range"] = f"bytes */{file.size}"
        return _dressed(refused, file, etag)
    response = _body(request, file, span)
    if request.method != "HEAD" and not (span[2] and _taken_lately(actor, target)):
        audit.record(actor=actor, action="files.download", target=target, data={"name": file.name, "kind": file.kind})
    return _dressed(response, file, etag)


def _asked(request: HttpRequest, file: StoredFile, form: ReasonForm) -> HttpResponse:
    """Show the page that asks for the reason; nothing of the file's content is on it."""
    context = {"file": file, "form": form, "has_errors": form.is_bound}
    response = render(request, "files/reason.html", context, status=400 if form.is_bound else 200)
    response["Cache-Control"] = "private, no-store"
    return response


def _taken_lately(actor: Actor, target: str) -> bool:
    """True when the trail already says that `actor` took the file within `ONE_ACT`: a further piece is the same act.

    Asked of the trail and not of the range: a first piece that leaves out one byte is a download too.
    """
    since = clock.now() - ONE_ACT
    taken = AuditEntry.objects.filter(stream=target, action="files.download", result=AuditEntry.Result.OK)
    return taken.filter(user_id=actor.user_id, role=str(actor.role), at__gt=since).exists()


def _span(request: HttpRequest, size: int, etag: str) -> tuple[int, int, bool] | None:
    """Return (first byte, bytes, partial) that the request asks for; None when it cannot be served (416).

    Several ranges at once, or a range of another version (If-Range), get the whole file.
    """
    whole = (0, size, False)
    match = RANGE.match(request.headers.get("Range", ""))
    if match is None or not any(match.groups()) or request.headers.get("If-Range", etag) != etag:
        return whole
    first, last = match.groups()
    if not first:
        length = min(int(last), size)
        return (size - length, length, True) if length else None
    start = int(first)
    end = min(int(last), size - 1) if last else size - 1
    if start >= size:
        return None
    return (start, end - start + 1, True) if end >= start else whole


def _body(request: HttpRequest, file: StoredFile, span: tuple[int, int, bool]) -> HttpResponseBase:
    """Verify the bytes and return the answer that carries them, or hands them to the proxy."""
    start, length, partial = span
    prefix = conf.values().accel_prefix
    response: HttpResponseBase
    with ExitStack() as stack:
        path = stack.enter_context(services.open_path(file, piece=partial))
        if prefix and blobs.local_path(file.key) is not None:
            # The proxy answers ranges itself from the path it is given.
            response = HttpResponse(content_type=file.content_type)
            response["X-Accel-Redirect"] = prefix + quote(file.key)
            return response
        stream = path.open("rb")
        stream.seek(start)
        response = FileResponse(Slice(stream, length), status=206 if partial else 200, content_type=file.content_type)
        if partial:
            response["Content-Range"] = f"bytes {start}-{start + length - 1}/{file.size}"
        response["Content-Length"] = str(length)
        return response


class Slice:
    """`length` bytes of an open file from its present position; closes the file with itself.

    On a POSIX system the bytes stay readable when a temporary copy is unlinked meanwhile.
    """

    def __init__(self, stream: BinaryIO, length: int) -> None:
        self._stream = stream
        self._left = length

    def read(self, size: int = CHUNK) -> bytes:
        """Return up to `size` further bytes; nothing at the end."""
        piece = self._stream.read(min(size, self._left))
        self._left -= len(piece)
        return piece

    def close(self) -> None:
        """Close the file; the server calls this also when the client broke off."""
        self._stream.close()


def _dressed(response: HttpResponseBase, file: StoredFile, etag: str) -> HttpResponseBase:
    """Put on the headers that keep a file from acting in the browser and from being kept on the way."""
    response["Content-Disposition"] = content_disposition_header(True, file.name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = etag
    return response
