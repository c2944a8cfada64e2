"""`manage.py load_directory`: bring in the shipped districts, 先导区, departments and classes."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from greenportal.directory.services import load_directory


class Command(BaseCommand):
    """Idempotent; rows that an officer edited stay as they are."""

    help = "导入随程序附带的行政区划、主管部门和行业代码（可重复执行）"

    def handle(self, *args: Any, **options: Any) -> None:
        loaded = load_directory()
        self.stdout.write(
            f"行政区划变更{loaded.territories}项，主管部门变更{loaded.authorities}项，行业代码变更{loaded.industries}项。"
        )
