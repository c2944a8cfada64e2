"""Published rows understood, each way they are printed."""

from datetime import date

import pytest

from dynamic_mgmt.parsing import HEADINGS, REQUIRED, parse_batch, parse_category, parse_row, unmatched_reason
from greenportal.directory.tables import Row, parse_date, read_csv


@pytest.mark.parametrize(
    ("text", "level_text", "expected"),
    [
        ("绿色工厂(省级)", "", ("factory", "provincial")),
        ("绿色工厂（国家级）", "", ("factory", "national")),
        ("绿色设计产品(国家级)", "", ("product", "national")),
        ("绿色工业园区(市级)", "", ("park", "city")),
        ("绿色供应链管理企业(国家级)", "", ("supply_chain", "national")),
        ("绿色 工厂", "国家级", ("factory", "national")),
        ("绿色工厂(省级)", "市级", ("factory", "city")),
    ],
)
def test_category_and_level_are_read(text, level_text, expected):
    assert parse_category(text, level_text) == expected


@pytest.mark.parametrize("text", ["绿色工厂", "绿色工厂(县级)"])
def test_row_without_a_known_level_is_not_understood(text):
    with pytest.raises(ValueError, match="没有写明级别"):
        parse_category(text)


@pytest.mark.parametrize("text", ["", "零碳工厂(国家级)", "(国家级)"])
def test_unknown_category_is_not_understood(text):
    with pytest.raises(ValueError, match="不在绿色工厂"):
        parse_category(text)


@pytest.mark.parametrize(
    ("text", "batch"),
    [
        ("7", "7"),
        ("第七批", "7"),
        ("第10批", "10"),
        ("第十批", "10"),
        ("第十一批", "11"),
        ("第二十三批", "23"),
        ("省第9批", "9"),
        ("２", "2"),
        ("2024第一批", "2024第一批"),
        ("", ""),
        ("增补", "增补"),
    ],
)
def test_batch_is_a_number_where_one_is_printed(text, batch):
    assert parse_batch(text) == batch


@pytest.mark.parametrize(
    ("name", "note", "reason"),
    [
        ("试验有限公司", "http://example.cn", ""),
        ("试验有限公司", "http://example.cn (公示 stage)", "来源为公示阶段"),
        ("试验有限公司", "公示阶段名单", "来源为公示阶段"),
        ("试验(简称)", "http://example.cn", "来源仅有简称"),
        ("试验开发区", "page prints short names", "来源仅有简称"),
        ("Test Co., Ltd.", "http://example.cn", "来源没有中文名称"),
        ("试验开发区", "Chinese name back-translated", "名称或对应关系待核对"),
        ("试验有限公司", "full name from memory, high", "名称或对应关系待核对"),
        ("试验有限公司", "year inferred from the same notice", ""),
    ],
)
def test_why_a_row_is_never_matched_by_machine(name, note, reason):
    assert unmatched_reason(name, note) == reason


def row(**values: str) -> Row:
    return Row(5, {"category": "绿色工厂(国家级)", "name": "试验有限公司", **values})


def test_product_row_is_parted_into_name_and_model():
    found, _ = parse_row(row(category="绿色设计产品(国家级)", name="试验集团有限公司 起动型电池 6-QW-45Ah/60Ah"))
    assert (found.name_as_listed, found.product_model) == ("试验集团有限公司", "起动型电池 6-QW-45Ah/60Ah")


def test_factory_name_with_a_space_is_not_parted():
    found, _ = parse_row(row(name="试验 有限公司"))
    assert (found.name_as_listed, found.product_model) == ("试验 有限公司", "")


def test_every_fault_of_a_row_is_named():
    found, messages = parse_row(
        Row(
            9,
            {
                "category": "绿色工厂",
                "year": "22",
                "listed_on": "春天",
                "removed_on": "秋天",
                "uscc": "123",
                "name": "",
            },
        )
    )
    assert found is None
    assert messages == [
        "没有写明级别，在类别后的括号内或“级别”列填写国家级、省级或市级。",
        "年度“22”应为4位年份（2016年以后），核对后填写。",
        "公布日期“春天”应为日期，如2023-03-23。",
        "移出日期“秋天”应为日期，如2023-03-23。",
        "统一社会信用代码应为18位，现填了3位，对照证照补齐或删去多余字符。",
        "填写名称（1至160个字）。",
    ]


def test_removal_before_listing_is_named():
    assert parse_row(row(listed_on="2022-01-15", removed_on="2022-01-14"))[1] == [
        "移出日期应不早于公布日期，核对两个日期。"
    ]


@pytest.mark.parametrize("text", ["2023-03-23", "2023/3/23", "2023.3.23", "2023年3月23日", " ２０２３-3-23 "])
def test_dates_are_read_as_people_write_them(text):
    assert parse_date(text) == date(2023, 3, 23)


def test_heading_of_the_shipped_file_is_understood():
    text = "category,batch,year,name,province,city,evaluator,standard,source\n绿色工厂(省级),省第9批,2024,试验,辽宁省,大连市,,,x\n"
    (found,) = read_csv(text, headings=HEADINGS, required=REQUIRED)
    assert dict(found.values)["batch"] == "省第9批"
