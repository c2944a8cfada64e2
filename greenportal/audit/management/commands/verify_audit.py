"""`manage.py verify_audit`: read the trail against itself."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from greenportal.audit.services import verify


class Command(BaseCommand):
    """Exit 0 when the trail holds; exit 1 and name each stream and row where it does not."""

    help = "Verify the hash chains of the audit trail, its heads, anchors and seals."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seal", default="", help="digest of a seal kept off this machine; it must still be there")

    def handle(self, *args: Any, **options: Any) -> None:
        breaks = verify(seal=options["seal"])
        for found in breaks:
            self.stderr.write(f"{found.stream} #{found.position}: {found.reason}")
        if breaks:
            raise CommandError(f"审计记录有{len(breaks)}处断裂。", returncode=1)
        self.stdout.write("审计记录完整。")
