"""The users' guide names pages, links and buttons as they are: every quoted word stands in templates or code."""

from __future__ import annotations

import re
from functools import cache

from greenportal.devtools.places import ROOT

GUIDE = ROOT / "docs" / "用户手册.md"
#: Apps whose Chinese words reach pages.
APPS = ("greenportal", "nominations", "evaluators", "dynamic_mgmt", "static/js")
#: Words in quotes that name no part of a page.
NOT_OF_PAGES = {"→", "近三年", "原则上", "信用中国"}


@cache
def shown_words() -> str:
    """Return everything that can reach a page, without the tags and blanks between words."""
    files = [*(ROOT / "templates").rglob("*.html")]
    for app in APPS:
        files += [path for path in (ROOT / app).rglob("*") if path.suffix in {".py", ".toml", ".js"}]
    return "\n".join(re.sub(r"\s+", "", path.read_text(encoding="utf-8")) for path in files)


def quoted(text: str) -> set[str]:
    """Return the words in Chinese quotes; `…` stands for what differs from case to case."""
    return set(re.findall(r"“([^”]+)”", text)) - NOT_OF_PAGES


def missing(words: set[str]) -> list[str]:
    """Return the words of which a part is shown nowhere."""
    parts = {word: [part for part in re.sub(r"\s+", "", word).split("…") if part] for word in words}
    return sorted(word for word, found in parts.items() if any(part not in shown_words() for part in found))


def test_every_quoted_word_of_the_guide_is_shown_by_the_portal():
    words = quoted(GUIDE.read_text(encoding="utf-8"))

    assert len(words) > 100
    assert missing(words) == []


def test_a_word_that_no_page_shows_is_found():
    assert missing(quoted("点“确认定稿”，再点“一键办结”。")) == ["一键办结"]


def test_links_inside_the_guide_lead_to_its_headings():
    text = GUIDE.read_text(encoding="utf-8")
    headings = {
        re.sub(r"[^\w-]", "", line.lstrip("# ").replace(" ", "-")) for line in text.splitlines() if line.startswith("#")
    }

    assert sorted(set(re.findall(r"\]\(#([^)]+)\)", text)) - headings) == []
