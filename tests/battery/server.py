"""The portal as production runs it, on the test's database: granian, two processes of eight threads."""

from __future__ import annotations

import os
import socket
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
def portal(storage: Path, *, now: datetime) -> Iterator[int]:
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
    command += ["--workers", "2", "--blocking-threads", "8", "--no-ws", "greenportal.wsgi:application"]
    process = spawn(command, log=log, env=env, cwd=ROOT)
    try:
        _wait(port, log)
        yield port
    finally:
        end(process, patience=5)


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
