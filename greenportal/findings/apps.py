"""Application configuration."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class FindingsConfig(AppConfig):
    name = "greenportal.findings"
    label = "findings"
    verbose_name = "核查结论"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import the rule code of every app, so that the registry is whole."""
        autodiscover_modules("eligibility.rules")
