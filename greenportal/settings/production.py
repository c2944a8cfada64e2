"""Settings of a real installation, behind a TLS proxy."""

from greenportal.settings.base import *  # noqa: F403
from greenportal.settings.base import FORCE_SCRIPT_NAME, SECRET_KEY, TRUSTED_PROXY_COUNT

if not SECRET_KEY:
    raise RuntimeError("SECRET_KEY is not set: generate one and put it into the environment (docs/howto/deploy.md).")
DEBUG = False
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-sessionid"
# A cookie named __Host- is sent to the whole host only: below a sub-path it would be shared with its neighbours,
# so there the plain name with the sub-path is used.
if FORCE_SCRIPT_NAME:
    SESSION_COOKIE_NAME = "greenportal_session"
    SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = FORCE_SCRIPT_NAME.rstrip("/") + "/"
SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # asked by the machine itself, without TLS
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
if TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
