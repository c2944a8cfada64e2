"""Evaluation tables: what the rulebook ships agrees with its sources and sheets; what the city adds, and how it is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings

from greenportal.accounts.actors import Role
from greenportal.files.jail import Worksheet
from greenportal.files.models import StoredFile
from greenportal.findings.types import Invalid, Refused
from greenportal.rounds import selectors, services
from greenportal.rounds.rulebook import RulebookError, from_json, load
from greenportal.rounds.services.evaluation import HEADINGS, TableDraft, build, groups_of, read_items
from greenportal.rounds.services.standards import KIND
from greenportal.sheets import load_folder
from greenportal.sheets.validation import check, in_row
from nominations.scoring.forming import with_table
from tests.factories.accounts import make_actor
from tests.factories.nominations import make_district, make_file

BOOK = load("2022")
SHEETS = load_folder(Path(settings.BASE_DIR) / "greenportal/rounds/rulebooks/2022/sheets")
SIX = "基础设施 20\n管理体系　15\n能源与资源投入 15\n产品 10\n环境排放 10\n绩效 30\n"


def rows(sheet, tables):
    return {row.id: row.values for table in tables for row in SHEETS[sheet].table(table).fixed}


@pytest.mark.parametrize("sheet", ["park_self", "park_third"])
def test_the_parks_forms_print_the_records_indicators(sheet):
    printed = rows(sheet, ["eg", "rg", "ig_yes", "ig", "cg", "hg", "mg_yes"])
    items = BOOK.evaluation_tables["park_2016"].items
    assert set(printed) == {item.code for item in items}
    for item in items:
        row = printed[item.code]
        assert row["item"] == item.name
        assert row.get("unit", "") == item.unit
        assert row["reference"].removesuffix("（越小越好）") == item.reference
        assert ("越小越好" in row["reference"]) is (item.direction == "lower_is_better")
        assert row["need"] == item.requirement


@pytest.mark.parametrize("sheet", ["supply_chain_self", "supply_chain_third"])
def test_the_supply_chains_forms_print_the_records_points(sheet):
    printed = rows(sheet, ["indicators"])
    items = BOOK.evaluation_tables["supply_generic"].items
    assert {i.code: (i.name, f"{i.max_score}", i.kind) for i in items} == {
        code: (row["item"], row["max_score"], row["kind"]) for code, row in printed.items()
    }


@pytest.mark.parametrize("sheet", ["factory_self", "factory_third"])
def test_the_factorys_forms_have_the_records_six_groups(sheet):
    labels = {row_id: row["item"] for row_id, row in rows(sheet, ["groups"]).items()}
    assert labels == {key: group.label for key, group in BOOK.evaluation_tables["factory_2016"].groups.items()}


def test_no_points_curve_or_pass_mark_is_shipped_that_no_source_gives():
    assert all(table.pass_mark is None for table in BOOK.evaluation_tables.values())
    assert [k for k, t in BOOK.evaluation_tables.items() if not t.items] == ["factory_2016", "supply_electronics"]
    assert "supply_machinery" not in BOOK.evaluation_tables


def test_the_book_with_its_tables_survives_storing():
    assert from_json(json.loads(json.dumps(BOOK.as_json()))) == BOOK


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"method": "guess"}, "应为"),
        ({"category": "unknown"}, "没有类别"),
        ({"items": [{"code": "a", "group": "none", "name": "甲"}]}, "没有一级指标"),
        ({"items": [{"code": "a", "group": "product", "name": "甲"}] * 2}, "写了两次"),
        ({"items": [{"code": "a", "group": "product", "name": "甲", "direction": "up"}]}, "lower_is_better"),
    ],
)
def test_a_malformed_table_is_refused_with_its_place(change, said):
    raw = BOOK.as_json()
    next(row for row in raw["evaluation_tables"] if row["key"] == "factory_2016").update(change)
    with pytest.raises(RulebookError, match=said):
        from_json(raw)


def test_groups_are_typed_one_a_line():
    assert groups_of(SIX)[1] == ("管理体系", Decimal(15))
    with pytest.raises(Invalid, match="第2行写作“一级指标 权重”"):
        groups_of("基础设施 20\n管理体系")


def workbook(*lines):
    return [Worksheet("评价指标表", [["评价指标表"], list(HEADINGS), *[list(line) for line in lines]])]


def test_a_workbook_gives_groups_and_indicators():
    groups, items = read_items(
        workbook(
            ("基础设施", 20, "5.1", "建筑", "必选", "", 12.5, "定性"),
            ("基础设施", "", "a2", "照明", "可选", "", "7.5", "定性"),
        )
    )
    assert groups == (("基础设施", Decimal(20)),)
    assert [(i.code, i.max_score, i.note) for i in items] == [
        ("i1", Decimal("12.5"), "原编号5.1"),
        ("a2", Decimal("7.5"), ""),
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (("", 20, "", "建筑", "", "", 5, ""), "第3行：填写一级指标。"),
        (("基础设施", 20, "", "", "", "", 5, ""), "第3行：填写二级指标。"),
        (("基础设施", 20, "", "建筑", "", "", "五分", ""), "第3行：最高分值填写数字。"),
        (("基础设施", 20, "", "建" * 301, "", "", 5, ""), "每格不超过300字"),
    ],
)
def test_a_row_that_cannot_be_taken_is_named(line, said):
    with pytest.raises(Invalid, match=said):
        read_items(workbook(line))


@pytest.mark.parametrize("sheets", [[], [Worksheet("空", [["甲", "乙"]])], workbook()])
def test_a_workbook_without_indicators_is_refused(sheets):
    with pytest.raises(Invalid):
        read_items(sheets)


def draft(**changed):
    values = {
        "label": "轴承行业评价指标表",
        "category": "factory",
        "standard": "JB/T 14407-2023",
        "groups": groups_of(SIX),
    }
    return TableDraft(**{**values, **changed})


def test_a_draft_becomes_a_record_of_the_six_groups():
    made = build(draft(), BOOK, source="标准第6章")
    assert made.method == "weighted"
    assert {key: group.weight for key, group in made.groups.items()} == {
        key: group.weight for key, group in BOOK.evaluation_tables["factory_2016"].groups.items()
    }


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"standard": ""}, "填写标准编号"),
        ({"groups": ()}, "填写一级指标和权重"),
        ({"groups": (("资源", Decimal(100)),)}, "没有“资源”"),
        ({"groups": (("产品", Decimal(99)),)}, "权重合计应为100，现为99"),
        ({"groups": (("产品", None),)}, "填写每个一级指标的权重"),
        ({"category": "supply_chain", "system": "paper"}, "选择评价指标体系"),
    ],
)
def test_what_a_draft_lacks_is_said(changed, said):
    with pytest.raises(Invalid, match=said):
        build(draft(**changed), BOOK, source="标准")


def test_a_table_with_points_makes_the_rows_of_the_report():
    groups, items = read_items(
        workbook(
            ("产品", "", "P1", "轴承减重", "必选", "", "60", ""), ("产品", "", "P2", "再制造", "可选", "", "40", "")
        )
    )
    table = build(draft(groups=groups, items=items), BOOK, source="标准")
    assert (table.method, table.total) == ("sum", Decimal(100))
    made = with_table(SHEETS["factory_self"], table)
    printed = made.table("product")
    assert [(r.id, r.values["item"], r.values["max_score"]) for r in printed.fixed] == [
        ("P1", "轴承减重", "60"),
        ("P2", "再制造", "40"),
    ]
    assert printed.column("score").max_from == "max_score"
    assert made.sha256 != SHEETS["factory_self"].sha256
    assert with_table(SHEETS["factory_self"], None) is SHEETS["factory_self"]


@pytest.mark.parametrize("key", ["supply_chain_self", "supply_chain_third"])
def test_a_table_with_the_shipped_codes_and_other_points_or_words_is_printed(key):
    shipped = BOOK.evaluation_tables["supply_generic"]
    assert with_table(SHEETS[key], shipped) is SHEETS[key]
    first, *rest = shipped.items
    for other in (replace(first, max_score=Decimal("7.25")), replace(first, name="纳入企业发展规划")):
        made = with_table(SHEETS[key], replace(shipped, items=(other, *rest))).table("indicators")
        row, score = made.fixed[0].values, made.column("score")
        assert (row["item"], row["max_score"]) == (other.name, f"{other.max_score}")
        assert [fixed.id for fixed in made.fixed] == [item.code for item in shipped.items]
        # Half points are the shipped system's alone.
        assert check(in_row(score, row), "7.25") == ""
        assert check(SHEETS[key].table("indicators").column("score"), "7.25") != ""
        assert check(in_row(score, row), "8.01") == f"得分（分）不大于{row['max_score']}"
        assert "0.5" not in f"{score.help}{made.help}"


@pytest.mark.django_db
def test_the_city_lead_adds_a_table_by_revision_and_the_old_revision_keeps_its_own():
    district = make_district()
    lead = make_actor(Role.CITY_LEAD)
    file = make_file(lead, kind=KIND, name="标准.pdf")
    before = selectors.rulebook_at(district.round.pk)[1]
    district.round.refresh_from_db()
    values = {"round_id": district.round.pk, "draft": draft(), "reason": "录入行业标准", "file_id": str(file.pk)}
    with pytest.raises(Refused):
        services.add_evaluation_table(actor=district.officer, seen_version=district.round.version, **values)
    made = services.add_evaluation_table(actor=lead, seen_version=district.round.version, **values)
    book, _ = selectors.rulebook_at(district.round.pk)
    assert book.evaluation_table("factory", standard="JB/T 14407-2023").label == "轴承行业评价指标表"
    assert selectors.book_of(before).evaluation_table("factory", standard="JB/T 14407-2023") is None
    assert made.number == before.number + 1
    district.round.refresh_from_db()
    with pytest.raises(Invalid, match="没有修改任何内容"):
        services.add_evaluation_table(actor=lead, seen_version=district.round.version, **values)
    assert StoredFile.objects.filter(pk=file.pk).exists()
