"""Print the state tables, or write them into the reference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from nominations.selectors.tables import markdown

PAGE = Path("docs") / "reference" / "states.md"


class Command(BaseCommand):
    """`manage.py show_states` prints docs/reference/states.md as the tables say it; `--write` stores it."""

    help = "打印申报与推荐汇总表的状态表；加 --write 写入 docs/reference/states.md"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--write", action="store_true", help="写入 docs/reference/states.md")

    def handle(self, *args: Any, **options: Any) -> None:
        text = markdown()
        if options["write"]:
            (settings.BASE_DIR / PAGE).write_text(text, encoding="utf-8")
            self.stdout.write(f"{PAGE}")
            return
        self.stdout.write(text)
