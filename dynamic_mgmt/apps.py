"""Application configuration."""

from importlib import import_module

from django.apps import AppConfig


class DynamicMgmtConfig(AppConfig):
    name = "dynamic_mgmt"
    label = "dynamic_mgmt"
    verbose_name = "动态管理"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Put this app's entries into navigation and home page and register its kind of files."""
        import_module(f"{self.name}.actions")
        import_module(f"{self.name}.navigation")
        import_module(f"{self.name}.table_wiring").connect()
