"""How personal data is shown to people who need to recognise it, not to have it."""

from __future__ import annotations

import re

#: Two-character surnames in use; a name of three or four characters that starts with one keeps both.
_SURNAMES = (
    "欧阳 上官 司马 诸葛 司徒 皇甫 尉迟 公孙 慕容 令狐 东方 长孙 宇文 夏侯 轩辕 端木 南宫 独孤 呼延 "
    "百里 东郭 西门 申屠 太史 澹台 公冶 宗政 濮阳 淳于 单于 钟离 闻人 赫连 拓跋 第五 万俟 亓官 司空 闾丘 鲜于"
)
COMPOUND_SURNAMES = frozenset(_SURNAMES.split())
_ID_NUMBER = re.compile(r"^[0-9]{17}[0-9Xx]$")


def name(text: str) -> str:
    """Return 张* for 张三, 欧阳** for 欧阳修远: the surname and one star per further character."""
    text = text.strip()
    kept = 2 if len(text) > 2 and text[:2] in COMPOUND_SURNAMES else 1
    if len(text) <= kept:
        return "*" * len(text)
    return text[:kept] + "*" * (len(text) - kept)


def phone(text: str) -> str:
    """Return 138****5678 for a mobile number; of other numbers only the last two digits remain."""
    digits = re.sub(r"\D", "", text)
    if len(digits) == 13 and digits.startswith("86"):
        digits = digits[2:]
    if len(digits) == 11 and digits.startswith("1"):
        return f"{digits[:3]}****{digits[-4:]}"
    return "*" * max(len(digits) - 2, 0) + digits[-2:] if len(digits) > 4 else "*" * len(digits)


def email(text: str) -> str:
    """Return z***@example.com: the first character and the domain, the same number of stars for all."""
    local, at, domain = text.strip().rpartition("@")
    return f"{local[0]}***@{domain}" if at and local else "*" * len(text.strip())


def id_number(text: str) -> str:
    """Return 2102**********1234 for an 18-character identity number, stars for anything else."""
    text = text.strip()
    return f"{text[:4]}**********{text[-4:]}" if _ID_NUMBER.match(text) else "*" * len(text)
