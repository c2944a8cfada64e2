"""Application configuration."""

from importlib import import_module

from django.apps import AppConfig


class FilingsConfig(AppConfig):
    name = "greenportal.filings"
    label = "filings"
    verbose_name = "填报"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let people see the workbooks that they are bringing in themselves."""
        import_module("greenportal.filings.wiring").connect()
