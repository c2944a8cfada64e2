"""Twenty slow uploads and twenty downloads while others work, against the real server: nobody is refused or lost."""

from __future__ import annotations

import http.client
import socket
import statistics
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from greenportal.accounts.actors import Role
from greenportal.files.models import StoredFile
from nominations.constants import FILE_DOCUMENT
from nominations.models import Nomination
from nominations.services import documents
from tests.battery import corpus
from tests.battery.conftest import Keep
from tests.battery.seeding import FULL
from tests.battery.server import portal
from tests.bench.packet import report
from tests.factories import nominations as make
from tests.factories.accounts import actor_for, make_user, sign_in
from tests.factories.rounds import DURING

pytestmark = [pytest.mark.battery, pytest.mark.services, pytest.mark.django_db(transaction=True)]
PAGES = 60 if FULL else 20
#: An upload takes this long from its first byte to its last.
DRIP_SECONDS = 12.0 if FULL else 4.0
PIECES = 40
#: Not a promise about speed (the machine is shared): who waits longer than this has been forgotten.
PATIENCE = 60.0


def body_of(token: str) -> tuple[bytes, str]:
    """A multipart form with a sound PDF, as a browser sends it."""
    mark = "batteryboundary"
    fields = f'--{mark}\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n{token}\r\n'
    fields += f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n'
    fields += "Content-Type: application/pdf\r\n\r\n"
    return fields.encode() + corpus.pdf(3) + f"\r\n--{mark}--\r\n".encode(), mark


def drip(port: int, path: str, cookies: str, token: str, *, seconds: float) -> int:
    """Send an upload piece by piece in so many seconds; return the status of the answer."""
    body, mark = body_of(token)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookies}; {settings.CSRF_COOKIE_NAME}={token}\r\n"
    )
    head += f"Content-Type: multipart/form-data; boundary={mark}\r\nContent-Length: {len(body)}\r\n"
    head += "Connection: close\r\n\r\n"
    size = -(-len(body) // PIECES)
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as line:
        line.sendall(head.encode())
        for start in range(0, len(body), size):
            line.sendall(body[start : start + size])
            time.sleep(seconds / PIECES)
        answer = http.client.HTTPResponse(line)
        answer.begin()
        return answer.status


def get(port: int, path: str, cookies: str) -> tuple[int, int, float]:
    """Fetch a page; return status, bytes, seconds."""
    began = time.monotonic()
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        line.request("GET", path, headers={"Cookie": cookies})
        answer = line.getresponse()
        return answer.status, len(answer.read()), time.monotonic() - began
    finally:
        line.close()


def p95(times: list[float]) -> float:
    return round(statistics.quantiles(times, n=20)[-1], 3)


class Desk:
    """An officer's signed-in browser and a nomination with a report of some size."""

    def __init__(self) -> None:
        district = make.make_district()
        user = make_user(Role.DISTRICT_OFFICER, authority=district.authority)
        client = sign_in(Client(), user)
        self.cookies = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
        self.nomination: Nomination = make.make_draft(district)
        file = make.store_issued(
            source=report(200, "traffic"),
            name="报告.pdf",
            kind=FILE_DOCUMENT,
            content_type="application/pdf",
            pages=200,
        )
        StoredFile.objects.filter(pk=file.pk).update(uploaded_by=user, owner_authority=district.authority)
        documents.attach(
            actor=actor_for(user), nomination_id=self.nomination.pk, slot="other", file_id=file.pk, title="大文件"
        )
        self.size = file.size
        self.upload = reverse("nominations:upload", args=[self.nomination.pk, "other"])
        self.download = reverse("files:download", args=[file.pk])
        self.page = reverse("nominations:detail", args=[self.nomination.pk])


@pytest.mark.parametrize(
    ("count", "seconds", "pages"),
    [pytest.param(4, 1.0, 5, id="sample"), pytest.param(20, DRIP_SECONDS, PAGES, marks=pytest.mark.slow, id="whole")],
)
def test_slow_uploads_and_downloads_do_not_stop_the_others(
    count: int, seconds: float, pages: int, private_storage: Path, keep: Keep
) -> None:
    desk = Desk()
    token = "b" * 32
    with portal(private_storage, now=DURING) as port, ThreadPoolExecutor(2 * count) as others:
        get(port, desk.page, desk.cookies)
        quiet = [get(port, desk.page, desk.cookies) for _ in range(pages)]
        gate = threading.Event()

        def after(act: Callable[[], object]) -> object:
            gate.wait(PATIENCE)
            return act()

        uploads = [
            others.submit(after, lambda: drip(port, desk.upload, desk.cookies, token, seconds=seconds))
            for _ in range(count)
        ]
        downloads = [others.submit(after, lambda: get(port, desk.download, desk.cookies)) for _ in range(count)]
        gate.set()
        busy = [get(port, desk.page, desk.cookies) for _ in range(pages)]
        sent = [future.result(PATIENCE) for future in uploads]
        fetched = [future.result(PATIENCE) for future in downloads]
    assert {status for status, _, _ in [*quiet, *busy]} == {200}
    assert sent == [302] * count
    assert [(status, size) for status, size, _ in fetched] == [(200, desk.size)] * count  # type: ignore[misc]
    assert desk.nomination.documents.filter(removed_at=None).count() == count + 1
    figures = {"平时p95秒": p95([s for _, _, s in quiet]), "同时p95秒": p95([s for _, _, s in busy])}
    keep("traffic", f"{count}个慢速上传、{count}个下载，其他页面{pages}次", "无一失败", **figures)
    assert figures["同时p95秒"] < PATIENCE


@pytest.mark.slow
def test_control_a_stalled_body_keeps_its_sender_waiting(private_storage: Path, keep: Keep) -> None:
    """Shows that the slow uploads above are slow: half a body gets no answer at all."""
    desk = Desk()
    with portal(private_storage, now=DURING) as port:
        body, mark = body_of("b" * 32)
        head = (
            f"POST {desk.upload} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary={mark}\r\n"
        )
        with socket.create_connection(("127.0.0.1", port), timeout=1.0) as line:
            line.sendall(f"{head}Cookie: {desk.cookies}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body[:100])
            with pytest.raises(TimeoutError):
                line.recv(1)
    keep("controls", "未传完的上传不会提前得到答复", "通过")
