"""A workbook that was out while its form followed a newer definition: what still stands is stored, the rest is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from greenportal.accounts.actors import Actor
from greenportal.filings import services
from greenportal.filings.models import Filing
from greenportal.findings.types import Invalid
from tests.factories import filings
from tests.factories.sheetbooks import touched, typed
from tests.filings.test_importing import bring, download, look, stored


def first_form() -> dict[str, Any]:
    """The small sheet with a field that the next one lacks."""
    made = filings.definition()
    made["sections"][0]["fields"].append({"key": "old", "label": "旧项", "required": "no"})
    return made


def follow(filing: Filing, actor: Actor, made: dict[str, Any]) -> None:
    services.repin(filing_id=filing.pk, sheet=filings.from_json(made), cause="form", actor=actor)


@pytest.fixture
def filing(applicant: Actor) -> Filing:
    return filings.make_filing(applicant, sheet=filings.from_json(first_form()), answers=filings.COMPLETE)


def test_what_still_stands_is_stored_and_the_rest_is_named(applicant: Actor, filing: Filing, tmp_path: Path) -> None:
    content = typed(download(applicant, filing), {"name": "新名", "old": "旧内容", "used": "三十"})
    content = touched(content, lambda book: book["产品型号"].__setitem__("C6", "乙"))
    newer = filings.definition()
    used = next(field for field in newer["sections"][1]["fields"] if field["key"] == "used")
    used["max"] = 20
    follow(filing, applicant, newer)
    found = look(applicant, filing, content, tmp_path)
    assert [(p.label, p.path, p.value) for p in found.problems] == [
        ("旧项", "", "旧内容"),
        ("综合能耗", "used", "30.00"),
    ]
    assert "现行表单中没有这一项" in found.problems[0].message
    imported = bring(applicant, filing, content, tmp_path)
    assert imported.stored == 2
    now = stored(filing)
    assert (now["name"], now["used"], [row["model"] for row in now["models"]]) == ("新名", "25", ["甲", "乙"])


def test_a_printed_row_is_found_by_its_words_under_its_new_number(applicant: Actor, tmp_path: Path) -> None:
    def numbered(*rows: tuple[str, str]) -> dict[str, Any]:
        made = filings.definition()
        table = made["sections"][2]["tables"][1]
        table["columns"][0]["key"] = "item"
        table["fixed"] = [{"id": number, "item": words} for number, words in rows]
        return made

    sheet = filings.from_json(numbered(("1", "第一条"), ("2", "第二条")))
    filing = filings.make_filing(applicant, sheet=sheet, answers=filings.COMPLETE | {"basic": []})
    content = touched(download(applicant, filing), lambda book: book["基本要求"].__setitem__("D5", "否"))
    content = touched(content, lambda book: book["基本要求"].__setitem__("D6", "是"))
    follow(filing, applicant, numbered(("1", "第三条"), ("2", "第一条")))
    found = bring(applicant, filing, content, tmp_path)
    assert stored(filing)["basic"] == [{"_id": "2", "met": "no"}]
    assert [(p.place, p.value) for p in found.problems] == [("基本要求!D6", "是")]


def test_control_two_definitions_back_is_refused(applicant: Actor, filing: Filing, tmp_path: Path) -> None:
    content = typed(download(applicant, filing), {"name": "新名"})
    follow(filing, applicant, filings.definition())
    Filing.objects.filter(pk=filing.pk).update(former_sha256="")
    with pytest.raises(Invalid, match="与现行表单不一致"):
        look(applicant, filing, content, tmp_path)
