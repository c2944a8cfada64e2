"""Eligibility live for the section just saved: on the page, in the answer to an autosave, after a save without script."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from greenportal.directory.models import Authority, Organisation, Subject
from greenportal.filings.selectors import sheet_of
from greenportal.rounds.rulebook import load, sheet_file
from greenportal.sheets import load as load_sheet
from nominations.eligibility.comparing import WITHHELD
from nominations.eligibility.engine import evaluate
from nominations.models import Nomination
from nominations.selectors import live
from nominations.selectors.content import Content, SheetContent, forget_definitions
from nominations.selectors.facts import facts_of_answers
from tests.factories import nominations as make
from tests.nominations.views.browsing import browser

#: Answers of a form change these too; they ask documents, the evaluator or other firms, and wait for the job.
LEFT_TO_THE_JOB = {"DOCS", "EVIDENCE", "REPORT_HANDS", "PEERS"}
EVENT = {"events[a1].exclusion": "ex2", "events[a1].on": "2022-03-01", "events[a1].text": "有限空间事故"}


@pytest.fixture
def district(db):
    return make.make_district()


@pytest.fixture
def nomination(district):
    return make.make_draft(district)


@pytest.fixture
def applicant(nomination):
    return make.applicant_of(nomination)


def filing_of(nomination, key="statement"):
    return nomination.sheets.select_related("filing").get(sheet_key=key).filing


def autosave(client, filing, section, **typed):
    address = reverse("filings:autosave", args=[filing.pk, section])
    return client.post(address, {"_version": filing.version, "_client": "p1", "_base": "{}", **typed})


def test_an_autosave_answers_with_the_verdict_and_its_clause(nomination, applicant):
    client, filing = browser(applicant), filing_of(nomination)
    clear = autosave(client, filing, "exclusions", ex4_exists="no").json()["findings"]
    assert "不得报送" not in clear
    bad = autosave(client, filing_of(nomination), "exclusions", ex4_exists="yes", ex4_text="2022年3月督查").json()[
        "findings"
    ]
    assert "不符合·不得报送" in bad
    assert "督查发现的严重问题" in bad
    assert "依据：通知 一、第2段" in bad
    nomination.refresh_from_db()
    assert nomination.last_check is None, "the stored run is the job's"


def test_the_page_shows_what_the_autosave_said(nomination, applicant):
    client = browser(applicant)
    autosave(client, filing_of(nomination), "exclusions", ex4_exists="yes", ex4_text="2022年3月督查")
    page = client.get(reverse("filings:section", args=[filing_of(nomination).pk, "exclusions"])).content.decode()
    region = page.partition('<div data-live aria-live="polite">')[2]
    assert "不符合·不得报送" in region
    assert "依据：通知 一、第2段" in region


def test_without_script_the_next_page_tells_what_is_wrong(nomination, applicant):
    client, filing = browser(applicant), filing_of(nomination)
    address = reverse("filings:section", args=[filing.pk, "exclusions"])
    sent = {"_version": filing.version, "_client": "p1", "_base": "{}", "ex4_text": "2022年3月督查"}
    quiet = client.post(address, {**sent, "ex4_exists": "no", "_later": "1"}, follow=True).content.decode()
    assert "督查发现严重问题：" not in quiet
    loud = client.post(
        address, {**sent, "_version": filing.version + 1, "ex4_exists": "yes", "_later": "1"}, follow=True
    )
    assert (
        "督查发现严重问题：申报单位说明近三年有“督查发现的严重问题”：2022年3月督查。（通知 一、第2段）"
        in loud.content.decode()
    )


def test_a_section_no_rule_reads_costs_no_query_and_says_nothing(nomination, applicant):
    filing = filing_of(nomination, "factory_basic")
    section = next(s for s in live_sheet(filing).sections if not live.rules_of("factory_basic", s))
    with CaptureQueriesContext(connection) as seen:
        assert live.live_findings(applicant, filing, section) == ()
    assert len(seen) == 0


def live_sheet(filing):
    return sheet_of(filing)


@pytest.mark.parametrize(
    ("key", "section", "queries"),
    [("statement", "exclusions", 9), ("statement", "events", 9), ("energy", "entries", 5)],
)
@pytest.mark.parametrize("others", [0, 2])
def test_the_cost_is_constant(district, nomination, applicant, key, section, queries, others):
    for _ in range(others):
        make.make_draft(district)
    filing = filing_of(nomination, key)
    part = next(s for s in live_sheet(filing).sections if s.key == section)
    forget_definitions()
    with CaptureQueriesContext(connection) as seen:
        live.live_findings(applicant, filing, part)
    assert len(seen) == queries, [q["sql"][:90] for q in seen]


def test_what_is_for_officers_never_shows(district, nomination, applicant, monkeypatch):
    filing = filing_of(nomination, "factory_self")
    section = live_sheet(filing).sections[0]
    assert "PEERS" not in live.rules_of("factory_self", section)
    # Even if somebody adds the rule, what came of comparing stays withheld from whoever is no officer.
    monkeypatch.setattr(live, "rules_of", lambda *_: ("PEERS",))
    assert [f.because for f in live.live_findings(applicant, filing, section)] == [WITHHELD]
    assert [f.because for f in live.live_findings(district.officer, filing, section)] != [WITHHELD]


def facts_with(category, parts, book):
    """Facts of a nomination that holds these answers, and its findings by rule."""
    nomination = Nomination(
        pk=1,
        category=category,
        subject=Subject(name="甲"),
        applicant=Organisation(name="甲"),
        authority=Authority(name="区"),
        key_energy_user=True,
    )
    sheets = tuple(SheetContent(s.key, 1, 1, "0", answers, s) for s, answers in parts)
    facts = facts_of_answers(nomination, Content(1, sheets, ()), book, as_of=datetime(2022, 8, 1, tzinfo=UTC))
    return {f.rule: (f.outcome, f.because) for f in evaluate(facts, book)}


@pytest.mark.parametrize("category", ["factory", "product", "park", "supply_chain"])
def test_no_section_changes_a_verdict_that_is_not_shown_with_it(category):
    book = load("2022")
    sheets = [load_sheet(sheet_file("2022", key)) for key in book.categories[category].sheets]
    concerned = 0
    for sheet in sheets:
        for section in sheet.sections:
            full = make.complete_answers(sheet)
            keys = {item.key for item in (*section.fields, *section.tables)}
            for value in ("yes", "no"):
                typed = {k: v for k, v in full.items() if k in keys}
                typed |= {f.key: value for f in section.fields if str(f.type) == "yesno"}
                blank = facts_with(category, [(s, {}) for s in sheets], book)
                filled = facts_with(category, [(s, typed if s is sheet else {}) for s in sheets], book)
                changed = {rule for rule in blank if blank[rule] != filled[rule]} - LEFT_TO_THE_JOB
                assert changed <= set(live.rules_of(sheet.key, section)), (sheet.key, section.key)
                concerned += len(changed)
    assert concerned >= 10


def test_an_autosave_brings_the_computed_cells_of_tables_too(nomination, applicant):
    client, filing = browser(applicant), filing_of(nomination, "factory_self")
    typed = {
        "energy_products__r1__name": "轴承",
        "energy_products__r1__energy": "5000",
        "energy_products__r1__output": "16000",
    }
    computed = autosave(client, filing, "figures", **typed).json()["computed"]
    # 5000 ÷ 16000
    assert computed["energy_products__r1__per_unit"] == "0.3125"
    assert computed["plot_ratio"] == ""
