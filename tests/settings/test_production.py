"""Production settings: silent under `check --deploy` when complete, loud about each thing that is missing."""

from __future__ import annotations

import json
import os
import re
import subprocess

import pytest
from django.db import connection

from greenportal.devtools.places import BIN, ROOT

COMPLETE = {
    "DJANGO_SETTINGS_MODULE": "greenportal.settings.production",
    "SECRET_KEY": "q8Zr-0vYt2_mWc7nLxKpD4sHfGjB9aEuRiTyXoVb1N6M3Pk5QwSz",
    "IDENTITY_KEY": "mT4-vRk8_wQz2yLpXc6NdJfHsGbAe1UoIiVtYr9ZxWq3",
    "ALLOWED_HOSTS": "green.example.gov.cn",
    "TRUSTED_PROXY_COUNT": "1",
    "PROXY_UPLOAD_LIMIT_MB": "55",
    "EMAIL_URL": "smtp://h?tls=1",
    "SITE_OWNER_PHONE": "0411-00000000",
    "SITE_ICP": "示例备案号",
    "SITE_POLICE_RECORD": "示例备案号",
    "SITE_CODE": "0000000000",
    "SITE_URL": "https://green.example.gov.cn",
}


def run(*command: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run Python's `command` in a production environment with `changes`; an empty value unsets."""
    base = {name: os.environ[name] for name in ("PATH", "HOME", "DATABASE_URL") if name in os.environ}
    env = {name: value for name, value in {**base, **COMPLETE, **changes}.items() if value}
    return subprocess.run([BIN / "python", *command], cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def deploy_check(**changes: str) -> subprocess.CompletedProcess[str]:
    return run("manage.py", "check", "--deploy", "--fail-level", "WARNING", **changes)


def settings_of(*names: str, **changes: str) -> list[object]:
    code = f"import json; from django.conf import settings as s; print(json.dumps([getattr(s, n, None) for n in {names!r}]))"
    done = run("-c", code, **changes)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_complete_production_settings_pass_the_deployment_check():
    done = deploy_check()

    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize(
    ("change", "identifier"),
    [
        ({"SITE_ICP": ""}, "greenportal.W101"),
        ({"PROXY_UPLOAD_LIMIT_MB": ""}, "greenportal.W102"),
        ({"PROXY_UPLOAD_LIMIT_MB": "10"}, "greenportal.E003"),
        ({"EMAIL_URL": ""}, "greenportal.W103"),
        ({"SITE_URL": ""}, "greenportal.W104"),
        ({"GREENPORTAL_CLOCK_OFFSET_SECONDS": "-60"}, "greenportal.E008"),
        ({"SECRET_KEY": "short"}, "greenportal.E009"),
        ({"IDENTITY_KEY": ""}, "greenportal.E011"),
        ({"IDENTITY_KEY": "q8Zr-0vYt2_mWc7nLxKpD4sHfGjB9aEuRiTyXoVb1N6M3Pk5QwSz"}, "greenportal.E011"),
        ({"REDIS_URL": "amqp://h"}, "greenportal.E004"),
        ({"REDIS_URL": "unix:///run/r.sock"}, "greenportal.E004"),
        ({"CACHE_URL": "redis://h/0", "REDIS_URL": "redis://h/0"}, "greenportal.E005"),
        ({"STORAGE_URL": f"file://{ROOT}/.local/static/uploads"}, "greenportal.E006"),
    ],
)
def test_each_missing_thing_is_named(change, identifier):
    done = deploy_check(**change)

    assert done.returncode == 1
    assert set(re.findall(r"\((greenportal\.[EW]\d+)\)", done.stderr)) == {identifier}
    assert "HINT: " in done.stderr


def test_without_a_key_nothing_starts():
    done = run("manage.py", "check", SECRET_KEY="")

    assert done.returncode == 1
    assert "SECRET_KEY is not set" in done.stderr


def test_cookies_are_bound_to_host_and_tls():
    name, secure, csrf, redirect, proxy = settings_of(
        "SESSION_COOKIE_NAME",
        "SESSION_COOKIE_SECURE",
        "CSRF_COOKIE_SECURE",
        "SECURE_SSL_REDIRECT",
        "SECURE_PROXY_SSL_HEADER",
    )

    assert (name, secure, csrf, redirect) == ("__Host-sessionid", True, True, True)
    assert proxy == ["HTTP_X_FORWARDED_PROTO", "https"]


def test_without_a_trusted_proxy_its_header_is_not_believed():
    assert settings_of("SECURE_PROXY_SSL_HEADER", TRUSTED_PROXY_COUNT="0") == [None]


def test_sub_path_gets_cookies_of_its_own():
    assert settings_of(
        "SESSION_COOKIE_NAME", "SESSION_COOKIE_PATH", "CSRF_COOKIE_PATH", FORCE_SCRIPT_NAME="/green"
    ) == [
        "greenportal_session",
        "/green/",
        "/green/",
    ]


@pytest.mark.django_db
def test_shifted_clock_is_told_to_the_database_of_the_demonstration_only():
    [plain] = settings_of("DATABASES")
    [shifted] = settings_of("DATABASES", GREENPORTAL_CLOCK_OFFSET_SECONDS="-60")

    assert "options" not in plain["default"]["OPTIONS"]
    assert shifted["default"]["OPTIONS"]["options"] == "-c greenportal.max_skew=off"
    with connection.cursor() as cursor:
        cursor.execute("SHOW greenportal.max_skew")
        assert cursor.fetchone() == ("off",)
