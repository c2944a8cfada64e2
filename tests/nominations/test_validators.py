from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenportal.findings.types import Invalid
from nominations.validators import (
    canonical,
    clean_reason,
    correction_code,
    digest,
    list_code,
    nomination_code,
    parse_code,
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), json_values))
def test_the_order_of_keys_does_not_change_the_digest(payload):
    assert digest(dict(reversed(list(payload.items())))) == digest(payload)


def test_any_changed_value_changes_the_digest():
    assert digest({"a": "1"}) != digest({"a": 1})
    assert digest({"a": ["x", "y"]}) != digest({"a": ["y", "x"]})


def test_canonical_bytes_keep_chinese_as_it_is():
    assert canonical({"乙": "瓦房店", "甲": None}) == '{"乙":"瓦房店","甲":null}'.encode()


def test_canonical_refuses_what_json_has_no_word_for():
    with pytest.raises(ValueError, match="Out of range"):
        canonical({"x": float("nan")})


@pytest.mark.parametrize(
    "code",
    [
        list_code(version_id=7, number=2, sha256="ab" * 32),
        nomination_code(version_id=9, number=1, sha256="cd" * 32),
        correction_code(correction_id=3, number=4, sha256="ef" * 32),
    ],
)
def test_a_code_reads_back_as_it_was_printed(code):
    assert parse_code(code.text) == code
    assert parse_code(f" {code.text}\n") == code


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://example.com",
        "GP1:L:7:2",
        "GP2:L:7:2:abcd",
        "GP1:X:7:2:abcd",
        "GP1:L:-7:2:abcd",
        "GP1:L:７:2:abcd",
        "GP1:L:7:b:abcd",
        "GP1:L:7:2:a:b",
    ],
)
def test_codes_of_others_are_not_ours(text):
    assert parse_code(text) is None


def test_versions_of_one_list_have_different_codes():
    first = list_code(version_id=7, number=1, sha256="ab" * 32)
    assert first != list_code(version_id=8, number=2, sha256="ab" * 32)


def test_a_reason_is_trimmed():
    assert clean_reason("  材料\n 不全  ") == "材料 不全"


@pytest.mark.parametrize("text", ["", "  \n"])
def test_an_empty_reason_is_asked_for_by_name(text):
    with pytest.raises(Invalid) as caught:
        clean_reason(text, label="撤回理由")
    assert caught.value.message == "填写撤回理由。"


def test_a_reason_has_a_longest_length():
    assert len(clean_reason("长" * 300)) == 300
    with pytest.raises(Invalid) as caught:
        clean_reason("长" * 301)
    assert caught.value.message == "理由不超过300字，现在是301字。"
