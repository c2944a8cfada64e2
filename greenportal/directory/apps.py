"""Application configuration."""

from importlib import import_module

from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "greenportal.directory"
    label = "directory"
    verbose_name = "单位与区划"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Put this app's entries into the main navigation and register its kind of files."""
        import_module(f"{self.name}.navigation")
