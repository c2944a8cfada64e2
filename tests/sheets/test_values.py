from __future__ import annotations

from decimal import Decimal, InvalidOperation

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenportal.sheets import Field, FieldType, numerals
from greenportal.sheets.types import Choice
from greenportal.sheets.validation import check
from greenportal.sheets.values import is_empty, normalise

CHOICES = (Choice("a", "甲类"), Choice("b", "乙类"))
FIELDS = {
    kind: Field(key="x", label="某项", type=kind, choices=CHOICES if "choice" in kind else (), unit="吨", decimals=2, max_length=200)
    for kind in FieldType
}  # fmt: skip


def field(kind: str, **more):
    return Field(key="x", label="某项", type=FieldType(kind), **more)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("1234", "1234"), ("1,234.50", "1234.5"), ("１，２３４．５", "1234.5"), (" 12 345 ", "12345"), ("007", "7"),
        ("-0", "0"), ("－3.10", "-3.1"), ("+5", "5"), (".5", "0.5"), ("3。5", "3.5"), ("100吨", "100"), ("1２吨", "12"),
        ("三百二十", "320"), ("十五", "15"), ("两万零五", "20005"), ("一二三", "123"), ("三点一四", "3.14"), ("一亿", "100000000"),
        ("一万二千", "12000"), ("\u200b42\ufeff", "42"), ("0.00", "0"),
    ],
)  # fmt: skip
def test_numbers_are_read_liberally(typed, stored):
    assert normalise(field("decimal", unit="吨", decimals=2), typed) == stored


@pytest.mark.parametrize(
    "typed",
    ["1,5", "1,23,456", "1.2.3", "1e5", "10²", "½", "①", "三千五", "一万五", "约100", "12万", "1-2", "--1", "NaN", "Infinity", "１２a", "9" * 31],
)  # fmt: skip
def test_numbers_with_two_readings_or_none_stay_as_typed_and_are_named(typed):
    number = field("decimal", decimals=2)
    kept = normalise(number, typed)
    assert kept == typed.replace("１２", "12")
    assert check(number, kept) == "某项只填数字，如 1200.5"


def test_percent_is_taken_off_only_where_the_unit_is_percent():
    assert normalise(field("decimal", unit="%"), "51.2％") == "51.2"
    assert normalise(field("decimal", unit="吨"), "51.2%") == "51.2%"


@pytest.mark.parametrize(
    ("kind", "typed", "stored"),
    [
        ("text", "  瓦房店　轴承（集团）ＡＢ１\n", "瓦房店　轴承（集团）AB1"), ("text", "第一行\n第二行", "第一行 第二行"),
        ("text", "10²㎡、①", "10²㎡、①"), ("text", "a\x00b\u202ec", "abc"), ("longtext", "甲\r\n乙", "甲\n乙"),
        ("date", "2022年9月5日", "2022-09-05"), ("date", "２０２２/９/５", "2022-09-05"), ("date", "20220905", "2022-09-05"),
        ("date", "二〇二二年九月十五日", "2022-09-15"), ("date", "2022.02.30", "2022.02.30"), ("date", "22-9-5", "22-9-5"),
        ("month", "2022年9月", "2022-09"), ("month", "202213", "202213"), ("year", "2022年", "2022"),
        ("yesno", "是", "yes"), ("yesno", "否", "no"), ("yesno", True, "yes"), ("yesno", "也许", "也许"),
        ("choice", "甲类", "a"), ("choice", "b", "b"), ("choice", "丙", "丙"),
        ("multichoice", ["b", "a", "a"], ["a", "b"]), ("multichoice", "乙类、甲类", ["a", "b"]), ("multichoice", "", []),
        ("uscc", "９１２１０２０２ ma0te5t16a", "91210202MA0TE5T16A"), ("uscc", "没有", "没有"),
        ("phone", "(0411)8000 1234", "0411-80001234"), ("phone", "+86 138-0000-0000", "13800000000"),
        ("phone", "041180001234", "0411-80001234"), ("phone", "0411－80001234转801", "0411-80001234-801"), ("phone", "打厂办", "打厂办"),
        ("email", " Wang＠Example.CN ", "Wang@example.cn"), ("postcode", "１１６３００", "116300"),
        ("industry", "C3451", "3451"), ("industries", "C3451，2641", ["3451", "2641"]),
        ("url", "www.example.cn", "https://www.example.cn"), ("url", "HTTP://a.cn/x", "http://a.cn/x"),
        ("text", None, ""), ("text", ["甲"], "甲"),
    ],
)  # fmt: skip
def test_each_type_is_read_liberally(kind, typed, stored):
    choices = CHOICES if "choice" in kind else ()
    assert normalise(field(kind, choices=choices), typed) == stored


DECORATED = [
    "91210202MA0TE5T16A", " 91210202MA0TE5T16A ", "91210202ma0te5t16a", "９１２１０２０２ＭＡ０ＴＥ５Ｔ１６Ａ", "9121 0202 MA0T E5T1 6A",
    "91210202-MA0TE5T16-A", "\u200b91210202MA0TE5T16A", "91210202MA0TE5T16A\n", "\ufeff91210202MA0TE5T16A", "9121\u30000202MA0TE5T16A",
    "91210202\tMA0TE5T16A", "91210202·MA0TE5T16A", "91210202–MA0TE5T16A", "91210202MA0TE5T16A.", "'91210202MA0TE5T16A", "91210202 MA0TE5T16 A",
    "９1210202MA0TE5T16a", "91210202\u00a0MA0TE5T16A", "91210202MA0TE5T16A\u200d", "９１２１０２０２ｍａ０ｔｅ５ｔ１６ａ",
]  # fmt: skip


@pytest.mark.parametrize("typed", DECORATED)
def test_one_code_written_in_twenty_ways_is_one_code(typed):
    code = field("uscc")
    assert normalise(code, typed) == "91210202MA0TE5T16A"
    assert check(code, normalise(code, typed)) == ""


@given(st.sampled_from(list(FieldType)), st.text())
def test_normalise_is_idempotent_and_never_empties_what_was_visible(kind, text):
    once = normalise(FIELDS[kind], text)
    assert normalise(FIELDS[kind], once) == once
    if any(char.isalnum() for char in text):
        assert not is_empty(once)


@given(st.sampled_from(list(FieldType)), st.text())
def test_check_answers_any_normalised_value_in_words(kind, text):
    value = normalise(FIELDS[kind], text)
    message = "" if is_empty(value) else check(FIELDS[kind], value)
    assert not any(word in message.replace(text, "") for word in ("无效", "非法", "抱歉"))


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**12), max_value=10**12))
def test_a_number_keeps_its_worth_however_it_is_written(number):
    kind = field("decimal", unit="吨", decimals=3)
    wide = str.maketrans("0123456789.,-", "０１２３４５６７８９．，－")
    for text in (f"{number:f}", f"{number:,f}", f"{number:,f}".translate(wide), f" {number:f} 吨"):
        assert Decimal(normalise(kind, text)) == number


@given(st.text(alphabet="0123456789.,-+ ．，一二三十百千万亿零点两〇", max_size=12))
def test_what_is_read_as_a_number_is_canonical(text):
    stored = normalise(field("decimal", decimals=2), text)
    if check(field("decimal", decimals=9), stored) == "":
        assert normalise(field("decimal"), f"{Decimal(stored):f}") == stored


@pytest.mark.parametrize(
    ("value", "places", "rounded"),
    [
        ("9" * numerals.MAX_DIGITS, 2, "9" * numerals.MAX_DIGITS + ".00"),
        ("0." + "0" * 28 + "1", 2, "0.00"),
        ("9" * 29 + ".9", 0, "1" + "0" * 29),
        ("0.125", 2, "0.12"),
        ("-1.5", 0, "-2"),
    ],
)
def test_rounding_holds_every_digit_that_may_be_typed(value, places, rounded):
    assert f"{numerals.rounded(Decimal(value), places):f}" == rounded


def test_control_pythons_own_context_does_not_hold_them(monkeypatch):
    monkeypatch.setattr(numerals, "_ROUNDING", 28)
    with pytest.raises(InvalidOperation):
        numerals.rounded(Decimal("9" * numerals.MAX_DIGITS), 2)
