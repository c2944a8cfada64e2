"""Published lists into the register: once, twice, fuller, worse."""

import csv
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dynamic_mgmt.models import ListedUnit, RemovalProposal
from dynamic_mgmt.parsing import HEADINGS, REQUIRED
from dynamic_mgmt.services import decide_removal, import_listed, importing, preview_listed
from dynamic_mgmt.services.importing import national_batch_dates, shipped_list
from greenportal.accounts.actors import Actor, Role
from greenportal.audit.models import AuditEntry
from greenportal.directory.tables import Row, read_csv
from greenportal.findings.types import Invalid, Refused
from greenportal.jobs.models import Job
from tests.factories.directory import fictional_uscc, make_organisation

pytestmark = pytest.mark.django_db
CITY = Actor(role=Role.CITY_REVIEWER, name="市局审核员")


def row(number: int = 2, **values: str) -> Row:
    defaults = {
        "category": "绿色工厂(国家级)",
        "batch": "5",
        "year": "2020",
        "name": "试验有限公司",
        "province": "辽宁省",
    }
    return Row(number, {**defaults, **values})


def bring(*rows: Row, actor: Actor = CITY):
    return import_listed(actor=actor, rows=rows, source="试验名单")


def shipped() -> list[Row]:
    return read_csv(shipped_list().read_text("utf-8"), headings=HEADINGS, required=REQUIRED)


def test_shipped_list_is_brought_in_whole_and_a_second_time_changes_nothing():
    first = import_listed(actor=CITY, rows=shipped(), source="随程序附带")
    assert (first.new, first.updated, first.repeated, first.problems) == (94, 0, 0, ())
    second = import_listed(actor=CITY, rows=shipped(), source="随程序附带")
    assert (second.changes, second.same) == ((), 94)
    assert ListedUnit.objects.count() == 94
    assert AuditEntry.objects.filter(action="dynamic_mgmt.import_listed").count() == 1


def test_shipped_rows_that_are_no_final_names_are_never_matchable():
    import_listed(actor=CITY, rows=shipped(), source="随程序附带")
    with shipped_list().open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    barred = [line["name"] for line in lines if "公示" in line["source"] or "简称" in line["name"]]
    assert len(barred) == 34
    for name in barred:
        shown = name.split(" ")[0]
        assert not ListedUnit.objects.filter(name_as_listed=shown, matchable=True, source__contains="公示").exists()
        assert "简称" not in name or not ListedUnit.objects.filter(name_as_listed=shown, matchable=True).exists()
    assert not ListedUnit.objects.get(name_as_listed__startswith="Dalian No.1").matchable
    assert not ListedUnit.objects.filter(matchable=True).exclude(unmatched_reason="").exists()
    assert not ListedUnit.objects.filter(matchable=False, unmatched_reason="").exists()


def test_shipped_counts_are_those_of_the_domain_page():
    import_listed(actor=CITY, rows=shipped(), source="随程序附带")
    liaoning = ListedUnit.objects.filter(province="辽宁省")
    dalian = liaoning.filter(city="大连市")
    assert (liaoning.count(), dalian.count()) == (30, 11)
    assert dalian.filter(level="provincial", batch="9").count() == 6
    assert dalian.filter(level="provincial", batch="8", category="factory").count() == 2
    assert dalian.filter(level="provincial", batch="8", category="park").count() == 1
    assert dalian.filter(level="city").count() == 1
    assert dalian.filter(level="national", batch="", listed_on=None).count() == 1


def test_one_company_on_two_lists_has_two_rows():
    import_listed(actor=CITY, rows=shipped(), source="随程序附带")
    rows = ListedUnit.objects.filter(name_as_listed="天津军星管业集团有限公司")
    assert {(u.category, u.batch, u.listed_on) for u in rows} == {
        ("factory", "6", date(2022, 1, 15)),
        ("supply_chain", "7", date(2023, 3, 23)),
    }


def test_final_national_row_gets_the_day_of_its_batch_and_others_do_not():
    bring(
        row(2, batch="第七批", year="2022", name="国家试验有限公司"),
        row(3, batch="7", year="2022", name="公示试验有限公司", source="公示阶段"),
        row(4, batch="7", year="2022", name="省级试验有限公司", category="绿色工厂(省级)"),
        row(5, batch="3", year="2018", name="早年试验有限公司"),
        row(6, batch="7", year="2022", name="自带日期有限公司", listed_on="2023-03-24"),
    )
    assert dict(ListedUnit.objects.values_list("name_as_listed", "listed_on")) == {
        "国家试验有限公司": date(2023, 3, 23),
        "公示试验有限公司": None,
        "省级试验有限公司": None,
        "早年试验有限公司": None,
        "自带日期有限公司": date(2023, 3, 24),
    }


def test_days_of_batches_are_those_with_a_known_day():
    assert dict(national_batch_dates()) == {
        "6": date(2022, 1, 15),
        "7": date(2023, 3, 23),
        "8": date(2024, 1, 5),
        "9": date(2025, 1, 22),
        "10": date(2026, 3, 11),
    }


def test_other_spelling_of_the_name_is_the_same_unit():
    bring(row(name="试验（大连）有限责任公司"))
    preview = bring(row(name="试验(大连)有限公司 "))
    assert (preview.new, ListedUnit.objects.count()) == (0, 1)


def test_repeated_row_is_taken_once():
    preview = bring(row(2), row(3))
    assert (preview.new, preview.repeated, ListedUnit.objects.count()) == (1, 1, 1)


def test_later_file_fills_and_a_blank_never_clears():
    code = fictional_uscc(31)
    bring(row(uscc=code, source="甲"))
    filled = bring(row(evaluator="试验评价机构"))
    assert (filled.new, filled.updated) == (0, 1)
    unit = ListedUnit.objects.get()
    assert (unit.uscc, unit.evaluator_name) == (code, "试验评价机构")
    assert (unit.source, unit.version) == ("甲", 2)
    assert list(unit.sources.values_list("text", flat=True)) == ["试验名单"], (
        "every source is kept, the first on the unit"
    )


GONE = {"removed_on": "2022-03-01", "removal_reason": "试验原因", "removal_document": "试验〔2022〕1号"}


@pytest.mark.parametrize("listed_before", [True, False])
def test_a_removal_in_a_list_waits_for_a_second_person(listed_before, reviewer, lead):
    """A new unit and a stored one alike stay on the list until the lead confirms; the same file again asks nothing."""
    if listed_before:
        bring(row())
    done = bring(row(**GONE), actor=reviewer)
    assert (done.new, len(done.removals)) == (0 if listed_before else 1, 1)
    unit = ListedUnit.objects.get()
    assert (unit.removed_on, unit.removal_reason) == (None, "")
    proposal = RemovalProposal.objects.get()
    assert (proposal.proposed_by_id, proposal.removed_on) == (reviewer.user_id, date(2022, 3, 1))
    again = bring(row(**GONE), actor=reviewer)
    assert (again.changes, again.removals, again.same, RemovalProposal.objects.count()) == ((), (), 1, 1)
    with pytest.raises(Refused):
        decide_removal(actor=reviewer, proposal_id=proposal.pk, confirm=True)
    decide_removal(actor=lead, proposal_id=proposal.pk, confirm=True)
    unit.refresh_from_db()
    assert (unit.removed_on, unit.removal_document) == (date(2022, 3, 1), "试验〔2022〕1号")
    assert bring(row(**GONE), actor=reviewer).removals == ()


def test_a_removal_that_the_lead_dropped_is_not_asked_again_by_the_same_document(reviewer, lead):
    bring(row(**GONE), actor=reviewer)
    decide_removal(actor=lead, proposal_id=RemovalProposal.objects.get().pk, confirm=False)
    assert bring(row(**GONE), actor=reviewer).removals == ()
    other = bring(row(**{**GONE, "removal_document": "试验〔2022〕2号"}), actor=reviewer)
    assert len(other.removals) == 1


def test_a_removal_without_a_person_a_reason_or_a_document_is_told_at_its_row(reviewer):
    with pytest.raises(Invalid, match="移出须两人办理"):
        bring(row(**GONE), actor=Actor.system("import_listed"))
    with pytest.raises(Invalid) as caught:
        bring(row(removed_on="2022-12-01"), actor=reviewer)
    assert caught.value.errors["rows"] == [
        "第2行：移出日期应不晚于今天，核对后填写。",
        "第2行：有移出日期的，填写移出原因。",
        "第2行：有移出日期的，填写移出文号。",
    ]
    assert not ListedUnit.objects.exists()


def test_final_list_lifts_the_bar_and_a_worse_source_never_lowers_it():
    bring(row(source="公示阶段"))
    assert ListedUnit.objects.get().matchable is False
    assert bring(row(source="正式名单")).updated == 1
    assert (ListedUnit.objects.get().matchable, ListedUnit.objects.get().source) == (True, "正式名单")
    assert list(ListedUnit.objects.get().sources.values_list("text", flat=True)) == ["公示阶段"]
    assert bring(row(source="公示阶段")).changes == ()
    assert ListedUnit.objects.get().source == "正式名单"


def test_file_with_a_fault_stores_nothing_and_names_the_row():
    with pytest.raises(Invalid) as caught:
        bring(row(2), row(3, category="零碳工厂(国家级)"))
    assert caught.value.errors == {
        "rows": [
            "第3行：类别“零碳工厂(国家级)”不在绿色工厂、绿色设计产品、绿色工业园区、绿色供应链管理企业之中，改为其中一类。"
        ]
    }
    assert ListedUnit.objects.count() == 0


def test_preview_takes_as_many_queries_for_one_row_as_for_all_and_stores_nothing(django_assert_num_queries):
    with django_assert_num_queries(2):
        assert preview_listed(shipped()).new == 94
    assert ListedUnit.objects.count() == 0
    import_listed(actor=CITY, rows=shipped(), source="名单")
    for rows in (shipped()[:1], shipped()):
        with django_assert_num_queries(3):
            assert preview_listed(rows).same == len(rows)


def test_units_that_concern_known_bodies_have_their_nominations_checked_again():
    by_code, by_name = make_organisation(name="甲有限公司"), make_organisation(name="乙（大连）有限责任公司")
    make_organisation(name="丙有限公司")
    bring(
        row(2, name="旧名有限公司", uscc=by_code.uscc),
        row(3, name="乙(大连)有限公司"),
        row(4, name="丙有限公司", source="公示阶段"),
    )
    assert Job.objects.get(kind="nominations.recheck").payload == {
        "organisation_ids": sorted([by_code.pk, by_name.pk]),
        "cause": "dynamic_mgmt.import",
    }


def test_command_brings_in_a_file_and_reports(capsys):
    call_command("import_listed", str(shipped_list()))
    assert capsys.readouterr().out == "新增94项，补充0项，相同0项，文件内重复0项；其中43项不自动匹配。\n"
    call_command("import_listed", str(shipped_list()))
    assert capsys.readouterr().out == "新增0项，补充0项，相同94项，文件内重复0项；其中0项不自动匹配。\n"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.builds(
            row,
            number=st.integers(2, 99),
            name=st.text(alphabet="大连试验甲乙（）() 有限责任公司简称", min_size=1, max_size=12).filter(str.strip),
            category=st.sampled_from(["绿色工厂(国家级)", "绿色工厂(省级)", "绿色设计产品(国家级)"]),
            batch=st.sampled_from(["", "5", "第五批", "7"]),
            source=st.sampled_from(["", "公示阶段", "正式名单"]),
        ),
        max_size=12,
    )
)
def test_any_file_again_changes_nothing(rows):
    bring(*rows)
    before = list(ListedUnit.objects.order_by("id").values())
    assert bring(*rows).changes == ()
    assert list(ListedUnit.objects.order_by("id").values()) == before


@pytest.mark.parametrize("role", list(Role))
def test_only_the_city_imports(role):
    if role in {Role.CITY_REVIEWER, Role.CITY_LEAD, Role.SYSTEM}:
        assert bring(row(), actor=Actor(role=role)).new == 1
    else:
        with pytest.raises(Refused):
            bring(row(), actor=Actor(role=role))


def test_command_previews_and_names_bad_rows(tmp_path, capsys):
    path = tmp_path / "名单.csv"
    path.write_text("类别,名称\n绿色工厂(国家级),试验有限公司\n绿色工厂,试用有限公司\n", "utf-8")
    call_command("import_listed", str(path), "--dry-run")
    said = capsys.readouterr()
    assert said.out == "新增1项，补充0项，相同0项，文件内重复0项；其中0项不自动匹配。\n"
    assert said.err == "第3行：没有写明级别，在类别后的括号内或“级别”列填写国家级、省级或市级。\n"
    with pytest.raises(CommandError, match="先更正下列各行，再导入。\n第3行"):
        call_command("import_listed", str(path))
    assert ListedUnit.objects.count() == 0


def imported_side_by_side() -> tuple[int, int]:
    """Bring the same rows in from four threads at once; return stored units and broken threads."""
    rows = [row(n, name=f"试验{n}有限公司") for n in range(2, 42)]
    together = threading.Barrier(4)

    def one(_: int) -> bool:
        try:
            together.wait(30)
            bring(*rows)
        except DatabaseError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(one, range(4)))
    return ListedUnit.objects.count(), done.count(False)


@pytest.mark.django_db(transaction=True)
def test_imports_side_by_side_store_each_unit_once():
    assert imported_side_by_side() == (40, 0)


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_imports_break(monkeypatch):
    # Takes no lock, and lets the others catch up.
    monkeypatch.setattr(importing, "lock_register", lambda: time.sleep(0.05))
    stored, broken = imported_side_by_side()
    assert stored == 40
    assert broken > 0
