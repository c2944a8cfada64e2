"""`make test`, `make check` and their relatives: what must hold before a change lands."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from greenportal.devtools import testbase
from greenportal.devtools.account import service_account
from greenportal.devtools.console import say, stop
from greenportal.devtools.places import BIN, LOCAL, ROOT
from greenportal.devtools.postgres import PostgresServer

PACKAGES = ("greenportal", "nominations", "evaluators", "dynamic_mgmt")


@dataclass(frozen=True)
class Step:
    """One check: a name for people and the command, relative to the root."""

    name: str
    command: tuple[str, ...]


def tool(name: str, *arguments: str) -> tuple[str, ...]:
    """Return the command line of a program of `.venv`."""
    return (str(BIN / name), *arguments)


#: Two run at a time, the longest first.
STATIC = (
    Step("types", tool("mypy", *PACKAGES)),
    Step("ruff check", tool("ruff", "check", "-q", ".")),
    Step("ruff format", tool("ruff", "format", "--check", "-q", ".")),
    Step("import contracts", tool("lint-imports", "--no-cache")),
    Step("dependencies", tool("deptry", ".", "--config", "requirements/deptry.toml", "--no-ansi")),
    Step("templates", tool("djlint", "templates", "--lint", "--quiet")),
    Step("migrations", tool("python", "manage.py", "makemigrations", "--check", "--dry-run")),
    Step("system checks", tool("python", "manage.py", "check", "--fail-level", "WARNING")),
)
DATABASE = Step("test database", tool("python", "-m", "greenportal.devtools.testbase"))


@contextlib.contextmanager
def test_environment() -> Iterator[dict[str, str]]:
    """Yield the environment of a test run with a PostgreSQL of its own; TEST_DATABASE_URL names another server."""
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "greenportal.settings.test", "PYTHONHASHSEED": "0"}
    for name in ("REDIS_URL", "STORAGE_URL", "EMAIL_URL", "GREENPORTAL_CLOCK_OFFSET_SECONDS", "MIGRATE_DATABASE_URL"):
        env.pop(name, None)
    # Without compiled modules each of the hundreds of processes of the tests takes seconds more to start.
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    if os.environ.get("TEST_DATABASE_URL"):
        yield {**env, "DATABASE_URL": os.environ["TEST_DATABASE_URL"]}
        return
    account = service_account()
    with tempfile.TemporaryDirectory(prefix="greenportal-test-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        account.own(home)
        server = PostgresServer(
            home, LOCAL / "log" / "test-postgres.log", source=os.environ.get("GREENPORTAL_SERVERS", ""), durable=False
        )
        try:
            server.start()
            server.prepare()
            yield {**env, "DATABASE_URL": server.url()}
        finally:
            server.stop()


def run_steps(steps: Sequence[Step], env: dict[str, str]) -> list[str]:
    """Run all steps, two at a time; show what a failing one says, return the names of those that failed."""
    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(_run_step, step, env) for step in steps]
        try:
            for done in as_completed(running):
                name, seconds, trouble = done.result()
                say(f"{'ok  ' if trouble is None else 'FAIL'} {name:<18}{seconds:6.1f} s")
                if trouble is not None:
                    say(trouble)
        except BaseException:
            # Ctrl-C: leaving the pool waits for all that stand in it, so no more than what has begun.
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    results = [done.result() for done in running]
    return [name for name, _, trouble in results if trouble is not None]


def _run_step(step: Step, env: dict[str, str]) -> tuple[str, float, str | None]:
    """Return the step's name, its seconds and, of one that failed, what it said."""
    started = time.monotonic()
    done = subprocess.run(
        step.command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    return step.name, time.monotonic() - started, (done.stdout + done.stderr).strip() if done.returncode else None


@contextlib.contextmanager
def one_migration(env: dict[str, str]) -> Iterator[dict[str, str]]:
    """Yield the environment in which the processes of the tests copy the database that `DATABASE` makes."""
    name = f"test_greenportal{env.get('TEST_DB_SUFFIX', '')}_base"
    try:
        yield {**env, "TEST_DB_TEMPLATE": name}
    finally:
        # A server that is gone has taken it along; what ended the run must not be hidden by that.
        with contextlib.suppress(psycopg2.Error):
            testbase.drop(name, env["DATABASE_URL"])


def pytest(env: dict[str, str], *arguments: str) -> int:
    """Run pytest with its output on our terminal; its closing line is the last that is printed on success."""
    done = subprocess.run([*tool("pytest"), *arguments], cwd=ROOT, env=env, stdin=subprocess.DEVNULL, check=False)
    return done.returncode


def _finish(failed: Sequence[str], status: int) -> None:
    sys.stdout.flush()
    if failed or status:
        stop("These did not hold: " + ", ".join([*failed, *(["tests"] if status else [])]))


def everything() -> None:
    """`make test`: all checks and all tests but the slow ones, two at a time; browser and worker tests each stay in
    one process. What is marked `slow` takes minutes a test and has a command of its own: `make slow`.
    """
    with test_environment() as plain, one_migration(plain) as env:
        failed = run_steps((DATABASE, *STATIC), env)
        status = pytest(env, "-n", "2", "--dist", "loadgroup", "-q", "-m", "not slow", "tests")
    _finish(failed, status)


def slow() -> None:
    """`make slow`: the tests that take minutes: the whole demonstration, texts and files of the battery's sample."""
    with test_environment() as env:
        status = pytest(env, "-n", "2", "--dist", "loadgroup", "-q", "-m", "slow", "tests")
    _finish([], status)


def fast() -> None:
    """`make check`: lint, types, contracts and the tests that need neither browser nor worker."""
    with test_environment() as plain, one_migration(plain) as env:
        failed = run_steps((DATABASE, *STATIC), env)
        status = pytest(env, "-n", "2", "-q", "-m", "not e2e and not services and not battery and not slow", "tests")
    _finish(failed, status)


def browser() -> None:
    """`make e2e`: the browser tests but the slow sweep of axe; screenshots go to .local/screenshots."""
    with test_environment() as env:
        status = pytest(env, "-q", "-m", "e2e and not slow", "tests")
    _finish([], status)


def battery() -> None:
    """`make battery`: every case instead of the seeded sample; commit and result go to .local/battery."""
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    folder = LOCAL / "battery"
    folder.mkdir(parents=True, exist_ok=True)
    with test_environment() as env:
        status = pytest(
            {**env, "BATTERY": "full"}, "-q", "-m", "battery", "tests", f"--junitxml={folder}/{commit or 'unknown'}.xml"
        )
    (folder / "latest.txt").write_text(f"{commit} {'passed' if status == 0 else 'failed'}\n", encoding="utf-8")
    _finish([], status)
