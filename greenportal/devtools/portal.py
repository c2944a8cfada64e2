"""`make run`: the whole portal on one machine, for a newcomer's first look and for daily work."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import psycopg2

from greenportal.devtools import demo_clock
from greenportal.devtools.account import private_home, service_account
from greenportal.devtools.console import say, stop, tail
from greenportal.devtools.places import BIN, LOCAL, LOGS, ROOT, is_free, private_port
from greenportal.devtools.postgres import PostgresServer
from greenportal.devtools.process import end, spawn
from greenportal.devtools.redis import RedisServer

WEB_PORT = 8000
#: Of each of the two web processes. Nothing buffers before them here, as the proxy of production does (eight are
#: enough behind it): twenty slow uploads beside twenty slow downloads must leave threads to the others.
WEB_THREADS = 32
APP_ROLE = "greenportal_app"
STATE = LOCAL / "run.json"
_asked_to_stop = threading.Event()
#: How far the demonstration is loaded where STAGE names no other; each stage stands on the one before.
DEMO_STAGE = "collecting"
DEMO_STAGES = ("opened", "collecting", "submitted", "corrected")
RESTARTS_IN_A_MINUTE = 3
#: What a second tool of this checkout (`make packet`, `make shell`) needs to work on the same servers and files.
SHARED = (
    "DATABASE_URL",
    "MIGRATE_DATABASE_URL",
    "REDIS_URL",
    "STORAGE_URL",
    "EMAIL_URL",
    "SITE_URL",
    "DJANGO_SETTINGS_MODULE",
    "GREENPORTAL_CLOCK_OFFSET_SECONDS",
)


@dataclass
class Service:
    """One long-running part of the portal and its recent restarts."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    restarts: deque[float] = field(default_factory=deque)

    @property
    def log(self) -> Path:
        return LOGS / f"{self.name}.log"

    def start(self, env: dict[str, str]) -> None:
        """Start it, in a process group of its own."""
        self.process = spawn(self.command, log=self.log, env=env, cwd=ROOT)

    def may_restart(self) -> bool:
        """Tell whether it may be started once more: three times within a minute, then it is given up."""
        present = time.monotonic()
        while self.restarts and present - self.restarts[0] > 60:
            self.restarts.popleft()
        self.restarts.append(present)
        return len(self.restarts) <= RESTARTS_IN_A_MINUTE


def run() -> None:
    """Start everything, say where it is, and stop everything on Ctrl-C, on SIGTERM or when a part keeps failing."""
    # Both, since a shell starts a job in the background with SIGINT ignored.
    for stopping in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stopping, _as_interrupt)
    with _only_one(), contextlib.ExitStack() as stack:
        try:
            _remember("(starting)", {})
            env = _environment(stack)
            _prepare_database(env)
            services = _services(int(env["PORT"]), env.get("HOST", "127.0.0.1"))
            stack.callback(_stop_services, services)
            # The web comes first, alone: whoever waits for a page waits for no worker.
            services[0].start(env)
            with ThreadPoolExecutor(max_workers=1) as beside:
                accounts = beside.submit(_accounts, env)
                _wait_until_ready(services[0], env)
                _announce(env, accounts.result())
            for service in services[1:]:
                service.start(env)
            _watch(services, env)
        except KeyboardInterrupt:
            say("\n正在停止 Stopping …")
        except RuntimeError as problem:
            stop(str(problem))
    STATE.unlink(missing_ok=True)
    say("Stopped; the data stays in .local")


def _as_interrupt(_signal: int, _frame: FrameType | None) -> None:
    _asked_to_stop.set()
    raise KeyboardInterrupt


def _heed() -> None:
    """Raise KeyboardInterrupt once more where one was lost: Python drops what is raised while it starts a process."""
    if _asked_to_stop.is_set():
        raise KeyboardInterrupt


@contextlib.contextmanager
def _only_one() -> Iterator[None]:
    """Hold the lock of this checkout, so that two runs never share data."""
    LOCAL.mkdir(parents=True, exist_ok=True)
    with (LOCAL / "run.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            address = (
                json.loads(STATE.read_text(encoding="utf-8"))["address"] if STATE.is_file() else "another terminal"
            )
            stop(f"The portal of this checkout already runs: {address}\nStop it with: make stop")
        yield


def _environment(stack: contextlib.ExitStack) -> dict[str, str]:
    """Return the environment of all parts; starts the servers that no variable names."""
    account = service_account()
    home = private_home(LOCAL, account)
    source = os.environ.get("GREENPORTAL_SERVERS", "")
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "greenportal.settings.dev", "PYTHONUNBUFFERED": "1"}
    env["GREENPORTAL_DEMO"] = "1"  # fictional accounts may be loaded and listed here
    if not env.get("DATABASE_URL"):
        postgres = PostgresServer(home, LOGS / "postgres.log", source=source, account=account)
        stack.callback(postgres.stop)
        postgres.start()
        postgres.prepare()
        env["MIGRATE_DATABASE_URL"] = postgres.url()
        env["DATABASE_URL"] = postgres.url(user=APP_ROLE)
        say(
            f"PostgreSQL {postgres.binaries.major if postgres.binaries else ''} ({postgres.binaries.source if postgres.binaries else ''})"
        )
    if not env.get("REDIS_URL"):
        server = RedisServer(home, LOGS / "redis.log", source=source, account=account)
        stack.callback(server.stop)
        server.start()
        env["REDIS_URL"] = server.url()
        say(f"Redis ({server.found})")
    mode = os.environ.get("CLOCK", "demo") or "demo"
    env["GREENPORTAL_CLOCK_OFFSET_SECONDS"] = str(demo_clock.offset_seconds(mode, LOCAL / "clock.json"))
    env["PORT"] = str(_web_port(env.get("PORT", "")))
    env.setdefault("SITE_URL", f"http://127.0.0.1:{env['PORT']}")  # links in mails lead to this portal
    return env


def _web_port(wanted: str) -> int:
    """Return the port asked for, else 8000, else a private one of this checkout."""
    if wanted:
        if not is_free(int(wanted)):
            raise RuntimeError(f"Port {wanted} is taken. Choose another: make run PORT={int(wanted) + 1}")
        return int(wanted)
    return WEB_PORT if is_free(WEB_PORT) else private_port("web")


def _manage(env: dict[str, str], *arguments: str) -> str:
    """Run a management command to its end; returns what it printed. Raises RuntimeError with its output."""
    done = subprocess.run(
        [str(BIN / "python"), "manage.py", *arguments],
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(
            f"{done.stdout[-3000:]}{done.stderr[-3000:]}\nThis command failed: manage.py {' '.join(arguments)}"
        )
    return done.stdout


def has_command(name: str) -> bool:
    """Tell whether a management command exists, without starting Django."""
    return any(ROOT.glob(f"*/management/commands/{name}.py")) or any(ROOT.glob(f"*/*/management/commands/{name}.py"))


def _prepare_database(env: dict[str, str]) -> None:
    """Migrate, collect static files, and load the demonstration into a database without accounts.

    What has not changed since the last time on our own server is not done again.
    """
    LOGS.mkdir(parents=True, exist_ok=True)
    # The note lies beside the data, so that whoever removes the one removes the other.
    wanted, note = _preparation(env), private_home(LOCAL, service_account()) / "prepared.json"
    collected = (LOCAL / "static" / "staticfiles.json").is_file()
    if not collected or not note.is_file() or json.loads(note.read_text(encoding="utf-8")) != wanted:
        note.unlink(missing_ok=True)
        _migrate_and_collect(env)
        note.write_text(json.dumps(wanted), encoding="utf-8")
    # A load that was broken off left accounts and too little else: the mark says that it is to be taken up again.
    begun, url = note.with_name("demo-begun"), env["DATABASE_URL"]
    broken_off = begun.is_file() and begun.read_text(encoding="utf-8") == url
    reached, asked = note.with_name("demo-stage"), os.environ.get("STAGE", "")
    if has_command("demo") and (broken_off or _is_empty(url) or _further(reached, asked, url)):
        stage = asked or DEMO_STAGE
        say(f"Loading the demonstration (2022 round, {stage}) …")
        begun.write_text(url, encoding="utf-8")
        _manage(env, "demo", "--stage", stage)
        reached.write_text(f"{stage} {url}", encoding="utf-8")
        begun.unlink()


def _further(reached: Path, asked: str, url: str) -> bool:
    """Tell whether the demonstration of this database stops before the stage asked for; one that is past it stays."""
    stage, _, where = reached.read_text(encoding="utf-8").partition(" ") if reached.is_file() else ("", "", "")
    if where != url or asked not in DEMO_STAGES:
        return False
    return DEMO_STAGES.index(stage) < DEMO_STAGES.index(asked)


def _preparation(env: dict[str, str]) -> dict[str, str]:
    """Return what decides whether database and static files must be prepared: their sources and the database."""
    digest = hashlib.sha256()
    for pattern in (
        "*/migrations/*.py",
        "*/*/migrations/*.py",
        "static/**/*",
        "requirements.txt",
        "greenportal/audit/grants.py",
    ):
        for path in sorted(ROOT.glob(pattern)):
            if path.is_file():
                digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    ours = "MIGRATE_DATABASE_URL" not in os.environ and "DATABASE_URL" not in os.environ
    # A server of somebody else may have been emptied meanwhile: there the time makes each start differ.
    return {"sources": digest.hexdigest(), "database": env["DATABASE_URL"] if ours else f"{time.time()}"}


def _migrate_and_collect(env: dict[str, str]) -> None:
    """Bring database and static files up to date, both at the same time. Raises RuntimeError."""
    static = subprocess.Popen(
        [str(BIN / "python"), "manage.py", "collectstatic", "--noinput", "-v0"],
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
    )
    try:
        _manage(env, "migrate", "--noinput", "-v0")
        if env.get("MIGRATE_DATABASE_URL"):
            _manage(env, "grant_app_role")
    finally:
        failed = static.wait()
    if failed:
        raise RuntimeError("collectstatic failed; see the lines above.")


def _is_empty(url: str) -> bool:
    """Tell whether nobody has an account yet."""
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT NOT EXISTS (SELECT 1 FROM accounts_user)")
            row = cursor.fetchone()
            return bool(row and row[0])
    finally:
        connection.close()


def _services(port: int, host: str) -> list[Service]:
    """Return the parts in the order in which they start and stop: the front door first."""
    celery = [str(BIN / "celery"), "-A", "greenportal"]
    worker = [*celery, "worker", "--without-gossip", "--without-mingle", "-O", "fair", "-l", "INFO"]
    beat_file = str(LOCAL / "beat-schedule")
    web = [str(BIN / "granian"), "--interface", "wsgi", "--host", host, "--port", str(port)]
    web += ["--workers", "2", "--blocking-threads", str(WEB_THREADS), "--no-ws", "greenportal.wsgi:application"]
    return [
        Service("web", web),
        Service("worker-fast", [*worker, "-Q", "fast", "-n", "fast@%h", "-c", "2"]),
        Service(
            "worker-packet",
            [*worker, "-Q", "packet", "-n", "packet@%h", "-c", "1", "--soft-time-limit", "600", "--time-limit", "720"],
        ),
        Service("beat", [*celery, "beat", "-s", beat_file, "--pidfile=", "-l", "INFO"]),
    ]


def _stop_services(services: list[Service]) -> None:
    """Stop the front door first, then those behind it."""
    for service in services:
        if service.process is not None:
            # Celery's first SIGTERM waits for running jobs; a job that is cut off is taken up again by its lease.
            end(service.process, patience=8)


def _wait_until_ready(web: Service, env: dict[str, str], seconds: float = 90) -> None:
    """Wait for the first good answer of /readyz. Raises RuntimeError with the log of what failed."""
    limit = time.monotonic() + seconds
    address = f"http://127.0.0.1:{env['PORT']}/readyz"
    while time.monotonic() < limit:
        _heed()
        if web.process is None or web.process.poll() is not None:
            raise RuntimeError(f"{tail(web.log)}\nThe web server did not start; its whole log: {web.log}")
        with (
            contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError),
            urllib.request.urlopen(address, timeout=5),
        ):
            return
        time.sleep(0.2)
    raise RuntimeError(f"{tail(LOGS / 'web.log')}\nThe web server gives no good answer at {address}.")


def _remember(address: str, environment: dict[str, str]) -> None:
    """Write down who runs and where, for `make stop` and `make packet`; the environment holds passwords, hence 0600."""
    STATE.touch(mode=0o600)
    state = {"pid": os.getpid(), "address": address, "environment": environment}
    STATE.write_text(json.dumps(state), encoding="utf-8")


def _accounts(env: dict[str, str]) -> str:
    """Return who can sign in: asked of Django while the web starts, since each loads for seconds."""
    return _manage(env, "demo_accounts").rstrip() if has_command("demo_accounts") else ""


def _announce(env: dict[str, str], accounts: str) -> None:
    """Say where the portal is, what time it plays at, and who can sign in."""
    address = f"http://127.0.0.1:{env['PORT']}/"
    _remember(address, {name: env[name] for name in SHARED if name in env})
    if accounts:
        say(accounts)
    offset = int(env["GREENPORTAL_CLOCK_OFFSET_SECONDS"])
    if offset:
        say(f"\n演示时间 {demo_clock.shown(offset)}（真实时间：make run CLOCK=real）")
    say(f"\n打开 Open   {address}")
    say("停止 Stop   Ctrl-C      日志 Logs   make logs\n")


def _watch(services: list[Service], env: dict[str, str]) -> None:
    """Start again what dies; give up, by RuntimeError, what dies again and again."""
    while True:
        _heed()
        for service in services:
            if service.process is not None and service.process.poll() is not None:
                status = service.process.returncode
                end(service.process)
                if not service.may_restart():
                    raise RuntimeError(
                        f"{tail(service.log)}\n{service.name} keeps failing; its whole log: {service.log}"
                    )
                say(f"{service.name} ended with status {status}; starting it again")
                service.start(env)
        time.sleep(1)


def stop_running() -> None:
    """`make stop`: end a running `make run` of this checkout and wait for it."""
    if not STATE.is_file():
        return
    pid = int(json.loads(STATE.read_text(encoding="utf-8"))["pid"])
    with contextlib.suppress(ProcessLookupError):
        command = Path(f"/proc/{pid}/cmdline")
        if command.exists() and b"greenportal.devtools" not in command.read_bytes():
            STATE.unlink(missing_ok=True)  # the number belongs to somebody else by now
            return
        os.kill(pid, signal.SIGTERM)
        for _ in range(300):
            os.kill(pid, 0)
            time.sleep(0.1)
        stop(f"Process {pid} did not end within 30 seconds.")
    STATE.unlink(missing_ok=True)
