"""`manage.py run_sweeper [--once]`: the sweeper by itself, for cron or a spare process."""

from __future__ import annotations

import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from greenportal.jobs import worker


class Command(BaseCommand):
    help = "Rings for due jobs, takes back those of dead workers and plans periodic ones."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="sweep once and exit")

    def handle(self, *args: Any, **options: Any) -> None:
        worker.sweep_once()
        if not options["once"]:
            worker.sweep_forever(threading.Event())
