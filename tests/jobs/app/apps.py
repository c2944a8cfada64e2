"""Keeps a worker under test from doing the portal's own planned work beside the test's."""

from django.apps import AppConfig

from greenportal.jobs import registry


class TestJobsConfig(AppConfig):
    name = "tests.jobs.app"
    label = "test_jobs"

    def ready(self) -> None:
        for name in set(registry._periodic) - {"jobs.canary"}:
            del registry._periodic[name]
