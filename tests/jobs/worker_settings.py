"""Settings of a worker process under test: short leases, and the test's own job kinds."""

import json
import os

from greenportal.settings.test import *  # noqa: F403
from greenportal.settings.test import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.jobs.app"]
JOBS = json.loads(os.environ.get("TEST_JOBS", "{}"))
