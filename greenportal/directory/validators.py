"""Codes: unified social credit code (GB 32100-2015 with GB 11714 inside) and industry class."""

from __future__ import annotations

import re
import unicodedata

from stdnum.cn import uscc as stdnum_uscc

from greenportal.findings.types import Invalid

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
LENGTH = 18
#: Letters that the standard leaves out, and the digit that people usually meant.
LEFT_OUT = {"I": "数字1", "O": "数字0", "S": "数字5", "V": "字母U或Y", "Z": "数字2"}
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
#: Character 1 (body that registers) → the kinds (character 2) it registers.
KINDS = {
    "1": "1239",
    "2": "19",
    "3": "123459",
    "4": "19",
    "5": "123459",
    "6": "129",
    "7": "129",
    "8": "19",
    "9": "123",
    "A": "19",
    "N": "1239",
    "Y": "1",
}
PREFIXES = frozenset(body + kind for body, kinds in KINDS.items() for kind in kinds)
#: Separators and marks that come along when a code is copied from a PDF, a workbook or a web page.
_DECORATION = re.compile(r"[\s\-\u2010-\u2015\u2212\u00ad\u200b-\u200f\u2060\ufeff·.,'`‘’]")
#: First and last division of the sections that report energy as industry, GB/T 4754-2017.
SECTIONS = {"B": range(6, 13), "C": range(13, 44), "D": range(44, 47)}


def compact_uscc(text: str) -> str:
    """Return `text` in half-width capitals without spaces, dashes and invisible marks. Checks nothing."""
    return _DECORATION.sub("", unicodedata.normalize("NFKC", text)).upper()


def organisation_check_char(body: str) -> str:
    """Return the ninth character of an organisation code for its first eight (GB 11714, modulus 11)."""
    total = sum(int(char, 36) * weight for char, weight in zip(body, ORGANISATION_WEIGHTS, strict=True))
    return "0123456789X0"[11 - total % 11]


def credit_check_char(first17: str) -> str:
    """Return the eighteenth character for the first seventeen (GB 32100, modulus 31)."""
    return str(stdnum_uscc.calc_check_digit(first17))


def validate_uscc(text: str) -> str:
    """Return the normalised code of 18 characters, or raise `Invalid` with the first exact cause.

    Full-width characters, lower case, spaces and dashes are accepted and normalised. Both check
    characters must agree. The region in characters 3–8 is never judged: real codes carry regions
    (高新区, 保税区) that no table of GB/T 2260 holds.
    """
    code = compact_uscc(text)
    message = _uscc_problem(code)
    if message:
        raise Invalid(message, errors={"uscc": [message]})
    return code


def _uscc_problem(code: str) -> str:
    """Return the Chinese sentence about the first thing wrong with `code`, or an empty string."""
    if not code:
        return "填写统一社会信用代码（18位）。"
    for position, char in enumerate(code, start=1):
        if char in LEFT_OUT:
            return f"第{position}位是字母“{char}”，统一社会信用代码不使用I、O、S、V、Z，核对是否应为{LEFT_OUT[char]}。"
        if char not in ALPHABET:
            return f"第{position}位是“{char}”，统一社会信用代码只含数字和大写字母，对照证照重新填写。"
    if len(code) != LENGTH:
        return f"统一社会信用代码应为18位，现填了{len(code)}位，对照证照补齐或删去多余字符。"
    if code[:2] not in PREFIXES:
        return f"前两位“{code[:2]}”不是登记机关和机构类别代码（如91企业、12事业单位、51社会团体），对照证照核对。"
    if not code[2:8].isdigit():
        return "第3至8位是登记地行政区划，应为6位数字，对照证照核对。"
    if code[16] != organisation_check_char(code[8:16]):
        return "第17位与第9至16位（组织机构代码）校验不一致，逐位核对第9至17位。"
    if code[17] != credit_check_char(code[:17]):
        return "第18位校验码与前17位不一致，逐位核对全部18位。"
    return ""


def section_of(industry_code: str) -> str:
    """Return the section letter of a four-digit class of industry: B, C or D; empty for others."""
    if not re.fullmatch(r"\d{4}", industry_code):
        return ""
    division = int(industry_code[:2])
    return next((letter for letter, divisions in SECTIONS.items() if division in divisions), "")


def validate_industry_code(text: str) -> str:
    """Return the four digits of an industrial class (大类06–46), or raise `Invalid`.

    The letter of the section in front (`C3451`) is accepted and dropped: a 统计局四位代码 bears none.
    """
    code = unicodedata.normalize("NFKC", text).strip().upper()
    if code[:1] in SECTIONS:
        code = code[1:]
    if not section_of(code):
        message = "填写国民经济行业小类代码（4位数字，采矿业06至12、制造业13至43、电力热力燃气及水44至46）。"
        raise Invalid(message, errors={"industry": [message]})
    return code
