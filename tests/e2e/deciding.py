"""Departments answer and officers decide in writing, each on its page: steps of the main journey."""

from __future__ import annotations

import time

from greenportal import clock
from greenportal.accounts.models import User
from greenportal.findings.types import Finding
from greenportal.jobs.models import Job
from nominations.models import Nomination
from nominations.selectors.decisions import latest_decisions, undecided
from tests.e2e.desk import Desk


def ask_departments(desk: Desk, officer: User, objected: Nomination) -> None:
    """The officer asks the three departments; one answers by its link, nominee by nominee, and objects to one."""
    desk.go("opinions")
    desk.press("向所选部门征求意见")
    desk.says("函件已建立")
    desk.look("04-opinions-asked")
    desk.nobody(desk.link_told())
    desk.page.fill("#id_name", "孙演示")
    desk.press("提交意见")
    assert desk.page.title().startswith("错误：")
    desk.look("04-department-errors")
    for choice in desk.page.locator("input[value=no_objection]").all():
        choice.check()
    slot = desk.page.locator("fieldset.gp-slot").filter(has_text=objected.subject.name)
    slot.locator("input[value=objection]").check()
    slot.locator("textarea").fill("2021年有一次监测超标，已整改（演示）。")
    desk.look("04-department")
    desk.press("提交意见")
    desk.look("04-department-thanks")
    desk.sign_in(officer)
    desk.go("opinions")
    desk.says("1项有意见")


def decide(desk: Desk, nomination: Nomination, rule: str, reason: str) -> None:
    """One written decision on its page: recommended all the same, with the reason."""
    desk.go("decide", nomination.pk, rule)
    desk.page.check("input[name=keep][value=yes]")
    desk.page.fill("#id_reason", reason)
    desk.look(f"05-decide-{rule}")
    desk.press("记录决定")
    desk.says(reason)


def decide_objection(desk: Desk, nomination: Nomination) -> None:
    """原则上: the worker finds the objection; the officer decides in writing on its page."""
    limit = time.monotonic() + 60
    while "OPINIONS" not in {f.rule for f in _undecided(nomination)} and time.monotonic() < limit:
        time.sleep(0.2)
    desk.go("findings", nomination.pk)
    desk.says("2021年有一次监测超标")
    desk.look("05-findings-objection")
    decide(desk, nomination, "OPINIONS", "已整改到位并复查合格，同意推荐（演示）。")


def decide_the_rest(desk: Desk, made: list[Nomination]) -> None:
    """Whatever else waits for a written decision; the worker has checked everything by then."""
    limit = time.monotonic() + 60
    while Job.objects.filter(state__in=["due", "running"], due_at__lte=clock.now()).exists():
        assert time.monotonic() < limit
        time.sleep(0.2)
    for nomination in made:
        for finding in _undecided(nomination):
            decide(desk, nomination, finding.rule, "情况属实，不影响推荐（演示）。")


def _undecided(nomination: Nomination) -> list[Finding]:
    nomination.refresh_from_db()
    found = [Finding.from_json(f) for f in nomination.last_check.findings]
    return undecided(found, latest_decisions([nomination.pk]).get(nomination.pk, {}))
