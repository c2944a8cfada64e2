"""Tables fall due, are begun, filed in time or late, returned, refused; who sees what; the three deadline gates."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, InternalError, connection, transaction

from dynamic_mgmt.models import DynamicTable, TableReceipt, UnitFigure
from dynamic_mgmt.selectors.tables import visible_to
from dynamic_mgmt.services import filing, periods
from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.audit.models import AuditEntry
from greenportal.filings.selectors import filing_for
from greenportal.filings.services import save
from greenportal.findings.types import Invalid, NotVisible, ReasonRequired, Refused, Stale, WindowClosed, WrongState
from greenportal.rounds.services import grant_extension
from tests.factories.directory import make_authority, make_organisation
from tests.factories.dynamic_mgmt import make_listed
from tests.factories.jobs import run_due_jobs
from tests.factories.rounds import make_lead
from tests.factories.tables import actor, fill, make_filed, make_stage

pytestmark = pytest.mark.django_db
CLOSES = datetime(2022, 11, 15, 16, tzinfo=UTC)  # 11月15日24:00


# --- due ---------------------------------------------------------------------------------------------------------


def test_units_of_the_first_six_national_batches_fall_due_once():
    stage = make_stage()
    home = stage.authority
    asked = [make_listed(authority=home, batch=str(n), category=c) for n, c in ((1, "park"), (6, "product"))]
    for values in (
        {"batch": "7", "list_year": 2022},
        {"level": "provincial"},
        {"removed_on": "2022-03-01"},
        {"authority": None},
    ):
        make_listed(**{"authority": home, **values})
    for _ in range(2):
        periods.ask_due(actor=Actor.system("试验"), period_id=stage.period.pk)
        run_due_jobs()
    units = DynamicTable.objects.filter(period=stage.period).values_list("unit_id", flat=True)
    assert set(units) == {stage.unit.pk, *(u.pk for u in asked)}
    assert periods.due_units(stage.period) == []


@pytest.mark.parametrize("count", [1, 3, 40])
def test_falling_due_takes_the_same_queries_for_any_number(count, django_assert_num_queries):
    stage = make_stage()
    units = [make_listed(authority=stage.authority).pk for _ in range(count)]
    with django_assert_num_queries(6):
        assert periods.make_due(period_id=stage.period.pk, unit_ids=units) == count


def test_city_adds_a_period_with_a_clock_of_its_own():
    stage = make_stage()
    lead, values = make_lead(), {"round_id": stage.period.round_id, "label": "2022年上半年关键指标", "data_year": 2022}
    times = {"opens_at": clock.now(), "closes_at": clock.now() + timedelta(days=20)}
    made = periods.add_period(actor=lead, key="2022h1", **values, **times)
    assert (made.clock, made.periodic) == ("dynamic_mgmt.tables.2022h1", True)
    periods.make_due(period_id=made.pk, unit_ids=[stage.unit.pk])
    table = DynamicTable.objects.get(period=made)
    begun = filing.begin(actor=stage.unit_actor, table_id=table.pk)
    assert begun.filing is not None and begun.filing.sheet_key == "dynamic_key"
    with pytest.raises(WrongState):
        periods.add_period(actor=lead, key="2022h1", **values, **times)
    with pytest.raises(Invalid) as caught:
        periods.add_period(actor=lead, key="上半年", **values, **times)
    assert caught.value.errors == {"key": ["填写1至20个小写字母或数字，如2022h1。"]}
    with pytest.raises(Refused):
        periods.add_period(actor=stage.officer, key="2022h2", **values, **times)


# --- begin and file ----------------------------------------------------------------------------------------------


def test_table_begins_with_the_register_and_last_years_figures():
    stage = make_stage()
    make_filed(stage)
    later = periods.add_period.__globals__["_made"](
        make_lead(),
        stage.period.round,
        key="next",
        label="下一年度",
        data_year=2022,
        clock_key=stage.period.clock,
        periodic=False,
    )
    periods.make_due(period_id=later.pk, unit_ids=[stage.unit.pk])
    table = DynamicTable.objects.get(period=later)
    answers = filing.begin(actor=stage.unit_actor, table_id=table.pk).filing.answers
    wanted = {
        "data_year": "2022",
        "listed_batch": "第5批",
        "listed_year": "2020",
        "current_name": stage.unit.name_as_listed,
        "uscc": stage.organisation.uscc,
        "district": "瓦房店市",
        "industry": "3451",
        "address": "示例路1号",
        "energy_total_y1": "3120",
        "product_unit": "万套",
    }
    assert {key: answers.get(key) for key in wanted} == wanted
    assert "energy_total_y0" not in answers and "in_production" not in answers


def test_filing_freezes_answers_records_figures_and_says_so():
    stage = make_stage()
    table = make_filed(stage)
    receipt = TableReceipt.objects.get(table=table)
    assert (table.state, table.late, receipt.late, receipt.on_behalf, receipt.by_id) == (
        "filed",
        False,
        False,
        False,
        stage.unit_actor.user_id,
    )
    answers = receipt.filing_version.answers
    assert (answers["energy_per_product_y0"], answers["solid_waste_rate_y0"]) == ("12", "90")
    stored = {
        f.indicator: (str(f.value.normalize()), f.unit_of_measure) for f in UnitFigure.objects.filter(data_year=2021)
    }
    assert stored["energy_per_product"] == ("12", "tce/万套")
    assert stored["energy_per_value"] == ("0.06", "tce/万元")
    actions = AuditEntry.objects.filter(target=f"dynamic_mgmt.dynamic_table:{table.pk}").order_by("id")
    assert [e.action for e in actions] == ["dynamic_mgmt.table_begin", "dynamic_mgmt.table_file"]


def test_incomplete_table_names_every_gap_and_stays():
    stage = make_stage()
    table = fill(stage.unit_actor, stage.table(), energy_total_y0="", in_production="")
    with pytest.raises(Invalid) as caught:
        filing.file_table(actor=stage.unit_actor, table_id=table.pk)
    assert set(caught.value.errors) == {"dynamic_factory.energy_total_y0", "dynamic_factory.in_production"}
    assert stage.table().state == "draft"
    assert stage.table().filing.locked is False


def test_second_press_and_old_page_are_told():
    stage = make_stage()
    table = make_filed(stage)
    with pytest.raises(WrongState):
        filing.file_table(actor=stage.unit_actor, table_id=table.pk)
    with pytest.raises(Stale):
        filing.return_table(actor=stage.officer, table_id=table.pk, seen_version=1, reason="数据有误")
    assert TableReceipt.objects.count() == 1


def test_returned_table_is_mended_and_filed_again():
    stage = make_stage()
    table = make_filed(stage)
    with pytest.raises(ReasonRequired):
        filing.return_table(actor=stage.officer, table_id=table.pk, seen_version=table.version, reason=" ")
    table = filing.return_table(
        actor=stage.officer, table_id=table.pk, seen_version=table.version, reason="能耗单位有误"
    )
    filing_row = table.filing
    filing_row.refresh_from_db()
    save(
        filing_id=filing_row.pk,
        seen_version=filing_row.version,
        changes={"energy_total_y0": "312"},
        actor=stage.unit_actor,
    )
    filing.file_table(actor=stage.unit_actor, table_id=table.pk)
    assert stage.table().receipts.count() == 2
    assert str(UnitFigure.objects.get(indicator="energy_total", superseded_at=None).value.normalize()) == "312"


# --- the clock ---------------------------------------------------------------------------------------------------


def test_after_the_clock_the_unit_neither_writes_nor_files_but_the_district_files_late_with_a_reason():
    stage = make_stage()
    table = fill(stage.unit_actor, stage.table())
    with clock.fixed(CLOSES):
        with pytest.raises(WindowClosed):
            filing.file_table(actor=stage.unit_actor, table_id=table.pk)
        with pytest.raises(Refused, match="期限已过"):
            save(filing_id=table.filing_id, seen_version=1, changes={"address": "改"}, actor=stage.unit_actor)
        with pytest.raises(ReasonRequired):
            filing.file_table(actor=stage.officer, table_id=table.pk)
        receipt = filing.file_table(actor=stage.officer, table_id=table.pk, late_reason="企业停电数日")
    assert (receipt.late, receipt.reason, receipt.on_behalf) == (True, "企业停电数日", True)
    assert stage.table().late is True
    assert [f["rule"] for f in stage.table().findings if f["rule"] == "TABLE_LATE"] == ["TABLE_LATE"]


@pytest.mark.parametrize("by_unit", [True, False])
def test_what_was_filed_in_time_and_returned_is_mended_after_the_clock_and_is_not_late(by_unit):
    stage = make_stage()
    table = make_filed(stage)
    who = stage.unit_actor if by_unit else stage.officer
    with clock.fixed(CLOSES + timedelta(days=2)):
        table = filing.return_table(
            actor=stage.officer, table_id=table.pk, seen_version=table.version, reason="能耗单位有误"
        )
        row = filing_for(who, table.filing_id)
        save(filing_id=row.pk, seen_version=row.version, changes={"energy_total_y0": "312"}, actor=who)
        receipt = filing.file_table(actor=who, table_id=table.pk)
    assert (receipt.late, receipt.reason, receipt.late_words) == (True, "退回修改后提交", "退回修改后提交")
    table = stage.table()
    assert (table.state, table.late) == ("filed", False)
    assert [f for f in table.findings if f["rule"] == "TABLE_LATE"] == []
    assert table.changes.order_by("-pk").first().action == "file_again"


def test_control_what_was_first_filed_late_stays_late_with_its_first_reason_after_a_correction():
    stage = make_stage()
    table = fill(stage.unit_actor, stage.table())
    with clock.fixed(CLOSES + timedelta(days=1)):
        first = filing.file_table(actor=stage.officer, table_id=table.pk, late_reason="企业停电数日")
        table = stage.table()
        filing.return_table(actor=stage.officer, table_id=table.pk, seen_version=table.version, reason="数据有误")
        filing.file_table(actor=stage.unit_actor, table_id=table.pk)
    table = stage.table()
    assert (first.late_words, table.late) == ("逾期补报：企业停电数日", True)
    assert [f["because"] for f in table.findings if f["rule"] == "TABLE_LATE"] == ["在期限之后补报：企业停电数日"]


def test_a_figure_that_a_correction_left_out_is_current_no_more():
    stage = make_stage()
    table = make_filed(stage, footprint_area_y0="21000")
    before = set(UnitFigure.objects.filter(superseded_at=None).values_list("indicator", flat=True))
    other = make_filed(make_stage("庄河市", period=stage.period), footprint_area_y0="21000")
    table = filing.return_table(actor=stage.officer, table_id=table.pk, seen_version=table.version, reason="误填")
    row = filing_for(stage.unit_actor, table.filing_id)
    save(filing_id=row.pk, seen_version=row.version, changes={"footprint_area_y0": ""}, actor=stage.unit_actor)
    filing.file_table(actor=stage.unit_actor, table_id=table.pk)
    stored = UnitFigure.objects.filter(unit=stage.unit)
    after = set(stored.filter(superseded_at=None).values_list("indicator", flat=True))
    assert "building_density" in before - after and "energy_total" in after
    assert stored.get(indicator="building_density").superseded_at is not None, "kept as history"
    assert UnitFigure.objects.get(unit=other.unit_id, indicator="building_density").superseded_at is None


def test_last_instant_is_in_time_and_an_extension_moves_it():
    stage = make_stage()
    table = fill(stage.unit_actor, stage.table())
    # control: the same press in time
    with clock.fixed(CLOSES - timedelta(microseconds=1)), transaction.atomic():
        assert filing.file_table(actor=stage.unit_actor, table_id=table.pk).late is False
        transaction.set_rollback(True)
    with clock.fixed(CLOSES + timedelta(days=1)):
        grant_extension(
            actor=make_lead(),
            round_id=stage.period.round_id,
            key=stage.period.clock,
            authority_id=stage.authority.pk,
            until=CLOSES + timedelta(days=3),
            document_no="试验〔2022〕1号",
            reason="台风",
        )
        assert filing.file_table(actor=stage.unit_actor, table_id=table.pk).late is False


@pytest.mark.parametrize(
    ("late", "at", "fits"),
    [(False, -1, True), (False, 0, False), (True, 0, True), (True, -1, False)],
)
def test_database_gate_compares_the_receipt_with_the_clock(late, at, fits):
    stage = make_stage()
    table = make_filed(stage)
    version = TableReceipt.objects.get().filing_version
    values = {
        "table": table,
        "filing_version": version,
        "late": late,
        "reason": "因故" if late else "",
        "by_name": "某",
    }
    moment = CLOSES + timedelta(microseconds=at)
    if fits:
        TableReceipt.objects.create(received_at=moment, **values)
        return
    with pytest.raises(IntegrityError, match="receipt gate"), transaction.atomic():
        TableReceipt.objects.create(received_at=moment, **values)


def test_database_gate_bounds_the_skew():
    stage = make_stage()
    table = make_filed(stage)
    version = TableReceipt.objects.get().filing_version
    with pytest.raises(IntegrityError, match="too far from the database clock"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL greenportal.max_skew = '120'")
        TableReceipt.objects.create(
            table=table, filing_version=version, late=False, by_name="某", received_at=clock.now()
        )


def test_receipts_and_history_are_immutable():
    make_filed(make_stage())
    for change in (
        lambda: TableReceipt.objects.update(late=True, reason="x"),
        lambda: TableReceipt.objects.all().delete(),
        lambda: DynamicTable.objects.get().changes.update(reason="x"),
    ):
        with pytest.raises(InternalError), transaction.atomic():
            change()


# --- refused -----------------------------------------------------------------------------------------------------


def test_refusal_is_written_down_and_stays_when_the_unit_files_after_all():
    stage = make_stage()
    table = filing.refuse_table(actor=stage.officer, table_id=stage.table().pk, seen_version=1, reason="三次催报未报")
    assert (table.state, table.findings[0]["rule"]) == ("refused", "TABLE_REFUSED")
    table = filing.resume_table(
        actor=stage.officer, table_id=table.pk, seen_version=table.version, reason="企业同意填报"
    )
    fill_again = DynamicTable.objects.get(pk=table.pk)
    table = fill(stage.unit_actor, fill_again)
    filing.file_table(actor=stage.unit_actor, table_id=table.pk)
    assert stage.table().refused_at is not None
    assert [c.action for c in table.changes.order_by("id")] == ["refuse", "resume", "file"]


# --- dated link --------------------------------------------------------------------------------------------------


def test_link_fills_and_files_without_an_account_and_is_used_up():
    stage = make_stage()
    link, token = filing.issue_table_link(actor=stage.officer, table_id=stage.table().pk)
    assert link.expires_at == CLOSES or link.expires_at <= clock.now() + timedelta(days=60)
    holder, table = filing.behind_link(token)
    assert (holder.role, holder.user_id, holder.organisation_id) == (Role.APPLICANT, None, stage.organisation.pk)
    fill(holder, table)
    receipt = filing.file_by_link(token=token)
    assert (receipt.by_link, receipt.by_id, stage.table().state) == (True, None, "filed")
    with pytest.raises(WrongState):
        filing.behind_link(token)


def test_link_stays_usable_when_filing_is_refused_and_needs_a_legal_person():
    stage = make_stage()
    _, token = filing.issue_table_link(actor=stage.officer, table_id=stage.table().pk)
    holder, table = filing.behind_link(token)
    filing.begin(actor=holder, table_id=table.pk)
    with pytest.raises(Invalid):
        filing.file_by_link(token=token)
    filing.behind_link(token)
    other = make_stage("庄河市", period=stage.period, organisation=None)
    with pytest.raises(WrongState, match="对应的法人单位"):
        filing.issue_table_link(actor=other.officer, table_id=other.table().pk)


def test_after_the_clock_no_link_is_made_but_for_what_was_returned():
    stage, other = make_stage(), None
    other = make_stage("庄河市", period=stage.period)
    table = make_filed(other)
    with clock.fixed(CLOSES + timedelta(days=1)):
        with pytest.raises(WrongState, match="先由市局办理延期，或由区市县登记逾期补报"):
            filing.issue_table_link(actor=stage.officer, table_id=stage.table().pk)
        filing.return_table(actor=other.officer, table_id=table.pk, seen_version=table.version, reason="数据有误")
        _, token = filing.issue_table_link(actor=other.officer, table_id=table.pk)
        assert filing.file_by_link(token=token).reason == "退回修改后提交"


# --- who sees and does -------------------------------------------------------------------------------------------


def test_district_sees_its_tables_and_a_unit_its_own():
    mine, theirs = make_stage(), None
    theirs = make_stage("庄河市", period=mine.period)
    city = actor(Role.CITY_REVIEWER)
    seen = {
        who.role: set(visible_to(who).values_list("unit_id", flat=True))
        for who in (mine.officer, mine.unit_actor, city)
    }
    assert seen == {
        Role.DISTRICT_OFFICER: {mine.unit.pk},
        Role.APPLICANT: {mine.unit.pk},
        Role.CITY_REVIEWER: {mine.unit.pk, theirs.unit.pk},
    }
    for role in set(Role) - {Role.SYSTEM, *seen, Role.CITY_LEAD, Role.DISTRICT_LEAD}:
        assert visible_to(Actor(role=role, user_id=1)).count() == 0


@pytest.mark.parametrize("verb", ["begin", "file", "return", "refuse", "link"])
def test_foreign_people_find_nothing(verb):
    stage = make_stage()
    table = make_filed(stage) if verb == "return" else stage.table()
    strangers = [
        actor(Role.DISTRICT_LEAD, authority_id=make_authority("庄河市").pk),
        actor(Role.APPLICANT, organisation_id=make_organisation().pk),
        actor(Role.EVALUATOR),
    ]
    verbs = {
        "begin": lambda who: filing.begin(actor=who, table_id=table.pk),
        "file": lambda who: filing.file_table(actor=who, table_id=table.pk),
        "return": lambda who: filing.return_table(actor=who, table_id=table.pk, seen_version=table.version, reason="x"),
        "refuse": lambda who: filing.refuse_table(actor=who, table_id=table.pk, seen_version=table.version, reason="x"),
        "link": lambda who: filing.issue_table_link(actor=who, table_id=table.pk),
    }
    for who in strangers:
        with pytest.raises(NotVisible):
            verbs[verb](who)
    with pytest.raises(Refused):
        verbs[verb](actor(Role.CITY_LEAD))


def test_city_reads_answers_only_once_they_are_filed():
    stage = make_stage()
    city = actor(Role.CITY_LEAD)
    table = fill(stage.unit_actor, stage.table())
    with pytest.raises(NotVisible):
        filing_for(city, table.filing_id)
    filing.file_table(actor=stage.unit_actor, table_id=table.pk)
    assert filing_for(city, table.filing_id).pk == table.filing_id
    with pytest.raises(Refused, match="市局不修改"):
        save(filing_id=table.filing_id, seen_version=1, changes={"address": "改"}, actor=city)
