"""The reports as forms: who writes which, what they leave untouched, and what a new evaluator finds."""

from __future__ import annotations

from decimal import Decimal

import pytest

from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.filings.models import Filing, FilingVersion, SheetDefinition
from greenportal.filings.selectors import sheet_of, sheets_of
from greenportal.filings.selectors.changes import form_change
from greenportal.filings.selectors.workbooks import filled
from greenportal.filings.services import preview, repin, save, set_locked
from greenportal.findings.types import Invalid, NotVisible, Refused
from greenportal.rounds import services as rounds
from greenportal.rounds.rulebook import EvaluationItem, load
from greenportal.rounds.selectors import rulebook_at
from greenportal.rounds.services.evaluation import TableDraft
from greenportal.rounds.services.standards import KIND
from greenportal.sheets import from_json
from greenportal.sheets.differ import diff_versions
from nominations.constants import JOB_CHANGED, JOB_RECHECK
from nominations.models import Nomination
from nominations.selectors import facts
from nominations.selectors.content import contents, gaps
from nominations.services import drafting
from nominations.services.following import open_forms
from tests.factories import nominations as make
from tests.factories.accounts import make_actor
from tests.factories.jobs import run_due_jobs
from tests.factories.reports import list_standards
from tests.factories.sheetbooks import pages_of, typed

pytestmark = pytest.mark.django_db
BOOK = load("2022")


def report(nomination, key):
    return Filing.objects.get(scope="nominations.nomination", scope_id=nomination.pk, sheet_key=key)


def write(filing, actor, **changes):
    filing.refresh_from_db()
    return save(filing_id=filing.pk, seen_version=filing.version, changes=changes, actor=actor)


def evaluator_of(nomination):
    return make_actor(Role.EVALUATOR_ADMIN, organisation=nomination.evaluator.organisation)


@pytest.mark.parametrize("category", ["factory", "product", "park", "supply_chain"])
def test_a_nomination_begins_with_the_reports_of_its_category(district, category):
    keys = list(make.make_draft(district, category).sheets.values_list("sheet_key", flat=True))
    assert keys == list(BOOK.categories[category].sheets)
    assert f"{category}_self" in keys
    assert (f"{category}_third" in keys) is BOOK.categories[category].needs_third_party


def test_each_party_writes_its_own_report_and_not_the_other(district):
    nomination = make.make_complete(district)
    evaluator, applicant = evaluator_of(nomination), make.applicant_of(nomination)
    own, third = report(nomination, "factory_self"), report(nomination, "factory_third")
    write(third, evaluator, third_party_score="88.5")
    write(own, applicant, self_score="90")
    for actor, filing in ((applicant, third), (district.officer, third), (evaluator, own)):
        with pytest.raises(Refused, match="评价机构"):
            write(filing, actor, self_score="1")
    stranger = make_actor(Role.EVALUATOR, organisation=make.good_evaluator(district.round).organisation)
    with pytest.raises(NotVisible):
        write(third, stranger, third_party_score="1")


def test_what_the_evaluator_writes_does_not_void_the_legal_representatives_word(district):
    nomination = make.make_complete(district)
    before = contents([nomination.pk])[nomination.pk].digest
    write(report(nomination, "factory_third"), evaluator_of(nomination), third_party_score="88.5")
    assert contents([nomination.pk])[nomination.pk].digest == before
    write(report(nomination, "factory_self"), make.applicant_of(nomination), self_score="90")
    assert contents([nomination.pk])[nomination.pk].digest != before


def test_another_evaluator_finds_an_empty_report_and_the_former_ones_words_are_kept(district):
    nomination = make.make_complete(district)
    third = report(nomination, "factory_third")
    assert third.answers["evaluator_name"] == nomination.evaluator.organisation.name
    write(third, evaluator_of(nomination), third_party_score="88.5", **{"general[4an1].met": "yes"})
    other = make.good_evaluator(district.round)
    nomination.refresh_from_db()
    drafting.choose_evaluator(
        actor=district.officer, nomination_id=nomination.pk, seen_version=nomination.version, evaluator_id=other.pk
    )
    third.refresh_from_db()
    assert third.answers["evaluator_name"] == other.organisation.name
    assert "third_party_score" not in third.answers
    assert "general" not in third.answers
    kept = FilingVersion.objects.get(filing=third, cause="evaluator", answers__third_party_score="88.5")
    assert kept.answers["third_party_score"] == "88.5"


def test_a_report_nobody_began_is_one_soft_gap_and_a_begun_one_tells_each(district):
    nomination = make.make_complete(district)

    def left(key):
        content = contents([nomination.pk])[nomination.pk]
        return [g for g in gaps(nomination, content, BOOK).items if g.path.split(".")[0] == key]

    assert [(g.path, g.hard) for g in left("factory_self")] == [("factory_self", False)]
    assert left("factory_third")[0].message == "绿色工厂第三方评价报告尚未由评价机构填写。"
    write(report(nomination, "factory_self"), make.applicant_of(nomination), self_score="90")
    assert len(left("factory_self")) > 20
    assert not any(g.hard for g in left("factory_self"))


def test_what_cannot_be_used_stops_the_applicant_only_in_its_own_report(district):
    nomination = make.make_complete(district)
    write(report(nomination, "factory_self"), make.applicant_of(nomination), self_score="101")
    write(report(nomination, "factory_third"), evaluator_of(nomination), third_party_score="101")
    content = contents([nomination.pk])[nomination.pk]
    assert [g.path for g in gaps(nomination, content, BOOK).hard] == ["factory_self.self_score"]


def test_the_evaluators_answers_never_become_facts_about_the_applicant(district):
    nomination = make.make_complete(district, "park")
    write(report(nomination, "park_third"), evaluator_of(nomination), **{"basic[1].met": "no"})
    (known,) = facts.load([nomination.pk], as_of=clock.now())
    assert {row.no: row.met for row in known.basic}[1] is True


def test_last_years_third_party_report_is_not_copied(district):
    old = make.make_complete(district)
    write(report(old, "factory_third"), evaluator_of(old), main_products="轴承", third_party_score="88.5")
    type(old).objects.filter(pk=old.pk).update(state="withdrawn")
    old.round.state = "closed"
    old.round.save()
    year = make.make_district("庄河市").round
    made = drafting.copy_last(actor=district.officer, nomination_id=old.pk, round_id=year.pk)
    assert "main_products" not in report(made, "factory_third").answers


def test_a_filing_goes_on_under_another_definition_with_what_both_have(district):
    nomination = make.make_draft(district)
    filing = report(nomination, "factory_self")
    applicant = make.applicant_of(nomination)
    write(filing, applicant, self_score="90", **{"general[4an1].met": "yes"})
    raw = dict(from_json(_definition(filing)).definition)
    raw["sections"] = [s for s in raw["sections"] if s["key"] != "general"]
    fewer = from_json(raw)
    repin(filing_id=filing.pk, sheet=fewer, cause="table", actor=applicant)
    filing.refresh_from_db()
    assert (filing.definition_sha256, filing.answers.get("self_score"), filing.answers.get("general")) == (
        fewer.sha256,
        "90",
        None,
    )
    assert FilingVersion.objects.get(filing=filing, cause="table").answers["general"]
    before = filing.version
    repin(filing_id=filing.pk, sheet=fewer, cause="table", actor=applicant)
    filing.refresh_from_db()
    assert filing.version == before


def _definition(filing):
    return SheetDefinition.objects.get(pk=filing.definition_sha256).definition


def test_a_products_standard_is_chosen_from_the_rounds_list_only(district):
    nomination = make.make_draft(district, "product")
    values = {"actor": district.officer, "nomination_id": nomination.pk}
    list_standards(district)
    with pytest.raises(Invalid, match="标准清单"):
        drafting.choose_standard(seen_version=nomination.version, standard="T/TEST 2-2020", **values)
    made = drafting.choose_standard(seen_version=nomination.version, standard="t/test1-2020", **values)
    assert made.standard == "T/TEST 1-2020"
    answers = report(nomination, "product_basic").answers
    assert (answers["standard_no"], answers["standard_name"], answers["product_kind"]) == (
        "T/TEST 1-2020",
        "试验产品评价技术规范",
        "试验产品",
    )


def test_the_chosen_standard_is_not_typed_otherwise_on_the_page_or_in_excel(district, tmp_path):
    nomination = make.make_draft(district, "product")
    list_standards(district)
    basic = report(nomination, "product_basic")
    write(basic, district.officer, standard_no="T/TEST 9-2020")  # before the choice it is free
    nomination.refresh_from_db()
    drafting.choose_standard(
        actor=district.officer, nomination_id=nomination.pk, seen_version=nomination.version, standard="T/TEST 1-2020"
    )
    basic.refresh_from_db()
    changes = {"standard_no": "T/TEST 9-2020", "standard_name": "别的", "highlight": "轻量"}
    saved = write(basic, district.officer, **changes)
    answers = saved.filing.answers
    kept = ("T/TEST 1-2020", "试验产品评价技术规范", "轻量")
    assert (answers["standard_no"], answers["standard_name"], answers["highlight"]) == kept
    told = {p.path: p.message for p in saved.problems if "没有保存" in p.message}
    assert set(told) == {"product_basic.standard_no", "product_basic.standard_name"}
    assert "在“所属行业和评价标准”中选择" in told["product_basic.standard_no"]
    sheet = sheet_of(saved.filing)
    book = typed(filled(saved.filing, sheet, readonly=frozenset(), locked=False), {"standard_no": "T/TEST 9-2020"})
    look = preview(filing_id=basic.pk, pages=pages_of(book, tmp_path), actor=district.officer)
    assert (look.kept, look.storable) == ({"standard_no"}, 0)


def test_another_choice_writes_its_number_and_name(district):
    nomination = make.make_draft(district, "product")
    list_standards(district)
    for number in ("T/TEST 1-2020", "T/TEST 3-2020", "", "T/TEST 3-2020"):
        nomination.refresh_from_db()
        drafting.choose_standard(
            actor=district.officer, nomination_id=nomination.pk, seen_version=nomination.version, standard=number
        )
        if not number:  # taken back: free again
            write(report(nomination, "product_basic"), district.officer, standard_no="T/TEST 9-2020")
        assert report(nomination, "product_basic").answers["standard_no"] == (number or "T/TEST 9-2020")
    assert report(nomination, "product_basic").answers["standard_name"] == "另一产品评价技术规范"


def test_while_there_is_no_list_the_number_is_kept_as_typed(district):
    nomination = make.make_draft(district, "product")
    made = drafting.choose_standard(
        actor=district.officer, nomination_id=nomination.pk, seen_version=nomination.version, standard="T/TEST 2-2020"
    )
    assert made.standard == "T/TEST 2-2020"


def test_a_factorys_report_takes_the_rows_of_the_table_of_its_standard(district):
    nomination = make.make_draft(district)
    own = report(nomination, "factory_self")
    write(own, district.officer, **{"general[4an1].met": "yes", "product[8d1n1].met": "yes"})
    lead = make_actor(Role.CITY_LEAD)
    district.round.refresh_from_db()
    item = EvaluationItem(code="P1", group="产品", name="轴承减重", max_score=Decimal(100))
    draft = TableDraft(
        label="轴承表", category="factory", standard="JB/T 1-2020", groups=(("产品", Decimal(100)),), items=(item,)
    )
    rounds.add_evaluation_table(
        actor=lead,
        round_id=district.round.pk,
        seen_version=district.round.version,
        draft=draft,
        reason="录入",
        file_id=str(make.make_file(lead, kind=KIND).pk),
    )
    drafting.choose_standard(
        actor=district.officer, nomination_id=nomination.pk, seen_version=nomination.version, standard="JB/T 1-2020"
    )
    own.refresh_from_db()
    assert own.answers["general"] == [{"_id": "4an1", "met": "yes"}]
    assert "product" not in own.answers
    saved = write(own, district.officer, **{"product[P1].score": "101"})
    messages = {p.message for p in saved.problems if p.path == "factory_self.product[P1].score"}
    assert messages == {"产品评价指标自评表 第1行 得分（分）不大于100"}


def bearing_table(*names, standard="JB/T 1-2020"):
    items = tuple(EvaluationItem(code=f"i{n}", group="产品", name=name) for n, name in enumerate(names, 1))
    return TableDraft(
        label="轴承表", category="factory", standard=standard, groups=(("产品", Decimal(100)),), items=items
    )


def enter(district, draft):
    lead = make_actor(Role.CITY_LEAD)
    district.round.refresh_from_db()
    rounds.add_evaluation_table(
        actor=lead,
        round_id=district.round.pk,
        seen_version=district.round.version,
        draft=draft,
        reason="录入",
        file_id=str(make.make_file(lead, kind=KIND).pk),
    )
    run_due_jobs(JOB_RECHECK)


def test_a_table_entered_or_replaced_after_the_choice_is_followed_by_the_words_of_its_rows(district):
    nomination = make.make_draft(district)
    drafting.choose_standard(
        actor=district.officer, nomination_id=nomination.pk, seen_version=nomination.version, standard="JB/T 1-2020"
    )
    enter(district, bearing_table("轴承减重", "轴承寿命"))
    own = report(nomination, "factory_self")
    write(own, district.officer, **{"product[i1].score": "80", "product[i2].score": "90"})
    # 轴承噪声 comes first now, so that every number names another indicator than before; 轴承减重 is gone
    enter(district, bearing_table("轴承噪声", "轴承寿命"))
    own.refresh_from_db()
    assert own.answers["product"] == [{"_id": "i2", "score": "90"}]
    enter(district, bearing_table("轴承寿命", "轴承噪声"))
    own.refresh_from_db()
    assert own.answers["product"] == [{"_id": "i1", "score": "90"}]
    kept = [version.answers.get("product") for version in own.versions.order_by("number")]
    assert {"_id": "i1", "score": "80"} in kept[-2], "what the new table does not ask stays in a version"
    told = form_change(own, sheet_of(own))
    assert [(c.label, c.before) for c in told.gone if "轴承" in c.label] == [
        ("产品评价指标自评表“轴承减重” 得分", "80.00")
    ]
    assert [asked.label for asked in told.added if "轴承" in asked.label] == ["产品评价指标自评表“轴承噪声”一行"]
    first = own.versions.filter(answers__product__contains=[{"_id": "i1", "score": "80"}]).get()
    old = sheets_of([first.definition_sha256])[first.definition_sha256]
    changes = diff_versions(old, first.answers, sheet_of(own), own.answers)
    assert [(c.label, c.before, c.after) for c in changes] == [("产品评价指标自评表“轴承减重” 得分", "80.00", "")]


@pytest.mark.parametrize("opened", [False, True])
def test_a_finished_third_party_report_keeps_its_rows_until_it_is_opened_again(district, opened):
    nomination = make.make_complete(district)
    Nomination.objects.filter(pk=nomination.pk).update(standard="JB/T 1-2020")
    third = report(nomination, "factory_third")
    write(third, evaluator_of(nomination), **{"product[8d1n1].met": "yes"})
    set_locked(filing_ids=[third.pk], locked=not opened)
    held = report(nomination, "factory_third")
    enter(district, bearing_table("轴承减重"))
    now = report(nomination, "factory_third")
    if opened:
        assert now.definition_sha256 != held.definition_sha256
        return
    assert (now.definition_sha256, now.answers) == (held.definition_sha256, held.answers)
    assert report(nomination, "factory_self").definition_sha256 != now.definition_sha256
    set_locked(filing_ids=[third.pk], locked=False)
    assert open_forms(nomination_id=nomination.pk, sheet_keys=["factory_third"])
    assert [row.id for row in sheet_of(report(nomination, "factory_third")).table("product").fixed] == ["i1"]


def test_what_was_handed_in_keeps_the_form_it_was_handed_in_with(district):
    nomination = make.make_handed_in(district)
    before = report(nomination, "factory_self").definition_sha256
    Nomination.objects.filter(pk=nomination.pk).update(standard="JB/T 1-2020")
    enter(district, bearing_table("轴承减重"))
    assert report(nomination, "factory_self").definition_sha256 == before


def test_a_supply_chains_report_bears_the_rows_of_its_industrys_table(district):
    nomination = make.make_draft(district, "supply_chain")
    own = report(nomination, "supply_chain_self")
    typed = {"industry_indicators[r1].item": "无铅焊接", "industry_indicators[r1].score": "9"}
    write(own, district.officer, **typed)
    item = EvaluationItem(code="E1", group="生产", name="无铅焊接", max_score=Decimal(10), kind="定量")
    draft = TableDraft(
        label="电子表", category="supply_chain", system="electronics", groups=(("生产", None),), items=(item,)
    )
    enter(district, draft)
    write(report(nomination, "supply_chain_conditions"), district.officer, system="electronics")
    run_due_jobs(JOB_CHANGED)
    own.refresh_from_db()
    assert own.answers["industry_indicators"] == [{"_id": "E1", "score": "9"}]
    table = sheet_of(own).table("industry_indicators")
    assert [dict(row.values) for row in table.fixed] == [
        {"group": "生产", "item": "无铅焊接", "kind": "定量", "max_score": "10"}
    ]
    held, _ = rulebook_at(nomination.round_id)
    kept = held.evaluation_table("supply_chain", system="electronics")
    assert [level.label for level in kept.levels] == ["5星", "4星", "3星", "2星", "1星"], (
        "levels outlive the replacement"
    )


def test_opened_before_the_job_ran_a_report_without_its_industrys_table_keeps_what_names_its_rows(district):
    nomination = make.make_draft(district, "supply_chain")
    own = report(nomination, "supply_chain_self")
    item = EvaluationItem(code="E1", group="生产", name="无铅焊接", max_score=Decimal(10), kind="定量")
    draft = TableDraft(
        label="电子表", category="supply_chain", system="electronics", groups=(("生产", None),), items=(item,)
    )
    enter(district, draft)
    write(report(nomination, "supply_chain_conditions"), district.officer, system="electronics")
    run_due_jobs(JOB_CHANGED)
    write(own, district.officer, **{"industry_indicators[E1].score": "9"})
    write(report(nomination, "supply_chain_conditions"), district.officer, system="generic")
    assert open_forms(nomination_id=nomination.pk, sheet_keys=["supply_chain_self"])
    own.refresh_from_db()
    (row,) = own.answers["industry_indicators"]
    assert (row["item"], row["score"]) == ("无铅焊接", "9")
