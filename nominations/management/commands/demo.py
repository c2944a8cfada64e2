"""manage.py demo: load the demonstration up to a stage."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from greenportal.findings.types import DomainError
from nominations.demo.opening import the_round
from nominations.demo.stages import STAGES, load
from nominations.models import Nomination
from nominations.states import NominationState


class Command(BaseCommand):
    """Safe to repeat: a stage that is there is left alone. Refuses outside a demonstration."""

    help = "载入演示数据（虚构的60个申报对象，2022年规则书）。可重复执行。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--stage", choices=STAGES, default="collecting", help="载入到哪一步")
        parser.add_argument("--heavy", action="store_true", help="全部报告用大文件（压力测试用）")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            load(options["stage"], self._say, heavy=options["heavy"])
        except DomainError as error:
            details = [text for texts in getattr(error, "errors", {}).values() for text in texts]
            raise CommandError("\n".join([error.message, *details])) from error
        self._say(summary())

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def summary() -> str:
    """Return what the demonstration holds now, in one line."""
    year = the_round()
    states = Counter(Nomination.objects.filter(round=year).values_list("state", flat=True))
    told = "，".join(f"{NominationState(state).label}{count}项" for state, count in sorted(states.items()))
    return (
        f"演示数据就绪：{year.name if year else ''}；申报{sum(states.values())}项{'（' + told + '）' if told else ''}。"
    )
