"""Text copied out of a published PDF table: broken names, page headers, missing rows."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynamic_mgmt.parsing import parse_row
from dynamic_mgmt.pasted import PROVINCES, Around, province_of, read

AROUND = Around(category="绿色工厂", level="国家级", batch="第五批", year="2020", source="试验文件")

PAGE = """附件1
绿色工厂名单
序号 工厂名称 省份 第三方机构名称
1 试验轴承制造有限公司 辽宁省 试验评价一中心
2 试验机床（集团）
有限责任公司
辽宁省 试验评价二中心
— 1 —
序号 工厂名称 省份 第三方机构名称
3 试验化工股份 大连市 试验评价三中心
有限公司
4\t试验电子（大连）有限公司\t大连\t试验评价四中心
— 2 —
"""


def test_broken_names_headers_and_page_numbers():
    found = read(PAGE, AROUND)
    assert [(r["name"], r["province"], r["city"], r["evaluator"]) for r in found.rows] == [
        ("试验轴承制造有限公司", "辽宁省", "", "试验评价一中心"),
        ("试验机床（集团）有限责任公司", "辽宁省", "", "试验评价二中心"),
        ("试验化工股份有限公司", "辽宁省", "大连市", "试验评价三中心"),
        ("试验电子（大连）有限公司", "辽宁省", "大连市", "试验评价四中心"),
    ]
    assert found.problems == ()
    assert "— 1 —" in found.left_out and found.left_out.count("序号 工厂名称 省份 第三方机构名称") == 2
    row, messages = parse_row(found.rows[1])
    assert messages == [] and row is not None
    assert (row.category, row.level, row.batch, row.list_year) == ("factory", "national", "5", 2020)


def test_sections_open_categories_and_numbers_begin_anew():
    text = "一、绿色工厂名单\n1 甲试验有限公司 辽宁\n二、绿色供应链管理企业名单\n1 乙试验有限公司 辽宁\n2 丙试验有限公司 山东\n"
    found = read(text, AROUND)
    assert [(r["category"], r["name"]) for r in found.rows] == [
        ("绿色工厂", "甲试验有限公司"),
        ("绿色供应链管理企业", "乙试验有限公司"),
        ("绿色供应链管理企业", "丙试验有限公司"),
    ]


def test_a_product_row_keeps_all_its_models():
    text = "序号 企业名称 产品名称 产品型号\n1 试验电池有限公司 铅蓄电池 6-QW-45、6-QW-60、\n6-QW-80\n2 试验阀门厂 阀门 A1 B2\n"
    found = read(text, Around(category="绿色设计产品", level="国家级"))
    assert [r["model"] for r in found.rows] == ["铅蓄电池 6-QW-45、6-QW-60、6-QW-80", "阀门 A1 B2"]


def test_a_missing_row_is_reported_and_the_rest_is_kept():
    found = read("1 甲试验有限公司\n2 乙试验有限公司\n5 丁试验有限公司\n", AROUND)
    assert [r["name"] for r in found.rows] == ["甲试验有限公司", "乙试验有限公司", "丁试验有限公司"]
    assert [p.message for p in found.problems] == ["第3行：缺少第3至4项，请对照原文补齐后重新粘贴。"]


def test_a_name_without_an_end_is_reported():
    found = read("1 试验轴承制\n2 乙试验有限公司\n", AROUND)
    assert [p.message for p in found.problems] == ["第1行（第1项）：名称“试验轴承制”可能不完整，请对照原文更正。"]


def test_numbers_on_lines_of_their_own():
    found = read("1\n甲试验有限公司\n辽宁省\n2\n乙试验有限公司\n山东省\n", AROUND)
    assert [(r["name"], r["province"]) for r in found.rows] == [
        ("甲试验有限公司", "辽宁省"),
        ("乙试验有限公司", "山东省"),
    ]


def test_a_wrapped_model_that_begins_with_a_number_is_no_row():
    found = read("序号 企业名称 产品型号\n1 试验电池有限公司 6-QW-45\n60Ah型\n2 试验阀门厂 A1\n", AROUND)
    assert [(r["name"], r["model"]) for r in found.rows] == [
        ("试验电池有限公司", "6-QW-45 60Ah型"),
        ("试验阀门厂", "A1"),
    ]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("辽宁", ("辽宁省", "")),
        ("辽宁省", ("辽宁省", "")),
        ("大连市", ("辽宁省", "大连市")),
        ("北京", ("北京市", "")),
        ("广西壮族自治区", ("广西壮族自治区", "")),
        ("内蒙古", ("内蒙古自治区", "")),
        ("试验", ("", "")),
    ],
)
def test_provinces(text, place):
    assert province_of(text) == place


NAMES = st.lists(
    st.text(alphabet="试验轴承机床化工电子材料装备精密环保", min_size=3, max_size=14).map(lambda s: f"{s}有限公司"),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60)
@given(names=NAMES, data=st.data())
def test_rows_survive_breaks_and_page_ends(names, data):
    lines: list[str] = ["序号 工厂名称 省份"]
    for number, name in enumerate(names, start=1):
        place = data.draw(st.integers(1, len(name) - 1))
        province = data.draw(st.sampled_from(PROVINCES))
        if data.draw(st.booleans()):
            lines += [f"{number} {name[:place]}", f"{name[place:]} {province}"]
        else:
            lines.append(f"{number}  {name}  {province}")
        if data.draw(st.booleans()):
            lines += [f"— {data.draw(st.integers(1, 99))} —", "序号 工厂名称 省份"]
    found = read("\n".join(lines), AROUND)
    assert [row["name"] for row in found.rows] == names and found.problems == ()
