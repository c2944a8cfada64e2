"""`manage.py import_industries FILE`: bring in the list of GB/T 4754-2017 (CSV or workbook)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from greenportal.accounts.actors import Actor
from greenportal.directory.services import apply_industries, preview_industries
from greenportal.directory.services.industries import HEADINGS, REQUIRED
from greenportal.directory.workbooks import read_table
from greenportal.findings.types import Invalid


class Command(BaseCommand):
    """Repeatable; a file with a faulty row is refused as a whole."""

    help = "导入国民经济行业分类小类（CSV或XLSX，可重复执行）"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="只预览，不保存")

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        if not file.is_file():
            raise CommandError(f"没有找到文件：{file}")
        try:
            rows = read_table(file, headings=HEADINGS, required=REQUIRED)
            if options["dry_run"]:
                preview = preview_industries(rows)
            else:
                preview = apply_industries(actor=Actor.system("import_industries"), rows=rows, source=file.name)
        except Invalid as error:
            raise CommandError("\n".join([error.message, *error.errors.get("rows", [])])) from error
        for problem in preview.problems:
            self.stderr.write(problem.message)
        self.stdout.write(f"变更{len(preview.changes)}项，相同{preview.same}项，略过{preview.skipped}项。")
