"""Settings of the benches: those of the tests, without the watch for N+1 queries, which costs time of its own."""

from __future__ import annotations

from greenportal.settings.test import *  # noqa: F403
from greenportal.settings.test import INSTALLED_APPS as WATCHED_APPS
from greenportal.settings.test import MIDDLEWARE as WATCHED_MIDDLEWARE

INSTALLED_APPS = [name for name in WATCHED_APPS if name != "zeal"]
MIDDLEWARE = [name for name in WATCHED_MIDDLEWARE if not name.startswith("zeal.")]
