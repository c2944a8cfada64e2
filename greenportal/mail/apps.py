"""Application configuration."""

from importlib import import_module

from django.apps import AppConfig


class MailConfig(AppConfig):
    name = "greenportal.mail"
    label = "mail"
    verbose_name = "消息"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Put this app's entries into the main navigation."""
        import_module(f"{self.name}.navigation")
