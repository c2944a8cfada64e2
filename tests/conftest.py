"""Fixtures of the whole suite.

For tests of pages: `live_portal`, `page`. For tests marked `services`: `redis_server`, `celery_worker_process`.
Every test gets a storage of its own; files left elsewhere fail the run.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.db.models.signals import pre_save
from django.test import TransactionTestCase
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from kombu import pools

from greenportal.devtools.account import service_account
from greenportal.devtools.console import tail
from greenportal.devtools.places import BIN, LOCAL, ROOT
from greenportal.devtools.process import end, spawn
from greenportal.devtools.redis import RedisServer
from tests import emptying

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page
    from pytest_django.live_server_helper import LiveServer

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
SCREENSHOTS = LOCAL / "screenshots"
ONE_PROCESS = ("e2e", "services")


# What hypothesis thinks slow depends on who else uses the machine: no property of the code.
hypothesis_settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("suite")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep browser and worker tests each in one process of xdist: one Chromium, one worker for all of them."""
    for item in items:
        for name in ONE_PROCESS:
            if item.get_closest_marker(name):
                item.add_marker(pytest.mark.xdist_group(name))


# --- database ---------------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True, scope="session")
def sessions_end_with_the_tests(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """End what still holds the test database when it is dropped: a server thread of a browser may outlive its test."""
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(autouse=True, scope="session")
def quick_emptying() -> Iterator[None]:
    """Empty the database after a test that commits by deleting what is there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", emptying.teardown)
        yield


# --- storage ---------------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def private_storage(request: pytest.FixtureRequest, settings: Any, tmp_path: Path) -> Path:
    """Store uploads of this test in a folder of its own; tests with a worker share the worker's."""
    if "celery_worker_process" in request.fixturenames:
        folder: Path = request.getfixturevalue("shared_storage")
    else:
        folder = tmp_path / "storage"
    storages = {name: dict(value) for name, value in settings.STORAGES.items()}
    storages["default"] = {**storages["default"], "OPTIONS": {"location": folder}}
    settings.STORAGES = storages
    return folder


@pytest.fixture(autouse=True, scope="session")
def no_files_left_over() -> Iterator[None]:
    """Fail the run when something wrote uploads past `private_storage`."""
    folder = Path(django_settings.STORAGES["default"]["OPTIONS"]["location"])
    yield
    left = [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []
    shutil.rmtree(folder, ignore_errors=True)
    assert left == [], f"tests left files in {folder}: {left[:5]}"


def _as_the_application_may(sender: Any, instance: Any, update_fields: Any, **_: Any) -> None:
    """Refuse what the application's role could not write: tests run as the owner, who may write every column."""
    fixed = {
        name for trigger in getattr(sender._meta, "triggers", ()) for name in getattr(trigger, "fields", None) or ()
    }
    if fixed and not instance._state.adding and (update_fields is None or fixed & set(update_fields)):
        raise AssertionError(
            f"save {sender.__name__} with update_fields and without {sorted(fixed)}: no right to these"
        )


@pytest.fixture(autouse=True, scope="session")
def rights_of_the_application() -> Iterator[None]:
    """Every save of the suite asks for no column that production would refuse."""
    pre_save.connect(_as_the_application_may, dispatch_uid="rights")
    yield
    pre_save.disconnect(dispatch_uid="rights")


@pytest.fixture(scope="session")
def shared_storage() -> Iterator[Path]:
    """A folder that a test and the worker process both use."""
    with tempfile.TemporaryDirectory(prefix="greenportal-storage-") as folder:
        yield Path(folder)


# --- Redis and Celery ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A real Redis or Valkey of this process; `.url()` is its address, `.stop()` and `.start()` make it fail and return."""
    account = service_account()
    with tempfile.TemporaryDirectory(prefix="greenportal-redis-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        account.own(home)
        server = RedisServer(home, LOCAL / "log" / f"test-redis-{os.getpid()}.log", name="redis")
        server.start()
        yield server
        server.stop()


@dataclass
class WorkerProcess:
    """A real Celery worker on the test's database. `kill()` is SIGKILL for it and its children."""

    redis: RedisServer
    storage: Path
    log: Path
    queues: str = "fast,packet"
    process: Any = None

    def environment(self) -> dict[str, str]:
        """Return the environment that makes another process see this test's database, broker and files."""
        parameters = connection.get_connection_params()
        host, port = parameters.get("host", ""), parameters.get("port", "")
        url = f"postgresql://{parameters['user']}@/{parameters['dbname']}?host={host}&port={port}"
        return {
            **os.environ,
            "DATABASE_URL": url,
            "TEST_REDIS_URL": self.redis.url(),
            "TEST_STORAGE": str(self.storage),
            "DJANGO_SETTINGS_MODULE": "greenportal.settings.test",
            "PYTHONWARNINGS": "ignore",
        }

    def start(self, *, seconds: float = 60, **extra: str) -> None:
        """Start the worker and wait until it takes work. `extra` are further environment variables."""
        name = f"test-{os.getpid()}-{time.monotonic_ns()}@localhost"
        command = [str(BIN / "celery"), "-A", "greenportal", "worker", "-Q", self.queues, "-c", "1", "-n", name]
        command += ["--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "INFO"]
        self.log.unlink(missing_ok=True)
        self.process = spawn(command, log=self.log, env={**self.environment(), **extra}, cwd=ROOT)
        limit = time.monotonic() + seconds
        while time.monotonic() < limit and self.process.poll() is None:
            if self.log.is_file() and " ready." in self.log.read_text(encoding="utf-8", errors="replace"):
                return
            time.sleep(0.1)
        raise RuntimeError(f"the worker did not start:\n{tail(self.log)}")

    def stop(self) -> None:
        """End it and its children when a test is over, at once: Celery takes five seconds to end in its own way."""
        if self.process is not None:
            end(self.process, first=signal.SIGKILL)
            self.process = None

    def kill(self) -> None:
        """Kill it and its children at once, as a lost machine would."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None


@pytest.fixture
def real_broker(redis_server: RedisServer) -> Iterator[str]:
    """Point this process's Celery application at the real broker for one test; empty it first. Yields the address."""
    import redis

    from greenportal.celery import app

    url = redis_server.url()
    client = redis.Redis.from_url(url)
    client.flushall()
    client.close()
    names = ("broker_url", "broker_read_url", "broker_write_url")
    before = {name: app.conf[name] for name in names}
    app.conf.update(dict.fromkeys(names, url))
    forget_connections(app)
    yield url
    app.conf.update(before)
    forget_connections(app)


def forget_connections(app: Any) -> None:
    """Close what Celery keeps open, so that the next ring goes to the address then in force."""
    pools.reset()
    app._pool = None
    app.amqp._producer_pool = None


@pytest.fixture
def celery_worker_process(
    transactional_db: None, real_broker: str, redis_server: RedisServer, shared_storage: Path
) -> Iterator[WorkerProcess]:
    """A running worker of both queues on this test's database; rows must be committed, hence transactional_db."""
    worker = WorkerProcess(redis_server, shared_storage, LOCAL / "log" / f"test-worker-{os.getpid()}.log")
    worker.start()
    yield worker
    worker.stop()


# --- browser ---------------------------------------------------------------------------------------------------------


@dataclass
class LivePortal:
    """The portal served over HTTP on the test's database."""

    server: LiveServer

    @property
    def url(self) -> str:
        """The address without a trailing slash."""
        return self.server.url

    def sign_in(self, context: BrowserContext, user: Any, *, second_factor: bool = True) -> None:
        """Give the browser a session of `user` without the sign-in pages (those have tests of their own)."""
        from django.test import Client

        client = Client()
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        session = client.session
        if second_factor:
            present = time.time()
            session["account_authentication_methods"] = [
                {"method": "password", "at": present, "username": user.get_username()},
                {"method": "mfa", "at": present, "type": "totp"},
            ]
        session.save()
        name = django_settings.SESSION_COOKIE_NAME
        context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": self.url}])


@pytest.fixture
def live_portal(live_server: LiveServer) -> LivePortal:
    """The portal over HTTP; rows are committed (transactional_db), static files come from the source folders."""
    return LivePortal(live_server)


def browser_path() -> str:
    """Return Chromium's path; fails where there is none: browser tests are never skipped."""
    chosen = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), "")
    assert chosen, "no Chromium found: run make install-test"
    return chosen


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One headless Chromium for all browser tests."""
    from playwright.sync_api import sync_playwright

    # Playwright's synchronous interface runs an event loop in this thread, which Django takes for asynchronous code.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser_path(), args=BROWSER_FLAGS)
        yield chromium
        chromium.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def browser_context(browser: Browser) -> Iterator[BrowserContext]:
    """A fresh browser profile, in Chinese, on Dalian's clock; what the pages cannot load or run fails the test."""
    context = browser.new_context(
        locale="zh-CN", timezone_id="Asia/Shanghai", viewport={"width": 1280, "height": 900}, accept_downloads=True
    )
    context.set_default_timeout(15_000)
    problems: list[str] = []
    context.on("weberror", lambda error: problems.append(f"script: {error.error}"))
    context.on(
        "console", lambda message: problems.append(message.text) if "Content Security Policy" in message.text else None
    )
    yield context
    context.close()
    assert problems == []


@pytest.fixture
def page(browser_context: BrowserContext) -> Page:
    """A page of a fresh profile."""
    return browser_context.new_page()


@pytest.fixture
def screenshot(request: pytest.FixtureRequest) -> Any:
    """A function `(page, name)` that keeps a picture in .local/screenshots and returns its path."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)

    def take(page: Page, name: str) -> Path:
        path = SCREENSHOTS / f"{name}.png"
        page.screenshot(path=path, full_page=True)
        return path

    return take
