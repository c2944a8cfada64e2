"""Reading the environment: each address becomes settings, each mistake names its variable."""

import json

import pytest
from django.core.files.storage import storages

from greenportal import env


def test_text_is_stripped_and_blank_means_default(monkeypatch):
    monkeypatch.setenv("GP_X", "  a ")
    monkeypatch.setenv("GP_BLANK", "   ")

    assert env.text("GP_X") == "a"
    assert env.text("GP_BLANK", "default") == "default"


@pytest.mark.parametrize(("value", "meaning"), [("1", True), ("TRUE", True), ("on", True), ("0", False), ("no", False)])
def test_flag(monkeypatch, value, meaning):
    monkeypatch.setenv("GP_X", value)

    assert env.flag("GP_X", default=not meaning) is meaning


def test_flag_unset_is_the_default(monkeypatch):
    monkeypatch.delenv("GP_X", raising=False)

    assert env.flag("GP_X", default=True) is True


def test_integer_that_is_none_names_the_variable(monkeypatch):
    monkeypatch.setenv("GP_X", "many")

    with pytest.raises(ValueError, match="GP_X must be a whole number, got 'many'"):
        env.integer("GP_X", 1)


def test_database_address_with_everything():
    assert env.database("postgresql://us%40er:p%2Fw@db.example:6543/name?sslmode=require") == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "name",
        "USER": "us@er",
        "PASSWORD": "p/w",
        "HOST": "db.example",
        "PORT": "6543",
        "OPTIONS": {"sslmode": "require"},
    }


def test_database_address_of_a_socket():
    found = env.database("postgresql://me@/name?host=/tmp/with%20space&port=25430")

    assert (found["HOST"], found["PORT"], found["OPTIONS"]) == ("/tmp/with space", "25430", {})


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite:///x", "nonsense"])
def test_other_databases_are_refused(url):
    with pytest.raises(ValueError, match="DATABASE_URL must start with postgresql://"):
        env.database(url)


def test_storage_in_a_folder():
    assert env.storages("file:///srv/green%20portal")["OPTIONS"]["location"] == "/srv/green portal"


def test_storage_in_s3():
    found = env.storages("s3://bucket/some/prefix?endpoint=https://s3.example:9000&region=cn-1")

    assert found["BACKEND"] == "storages.backends.s3.S3Storage"
    assert found["OPTIONS"]["bucket_name"] == "bucket"
    assert found["OPTIONS"]["location"] == "some/prefix"
    assert found["OPTIONS"]["endpoint_url"] == "https://s3.example:9000"
    assert found["OPTIONS"]["region_name"] == "cn-1"
    assert found["OPTIONS"]["default_acl"] is None
    assert found["OPTIONS"]["file_overwrite"] is False


def test_s3_settings_are_ones_that_the_backend_knows(settings):
    settings.STORAGES = {**settings.STORAGES, "default": env.storages("s3://bucket?endpoint=http://127.0.0.1:1")}

    assert storages["default"].bucket_name == "bucket"


@pytest.mark.parametrize("url", ["file://relative/path", "s3://", "ftp://host/x", ""])
def test_storage_mistakes_are_refused(url):
    with pytest.raises(ValueError, match="STORAGE_URL"):
        env.storages(url)


def test_mail_to_the_console():
    assert env.email("console:") == {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}


@pytest.mark.parametrize(
    ("url", "port", "tls", "ssl"),
    [
        ("smtp://h", 25, False, False),
        ("smtp://h?tls=1", 587, True, False),
        ("smtp://h?ssl=1", 465, False, True),
        ("smtp://h:2525?tls=1", 2525, True, False),
    ],
)
def test_mail_ports_and_encryption(url, port, tls, ssl):
    found = env.email(url)

    assert (found["EMAIL_PORT"], found["EMAIL_USE_TLS"], found["EMAIL_USE_SSL"]) == (port, tls, ssl)


def test_mail_password_is_decoded():
    found = env.email("smtp://me%40example.com:p%3Aw@h")

    assert (found["EMAIL_HOST_USER"], found["EMAIL_HOST_PASSWORD"]) == ("me@example.com", "p:w")


@pytest.mark.parametrize("url", ["smtp://", "imap://h", "h"])
def test_mail_mistakes_are_refused(url):
    with pytest.raises(ValueError, match="EMAIL_URL"):
        env.email(url)


def test_owner_address_replaces_the_application_s_only_where_it_is_set(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://app@/x")
    monkeypatch.delenv("MIGRATE_DATABASE_URL", raising=False)
    env.connect_as_owner()
    assert env.text("DATABASE_URL") == "postgresql://app@/x"

    monkeypatch.setenv("MIGRATE_DATABASE_URL", "postgresql://owner@/x")
    env.connect_as_owner()
    assert env.text("DATABASE_URL") == "postgresql://owner@/x"


@pytest.mark.parametrize(
    ("own", "used"), [("", "postgresql://app@/running"), ("postgresql://me@/x", "postgresql://me@/x")]
)
def test_a_command_joins_the_running_portal_unless_it_names_its_own_database(monkeypatch, tmp_path, own, used):
    note = tmp_path / "run.json"
    note.write_text(json.dumps({"pid": 1, "environment": {"DATABASE_URL": "postgresql://app@/running"}}))
    monkeypatch.setenv("DATABASE_URL", own)
    if not own:
        monkeypatch.delenv("DATABASE_URL")
    env.join_running_portal(note)
    assert env.text("DATABASE_URL") == used


def test_without_a_running_portal_nothing_is_joined(monkeypatch, tmp_path):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    env.join_running_portal(tmp_path / "run.json")
    assert env.text("DATABASE_URL") == ""


@pytest.mark.parametrize(
    ("broker", "cache"),
    [
        ("redis://h:6379/0", "redis://h:6379/1"),
        ("redis://:p%2F@h:6379", "redis://:p%2F@h:6379/1"),
        ("rediss://h:6379/1", "rediss://h:6379/2"),
        ("redis://h/0?ssl_cert_reqs=none", "redis://h/1?ssl_cert_reqs=none"),
    ],
)
def test_the_cache_has_a_database_beside_the_brokers(broker, cache):
    assert env.beside(broker) == cache
