"""The system check refuses orphans on either side, and malformed books."""

from __future__ import annotations

import shutil

import pytest

from greenportal.findings import engine
from greenportal.rounds import bookfiles, checks, rulebook


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(bookfiles.FOLDER, tmp_path / "books")
    rulebook.load.cache_clear()
    yield tmp_path / "books"
    rulebook.load.cache_clear()


def test_shipped_rulebooks_and_code_know_each_other():
    assert checks.rulebooks_load() == []


def test_rule_in_a_rulebook_without_code_is_refused(folder):
    rules = folder / "2022" / "rules.toml"
    rules.write_text(rules.read_text().replace("[rules.EX1]", "[rules.EX99]", 1))
    found = {(m.id, m.msg) for m in checks.examine(folder=folder)}
    assert found == {
        ("rounds.E002", "Rule EX99 stands in a rulebook but has no code."),
        ("rounds.E003", "Rule code EX1 stands in no rulebook."),
    }


def test_code_without_a_rulebook_entry_is_refused(monkeypatch):
    monkeypatch.setitem(engine._registry, "ZZ", lambda facts, book, spec: None)
    assert [(m.id, m.msg) for m in checks.rulebooks_load()] == [("rounds.E003", "Rule code ZZ stands in no rulebook.")]


def test_malformed_rulebook_is_told_with_its_line(folder):
    (folder / "2023" / "book.toml").write_text('extends = "2022"\nyear = "x"\n')
    messages = [m for m in checks.examine(folder=folder) if m.id == "rounds.E001"]
    assert [m.msg for m in messages] == ["2023/book.toml:2: 应为整数"]
