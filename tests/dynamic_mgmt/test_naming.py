"""Names made comparable, and rows that may never be matched."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamic_mgmt.naming import is_chinese, is_short_name, name_key, split_models

NAMES = st.text(
    alphabet=st.one_of(st.sampled_from("大连（）()〔〕【】[] 　有限责任公司股份集团ＡＢab·•ﬁßİ"), st.characters()),
    max_size=60,
)


@given(NAMES)
def test_key_of_a_key_is_itself(name):
    assert name_key(name_key(name)) == name_key(name)


@given(NAMES)
def test_width_case_and_spaces_do_not_matter(name):
    assert name_key(f" {unicodedata.normalize('NFKC', name)}\u3000") == name_key(name)
    assert name_key(" ".join(name)) == name_key("".join(name.split()))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("冰山松洋制冷(大连)有限公司", "冰山松洋制冷（大连）有限公司"),
        ("冰山松洋制冷〔大连〕有限公司", "冰山松洋制冷【大连】有限公司"),
        ("宜昌人福药业有限责任公司", "宜昌人福药业有限公司"),
        ("大连 试验　有限公司", "大连试验有限公司"),
        ("ＡＢＣ（大连）有限公司", "abc(大连)有限公司"),
        ("甲•乙有限公司", "甲·乙有限公司"),
    ],
)
def test_spellings_of_one_name_share_a_key(one, other):
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("大连试验（集团）有限公司", "大连试验有限公司"),
        ("大连试验股份有限公司", "大连试验有限公司"),
        ("大连试验股份公司", "大连试验股份有限公司"),
        ("大连试验一厂", "大连试验二厂"),
    ],
)
def test_names_of_different_bodies_stay_apart(one, other):
    assert name_key(one) != name_key(other)


@pytest.mark.parametrize(
    ("name", "short"), [("兰州石化(简称)", True), ("兰州石化（ 简称 ）", True), ("简称有限公司", False)]
)
def test_short_names_are_seen(name, short):
    assert is_short_name(name) is short


@pytest.mark.parametrize(
    ("name", "chinese"),
    [
        ("大连试验有限公司", True),
        ("SGS通标标准技术服务有限公司", True),
        ("Dalian No.1 Transformer Co., Ltd. (Chinese name not confirmed)", False),
        ("ABCDEFG公司", False),
        ("", False),
        ("123", False),
    ],
)
def test_chinese_names_are_told_from_renderings(name, chinese):
    assert is_chinese(name) is chinese


@pytest.mark.parametrize(
    ("text", "models"),
    [
        ("", ()),
        ("6-QW-45/60", ("6-QW-45/60",)),
        ("XL21、XL21-G；GGD， XL21", ("XL21", "XL21-G", "GGD")),
        ("甲型\n乙型", ("甲型", "乙型")),
    ],
)
def test_one_cell_holds_several_models(text, models):
    assert split_models(text) == models
