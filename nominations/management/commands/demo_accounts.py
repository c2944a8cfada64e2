"""manage.py demo_accounts: who can sign in to the demonstration, with the one-time codes of this moment."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from greenportal.documents.xlsx import display_width
from nominations.demo.people import PASSWORD, table

HEADINGS = ("账户", "姓名", "角色", "单位", "动态口令")


class Command(BaseCommand):
    """Prints a table; codes change every 30 seconds, so ask again when one is no longer taken."""

    help = "打印演示账户、密码和当前动态口令"

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO_ALLOWED:
            raise CommandError("演示账户只在演示环境中列出。确需列出的，设置环境变量 GREENPORTAL_DEMO=1 后再执行。")
        rows = [HEADINGS, *((r.username, r.name, r.role, r.place, r.code or "—") for r in table())]
        if len(rows) == 1:
            self.stdout.write("还没有演示账户，请先执行：manage.py demo")
            return
        widths = [max(display_width(row[column]) for row in rows) for column in range(len(HEADINGS))]
        for row in rows:
            self.stdout.write("  ".join(_padded(text, width) for text, width in zip(row, widths, strict=True)).rstrip())
        self.stdout.write(f"\n全部演示账户的密码：{PASSWORD}")
        self.stdout.write(
            "动态口令每30秒更换，过期后重新执行：GREENPORTAL_DEMO=1 .venv/bin/python manage.py demo_accounts"
        )


def _padded(text: str, width: int) -> str:
    return text + " " * (width - display_width(text))
