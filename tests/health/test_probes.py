"""Health answers: ready with the database alone, well only with everything."""

from __future__ import annotations

import http.server
import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.test import Client

from greenportal import clock
from greenportal.health import __main__ as command
from greenportal.health import probes
from greenportal.jobs.health import CANARY_KIND
from greenportal.jobs.models import Job, Tick

pytestmark = pytest.mark.django_db


@pytest.fixture
def moving_jobs():
    """A tick and a canary of ten seconds ago."""
    recent = clock.running() - timedelta(seconds=10)
    Tick.objects.create(task="sweep", planned_at=recent, created_at=recent)
    Job.objects.create(
        kind=CANARY_KIND, state="done", due_at=recent, ring_at=recent, created_at=recent, finished_at=recent
    )


@pytest.fixture
def well(moving_jobs, monkeypatch):
    """Everything is well; the broker is pretended, its probe has tests of its own."""
    monkeypatch.setattr(probes, "FURTHER", (probes.cached, probes.disk))


def test_ready_when_the_database_answers(client):
    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


def test_not_ready_without_the_database(client, monkeypatch):
    class Gone:
        def cursor(self):
            raise DatabaseError

    monkeypatch.setattr(probes, "connection", Gone())
    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["failing"]) == (503, ["database"])


def test_well_with_moving_jobs(client, well):
    answer = client.get("/healthz")

    assert (answer.status_code, answer.json()["failing"]) == (200, [])
    assert 10 <= answer.json()["readings"]["jobs"]["last_tick_seconds"] < 60


def test_not_well_when_nobody_ticks(client, well):
    Tick.objects.all().delete()
    answer = client.get("/healthz")

    assert (answer.status_code, answer.json()["failing"]) == (503, ["jobs"])


def test_not_well_when_a_job_waits_longer_than_three_minutes(client, well):
    due = clock.running() - timedelta(seconds=200)
    Job.objects.create(kind="x.y", due_at=due, ring_at=due, created_at=due)

    answer = client.get("/healthz")

    assert answer.json()["failing"] == ["jobs"]
    assert 200 <= answer.json()["readings"]["jobs"]["oldest_due_seconds"] < 260


def test_dead_broker_is_named_within_two_seconds(client, moving_jobs):
    answer = client.get("/healthz")

    assert (answer.status_code, answer.json()["failing"]) == (503, ["broker"])


def test_full_disk_is_named(well, monkeypatch):
    monkeypatch.setattr(probes, "DISK_MINIMUM_MB", 10**9)

    assert [reading.name for reading in probes.everything() if not reading.ok] == ["disk_free_mb"]


@pytest.mark.services
def test_broker_that_answers(redis_server, settings):
    settings.CELERY_BROKER_URL = redis_server.url()

    assert probes.broker().ok is True


def test_probes_take_no_writing_request():
    assert Client(enforce_csrf_checks=False).post("/healthz").status_code == 405


def test_probe_needs_no_account_and_no_session(client):
    assert client.get("/readyz").cookies == {}


@pytest.fixture
def answering(monkeypatch):
    """A web server on the loopback address; returns a function that sets its status and the hosts it was asked for."""
    hosts: list[str] = []
    status = [200]

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            hosts.append(self.headers["Host"])
            self.send_response(status[0])
            self.end_headers()

        def log_message(self, *args):
            return

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("PORT", str(server.server_port))
    monkeypatch.setenv("ALLOWED_HOSTS", ".green.example,other.example")
    yield status, hosts
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_health_check_of_the_container_follows_the_answer(answering, status, code):
    answering[0][0] = status

    assert command.main() == code
    assert answering[1] == ["green.example"]


def test_health_check_of_the_container_fails_when_nobody_listens(monkeypatch):
    monkeypatch.setenv("PORT", "1")

    assert command.main() == 1
