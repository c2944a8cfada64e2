"""What a nomination lacks: judged once for equal answers, anew for changed ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from greenportal.rounds.rulebook import sheet_file
from greenportal.sheets import Sheet, load, validate
from nominations.selectors import content
from nominations.selectors.content import SheetContent, problems_of


def part(answers: dict[str, Any], sheet: Sheet | None = None) -> SheetContent:
    """The answers of a sheet as a nomination holds them."""
    found = sheet or load(sheet_file("2022", "factory_basic"))
    return SheetContent("factory_basic", 1, 1, found.sha256, answers, found)


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The answers that validation was really asked about, beginning with an empty memory."""
    asked: list[Any] = []

    def counting(sheet: Sheet, answers: Any) -> Any:
        asked.append(answers)
        return validate(sheet, answers)

    monkeypatch.setattr(content, "validate", counting)
    monkeypatch.setattr(content, "_problems", {})
    return asked


def test_equal_answers_are_judged_once(judged: list[Any]) -> None:
    first = problems_of(part({"factory_name": "示例一厂"}))
    again = problems_of(part({"factory_name": "示例一厂"}))
    assert first == again == tuple(validate(part({}).sheet, {"factory_name": "示例一厂"}))
    assert len(judged) == 1


def test_a_changed_answer_and_a_changed_definition_are_judged_anew(judged: list[Any]) -> None:
    empty = problems_of(part({}))
    named = problems_of(part({"factory_name": "示例一厂"}))
    other = load(sheet_file("2022", "park_basic"))
    problems_of(part({}, replace(other, sha256="0" * 64)))
    assert len(judged) == 3
    assert len(named) == len(empty) - 1


def test_memory_is_bounded(judged: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "_PROBLEMS_KEPT", 2)
    for name in ("一", "二", "三"):
        problems_of(part({"factory_name": name}))
    assert len(content._problems) <= 2
