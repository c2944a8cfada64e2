"""Application configuration."""

from importlib import import_module

from django.apps import AppConfig


class NominationsConfig(AppConfig):
    name = "nominations"
    label = "nominations"
    verbose_name = "绿色制造名单推荐"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the foundation whose files, filings and jobs these are."""
        import_module("nominations.actions")
        import_module("nominations.wiring").connect()
