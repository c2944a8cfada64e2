"""The portal as production runs it, on the test's database: granian, two processes of eight threads; or fewer."""

from __future__ import annotations

import http.client
import os
import socket
import socketserver
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from urllib.error import HTTPError, URLError

from django.db import connection

from greenportal import clock
from greenportal.devtools.console import tail
from greenportal.devtools.places import BIN, LOCAL, ROOT
from greenportal.devtools.process import end, spawn


def free_port() -> int:
    """Return a port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def portal(storage: Path, *, now: datetime, workers: int = 2, threads: int = 8) -> Iterator[int]:
    """Yield the port of a running portal whose business time is `now`; rows must be committed."""
    port, log = free_port(), LOCAL / "log" / f"battery-web-{os.getpid()}.log"
    parameters = connection.get_connection_params()
    where = f"host={parameters.get('host', '')}&port={parameters.get('port', '')}"
    env = {
        **os.environ,
        "DATABASE_URL": f"postgresql://{parameters['user']}@/{parameters['dbname']}?{where}",
        "DJANGO_SETTINGS_MODULE": "tests.bench.settings",
        "TEST_STORAGE": str(storage),
        "GREENPORTAL_CLOCK_OFFSET_SECONDS": str(int((now - clock.running()).total_seconds())),
        "PYTHONWARNINGS": "ignore",
    }
    command = [str(BIN / "granian"), "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    command += [
        "--workers",
        str(workers),
        "--blocking-threads",
        str(threads),
        "--no-ws",
        "greenportal.wsgi:application",
    ]
    process = spawn(command, log=log, env=env, cwd=ROOT)
    try:
        _wait(port, log)
        yield port
    finally:
        end(process, patience=5)


class _Buffering(socketserver.StreamRequestHandler):
    """One exchange through the proxy: taken whole, handed on, answered whole."""

    def handle(self) -> None:
        """Read the request to its end before anybody behind hears of it; the line before is the client's, however slow."""
        method, path, _ = self.rfile.readline().decode("latin-1").split()
        headers = dict(http.client.parse_headers(self.rfile))
        body = self.rfile.read(int(headers.get("Content-Length", 0)))
        behind = http.client.HTTPConnection("127.0.0.1", self.server.behind, timeout=60)  # type: ignore[attr-defined]
        behind.request(method, path, body or None, {**headers, "Connection": "close"})
        answer = behind.getresponse()
        content = answer.read()
        behind.close()
        own = {"transfer-encoding", "connection", "content-length"}
        lines = [f"{name}: {value}" for name, value in answer.getheaders() if name.lower() not in own]
        head = [
            f"HTTP/1.1 {answer.status} {answer.reason}",
            *lines,
            f"Content-Length: {len(content)}",
            "Connection: close",
        ]
        self.wfile.write("\r\n".join([*head, "", ""]).encode("latin-1") + content)


class _Proxy(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64


@contextmanager
def proxy(behind: int) -> Iterator[int]:
    """Yield the port of a proxy that buffers both ways, as docs/howto/deploy.md sets nginx before the portal."""
    with _Proxy(("127.0.0.1", 0), _Buffering) as server:
        server.behind = behind  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def _wait(port: int, log: Path, *, seconds: float = 90) -> None:
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                return
        except HTTPError:
            # It answers: that no worker runs beside it is not its fault.
            return
        except (URLError, OSError):
            pass
        time.sleep(0.2)
    raise RuntimeError(f"the portal did not start:\n{tail(log)}")
