"""The one place where the process environment is read."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit


def text(name: str, default: str = "") -> str:
    """Return variable `name`, stripped, or `default` when unset or blank."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, default: bool = False) -> bool:
    """Return variable `name` as a boolean; 1, true, yes and on are true."""
    value = text(name)
    return value.lower() in {"1", "true", "yes", "on"} if value else default


def integer(name: str, default: int) -> int:
    """Return variable `name` as an integer; raises ValueError naming the variable."""
    value = text(name)
    if not value:
        return default
    try:
        return int(value)
    except ValueError as exc:
        raise ValueError(f"{name} must be a whole number, got {value!r}") from exc


def database(url: str) -> dict[str, Any]:
    """Turn `postgresql://user:pass@host:port/name?sslmode=require` into Django's dictionary.

    A socket directory is given as `?host=/path`. Raises ValueError for any other scheme:
    the portal relies on PostgreSQL for locks, triggers and constraints.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ValueError(f"DATABASE_URL must start with postgresql://, got {parts.scheme or url!r}")
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    host = options.pop("host", parts.hostname or "")
    port = options.pop("port", str(parts.port or ""))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": port,
        "OPTIONS": options,
    }


def beside(url: str) -> str:
    """Return the address of database 1 on the Redis of `url`: the cache's place beside the broker's.

    Where the broker itself has database 1, database 2.
    """
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path="/2" if parts.path == "/1" else "/1"))


def join_running_portal(note: Path) -> None:
    """Let this process use the servers of a running `make run`, whose note is at `note`, where none are named.

    Called by manage.py, so that a command typed in a second terminal reaches the database that the pages show.
    """
    if text("DATABASE_URL") or not note.is_file():
        return
    told: dict[str, str] = json.loads(note.read_text(encoding="utf-8")).get("environment", {})
    os.environ.update({name: value for name, value in told.items() if not text(name)})


def connect_as_owner() -> None:
    """Let this process connect as the owner of the tables (MIGRATE_DATABASE_URL), where one is named.

    Called by manage.py for the commands that change tables and rights; everything else runs as a role that cannot.
    """
    owner = text("MIGRATE_DATABASE_URL")
    if owner:
        os.environ["DATABASE_URL"] = owner


def storages(url: str) -> dict[str, Any]:
    """Turn `file:///path` or `s3://bucket/prefix?endpoint=https://host&region=…` into Django's default storage.

    Keys of an S3 service come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, never from the address, which is logged.
    Raises ValueError for another scheme, a relative path or a missing bucket.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        if not parts.path.startswith("/") or parts.netloc:
            raise ValueError(f"STORAGE_URL needs an absolute path, as in file:///srv/greenportal; got {url!r}")
        options: dict[str, Any] = {"location": unquote(parts.path), "file_permissions_mode": 0o600}
        return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}
    if parts.scheme == "s3":
        if not parts.hostname:
            raise ValueError("STORAGE_URL needs a bucket, as in s3://bucket?endpoint=https://host")
        query = dict(parse_qsl(parts.query))
        options = {
            "bucket_name": parts.netloc,
            "location": parts.path.strip("/"),
            "endpoint_url": query.get("endpoint"),
            "region_name": query.get("region"),
            "addressing_style": query.get("addressing", "path"),
            "default_acl": None,
            "querystring_auth": True,
            "file_overwrite": False,
        }
        return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
    raise ValueError(f"STORAGE_URL must start with file:// or s3://, got {parts.scheme or url!r}")


def email(url: str) -> dict[str, Any]:
    """Turn `console:` or `smtp://user:pass@host:port?tls=1` (or `ssl=1`) into Django's EMAIL_* settings.

    Raises ValueError for another scheme or a missing host.
    """
    parts = urlsplit(url)
    if parts.scheme == "console":
        return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    if parts.scheme != "smtp" or not parts.hostname:
        raise ValueError("EMAIL_URL must be console: or smtp://user:pass@host:port?tls=1")
    query = dict(parse_qsl(parts.query))
    tls, ssl = query.get("tls") == "1", query.get("ssl") == "1"
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or (465 if ssl else 587 if tls else 25),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": tls,
        "EMAIL_USE_SSL": ssl,
        "EMAIL_TIMEOUT": 20,
    }
