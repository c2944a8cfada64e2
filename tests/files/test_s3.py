"""Our storage code on an S3 service: django-storages and boto3 as locked, a small S3 server inside the test."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

import pytest
from django.core.files.storage import storages
from django.test import override_settings

from greenportal import env
from greenportal.files import blobs
from greenportal.files.services import Corrupt, open_path, store_issued
from tests.factories.nominations import make_pdf


class Bucket(ThreadingHTTPServer):
    """Objects by path, and what was asked."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.objects: dict[str, bytes] = {}
        self.asked: list[str] = []


class Handler(BaseHTTPRequestHandler):
    """PUT, GET with a range, HEAD, DELETE of objects in one bucket, path style."""

    protocol_version = "HTTP/1.1"
    server: Bucket

    def log_message(self, *_):
        pass

    def _key(self) -> str:
        self.server.asked.append(self.command)
        assert "AWS4-HMAC-SHA256 Credential=key-of-the-test/" in self.headers["Authorization"]
        return unquote(urlsplit(self.path).path)

    def _answer(self, status, body=b"", length=None, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _body(self) -> bytes:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        if "aws-chunked" not in self.headers.get("Content-Encoding", ""):
            return raw
        found = b""
        while raw:
            size, _, raw = raw.partition(b"\r\n")
            count = int(size.partition(b";")[0], 16)
            if not count:
                break
            found, raw = found + raw[:count], raw[count + 2 :]
        return found

    def do_PUT(self):
        if self.headers.get("Expect") == "100-continue":
            pass  # answered by the base class before
        self.server.objects[self._key()] = self._body()
        self._answer(200, ETag='"0"')

    def do_GET(self):
        body = self.server.objects.get(self._key())
        if body is None:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>", Content_Type="application/xml")
        elif wanted := self.headers.get("Range"):
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            part = body[int(first) : int(last) + 1 if last else None]
            told = f"bytes {first}-{int(first) + len(part) - 1}/{len(body)}"
            self._answer(206, part, Content_Range=told, ETag='"0"', Last_Modified="Wed, 12 Oct 2022 00:00:00 GMT")
        else:
            self._answer(200, body, ETag='"0"', Last_Modified="Wed, 12 Oct 2022 00:00:00 GMT")

    def do_HEAD(self):
        body = self.server.objects.get(self._key())
        if body is None:
            self._answer(404)
        else:
            stamp = "Wed, 12 Oct 2022 00:00:00 GMT"
            self._answer(200, length=len(body), ETag='"0"', Last_Modified=stamp)

    def do_DELETE(self):
        self.server.objects.pop(self._key(), None)
        self._answer(204)


@pytest.fixture
def bucket(monkeypatch):
    """An S3 service, and the portal switched to it by STORAGE_URL alone."""
    server = Bucket()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key-of-the-test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-test")
    url = f"s3://bucket/prefix?endpoint=http://127.0.0.1:{server.server_port}&region=cn-north-1"
    try:
        with override_settings(STORAGES={**storages.backends, "default": env.storages(url)}):
            yield server
    finally:
        server.shutdown()
        server.server_close()


def test_bytes_go_there_and_come_back_whole(bucket, tmp_path):
    source = tmp_path / "报告.pdf"
    source.write_bytes(make_pdf("内容") * 50)
    blobs.put("ab/one.pdf", source)
    assert bucket.objects["/bucket/prefix/ab/one.pdf"] == source.read_bytes()
    assert blobs.local_path("ab/one.pdf") is None
    assert blobs.exists("ab/one.pdf", size=source.stat().st_size)
    assert not blobs.exists("ab/one.pdf", size=1)
    assert not blobs.exists("ab/two.pdf", size=1)
    with blobs.opened("ab/one.pdf") as copy:
        assert copy.read_bytes() == source.read_bytes()
    assert not copy.exists(), "the local copy is gone afterwards"
    blobs.delete("ab/one.pdf")
    assert bucket.objects == {}
    blobs.delete("ab/one.pdf")


@pytest.mark.django_db
def test_an_issued_file_is_stored_there_and_read_from_there(bucket):
    file = store_issued(
        source=b"content", name="a.pdf", kind="nominations.packet", content_type="application/pdf", pages=1
    )
    assert list(bucket.objects.values()) == [b"content"]
    with open_path(file) as path:
        assert path.read_bytes() == b"content"
    assert {"PUT", "GET"} <= set(bucket.asked)
    bucket.objects.clear()
    with pytest.raises(Corrupt), open_path(file):
        pass
