"""`manage.py grant_app_role`: the database role under which the application runs."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from greenportal.audit.grants import grant


class Command(BaseCommand):
    """Run as the owner (MIGRATE_DATABASE_URL) after `migrate`; the password is set outside, by the operator."""

    help = "Create the application's database role and grant it everything but changing history."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--role", default=settings.APP_DATABASE_ROLE)

    def handle(self, *args: Any, **options: Any) -> None:
        tables = grant(options["role"])
        self.stdout.write(f"{options['role']}: {len(tables)} append-only tables")
        for table in tables:
            self.stdout.write(f"  {table}")
