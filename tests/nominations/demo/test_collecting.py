"""What the full demonstration holds. The fixture `told` has loaded it; nothing here changes it."""

from __future__ import annotations

from collections import Counter

import pytest

from dynamic_mgmt.models import ListedUnit
from evaluators.models import (
    AffiliateMember,
    AffiliateRelation,
    Engagement,
    EvaluatorRegistration,
    ProjectLead,
    Sanction,
)
from greenportal.audit.services import verify
from greenportal.directory.fictional import is_fictional
from greenportal.directory.models import Organisation
from greenportal.directory.validators import validate_uscc
from greenportal.files.models import StoredFile
from greenportal.filings.models import Filing
from greenportal.filings.selectors import task_status
from greenportal.findings.models import CheckRun
from greenportal.findings.types import Outcome
from greenportal.rounds import rulebook
from greenportal.rounds.selectors import rulebook_at
from nominations.constants import FILE_DOCUMENT, SCOPE_NOMINATION, SELF_MARK, THIRD_PARTY_MARK, Category
from nominations.demo.fiction import DISTRICTS, cast
from nominations.demo.opening import CLAIM_DAYS, the_round
from nominations.demo.people import authority_code
from nominations.demo.stages import load
from nominations.models import ConsultationItem, Nomination, NominationDocument
from nominations.selectors.content import contents, gaps
from tests.nominations.eligibility.cases import CASES

pytestmark = [pytest.mark.slow, pytest.mark.django_db, pytest.mark.usefixtures("told"), pytest.mark.xdist_group("demo")]
BOOK = rulebook.load("2022")
TUTORIAL = "210281"
#: Outcomes that stored data cannot bring, and why (docs/tutorial/demo.md has the same table).
UNREACHABLE = {
    ("DOCS", "manual"): "stored documents are always known",
    ("EVIDENCE", "manual"): "stored documents are always known",
    ("DUPLICATE", "manual"): "the round and the register are always asked",
    ("LISTED", "manual"): "the round and the register are always asked",
    ("EV_NAMED", "manual"): "whether an evaluator was chosen is always known",
    ("REPORT_HANDS", "manual"): "every category that has the rule has an evaluator's sheet, filled or not",
    **{
        (rule, "manual"): "figures are read from the sheets, so they are known or not filled"
        for rule in ("FIG_SHARE", "FIG_RATIO", "FIG_UNIT", "FIG_JUMP")
    },
}


def reachable() -> set[tuple[str, str]]:
    """Every outcome that a case of a rule shows, and not applicable where a rule is of some categories only."""
    pairs = {(case.rule, case.want) for case in CASES}
    partial = [spec for spec in BOOK.rules.values() if not all(spec.applies_to(c) for c in Category.values)]
    return (pairs | {(spec.id, str(Outcome.NOT_APPLICABLE)) for spec in partial}) - UNREACHABLE.keys()


def shown() -> set[tuple[str, str]]:
    runs = CheckRun.objects.filter(scope=SCOPE_NOMINATION).values_list("findings", flat=True)
    return {(finding["rule"], finding["outcome"]) for findings in runs for finding in findings}


def nominations(district: str = "", **values: object):
    rows = Nomination.objects.filter(round=the_round(), **values)
    return rows.filter(authority__code=authority_code(district)) if district else rows


def test_every_reachable_outcome_of_every_rule_occurs():
    assert {rule for rule, _ in reachable()} == set(BOOK.rules)
    assert (reachable() - shown(), shown() - reachable()) == (set(), set())


def test_outcomes_called_unreachable_do_not_occur():
    assert UNREACHABLE.keys() <= {(case.rule, case.want) for case in CASES}
    assert not shown() & UNREACHABLE.keys()


def test_sixty_applicants_cover_districts_and_categories():
    rows = nominations()
    assert rows.count() == len(cast()) == 60
    assert set(rows.values_list("authority__code", flat=True)) == {authority_code(d) for d in DISTRICTS}
    assert Counter(rows.values_list("category", flat=True)) == {
        "factory": 34,
        "product": 14,
        "park": 5,
        "supply_chain": 7,
    }


def test_states_before_finalising_all_occur():
    assert Counter(nominations().values_list("state", flat=True)) == {
        "checked": 27,
        "handed_in": 20,
        "draft": 9,
        "returned_by_district": 3,
        "withdrawn": 1,
    }


def test_handed_in_sheets_are_said_to_be_done():
    for filing in Filing.objects.filter(
        scope=SCOPE_NOMINATION, scope_id__in=nominations(state="checked").values("pk")
    ).exclude(sheet_key__endswith=THIRD_PARTY_MARK):
        assert {str(row.status) for row in task_status(filing)} == {"已完成"}


def test_codes_are_valid_fictional_and_unique():
    codes = list(Organisation.objects.values_list("uscc", flat=True))
    assert [validate_uscc(code) for code in codes] == codes
    assert all(is_fictional(code) for code in codes)
    assert len({applicant.uscc for applicant in cast()}) == 60
    assert len({applicant.organisation for applicant in cast()}) == 60


def test_no_real_firm_has_a_nomination():
    real = set(ListedUnit.objects.exclude(source="演示").values_list("name_as_listed", flat=True))
    assert len(real) > 50
    names = set(nominations().values_list("applicant__name", flat=True))
    assert not names & real
    assert all("演示" in name for name in names)


def test_reports_are_real_pdfs_of_the_promised_sizes():
    files = StoredFile.objects.filter(kind=FILE_DOCUMENT)
    sizes = sorted(files.values_list("size", flat=True))
    assert [5_000_000 < size < 20_000_000 for size in sizes[-3:]] == [True] * 3
    assert sizes[-4] <= 300_000
    reports = NominationDocument.objects.filter(slot__in=["self_report", "third_party_report"])
    assert min(reports.values_list("file__pages", flat=True)) == 6


def test_tutorial_district_has_every_category_ready_and_a_draft_to_fill():
    ready = nominations(TUTORIAL, state="checked").select_related("last_check")
    assert set(ready.values_list("category", flat=True)) == set(Category.values)
    assert {(row.last_check.blockers, row.last_check.decisions) for row in ready} == {(0, 0)}
    found = contents([row.pk for row in ready])
    assert [gap for row in ready for gap in gaps(row, found[row.pk], BOOK).hard] == []
    assert set(nominations(TUTORIAL, state="draft").values_list("category", flat=True)) == {"factory", "product"}


def test_one_group_is_over_the_cap_and_two_evaluations_bear_the_flag():
    over = Engagement.objects.filter(over_cap=True)
    assert over.count() == 2
    group = over.first().group
    assert Engagement.objects.filter(group=group, ordinal__isnull=False).count() == 17
    assert AffiliateMember.objects.filter(group=group, ended_at=None).count() == 2


def test_evaluators_come_in_every_kind():
    assert set(Engagement.objects.values_list("state", flat=True)) == {
        "claimed",
        "confirmed",
        "disputed",
        "upheld",
        "void",
        "withdrawn",
    }
    assert EvaluatorRegistration.objects.count() == 7
    sanction = Sanction.objects.get(document_no="演示文号〔2022〕6号")
    assert sanction.confirmed_at is not None
    assert sanction.second_by_id != sanction.verified_by_id
    relations = Counter(AffiliateRelation.objects.values_list("state", flat=True))
    assert relations == {"confirmed": 1, "proposed": 1, "rejected": 1, "ended": 1}
    assert Sanction.objects.filter(confirmed_at=None).count() == 1
    assert Sanction.objects.filter(lifted_on__isnull=False).count() == 2


def test_evaluations_are_told_to_their_end_halfway_and_just_begun():
    told = Engagement.objects.exclude(contract_no="").order_by("contract_no")
    assert [(row.visit_to is None, row.report_on is None, row.statement_id is None) for row in told] == [
        (False, False, False),
        (False, True, True),
        (True, True, True),
    ]
    steps = {step.step: step for step in told[0].steps.all()}
    assert steps.keys() == BOOK.procedure.keys()
    assert all(step.done_on for step in steps.values())
    lead = ProjectLead.objects.get(ended_at=None)
    assert (lead.user.username, lead.engagement_id) == ("pj-beichen-lead", told[0].pk)


def test_what_nobody_confirmed_has_the_demonstrations_own_due_date():
    claims = Engagement.objects.filter(state="claimed")
    assert claims.count() > 0
    assert {(row.confirm_due_at - row.claimed_at).days for row in claims if row.confirm_due_at} == {int(CLAIM_DAYS)}
    assert not claims.filter(confirm_due_at=None).exists()
    book, revision = rulebook_at(the_round().pk)
    assert revision.reason.startswith("演示用天数，非市局规定")
    assert str(book.numbers["claim_days"].confidence) == "low"


def test_both_sides_declare_independence():
    rows = nominations(declared_independent=True).select_related("engagement")
    assert set(rows.values_list("category", flat=True)) == {"factory", "park", "supply_chain"}
    assert all(row.report_authors and row.engagement.independent for row in rows)


def test_each_category_has_its_reports_filled_and_scored():
    filled = Filing.objects.filter(scope=SCOPE_NOMINATION).exclude(answers={})
    keys = set(filled.values_list("sheet_key", flat=True))
    categories = set(Category.values)
    assert {f"{category}{SELF_MARK}" for category in categories} <= keys
    assert {f"{category}{THIRD_PARTY_MARK}" for category in categories - {Category.PRODUCT}} <= keys


def test_departments_answer_in_every_way():
    given = set(ConsultationItem.objects.values_list("opinion", "consultation__via"))
    assert given == {("no_objection", "link"), ("no_objection", "paper"), ("objection", "link"), ("none", "")}


def test_audit_trail_of_the_demonstration_is_whole():
    assert verify() == []


def test_second_run_says_what_is_there_and_changes_nothing(settings):
    settings.DEMO_ALLOWED = True
    before = (Nomination.objects.count(), StoredFile.objects.count(), CheckRun.objects.count())
    lines: list[str] = []
    load("collecting", lines.append)
    assert "申报已载入，不再重复。" in lines
    assert (Nomination.objects.count(), StoredFile.objects.count(), CheckRun.objects.count()) == before


def test_progress_is_told_step_by_step(told):
    assert told[0] == "载入行政区划、主管部门和行业代码 …"
    assert told[-2:] == ["按规则书核查全部申报 …", "动态管理表：每种状态一家演示单位 …"]
