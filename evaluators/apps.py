"""Application configuration."""

from importlib import import_module

from django.apps import AppConfig


class EvaluatorsConfig(AppConfig):
    name = "evaluators"
    label = "evaluators"
    verbose_name = "第三方评价机构"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Put this app's entries into navigation and home page and register its kind of files."""
        import_module(f"{self.name}.actions")
        import_module(f"{self.name}.navigation")
        import_module(f"{self.name}.wiring").connect()
