"""Settings of `make run` and of a developer's shell."""

from greenportal import env, logs
from greenportal.settings.base import *  # noqa: F403
from greenportal.settings.base import LOCAL_DIR, LOG_LEVEL, STORAGES

DEBUG = False
SECRET_KEY = "development-only-key-never-used-in-production-0123456789"  # noqa: S105
IDENTITY_KEY = "development-only-identity-key-0123456789-0123456789"
# Accounts of the demonstration are public; a server's hashes stay slow (its settings do not read this file).
PASSWORD_HASHERS = ["greenportal.devtools.hashing.QuickHasher"]
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", "testserver", *filter(None, env.text("ALLOWED_HOSTS").split(","))]
LOCAL_DIR.mkdir(parents=True, exist_ok=True)
LOGGING = logs.configuration(style=env.text("LOG_FORMAT", "plain"), level=LOG_LEVEL)
# Compressing the vendors' files takes 45 s; an image is built once, a developer starts many times.
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
}
