"""Twenty slow uploads and twenty slow downloads while others work, against the real server: nobody waits or is lost."""

from __future__ import annotations

import http.client
import os
import socket
import statistics
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from greenportal.accounts.actors import Role
from greenportal.devtools.portal import WEB_THREADS
from greenportal.files.models import StoredFile
from nominations.constants import FILE_DOCUMENT
from nominations.models import Nomination
from nominations.services import documents
from tests.battery import corpus
from tests.battery.conftest import Keep
from tests.battery.seeding import FULL
from tests.battery.server import portal, proxy
from tests.bench.packet import report
from tests.factories import nominations as make
from tests.factories.accounts import actor_for, make_user, sign_in
from tests.factories.rounds import DURING

pytestmark = [pytest.mark.battery, pytest.mark.services, pytest.mark.django_db(transaction=True)]
#: An upload and a download take this long from the first byte to the last.
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


@dataclass(frozen=True)
class Span:
    """One exchange: status, bytes that came, and from when to when it lasted."""

    status: int
    size: int
    began: float
    ended: float

    @property
    def seconds(self) -> float:
        return self.ended - self.began


def drip_up(port: int, path: str, cookies: str, token: str, *, seconds: float) -> Span:
    """Send an upload piece by piece in so many seconds and take the answer."""
    began = time.monotonic()
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
        return Span(answer.status, len(answer.read()), began, time.monotonic())


def drip_down(port: int, path: str, cookies: str, *, size: int, seconds: float) -> Span:
    """Fetch a file of `size` bytes as over a thin line: nothing is buffered, a piece is taken now and then."""
    began = time.monotonic()
    with socket.socket() as line:
        # What the kernel would take at once is not slow.
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        line.settimeout(PATIENCE)
        line.connect(("127.0.0.1", port))
        line.sendall(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookies}\r\nConnection: close\r\n\r\n".encode()
        )
        answer = http.client.HTTPResponse(line)
        answer.begin()
        came = 0
        while piece := answer.read(-(-size // PIECES)):
            came += len(piece)
            time.sleep(seconds / PIECES)
        return Span(answer.status, came, began, time.monotonic())


def get(port: int, path: str, cookies: str) -> Span:
    """Fetch a page."""
    began = time.monotonic()
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        line.request("GET", path, headers={"Cookie": cookies})
        answer = line.getresponse()
        return Span(answer.status, len(answer.read()), began, time.monotonic())
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
            # More than sockets hold, so that a slow reader is felt by whoever sends.
            source=report(200, "traffic") + os.urandom(4_000_000),
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


@dataclass
class Rush:
    """So many slow uploads and downloads at once, and the pages that somebody else fetched until the first ended."""

    uploads: list[Span]
    downloads: list[Span]
    pages: list[Span]

    @property
    def meanwhile(self) -> list[Span]:
        """The pages asked for and answered while every single transfer was under way."""
        slow = [*self.uploads, *self.downloads]
        begun, over = max(row.began for row in slow), min(row.ended for row in slow)
        return [page for page in self.pages if begun <= page.began and page.ended <= over]


def rush(port: int, desk: Desk, *, count: int, seconds: float) -> Rush:
    """Let `count` uploads and `count` downloads drip for so many seconds and fetch a page again and again."""
    token, gate = "b" * 32, threading.Barrier(2 * count + 1)

    def after(act: Callable[[], Span]) -> Span:
        gate.wait(PATIENCE)
        return act()

    with ThreadPoolExecutor(2 * count) as others:
        uploads = [
            others.submit(after, lambda: drip_up(port, desk.upload, desk.cookies, token, seconds=seconds))
            for _ in range(count)
        ]
        downloads = [
            others.submit(after, lambda: drip_down(port, desk.download, desk.cookies, size=desk.size, seconds=seconds))
            for _ in range(count)
        ]
        gate.wait(PATIENCE)
        pages = []
        while not any(future.done() for future in [*uploads, *downloads]):
            pages.append(get(port, desk.page, desk.cookies))
        return Rush([row.result(PATIENCE) for row in uploads], [row.result(PATIENCE) for row in downloads], pages)


@pytest.mark.parametrize(
    ("count", "seconds", "threads", "buffered"),
    [
        pytest.param(4, 2.0, 8, True, id="sample"),
        pytest.param(20, DRIP_SECONDS, 8, True, marks=pytest.mark.slow, id="behind the proxy"),
        pytest.param(20, DRIP_SECONDS, WEB_THREADS, False, marks=pytest.mark.slow, id="make run"),
    ],
)
def test_others_work_while_uploads_and_downloads_drip(
    count: int, seconds: float, threads: int, buffered: bool, private_storage: Path, keep: Keep
) -> None:
    """In production the proxy waits for what drips; `make run` has none and threads enough instead."""
    desk = Desk()
    with (
        portal(private_storage, now=DURING, threads=threads) as web,
        proxy(web) if buffered else nullcontext(web) as port,
    ):
        get(port, desk.page, desk.cookies)
        quiet = [get(port, desk.page, desk.cookies) for _ in range(5)]
        met = rush(port, desk, count=count, seconds=seconds)
    assert {row.status for row in [*quiet, *met.pages]} == {200}
    assert [row.status for row in met.uploads] == [302] * count
    assert [(row.status, row.size) for row in met.downloads] == [(200, desk.size)] * count
    assert min(row.seconds for row in [*met.uploads, *met.downloads]) >= seconds, "each was slow"
    assert desk.nomination.documents.filter(removed_at=None).count() == count + 1
    assert met.meanwhile, "others were answered while all of them were under way"
    figures = {"平时p95秒": p95([s.seconds for s in quiet]), "同时p95秒": p95([s.seconds for s in met.meanwhile])}
    way = "经代理缓冲" if buffered else f"不经代理，2×{threads}个线程"
    case = f"{way}，{count}个慢速上传、{count}个慢速下载（各{seconds}秒以上），同时答复其他页面{len(met.meanwhile)}次"
    keep("traffic", case, "无一失败", **figures)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("count", "workers", "threads", "seconds"),
    [pytest.param(2, 1, 1, 2.0, id="one"), pytest.param(20, 2, 8, DRIP_SECONDS, id="whole")],
)
def test_control_without_the_proxy_slow_uploads_hold_every_thread(
    count: int, workers: int, threads: int, seconds: float, private_storage: Path, keep: Keep
) -> None:
    """The same check comes out the other way where the threads themselves wait for what drips."""
    desk = Desk()
    with portal(private_storage, now=DURING, workers=workers, threads=threads) as port:
        get(port, desk.page, desk.cookies)
        met = rush(port, desk, count=count, seconds=seconds)
    assert [row.status for row in met.uploads] == [302] * count
    assert met.meanwhile == []
    keep("controls", f"不经代理缓冲，{count}个慢速上传占满{workers * threads}个线程，其间无人得到答复", "通过")


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
