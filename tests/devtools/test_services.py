"""Real Redis and a real worker, as tests marked `services` get them."""

import pytest
import redis
from django.conf import settings

from greenportal.celery import app

pytestmark = pytest.mark.services


def test_redis_of_the_test_run_answers_and_wants_its_password(redis_server):
    assert redis.Redis.from_url(redis_server.url()).ping() is True
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=redis_server.port).ping()


def test_broker_of_functional_tests_refuses():
    with pytest.raises(redis.ConnectionError):
        redis.Redis.from_url(settings.CELERY_BROKER_URL).ping()


def test_worker_takes_a_task_from_the_real_broker(celery_worker_process, real_broker):
    answers = app.control.ping(timeout=5)

    assert [list(answer.values()) for answer in answers] == [[{"ok": "pong"}]]
