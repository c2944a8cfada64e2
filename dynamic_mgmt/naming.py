"""Names of listed units made comparable. Pure."""

from __future__ import annotations

import re
import unicodedata

KEY_LENGTH = 160
_SHORT = re.compile(r"\(\s*简\s*称\s*\)")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
#: What parts models in one cell. A slash or a dot belongs to a model: 6-QW-45/60.
_PARTS = re.compile(r"[、；;，,\r\n]+")
_SPACES = re.compile(r"[\s\u200b-\u200f\u2060\ufeff]+")
#: Kinds of brackets, dots and dashes that printers exchange freely.
_SAME = str.maketrans(
    {**dict.fromkeys("[{〔【〈<", "("), **dict.fromkeys("]}〕】〉>", ")"), **dict.fromkeys("•‧・", "·")}
)


def name_key(name: str) -> str:
    """Return `name` without what two spellings of one registered name differ in.

    Width of characters, case, spaces, kind of brackets, and 有限责任公司 against 有限公司 at the end.
    Nothing else is folded: a name without its （集团） may be another legal person. Idempotent.
    """
    text = name
    for _ in range(2):  # case folding may leave characters that only the second pass composes
        text = _SPACES.sub("", unicodedata.normalize("NFKC", text).casefold()).translate(_SAME)
    text = text[:KEY_LENGTH]
    return text.removesuffix("有限责任公司") + "有限公司" if text.endswith("有限责任公司") else text


def is_short_name(name: str) -> bool:
    """Return whether the source says that it prints a short name only: …（简称）."""
    return bool(_SHORT.search(unicodedata.normalize("NFKC", name)))


def is_chinese(name: str) -> bool:
    """Return whether `name` is a Chinese name rather than a foreign rendering of one."""
    letters = [char for char in unicodedata.normalize("NFKC", name) if char.isalpha()]
    chinese = sum(1 for char in letters if _CHINESE.match(char))
    return chinese >= 2 and chinese * 2 >= len(letters)


def split_models(text: str) -> tuple[str, ...]:
    """Return the product models printed in one cell, in order and without doubles."""
    return tuple(dict.fromkeys(part.strip() for part in _PARTS.split(text) if part.strip()))
