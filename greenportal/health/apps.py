"""Application configuration."""

from django.apps import AppConfig


class HealthConfig(AppConfig):
    name = "greenportal.health"
    label = "health"
    verbose_name = "运行状况"

    def ready(self) -> None:
        """Register the system checks of the installation."""
        from greenportal import checks  # noqa: PLC0415, F401  (checks read the app registry)
