"""Application configuration."""

from django.apps import AppConfig


class FilesConfig(AppConfig):
    name = "greenportal.files"
    label = "files"
    verbose_name = "文件"
    default_auto_field = "django.db.models.BigAutoField"
