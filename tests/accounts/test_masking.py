"""Masks show enough to recognise, never enough to have."""

import pytest

from greenportal.accounts import masking


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("张三", "张*"),
        ("李小明", "李**"),
        ("欧阳修远", "欧阳**"),
        ("欧阳", "欧*"),
        ("王", "*"),
        ("", ""),
        (" 赵云 ", "赵*"),
    ],
)
def test_a_name_keeps_its_surname_only(text, shown):
    assert masking.name(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("13812345678", "138****5678"),
        ("+86 138-1234-5678", "138****5678"),
        ("0411-83634567", "*" * 10 + "67"),
        ("12345", "***45"),
        ("1234", "****"),
        ("", ""),
    ],
)
def test_a_phone_number_loses_its_middle(text, shown):
    assert masking.phone(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [("zhangsan@example.com", "z***@example.com"), ("a@b.cn", "a***@b.cn"), ("not-an-address", "*" * 14), ("@b", "**")],
)
def test_an_address_keeps_first_letter_and_domain(text, shown):
    assert masking.email(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("210200199001011234", "2102**********1234"),
        ("21020019900101123x", "2102**********123x"),
        ("21020019900101123", "*" * 17),
        ("不是号码", "****"),
    ],
)
def test_an_identity_number_keeps_its_ends(text, shown):
    assert masking.id_number(text) == shown
