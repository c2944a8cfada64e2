"""Application configuration."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class JobsConfig(AppConfig):
    name = "greenportal.jobs"
    label = "jobs"
    verbose_name = "后台任务"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Load `tasks.py` of every app, so that each job kind is known wherever jobs are asked for; the navigation."""
        autodiscover_modules("tasks")
        import_module(f"{self.name}.navigation")
