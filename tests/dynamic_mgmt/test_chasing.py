"""Board, reminders once, extension, exports in the city's order, what was sent up, a district's workbook, trends."""

import io
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from dynamic_mgmt.models import DynamicTable, ListedUnit, TableChange
from dynamic_mgmt.selectors import exports, trends
from dynamic_mgmt.selectors.table_work import table_work
from dynamic_mgmt.selectors.tables import TableFilters, board, filtered, overview
from dynamic_mgmt.services import chasing, filing, periods, table_workbooks
from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.audit.models import AuditEntry
from greenportal.audit.services import verify
from greenportal.files.jail import Worksheet
from greenportal.filings.models import Filing
from greenportal.filings.services import save
from greenportal.findings.types import Invalid, NotVisible, Refused
from greenportal.mail.models import OutboxMail
from tests.factories.accounts import make_user, sign_in
from tests.factories.dynamic_mgmt import make_listed
from tests.factories.rounds import make_lead
from tests.factories.tables import ANSWERS, fill, make_filed, make_stage

pytestmark = pytest.mark.django_db
CLOSES = datetime(2022, 11, 15, 16, tzinfo=UTC)


def typed(content: bytes, answers: dict[str, str]) -> list[Worksheet]:
    """Return the workbook as the limited reader gives it, with answers typed into every row of a unit.

    Row 1 holds the keys of columns, column B those of rows (docs/reference/workbooks.md).
    """
    spoken = {"yes": "是", "no": "否"}
    pages = [
        Worksheet(sheet.title, [[cell.value for cell in row] for row in sheet.iter_rows()])
        for sheet in load_workbook(io.BytesIO(content)).worksheets
    ]
    for page in pages:
        keys = [str(cell or "").rpartition(":")[2] for cell in page.rows[0]]
        for row in page.rows[1:]:
            if len(row) > 1 and str(row[1] or "").startswith("row:"):
                for index, key in enumerate(keys):
                    if key in answers:
                        row[index] = spoken.get(answers[key], answers[key])  # type: ignore[index]
    return pages


# --- board -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 3])
def test_board_counts_by_district_in_four_queries(count, django_assert_num_queries):
    first = make_stage()
    for n in range(count):
        make_stage(f"试验区{n}", period=first.period)
    make_filed(first)
    lead = make_lead()
    with django_assert_num_queries(4):
        rows = {r.authority.name: r for r in board(lead, first.period)}
    assert len(rows) == count + 1
    mine = rows["瓦房店市"]
    assert (mine.total, mine.due, mine.filed, mine.overdue) == (1, 0, 1, 0)
    with clock.fixed(CLOSES):
        late = {r.authority.name: r.overdue for r in board(lead, first.period)}
    assert late == {name: (0 if name == "瓦房店市" else 1) for name in rows}


def test_extension_is_a_row_and_lifts_overdue():
    stage = make_stage()
    lead = make_lead()
    values = {"period_id": stage.period.pk, "authority_id": stage.authority.pk, "until": CLOSES + timedelta(days=5)}
    with clock.fixed(CLOSES + timedelta(days=1)):
        overdue = TableFilters(state="overdue")
        assert filtered(lead, stage.period, overdue).count() == 1
        with pytest.raises(Refused):
            chasing.extend(actor=stage.officer, document_no="1号", reason="台风", **values)
        chasing.extend(actor=lead, document_no="1号", reason="台风", **values)
        (row,) = board(lead, stage.period)
        assert (row.overdue, row.extended, row.closes_at) == (0, "1号", CLOSES + timedelta(days=5))
        assert filtered(lead, stage.period, overdue).count() == 0


def test_an_extension_that_is_too_early_is_told_beside_the_day_typed(monkeypatch):
    monkeypatch.setattr(clock, "running", lambda: clock.now())
    stage = make_stage()
    client = sign_in(Client(), make_user(Role.CITY_LEAD))
    values = {"authority": stage.authority.pk, "until_on": "2022-11-15", "document_no": "1号", "reason": "台风"}
    url = reverse("dynamic_mgmt:extend", args=[stage.period.pk])
    form = client.post(url, values).context["form"]
    assert form.errors == {"until_on": ["延期应晚于现在的截止时间2022年11月15日（星期二）24:00。"]}
    assert client.post(url, {**values, "until_on": "2022-11-16"}).status_code == 302


def test_filters_and_district_scope():
    mine = make_stage()
    theirs = make_stage("庄河市", period=mine.period)
    make_filed(theirs)
    lead = make_lead()
    rows = filtered(lead, mine.period, TableFilters(state="filed"))
    assert [t.unit_id for t in rows] == [theirs.unit.pk]
    assert filtered(mine.officer, mine.period, TableFilters(authority=str(theirs.authority.pk))).count() == 0
    assert filtered(lead, mine.period, TableFilters(q=mine.unit.name_as_listed)).count() == 1


def test_a_unit_taken_off_the_list_is_chased_no_more():
    stage = make_stage()
    kept = make_stage("庄河市", period=stage.period)
    make_user(Role.DISTRICT_OFFICER, authority=stage.authority, email="a@example.com")
    make_user(Role.APPLICANT, organisation=stage.organisation, email="u@example.com")
    lead, overdue = make_lead(), TableFilters(state="overdue")

    def chased() -> tuple[set[str], set[int], int, int]:
        with clock.fixed(CLOSES + timedelta(hours=1)):
            late = {r.authority.name for r in board(lead, stage.period) if r.overdue}
            listed = {t.unit_id for t in filtered(lead, stage.period, overdue)}
            waiting = len(table_work(stage.officer)) + len(table_work(stage.unit_actor))
            (row,) = overview(lead, [stage.period])
        return late, listed, waiting, row.total

    # control: while it is listed it is chased
    assert chased() == ({"瓦房店市", "庄河市"}, {stage.unit.pk, kept.unit.pk}, 2, 2)
    ListedUnit.objects.filter(pk=stage.unit.pk).update(removed_on=clock.today())
    assert chased() == ({"庄河市"}, {kept.unit.pk}, 0, 1)
    with clock.fixed(CLOSES - timedelta(days=6)):
        assert chasing.keep_time() == 1, "the other district alone"
    assert not OutboxMail.objects.filter(recipient__in=["a@example.com", "u@example.com"]).exists()
    with pytest.raises(Invalid, match="没有待填报"):
        table_workbooks.district_workbook(actor=stage.officer, period=stage.period)


def test_a_filed_table_of_a_unit_taken_off_the_list_stays_on_the_board():
    stage = make_stage()
    make_filed(stage)
    ListedUnit.objects.filter(pk=stage.unit.pk).update(removed_on=clock.today())
    (row,) = board(make_lead(), stage.period)
    assert (row.total, row.filed) == (1, 1)


def test_what_was_filed_in_time_and_returned_is_overdue_by_its_own_day_and_not_by_the_clock():
    stage = make_stage()
    never = make_stage(period=stage.period)
    table, lead = make_filed(stage), make_lead()
    due_on = clock.local(CLOSES).date() + timedelta(days=5)
    with clock.fixed(CLOSES - timedelta(hours=1)):
        args = {"actor": stage.officer, "table_id": table.pk, "seen_version": table.version, "reason": "数据有误"}
        with pytest.raises(Invalid) as caught:
            filing.return_table(**args, due_on=clock.today() - timedelta(days=1))
        assert caught.value.errors == {"due_on": ["修改期限应不早于今天，核对后填写。"]}
        table = filing.return_table(**args, due_on=due_on)
    assert table.correct_by == clock.end_of(due_on)

    def overdue_at(at: datetime) -> tuple[int, set[int]]:
        with clock.fixed(at):
            (row,) = board(lead, stage.period)
            return row.overdue, {t.unit_id for t in filtered(lead, stage.period, TableFilters(state="overdue"))}

    assert overdue_at(CLOSES - timedelta(minutes=1)) == (0, set())
    # control: the one never filed is overdue by the clock
    assert overdue_at(CLOSES) == (1, {never.unit.pk})
    assert overdue_at(table.correct_by - timedelta(seconds=1)) == (1, {never.unit.pk})
    assert overdue_at(table.correct_by) == (2, {never.unit.pk, stage.unit.pk})
    (item,) = [i for i in table_work(stage.unit_actor) if i.colour == "red"]
    assert item.due_at == table.correct_by


def test_a_return_without_a_day_is_chased_and_not_overdue():
    stage = make_stage()
    table = make_filed(stage)
    filing.return_table(actor=stage.officer, table_id=table.pk, seen_version=table.version, reason="数据有误")
    with clock.fixed(CLOSES + timedelta(days=30)):
        (row,) = board(make_lead(), stage.period)
    assert (row.draft, row.overdue) == (1, 0)


def test_who_refused_after_a_return_and_was_let_file_again_is_overdue_by_the_clock():
    stage = make_stage()
    table, officer = make_filed(stage), {"actor": stage.officer, "reason": "虚构"}
    for verb in (filing.return_table, filing.refuse_table, filing.resume_table):
        table = verb(table_id=table.pk, seen_version=table.version, **officer)
    assert (table.state, table.filed_at is None) == ("draft", False)
    for at, number in ((CLOSES - timedelta(minutes=1), 0), (CLOSES, 1)):
        with clock.fixed(at):
            (row,) = board(make_lead(), stage.period)
            listed = filtered(stage.officer, stage.period, TableFilters(state="overdue")).count()
        assert (row.overdue, listed) == (number, number)


def test_the_export_tells_the_local_day_of_filing():
    stage = make_stage()
    late_evening = datetime(2022, 10, 10, 17, 30, tzinfo=UTC)  # 11 October, 01:30 in Dalian
    with clock.fixed(late_evening):
        make_filed(stage)
    table = stage.table()
    assert list(exports.rows([table], ["filed_at"], exports.receipts_of([table]))) == [["2022-10-11"]]


# --- a whole district's workbook ---------------------------------------------------------------------------------


def test_workbook_of_a_district_goes_out_prefilled_and_comes_back():
    stage = make_stage()
    second = make_stage(period=stage.period)
    park = make_stage(period=stage.period, category="park", industry_code="")
    content = table_workbooks.district_workbook(actor=stage.officer, period=stage.period)
    pages = typed(content, ANSWERS)
    args = {"actor": stage.officer, "period": stage.period}
    preview = table_workbooks.preview_workbook(pages=pages, **args)
    assert preview.problems == ()
    assert {u.table_id for u in preview.units} >= {stage.table().pk, second.table().pk}
    assert DynamicTable.objects.filter(state="draft").count() == 0  # a look through stores nothing
    done = table_workbooks.import_workbook(pages=pages, **args)
    assert done.cells == preview.cells
    table = stage.table()
    assert (table.state, table.filing.answers["energy_total_y0"]) == ("draft", "3120")
    assert filing.file_table(actor=stage.officer, table_id=table.pk).on_behalf is True
    again = table_workbooks.preview_workbook(pages=pages, **args)
    assert again.units == () and len(again.skipped) == 1
    assert park.table().pk


def test_bad_cell_stops_the_workbook_and_names_the_cell():
    stage = make_stage()
    content = table_workbooks.district_workbook(actor=stage.officer, period=stage.period)
    pages = typed(content, {**ANSWERS, "energy_total_y0": "三千左右"})
    with pytest.raises(Invalid) as caught:
        table_workbooks.import_workbook(actor=stage.officer, period=stage.period, pages=pages)
    (message,) = caught.value.errors["rows"]
    assert "年综合能源消费量（数据年度）" in message
    assert stage.table().state == "due"


def test_workbook_of_another_district_is_not_taken():
    mine, theirs = make_stage(), None
    theirs = make_stage("庄河市", period=mine.period)
    content = table_workbooks.district_workbook(actor=theirs.officer, period=mine.period)
    with pytest.raises(NotVisible):
        table_workbooks.preview_workbook(actor=mine.officer, period=mine.period, pages=typed(content, ANSWERS))
    for who in (mine.unit_actor, make_lead()):
        with pytest.raises(Refused):
            table_workbooks.district_workbook(actor=who, period=mine.period)


@pytest.mark.parametrize("count", [1, 3])
def test_workbook_takes_the_same_queries_for_any_number(count, django_assert_max_num_queries):
    stage = make_stage()
    for _ in range(count):
        make_stage(period=stage.period)
    fill(stage.unit_actor, stage.table())
    with django_assert_max_num_queries(8):
        table_workbooks.district_workbook(actor=stage.officer, period=stage.period)


@pytest.mark.parametrize("count", [2, 100])
def test_a_workbook_comes_back_in_the_same_queries_for_any_number(count, django_assert_num_queries):
    stage = make_stage()
    short = periods.add_period(
        actor=make_lead(),
        round_id=stage.period.round_id,
        key="h1",
        label="上半年关键指标",
        data_year=2022,
        opens_at=clock.now(),
        closes_at=clock.now() + timedelta(days=9),
    )
    due = [make_listed(authority=stage.authority, industry_code="3451").pk for _ in range(count)]
    periods.make_due(period_id=short.pk, unit_ids=[stage.unit.pk, *due])
    filing.begin(actor=stage.officer, table_id=DynamicTable.objects.get(period=short, unit=stage.unit).pk)
    pages = typed(table_workbooks.district_workbook(actor=stage.officer, period=short), {"water_total_y0": "90001"})
    table_workbooks.preview_workbook(actor=stage.officer, period=short, pages=pages)  # as the page does first
    with django_assert_num_queries(44):
        done = table_workbooks.import_workbook(actor=stage.officer, period=short, pages=pages)
    assert (len(done.units), done.cells) == (count + 1, count + 1)
    rows = DynamicTable.objects.filter(period=short, state="draft")
    assert rows.filter(filing__answers__water_total_y0="90001").count() == count + 1
    assert TableChange.objects.filter(action="begin", table__unit__in=due).count() == count
    kinds = ("filings.start", "filings.save", "dynamic_mgmt.table_begin")
    filings = list(rows.filter(unit__in=due).values_list("pk", "filing_id"))
    targets = {f"dynamic_mgmt.dynamic_table:{t}" for t, _ in filings} | {f"filings.filing:{f}" for _, f in filings}
    trail = AuditEntry.objects.filter(target__in=targets, action__in=kinds).values_list("action", flat=True)
    assert Counter(trail) == dict.fromkeys(kinds, count), "each table keeps its own trail"
    assert verify() == []


def test_a_workbook_is_stored_whole_or_not_at_all(monkeypatch):
    stage = make_stage()
    other = make_stage(period=stage.period)
    begun = fill(other.unit_actor, other.table())
    content = table_workbooks.district_workbook(actor=stage.officer, period=stage.period)
    looked_through = table_workbooks.preview_workbook

    def meanwhile(**values):
        found = looked_through(**values)
        now = Filing.objects.get(pk=begun.filing_id)
        changes = {"water_total_y0": "70000"}
        save(filing_id=now.pk, seen_version=now.version, changes=changes, actor=other.unit_actor, client="page")
        return found

    args = {"actor": stage.officer, "period": stage.period, "pages": typed(content, {"water_total_y0": "90001"})}
    with monkeypatch.context() as patch, pytest.raises(Invalid) as caught:
        patch.setattr(table_workbooks, "preview_workbook", meanwhile)
        table_workbooks.import_workbook(**args)
    assert str(caught.value) == (
        f"{other.unit.current_name}的“取水量（数据年度）”刚被他人修改，请重新上传工作簿，核对后再导入。"
    )
    assert (stage.table().state, stage.table().filing) == ("due", None), "nothing of the others was stored"
    # control: nobody types meanwhile, and both are stored
    table_workbooks.import_workbook(**args)
    assert stage.table().filing.answers["water_total_y0"] == "90001"
    assert other.table().filing.answers["water_total_y0"] == "90001"


@pytest.mark.parametrize("column", ["water_total_y0", "energy_total_y0"])
def test_a_second_import_meanwhile_is_not_overwritten(monkeypatch, column):
    stage = make_stage()
    fill(stage.unit_actor, stage.table())
    content = table_workbooks.district_workbook(actor=stage.officer, period=stage.period)
    looked_through = table_workbooks.preview_workbook
    first, second = (
        {"actor": stage.officer, "period": stage.period, "pages": typed(content, changes)}
        for changes in ({column: "70000"}, {"water_total_y0": "90001"})
    )

    def meanwhile(**values):
        found = looked_through(**values)
        with monkeypatch.context() as inner:
            inner.setattr(table_workbooks, "preview_workbook", looked_through)
            table_workbooks.import_workbook(**first)
        return found

    monkeypatch.setattr(table_workbooks, "preview_workbook", meanwhile)
    if column == "water_total_y0":
        with pytest.raises(Invalid, match="取水量（数据年度）”刚被他人修改"):
            table_workbooks.import_workbook(**second)
    else:  # control: another place is merged
        table_workbooks.import_workbook(**second)
        assert [stage.table().filing.answers[key] for key in (column, "water_total_y0")] == ["70000", "90001"]


def test_a_table_filed_while_the_workbook_was_compared_stops_the_import(monkeypatch):
    stage = make_stage()
    fill(stage.unit_actor, stage.table())
    content = table_workbooks.district_workbook(actor=stage.officer, period=stage.period)
    looked_through = table_workbooks.preview_workbook

    def meanwhile(**values):
        found = looked_through(**values)
        filing.file_table(actor=stage.unit_actor, table_id=stage.table().pk)
        return found

    monkeypatch.setattr(table_workbooks, "preview_workbook", meanwhile)
    pages = typed(content, {"water_total_y0": "90001"})
    with pytest.raises(Invalid, match=f"{stage.unit.current_name}的动态管理表刚被提交或登记拒不填报"):
        table_workbooks.import_workbook(actor=stage.officer, period=stage.period, pages=pages)


# --- trends ------------------------------------------------------------------------------------------------------


def test_totals_are_of_what_the_reader_sees():
    mine = make_stage()
    theirs = make_stage("庄河市", period=mine.period, industry_code="2651")
    make_filed(mine, energy_total_y1="3000")
    make_filed(theirs)
    by_key = {c.key: c for c in trends.group_charts(mine.officer)}
    energy = by_key["energy_total"]
    assert [(p.year, p.text, p.count, p.change) for p in energy.points] == [
        (2020, "3,000", 1, ""),
        (2021, "3,120", 1, "+4.0%"),
    ]
    city = {c.key: c for c in trends.group_charts(make_lead())}
    assert city["energy_total"].points[-1].text == "6,240"
    narrowed = trends.group_charts(make_lead(), industry="26")
    assert {c.points[-1].count for c in narrowed} == {1}
    assert trends.group_charts(make_lead(), authority_id=theirs.authority.pk)[0].points[-1].text == "3,120"


@pytest.mark.parametrize(("value", "top"), [("0", "1"), ("0.3", "0.4"), ("1", "1"), ("3120", "4000"), ("61", "100")])
def test_scale_ends_at_a_round_number(value, top):
    assert trends.scale_top(Decimal(value)) == Decimal(top)


def test_chart_of_one_year_and_of_nothing_can_be_drawn():
    one = trends.chart("energy_total", "能耗", "tce", {2021: (Decimal(5), 1)})
    assert (one.line, len(one.ticks)) == ("355.0,24.0", 5)
    assert trends.chart("energy_total", "能耗", "tce", {}).points == ()
