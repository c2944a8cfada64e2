"""Order and search of Chinese names by sound: no collation of the database knows it on every server."""

from __future__ import annotations

from pypinyin import lazy_pinyin, load_phrases_dict

# Places of Dalian that the package reads otherwise (长 as in 成长).
load_phrases_dict({"长海县": [["cháng"], ["hǎi"], ["xiàn"]], "长海": [["cháng"], ["hǎi"]]})

KEY_LENGTH = 400


def sort_key(name: str, *, limit: int = KEY_LENGTH) -> str:
    """Return syllables of `name` in lower case, parted by spaces, at most `limit` characters."""
    return " ".join(part.strip().lower() for part in lazy_pinyin(name) if part.strip())[:limit]


def search_key(name: str, *, limit: int = KEY_LENGTH) -> str:
    """Return what a search by sound looks in: syllables run together, a space, then their initials."""
    parts = [part.strip().lower() for part in lazy_pinyin(name) if part.strip()]
    return f"{''.join(parts)} {''.join(part[0] for part in parts)}"[:limit]
