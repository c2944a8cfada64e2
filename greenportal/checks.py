"""System checks of an installation. Each failure has an id and says what to do (docs/howto/deploy.md).

greenportal.E001–E019 stop every command; W101 onwards belong to `check --deploy`.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.db import OperationalError, connections

Messages = list[checks.CheckMessage]
Apps = Sequence[AppConfig] | None
SECRET_KEY_LENGTH = 50
IDENTITY_KEY_LENGTH = 40
#: Families one of which must be installed with a real bold: WeasyPrint makes none, and titles would come out thin.
BOLD_FAMILIES = ("Noto Serif CJK SC", "Noto Serif SC", "Source Han Serif SC", "方正小标宋简体", "FZXiaoBiaoSong-B05S")
#: A fontconfig weight from which a face counts as bold.
BOLD_WEIGHT = 180


def _library_loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def _font_lines() -> list[str]:
    """Return `family|weight` of every installed Chinese face, as fontconfig sees them."""
    program = shutil.which("fc-list")
    if program is None:
        return []
    done = subprocess.run(
        [program, ":lang=zh-cn", "--format", "%{family}|%{weight}\n"],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    return done.stdout.splitlines()


def _heaviest(weight: str) -> float:
    """Return the largest number of fontconfig's weight, which is a range in square brackets for variable fonts."""
    numbers = [float(part) for part in weight.strip("[]").split() if part.replace(".", "", 1).isdigit()]
    return max(numbers, default=0)


@checks.register("greenportal")
def subset_library(app_configs: Apps, **kwargs: Any) -> Messages:
    """E001: without libharfbuzz-subset a document takes twenty times as long."""
    if _library_loads("libharfbuzz-subset.so.0"):
        return []
    return [
        checks.Error(
            "The library libharfbuzz-subset is missing: PDF files would take twenty times as long.",
            hint="sudo apt-get install -y libharfbuzz-subset0",
            id="greenportal.E001",
        )
    ]


@checks.register("greenportal")
def bold_font(app_configs: Apps, **kwargs: Any) -> Messages:
    """E002: titles of official documents need a Song font with a real bold."""
    for line in _font_lines():
        family, _, weight = line.rpartition("|")
        if any(name in family for name in BOLD_FAMILIES) and _heaviest(weight) >= BOLD_WEIGHT:
            return []
    return [
        checks.Error(
            "No Chinese Song font with a real bold is installed: titles of documents would come out thin.",
            hint="sudo apt-get install -y fonts-noto-cjk fontconfig",
            id="greenportal.E002",
        )
    ]


@checks.register("greenportal", deploy=True)
def document_engine(app_configs: Apps, **kwargs: Any) -> Messages:
    """E010: the document engine as it will be used: subsetting as WeasyPrint found it, and a font for Chinese.

    Loads WeasyPrint, which takes more than two seconds: so only for `check --deploy`. E001 and E002 see the
    same causes at every start.
    """
    from greenportal.documents import fonts, pdf  # noqa: PLC0415

    try:
        pdf.check_engine()
    except (pdf.SlowSubsetting, fonts.NoFonts) as error:
        return [
            checks.Error(
                f"Documents cannot be made: {error}",
                hint="sudo apt-get install -y libharfbuzz-subset0 fonts-noto-cjk, then restart.",
                id="greenportal.E010",
            )
        ]
    return []


@checks.register("greenportal")
def upload_limits(app_configs: Apps, **kwargs: Any) -> Messages:
    """E003: a proxy that lets through less than we promise cuts uploads off with a page that nobody understands."""
    proxy = settings.PROXY_UPLOAD_LIMIT_MB
    if not proxy or proxy == settings.REQUEST_LIMIT_MB:
        return []
    return [
        checks.Error(
            f"The proxy lets requests of {proxy} MB through, the portal takes {settings.REQUEST_LIMIT_MB} MB.",
            hint="Set client_max_body_size (nginx) and PROXY_UPLOAD_LIMIT_MB to the portal's value.",
            id="greenportal.E003",
        )
    ]


@checks.register("greenportal")
def broker_settings(app_configs: Apps, **kwargs: Any) -> Messages:
    """E004: the doorbell is Redis; E005: the cache must not share its database, else clearing one empties the other."""
    found: Messages = []
    if urlsplit(settings.CELERY_BROKER_URL).scheme not in {"redis", "rediss"}:
        found.append(
            checks.Error(
                "The broker is not a Redis address.",
                hint="Set REDIS_URL=redis://:password@host:6379/0 (rediss:// for TLS).",
                id="greenportal.E004",
            )
        )
    if settings.CACHES["default"].get("LOCATION") == settings.CELERY_BROKER_URL:
        found.append(
            checks.Error(
                "Cache and broker share one Redis database.",
                hint="Give CACHE_URL another database number than REDIS_URL.",
                id="greenportal.E005",
            )
        )
    return found


@checks.register("greenportal")
def storage(app_configs: Apps, **kwargs: Any) -> Messages:
    """E006: uploads must never lie where the web server hands out files by itself."""
    location = settings.STORAGES["default"].get("OPTIONS", {}).get("location")
    if not location or settings.STORAGES["default"]["BACKEND"] != "django.core.files.storage.FileSystemStorage":
        return []
    if not str(location).startswith(str(settings.STATIC_ROOT)):
        return []
    return [
        checks.Error(
            "Uploads would be stored below the public static files.",
            hint="Point STORAGE_URL to a folder of its own, such as file:///srv/greenportal/storage.",
            id="greenportal.E006",
        )
    ]


@checks.register(checks.Tags.database)
def database_locale(app_configs: Apps, databases: Sequence[str] | None = None, **kwargs: Any) -> Messages:
    """E007: under the locale C, trigram search sees no Chinese character."""
    found: Messages = []
    for alias in databases or ():
        try:
            with connections[alias].cursor() as cursor:
                cursor.execute("SELECT datctype FROM pg_database WHERE datname = current_database()")
                row = cursor.fetchone()
        except OperationalError:
            continue  # an unreachable server is reported by whatever needs it
        if row and row[0] in {"C", "POSIX"}:
            found.append(
                checks.Error(
                    f"The database has the locale {row[0]}: searching Chinese names finds nothing.",
                    hint="Create it anew with LC_CTYPE 'C.UTF-8' (createdb --locale=C.UTF-8 --template=template0).",
                    id="greenportal.E007",
                )
            )
    return found


@checks.register("greenportal", deploy=True)
def real_time(app_configs: Apps, **kwargs: Any) -> Messages:
    """E008: in production the portal's clock is the real one, or every deadline is wrong."""
    if not settings.CLOCK_OFFSET:
        return []
    return [
        checks.Error(
            "The demonstration clock is on: deadlines and receipts would bear a wrong time.",
            hint="Unset GREENPORTAL_CLOCK_OFFSET_SECONDS.",
            id="greenportal.E008",
        )
    ]


@checks.register("greenportal", deploy=True)
def secret_key(app_configs: Apps, **kwargs: Any) -> Messages:
    """E009: whoever guesses the key can sign in as anybody."""
    key = settings.SECRET_KEY
    if len(key) >= SECRET_KEY_LENGTH and len(set(key)) >= 10 and "development" not in key and "insecure" not in key:
        return []
    return [
        checks.Error(
            f"SECRET_KEY is weak: at least {SECRET_KEY_LENGTH} random characters are needed.",
            hint="python3 -c 'import secrets; print(secrets.token_urlsafe(50))'",
            id="greenportal.E009",
        )
    ]


@checks.register("greenportal", deploy=True)
def identity_key(app_configs: Apps, **kwargs: Any) -> Messages:
    """E011: without a key of its own, prints of identity numbers could be guessed, or end with the next SECRET_KEY."""
    key = settings.IDENTITY_KEY
    strong = len(key) >= IDENTITY_KEY_LENGTH and len(set(key)) >= 10 and "development" not in key
    if strong and key != settings.SECRET_KEY:
        return []
    return [
        checks.Error(
            f"IDENTITY_KEY is missing or weak: at least {IDENTITY_KEY_LENGTH} random characters, not those of SECRET_KEY.",
            hint="python3 -c 'import secrets; print(secrets.token_urlsafe(40))', then IDENTITY_KEY=…; keep it with the backups.",
            id="greenportal.E011",
        )
    ]


@checks.register("greenportal", deploy=True)
def site_owner(app_configs: Apps, **kwargs: Any) -> Messages:
    """W101: what the guideline on government websites wants at the foot of each page."""
    variables = {
        "name": "SITE_OWNER_NAME",
        "department": "SITE_OWNER_DEPARTMENT",
        "phone": "SITE_OWNER_PHONE",
        "icp": "SITE_ICP",
        "police": "SITE_POLICE_RECORD",
        "site_code": "SITE_CODE",
    }
    empty = [variable for key, variable in variables.items() if not settings.SITE_OWNER.get(key)]
    if not empty:
        return []
    return [
        checks.Warning(
            f"Details of the site's owner are missing: {', '.join(empty)}.",
            hint="An officer of the owner gives them; see docs/howto/deploy.md.",
            id="greenportal.W101",
        )
    ]


@checks.register("greenportal", deploy=True)
def stated_limits(app_configs: Apps, **kwargs: Any) -> Messages:
    """W102: nobody said what the proxy lets through, so E003 could not compare."""
    if settings.PROXY_UPLOAD_LIMIT_MB:
        return []
    return [
        checks.Warning(
            "PROXY_UPLOAD_LIMIT_MB is not set: the proxy's limit could not be compared with the portal's.",
            hint=f"Set client_max_body_size {settings.REQUEST_LIMIT_MB}m in nginx, then PROXY_UPLOAD_LIMIT_MB={settings.REQUEST_LIMIT_MB}.",
            id="greenportal.W102",
        )
    ]


@checks.register("greenportal", deploy=True)
def sending_mail(app_configs: Apps, **kwargs: Any) -> Messages:
    """W103: receipts and reminders that only reach the log reach nobody."""
    if not settings.EMAIL_BACKEND.endswith("console.EmailBackend"):
        return []
    return [
        checks.Warning(
            "Mail is written to the log only.",
            hint="Set EMAIL_URL=smtp://user:password@host:587?tls=1.",
            id="greenportal.W103",
        )
    ]


@checks.register("greenportal", deploy=True)
def own_address(app_configs: Apps, **kwargs: Any) -> Messages:
    """W104: links in mails (invitations, confirmations, opinions) would lead to the reader's own machine."""
    if urlsplit(settings.SITE_URL).hostname not in {None, "localhost", "127.0.0.1", "::1"}:
        return []
    return [
        checks.Warning(
            f"SITE_URL is {settings.SITE_URL!r}: links in mails would not lead here.",
            hint="Set SITE_URL=https://green.example.gov.cn, scheme and host as people reach the portal.",
            id="greenportal.W104",
        )
    ]


#: All checks above in the order of their ids, for docs and tests.
ALL: tuple[Callable[..., Messages], ...] = (
    subset_library,
    bold_font,
    upload_limits,
    broker_settings,
    storage,
    database_locale,
    real_time,
    secret_key,
    identity_key,
    site_owner,
    stated_limits,
    sending_mail,
    own_address,
)
