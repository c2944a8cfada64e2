"""`manage.py import_listed FILE`: bring a published list (CSV or workbook) into the register."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dynamic_mgmt.parsing import HEADINGS, MAX_ROWS, REQUIRED
from dynamic_mgmt.services import import_listed, preview_listed
from greenportal.accounts.actors import Actor
from greenportal.directory.workbooks import read_table
from greenportal.findings.types import Invalid


class Command(BaseCommand):
    """Repeatable: the same file again changes nothing. A file with a faulty row is refused as a whole."""

    help = "导入公布的绿色制造名单（CSV或XLSX，可重复执行）"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="只预览，不保存")

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        if not file.is_file():
            raise CommandError(f"没有找到文件：{file}")
        try:
            rows = read_table(file, headings=HEADINGS, required=REQUIRED, max_rows=MAX_ROWS)
            if options["dry_run"]:
                preview = preview_listed(rows)
            else:
                preview = import_listed(actor=Actor.system("import_listed"), rows=rows, source=file.name)
        except Invalid as error:
            raise CommandError("\n".join([error.message, *error.errors.get("rows", [])])) from error
        for problem in preview.problems:
            self.stderr.write(problem.message)
        self.stdout.write(
            f"新增{preview.new}项，补充{preview.updated}项，相同{preview.same}项，"
            f"文件内重复{preview.repeated}项；其中{preview.unmatchable}项不自动匹配。"
            + (f"另有{len(preview.doubts)}项待确认。" if preview.doubts else "")
        )
