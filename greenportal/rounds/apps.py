"""Application configuration."""

from importlib import import_module

from django.apps import AppConfig
from django.core.checks import register

from greenportal.rounds.checks import rulebooks_load


class RoundsConfig(AppConfig):
    name = "greenportal.rounds"
    label = "rounds"
    verbose_name = "年度批次"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the checks of rulebooks, who sees documents, and the navigation."""
        register(rulebooks_load)
        import_module("greenportal.rounds.wiring").connect()
