"""Settings of the test suite: real PostgreSQL, a broker address that refuses, fast hashing."""

from pathlib import Path

from greenportal import env
from greenportal.settings.base import *  # noqa: F403
from greenportal.settings.base import DATABASES, INSTALLED_APPS, LOCAL_DIR, MIDDLEWARE

SECRET_KEY = "test-only-key-0123456789-0123456789-0123456789"  # noqa: S105
IDENTITY_KEY = "test-only-identity-key-0123456789-0123456789"
ALLOWED_HOSTS = ["*"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# A functional test that reaches the broker is a bug: this address refuses at once.
# TEST_REDIS_URL is set for the worker process of tests marked `services` only (tests/conftest.py).
REDIS_URL = CELERY_BROKER_URL = env.text("TEST_REDIS_URL", "redis://127.0.0.1:1/0")
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": Path(env.text("TEST_STORAGE", str(LOCAL_DIR / "test-storage")))},
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# Several people and processes test side by side: each names its own database.
# TEST_DB_TEMPLATE is a migrated database to copy (greenportal/devtools/testbase.py); without it each process migrates.
DATABASES["default"]["TEST"] = {
    "NAME": f"test_greenportal{env.text('TEST_DB_SUFFIX')}",
    "TEMPLATE": env.text("TEST_DB_TEMPLATE") or None,
}
DATABASES["default"]["OPTIONS"]["options"] = "-c greenportal.max_skew=off"
# An N+1 query inside a request is an error (django-zeal); every test of a page looks for them.
INSTALLED_APPS = [*INSTALLED_APPS, "zeal"]
MIDDLEWARE = [*MIDDLEWARE, "zeal.middleware.zeal_middleware"]
LOG_LEVEL = "WARNING"
# WhiteNoise warns where nothing was collected yet, and warnings are errors: a fresh checkout has this folder, empty.
STATIC_ROOT = LOCAL_DIR / "test-static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
