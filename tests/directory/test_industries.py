"""Classes of GB/T 4754-2017: shipped ones, those used early, the import, the search."""

import pytest

from greenportal.accounts.actors import Actor, Role
from greenportal.directory.models import Industry
from greenportal.directory.selectors import industries
from greenportal.directory.services import apply_industries, ensure_industry, load_directory, preview_industries
from greenportal.directory.services.industries import HEADINGS, REQUIRED
from greenportal.directory.tables import Row, read_csv
from greenportal.directory.validators import section_of, validate_industry_code
from greenportal.findings.types import Invalid, Refused

CITY = Actor(role=Role.CITY_REVIEWER, name="市局审核员")


def rows(*pairs: tuple[str, str]) -> list[Row]:
    return [Row(number, {"code": code, "name": name}) for number, (code, name) in enumerate(pairs, start=2)]


@pytest.mark.parametrize(
    ("code", "section"), [("0610", "B"), ("1290", "B"), ("1311", "C"), ("4390", "C"), ("4411", "D"), ("4690", "D")]
)
def test_industrial_division_has_its_section(code, section):
    assert section_of(code) == section


@pytest.mark.parametrize("code", ["0599", "4710", "3451C", "345", "", "三四五一"])
def test_class_outside_industry_has_no_section(code):
    assert section_of(code) == ""


@pytest.mark.parametrize("text", ["3451", "C3451", "c3451", " ３４５１ "])
def test_code_is_accepted_with_letter_width_and_space(text):
    assert validate_industry_code(text) == "3451"


@pytest.mark.parametrize("text", ["", "51", "5100", "C345", "汽车"])
def test_code_outside_industry_is_refused(text):
    with pytest.raises(Invalid, match="填写国民经济行业小类代码"):
        validate_industry_code(text)


@pytest.mark.django_db
def test_code_before_the_list_is_kept_as_unchecked():
    industry = ensure_industry("C3999")
    assert (industry.code, industry.section, industry.name, industry.name_checked) == ("3999", "C", "待核对", False)
    assert ensure_industry("3999") == industry


@pytest.mark.django_db
def test_import_names_what_was_unchecked_and_a_second_time_changes_nothing():
    ensure_industry("3999")
    given = rows(("3999", "其他电子设备制造"), ("C", "制造业"), ("39", "计算机制造"), ("3451", "滚动轴承制造"))
    first = apply_industries(actor=CITY, rows=given, source="试验")
    assert [(c.code, c.before, c.after) for c in first.changes] == [
        ("3999", "待核对", "其他电子设备制造"),
        ("3451", "", "滚动轴承制造"),
    ]
    assert first.skipped == 2
    assert Industry.objects.get(pk="3999").name_checked is True
    second = apply_industries(actor=CITY, rows=given, source="试验")
    assert (second.changes, second.same) == ((), 2)


@pytest.mark.django_db
def test_import_with_a_bad_row_stores_nothing_and_names_the_rows():
    given = rows(("3451", "滚动轴承制造"), ("3451", "滑动轴承制造"), ("3452", ""), ("34511", "长代码"))
    with pytest.raises(Invalid) as caught:
        apply_industries(actor=CITY, rows=given, source="试验")
    assert caught.value.errors == {
        "rows": [
            "第3行：代码3451与第2行重复，保留一行。",
            "第4行：代码3452缺少名称，填写1至80个字。",
            "第5行：行业代码“34511”应为4位数字。",
        ]
    }
    assert Industry.objects.count() == 0


@pytest.mark.django_db
def test_preview_stores_nothing():
    assert len(preview_industries(rows(("3451", "滚动轴承制造"))).changes) == 1
    assert Industry.objects.count() == 0


def test_heading_is_found_below_a_title_and_spelled_otherwise():
    text = "\ufeff国民经济行业分类,\n小类代码,类别名称\n3451,滚动轴承制造\n,\n"
    assert [(r.number, r["code"], r["name"]) for r in read_csv(text, headings=HEADINGS, required=REQUIRED)] == [
        (3, "3451", "滚动轴承制造")
    ]


def test_list_without_heading_is_refused_with_the_names_wanted():
    with pytest.raises(Invalid, match="列名：行业代码、行业名称"):
        read_csv("3451,滚动轴承制造\n", headings=HEADINGS, required=REQUIRED)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("search", "codes"),
    [
        ("3451", ["3451"]),
        ("C345", ["3451", "3452", "3453", "3459"]),
        ("轴承", ["3451", "3452"]),
        ("gundong", ["3451"]),
        ("gdzczz", ["3451"]),
        ("GUN DONG", ["3451"]),
        ("啤酒", ["1513"]),
        ("D46", ["4610", "4620", "4630", "4690"]),
        ("没有这一行业", []),
    ],
)
def test_search_by_code_name_and_sound(search, codes):
    load_directory()
    assert [i.code for i in industries(search)] == codes


@pytest.mark.django_db
def test_empty_search_lists_every_class():
    load_directory()
    assert industries("").count() == 666


@pytest.mark.django_db
@pytest.mark.parametrize("role", list(Role))
def test_import_is_for_the_city(role):
    actor = Actor(role=role)
    given = rows(("3451", "滚动轴承制造"))
    if role in {Role.CITY_REVIEWER, Role.CITY_LEAD, Role.SYSTEM}:
        assert len(apply_industries(actor=actor, rows=given, source="试验").changes) == 1
    else:
        with pytest.raises(Refused):
            apply_industries(actor=actor, rows=given, source="试验")


def _shipped(*texts: tuple[str, str, str]) -> list[Row]:
    return [
        Row(number, {"code": code, "name": name, "checked": checked})
        for number, (code, name, checked) in enumerate(texts, start=2)
    ]


@pytest.mark.django_db
def test_shipped_are_all_classes_of_industry_and_only_the_checked_ones_count_as_checked():
    load_directory()
    assert Industry.objects.filter(section="C").count() == 609
    assert set(Industry.objects.values_list("section", flat=True)) == {"B", "C", "D"}
    assert Industry.objects.filter(name_checked=True).count() == 18
    assert not Industry.objects.exclude(source__startswith="GB/T 4754-2017（").filter(name_checked=True).exists()


@pytest.mark.django_db
def test_an_unchecked_name_never_overrides_a_checked_one_and_the_standard_confirms_it():
    apply_industries(actor=CITY, rows=_shipped(("3452", "滑动轴承", "否")), source="附带")
    assert Industry.objects.get(pk="3452").name_checked is False
    confirmed = apply_industries(actor=CITY, rows=rows(("3452", "滑动轴承制造")), source="标准")
    assert [(c.before, c.after) for c in confirmed.changes] == [("滑动轴承", "滑动轴承制造")]
    again = apply_industries(actor=CITY, rows=_shipped(("3452", "滑动轴承", "否")), source="附带")
    assert (again.changes, again.same) == ((), 1)
    held = Industry.objects.get(pk="3452")
    assert (held.name, held.name_checked) == ("滑动轴承制造", True)


@pytest.mark.django_db
def test_a_name_confirmed_without_a_change_becomes_checked():
    apply_industries(actor=CITY, rows=_shipped(("3453", "齿轮及齿轮减、变速箱制造", "否")), source="附带")
    done = apply_industries(actor=CITY, rows=rows(("3453", "齿轮及齿轮减、变速箱制造")), source="标准")
    assert [(c.before, c.after) for c in done.changes] == [("齿轮及齿轮减、变速箱制造",) * 2]
    assert Industry.objects.get(pk="3453").name_checked is True


@pytest.mark.django_db
def test_what_is_neither_yes_nor_no_is_no_confirmation():
    with pytest.raises(Invalid) as caught:
        apply_industries(actor=CITY, rows=_shipped(("3452", "滑动轴承制造", "未核对")), source="附带")
    assert caught.value.errors == {"rows": ["第2行：“已与标准核对”填写“是”或“否”，或留空。"]}
