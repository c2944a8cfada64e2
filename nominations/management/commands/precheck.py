"""manage.py precheck: ask the rules about candidates or facts, without an account, storing nothing."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from greenportal.files import jail
from greenportal.findings.types import DomainError
from greenportal.rounds import rulebook
from greenportal.rounds.rulebook import Rulebook, RulebookError
from nominations.eligibility import candidates, factsjson, precheck, report


class Command(BaseCommand):
    """Three uses: candidates workbook → report workbook; facts JSON → findings JSON; `--template`."""

    help = "预核查申报条件：候选名单（Excel）或事实（JSON）。不需要账户，不保存任何内容。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("candidates", nargs="?", type=Path, help="候选名单（.xlsx，按模板填写）")
        parser.add_argument("--rulebook", default="", help="规则书的键，例如 2022")
        parser.add_argument("--out", type=Path, help="核查报告写到这里（.xlsx）")
        parser.add_argument("--facts", type=Path, help="事实（JSON，见 docs/reference/facts.schema.json）")
        parser.add_argument("--as-of", type=date.fromisoformat, help="核查日期，例如 2022-10-10")
        parser.add_argument("--template", type=Path, help="把候选名单模板写到这里（.xlsx）")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["template"]:
                options["template"].write_bytes(candidates.template())
                self.stderr.write(f"模板已写到 {options['template']}")
            elif options["facts"]:
                self._facts(options)
            elif options["candidates"] and options["out"]:
                self._candidates(options)
            else:
                raise CommandError(
                    "用法：precheck 候选名单.xlsx --rulebook 2022 --out 报告.xlsx，或 precheck --facts 事实.json"
                )
        except (RulebookError, factsjson.FactsError) as error:
            raise CommandError(str(error)) from error
        except DomainError as error:
            raise CommandError(error.message) from error
        except OSError as error:
            raise CommandError(f"文件不能读写：{error}") from error

    def _facts(self, options: dict[str, Any]) -> None:
        key, rows = factsjson.read(options["facts"].read_text(encoding="utf-8"))
        book = self._book(options["rulebook"] or key)
        text = json.dumps(factsjson.results(rows, book), ensure_ascii=False, indent=2)
        if options["out"]:
            options["out"].write_text(text + "\n", encoding="utf-8")
        else:
            self.stdout.write(text)

    def _candidates(self, options: dict[str, Any]) -> None:
        book = self._book(options["rulebook"])
        as_of = options["as_of"] or precheck.default_day(book)
        found = candidates.parse(jail.read_workbook(options["candidates"]), as_of=as_of)
        checked, problems = report.check(found, book)
        options["out"].write_bytes(report.workbook(checked, problems, book, as_of=as_of))
        self.stderr.write(f"已核查{len(checked)}个对象，{len(problems)}处未能读取，报告写到 {options['out']}")

    def _book(self, key: str) -> Rulebook:
        return rulebook.load(key or rulebook.keys()[0])
