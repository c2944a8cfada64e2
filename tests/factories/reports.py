"""Filled reports of 附件2–5: the demonstration's figures for a category, fictional and plausible; a product's list."""

from __future__ import annotations

from typing import Any

from greenportal.accounts.actors import Role
from greenportal.rounds import services as rounds
from greenportal.rounds.rulebook import ProductStandard
from greenportal.rounds.services.standards import KIND
from greenportal.sheets import Sheet
from nominations.constants import SELF_MARK, THIRD_PARTY_MARK
from nominations.demo.fiction import cast
from nominations.demo.figures import has_report, self_answers, third_answers
from tests.factories import nominations as make
from tests.factories.accounts import make_actor


def report_answers(sheet: Sheet, category: str) -> dict[str, Any]:
    """Return the demonstration's answers to a report sheet of a category; empty for sheets that are no report."""
    applicant = next(one for one in cast() if one.category == category and has_report(one))
    if sheet.key.endswith(SELF_MARK):
        return self_answers(sheet, applicant)
    return third_answers(sheet, applicant) if sheet.key.endswith(THIRD_PARTY_MARK) else {}


def list_standards(district: make.District) -> None:
    """Let the city import the round's list of product standards: two of them, complete."""
    lead = make_actor(Role.CITY_LEAD)
    district.round.refresh_from_db()
    rounds.revise(
        actor=lead,
        round_id=district.round.pk,
        seen_version=district.round.version,
        changes={},
        reason="导入清单",
        document_id=str(make.make_file(lead, kind=KIND).pk),
        standards=(
            ProductStandard(number="T/TEST 1-2020", name="试验产品评价技术规范", product="试验产品"),
            ProductStandard(number="T/TEST 3-2020", name="另一产品评价技术规范", product="另一产品"),
        ),
        standards_complete=True,
    )
