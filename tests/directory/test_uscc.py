"""Unified social credit codes: what is accepted, what is refused, and in which words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenportal.directory.fictional import CAPACITY, fictional_uscc, is_fictional
from greenportal.directory.validators import (
    ALPHABET,
    LEFT_OUT,
    compact_uscc,
    credit_check_char,
    organisation_check_char,
    validate_uscc,
)
from greenportal.findings.types import Invalid

GOOD = [
    "91210202MA0TE5T16A",
    "91210213MA0TE5T243",
    "91210231MA0TE5T320",
    "91210281MA0TE5T670",
    "12210200MB0TE5T44H",
    "51210200MJ0TE5T51N",
]
CODE = GOOD[0]


def refusal(text: str) -> str:
    with pytest.raises(Invalid) as caught:
        validate_uscc(text)
    assert caught.value.errors == {"uscc": [caught.value.message]}
    return caught.value.message


@pytest.mark.parametrize("code", GOOD)
def test_valid_code_is_returned_unchanged(code):
    assert validate_uscc(code) == code


def test_region_of_a_zone_outside_gbt2260_is_accepted():
    assert validate_uscc("91210231MA0TE5T320")[2:8] == "210231"


def full_width(text: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


DECORATIONS = {
    "trailing space": lambda c: c + " ",
    "leading space": lambda c: " " + c,
    "tab and newline": lambda c: "\t" + c + "\r\n",
    "lower case": str.lower,
    "full width": full_width,
    "full width lower case": lambda c: full_width(c.lower()),
    "ideographic space": lambda c: "\u3000" + c,
    "no-break space": lambda c: c[:9] + "\u00a0" + c[9:],
    "groups of spaces": lambda c: " ".join([c[:2], c[2:8], c[8:17], c[17:]]),
    "hyphens": lambda c: "-".join([c[:2], c[2:8], c[8:17], c[17:]]),
    "en dash": lambda c: c[:8] + "–" + c[8:],
    "minus sign": lambda c: c[:8] + "−" + c[8:],
    "zero width space": lambda c: c[:5] + "\u200b" + c[5:],
    "byte order mark": lambda c: "\ufeff" + c,
    "word joiner": lambda c: c + "\u2060",
    "soft hyphen": lambda c: c[:10] + "\u00ad" + c[10:],
    "right-to-left mark": lambda c: c + "\u200f",
    "text apostrophe of Excel": lambda c: "'" + c,
    "middle dot": lambda c: c[:8] + "·" + c[8:],
    "narrow no-break space": lambda c: c[:3] + "\u202f" + c[3:],
}


def test_there_are_twenty_decorations():
    assert len(DECORATIONS) == 20


@given(st.integers(0, CAPACITY - 1), st.sampled_from(sorted(DECORATIONS)), st.sampled_from(sorted(DECORATIONS)))
def test_decorated_code_is_normalised(number, first, second):
    code = fictional_uscc(number)
    assert validate_uscc(DECORATIONS[first](DECORATIONS[second](code))) == code


@given(st.integers(0, CAPACITY - 1), st.integers(0, 17), st.sampled_from(ALPHABET))
def test_one_wrong_character_never_passes(number, position, char):
    code = fictional_uscc(number)
    broken = code[:position] + char + code[position + 1 :]
    if broken == code:
        assert validate_uscc(broken) == code
    else:
        refusal(broken)


@given(st.text(max_size=40))
def test_any_text_is_normalised_or_refused_in_words(text):
    try:
        assert validate_uscc(text) == compact_uscc(text)
    except Invalid as error:
        assert error.message.endswith("。")
        assert not any(word in error.message for word in ("无效", "非法", "抱歉"))


def test_empty_code_asks_for_it():
    assert refusal("  ") == "填写统一社会信用代码（18位）。"


@pytest.mark.parametrize(("code", "length"), [(CODE[:17], 17), (CODE[:15], 15), (CODE + "1", 19)])
def test_wrong_length_is_named(code, length):
    assert refusal(code) == f"统一社会信用代码应为18位，现填了{length}位，对照证照补齐或删去多余字符。"


@pytest.mark.parametrize("letter", sorted(LEFT_OUT))
def test_letter_outside_the_alphabet_is_named_with_its_place(letter):
    assert refusal(CODE[:9] + letter + CODE[10:]) == (
        f"第10位是字母“{letter}”，统一社会信用代码不使用I、O、S、V、Z，核对是否应为{LEFT_OUT[letter]}。"
    )


def test_foreign_character_is_named_with_its_place():
    assert refusal(CODE[:3] + "连" + CODE[4:]) == "第4位是“连”，统一社会信用代码只含数字和大写字母，对照证照重新填写。"


def test_wrong_inner_organisation_code_is_told_apart():
    first16 = CODE[:16]
    wrong = first16 + ("7" if CODE[16] != "7" else "8")
    assert refusal(wrong + credit_check_char(wrong)) == (
        "第17位与第9至16位（组织机构代码）校验不一致，逐位核对第9至17位。"
    )


def test_inner_check_is_what_finds_it():
    """Control: the outer check alone, which is all that python-stdnum does, lets this code pass."""
    wrong = CODE[:16] + ("7" if CODE[16] != "7" else "8")
    wrong += credit_check_char(wrong)
    assert credit_check_char(wrong[:17]) == wrong[17]
    assert organisation_check_char(wrong[8:16]) != wrong[16]


def test_wrong_last_character_is_told_apart():
    assert refusal(CODE[:17] + "B") == "第18位校验码与前17位不一致，逐位核对全部18位。"


@pytest.mark.parametrize("prefix", ["91", "12", "51", "52", "53", "54", "11", "92", "93", "13", "A1", "N2", "Y1"])
def test_kinds_of_bodies_of_the_standard_are_accepted(prefix):
    code = fictional_uscc(1, prefix=prefix)
    assert validate_uscc(code) == code


def test_unknown_kind_of_body_is_refused():
    assert refusal(fictional_uscc(1, prefix="08")) == (
        "前两位“08”不是登记机关和机构类别代码（如91企业、12事业单位、51社会团体），对照证照核对。"
    )


def test_region_that_is_no_number_is_refused():
    assert refusal(fictional_uscc(1, region="2102A0")) == "第3至8位是登记地行政区划，应为6位数字，对照证照核对。"


def test_check_character_ten_is_written_x():
    bodies = [f"{number:08d}" for number in range(200)]
    assert {organisation_check_char(body) for body in bodies} == set("0123456789X")


@given(st.lists(st.integers(0, CAPACITY - 1), unique=True, max_size=50))
def test_fictional_codes_are_unique_marked_and_valid(numbers):
    codes = [fictional_uscc(number) for number in numbers]
    assert len(set(codes)) == len(codes)
    assert all(is_fictional(validate_uscc(code)) for code in codes)


@pytest.mark.parametrize("number", [-1, CAPACITY])
def test_fictional_number_out_of_range_is_refused(number):
    with pytest.raises(ValueError, match="numbered from 0"):
        fictional_uscc(number)
