"""The loader: what a year says, what it inherits, and a refusal with file and line for each way to be wrong."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenportal import clock
from greenportal.findings.types import Severity
from greenportal.rounds import bookcodec, bookfiles, rulebook
from greenportal.rounds.booktypes import Benchmark
from greenportal.rounds.rulebook import RulebookError

BOOK = rulebook.load("2022")


@pytest.fixture
def folder(tmp_path):
    """A copy of the shipped rulebooks that a test may spoil."""
    shutil.copytree(bookfiles.FOLDER, tmp_path / "books")
    rulebook.load.cache_clear()
    yield tmp_path / "books"
    rulebook.load.cache_clear()


def spoil(folder: Path, name: str, old: str, new: str) -> int:
    """Replace the first `old` in a file; returns the line on which it stood."""
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


@pytest.mark.parametrize("key", rulebook.keys())
def test_every_shipped_rulebook_survives_storing_and_reading(key):
    book = rulebook.load(key)
    again = rulebook.from_json(json.loads(json.dumps(book.as_json())))
    assert (again, again.sha256) == (book, book.sha256)
    assert list(again.rules) == list(book.rules)
    assert list(again.slots) == list(book.slots)


def test_storing_keeps_the_order_though_jsonb_sorts_keys():
    shuffled = json.loads(json.dumps(BOOK.as_json(), sort_keys=True))
    assert list(rulebook.from_json(shuffled).rules) == list(BOOK.rules)


def test_2022_says_what_the_notice_says():
    ends = {key: clock.spoken(spec.closes_at) for key, spec in BOOK.deadlines.items()}
    assert ends == {
        "nominations.hand_in": "2022年10月15日（星期六）24:00",
        "nominations.submit": "2022年10月15日（星期六）24:00",
        "nominations.paper": "2022年10月15日（星期六）24:00",
        "evaluators.report": "2022年10月20日（星期四）24:00",
        "dynamic_mgmt.tables": "2022年11月15日（星期二）24:00",
    }
    assert {spec.actor for spec in BOOK.deadlines.values()} == {"applicant", "district", "evaluator"}
    assert (BOOK.copies, BOOK.cap, BOOK.sanction_years) == (2, 15, 3)
    assert BOOK.cap_rule.counts == ("factory", "park", "supply_chain")
    assert [row.label for row in BOOK.departments.values()] == ["生态环境部门", "应急管理部门", "市场监管部门"]
    assert BOOK.departments_open is True
    needs = {key: (c.needs_evaluator, c.needs_third_party) for key, c in BOOK.categories.items()}
    assert needs == {
        "factory": (True, True),
        "product": (False, False),
        "park": (True, True),
        "supply_chain": (True, True),
    }
    assert [(a.no, a.deadline) for a in BOOK.attachments.values()][-1] == (10, "evaluators.report")
    assert len(BOOK.attachments) == 10


def test_2022_asks_the_right_reports_of_each_category():
    hard = {key: [s.key for s in slots if s.required == "hard"] for key, slots in BOOK.documents.items()}
    assert hard == {
        "factory": ["self_report", "third_party_report"],
        "product": ["self_report"],
        "park": ["self_report", "third_party_report"],
        "supply_chain": ["self_report", "third_party_report"],
    }
    park = {slot.key for slot in BOOK.documents["park"]}
    assert {"park_boundary", "park_approval", "credit_china", "gsxt"} <= park


def test_2022_has_no_benchmark_of_another_year_and_holds_only_what_was_found():
    assert {row.document for row in BOOK.benchmarks} == {"1609", "559"}
    assert [row.benchmark for row in BOOK.benchmarks if row.document == "559"] == [None] * 8
    row = BOOK.benchmarks_by_key["1609-42"]
    assert (row.product, row.benchmark, row.baseline, row.unit) == ("硅铁", Decimal(1770), Decimal(1900), "kgce/t")


def unsourced(value: object, *, inside: bool = False) -> Iterator[object]:
    """Every object of a rulebook that lacks clause, source or confidence and stands inside none that has them."""
    if is_dataclass(value):
        known = inside or all(getattr(value, name, None) for name in ("clause", "source", "confidence"))
        if not known:
            yield value
        for item in fields(value):
            yield from unsourced(getattr(value, item.name), inside=known)
    elif isinstance(value, Mapping):
        yield from (found for item in value.values() for found in unsourced(item, inside=inside))
    elif isinstance(value, tuple | list):
        yield from (found for item in value for found in unsourced(item, inside=inside))


@pytest.mark.parametrize("key", rulebook.keys())
def test_every_value_bears_clause_source_and_confidence(key):
    """Whatever a rulebook holds, now or later; a benchmark has the clause of the document that it names."""
    book = rulebook.load(key)
    bare = [found for found in unsourced(book) if found is not book]
    assert [found for found in bare if not isinstance(found, Benchmark)] == []
    assert bare == list(book.benchmarks)
    assert [row.key for row in bare if not (row.source and row.confidence)] == []
    assert [row.key for row in bare if not book.benchmark_documents[row.document].clause] == []


def test_control_a_value_without_its_clause_is_found():
    number = next(iter(BOOK.numbers.values()))
    assert list(unsourced((number, replace(number, clause="")))) == [replace(number, clause="")]
    assert list(unsourced({"a": replace(number, source="")})) == [replace(number, source="")]


def test_benchmarks_of_2022_by_document_and_by_confidence():
    """1609号: 56 rows; 559号: eight named, none held. What is not sure is shown and never decided by."""
    rows = BOOK.benchmarks
    assert Counter(row.document for row in rows) == {"1609": 56, "559": 8}
    assert Counter(str(row.confidence) for row in rows if row.benchmark is not None) == {
        "high": 34,
        "medium": 15,
        "low": 6,
    }


def test_only_the_notice_itself_refuses_in_2022():
    sources = {s.source for s in BOOK.rules.values() if s.severity == Severity.BLOCKER}
    assert all(source.startswith("大连市工信局通知原文") for source in sources)


def test_2023_says_only_what_differs():
    book = rulebook.load("2023")
    assert list(book.categories) == ["factory", "park", "supply_chain"]
    assert set(BOOK.rules) - set(book.rules) == {"PRODUCT", "PRODUCT_ROWS", "LCA"}
    assert book.numbers == BOOK.numbers
    assert (book.extends, book.cap) == ("2022", 15)
    assert {row.document for row in book.benchmarks} == {"723", "559"}
    assert {str(d.confidence) for k, d in book.deadlines.items() if k.startswith("nominations")} == {"low"}
    own = sum(len(p.read_text().splitlines()) for p in (bookfiles.FOLDER / "2023").glob("[!b]*.toml"))
    assert own < 60


def test_sheet_of_a_year_is_its_own_or_that_of_its_parent(folder):
    path = rulebook.sheet_file("2023", "statement", folder=folder)
    assert path == folder / "2022" / "sheets" / "statement.toml"
    (folder / "2023" / "sheets").mkdir()
    shutil.copy(path, folder / "2023" / "sheets" / "statement.toml")
    assert rulebook.sheet_file("2023", "statement", folder=folder).parent.parent.name == "2023"
    with pytest.raises(RulebookError):
        rulebook.sheet_file("2023", "nothing", folder=folder)


@pytest.mark.parametrize("key", rulebook.keys())
def test_every_sheet_of_every_category_is_there(key):
    book = rulebook.load(key)
    assert all(rulebook.sheet_file(key, sheet).is_file() for c in book.categories.values() for sheet in c.sheets)


# --- lowering ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("confidence", "severity", "lowered"),
    [("official", "blocker", False), ("high", "blocker", False), ("medium", "warning", True), ("low", "warning", True)],
)
def test_blocker_with_an_unsure_source_becomes_a_warning(folder, confidence, severity, lowered):
    spoil(folder, "2022/rules.toml", 'confidence = "official"', f'confidence = "{confidence}"')
    book = rulebook.load("2022", folder=folder)
    spec = book.rules["EX1"]
    assert (str(spec.severity), spec.lowered) == (severity, lowered)
    again = rulebook.from_json(book.as_json())
    assert again == book
    raised = book.as_json()
    raised["rules"][0]["confidence"] = "official"
    assert str(rulebook.from_json(raised).rules["EX1"].severity) == "blocker"


def test_hard_document_with_an_unsure_source_becomes_soft(folder):
    spoil(folder, "2022/documents.toml", 'confidence = "official"', 'confidence = "medium"')
    slot = rulebook.load("2022", folder=folder).slots["self_report"]
    assert (slot.required, slot.declared) == ("soft", "hard")


def test_decision_with_an_unsure_source_stays_a_decision(folder):
    spoil(folder, "2022/rules.toml", 'severity = "blocker"', 'severity = "decision"')
    spoil(folder, "2022/rules.toml", 'confidence = "official"', 'confidence = "low"')
    assert str(rulebook.load("2022", folder=folder).rules["EX1"].severity) == "decision"


# --- refusals with file and line --------------------------------------------------------------------------------------

WRONG = [
    ("2022/book.toml", "year = 2022", "year = ", "TOML 语法错误"),
    ("2022/book.toml", "year = 2022", 'year = "2022"', "应为整数"),
    ("2022/book.toml", "departments_open = true", "departments_open = 1", "应为是或否"),
    ("2022/book.toml", "title = ", "titel = ", "不认识的键“titel”"),
    ("2022/book.toml", "value = 2\n", "value = -2\n", "不能是负数"),
    ("2022/book.toml", "value = 2\n", "value = 2.5\n", "应为整数"),
    ("2022/book.toml", "value = 2\n", 'value = "两"\n', "“两”不是数值"),
    ("2022/book.toml", "value = 2\n", "value = nan\n", "不是有限的数值"),
    ("2022/book.toml", "limit = 15", "limit = 0", "上限至少为 1"),
    ("2022/book.toml", "closes_at = 2022-10-16T00:00:00+08:00", "closes_at = 2022-10-16T00:00:00", "应为带时区的时间"),
    ("2022/book.toml", "closes_at = 2022-10-16T00:00:00+08:00", 'closes_at = "十月"', "“十月”不是时间"),
    (
        "2022/book.toml",
        "closes_at = 2022-10-16T00:00:00+08:00",
        "closes_at = 2021-10-16T00:00:00+08:00",
        "晚于开始时间",
    ),
    ("2022/book.toml", "closes_at = 2022-10-16T00:00:00+08:00", "closes_at = 2022-10-17T00:00:00+08:00", "不能晚于"),
    ("2022/book.toml", 'channel = "electronic"', 'channel = "pigeon"', "electronic 或 paper"),
    ("2022/book.toml", 'not_after = "nominations.submit"', 'not_after = "x"', "没有期限“x”"),
    ("2022/book.toml", "start = 2019-10-16", "start = 2023-10-16", "止日不能早于起日"),
    ("2022/book.toml", "start = 2019-10-16", "start = 2018-10-16", "存疑起日不能晚于起日"),
    ("2022/book.toml", "start = 2019-10-16", 'start = "前年"', "“前年”不是日期"),
    ("2022/book.toml", "start = 2019-10-16", "start = 2019-10-16T00:00:00+08:00", "应为日期"),
    ("2022/book.toml", 'confidence = "medium"', 'confidence = "sure"', "“sure”不在可选值中"),
    ("2022/book.toml", 'counts = ["factory", "park", "supply_chain"]', 'counts = ["x"]', "没有类别“x”"),
    ("2022/book.toml", 'counts = ["factory", "park", "supply_chain"]', "counts = 3", "应为列表"),
    ("2022/book.toml", 'deadline = "nominations.submit"', 'deadline = "x"', "没有期限“x”"),
    ("2022/book.toml", "[windows.three_years]", "[windows.four_years]", "缺少回溯期“three_years”"),
    ("2022/book.toml", "[numbers.copies]", "[numbers.sheets]", "缺少数值“copies”"),
    ("2022/rules.toml", 'severity = "blocker"', 'severity = "fatal"', "“fatal”不在可选值中"),
    ("2022/rules.toml", 'window = "three_years"', 'window = "x"', "没有回溯期“x”"),
    ("2022/rules.toml", 'title = "正常经营生产"\n', "", "缺少键“title”"),
    ("2022/rules.toml", 'categories = ["factory"]', 'categories = ["mine"]', "没有类别“mine”"),
    ("2022/rules.toml", "[rules.EX1]", '[rules.EX1]\nid = "EX9"', "编号应与键“EX1”一致"),
    ("2022/rules.toml", "[rules.EX1]", "[rules.EX1]\nparams = { x = 1.5 }", "参数应为文字、整数、是否或列表"),
    ("2022/documents.toml", 'required = "hard"', 'required = "must"', "应为 hard、soft 或 no"),
    ("2022/documents.toml", 'accept = ["pdf"]', 'accept = ["exe"]', "不支持的文件类型：exe"),
    ("2022/benchmarks.toml", "benchmark = 7.5", "benchmark = 9.5", "请核对是否写反"),
    ("2022/benchmarks.toml", 'document = "1609"', 'document = "x"', "没有文件“x”"),
    ("2022/benchmarks.toml", 'direction = "lower_is_better"', 'direction = "up"', "lower_is_better"),
    ("2022/benchmarks.toml", 'key = "1609-02"', 'key = "1609-01"', "写了两次"),
    ("2022/benchmarks.toml", 'key = "1609-02"', "benchmark = true\nkey = '1609-02'", ""),
    ("2023/book.toml", '"categories.product"', '"categories.mine"', "没有“categories.mine”，不能去掉"),
    ("2023/book.toml", 'extends = "2022"', 'extends = "2021"', "没有规则书“2021”"),
    ("2023/book.toml", 'extends = "2022"', 'extends = "2023"', "互相继承"),
    ("2023/book.toml", 'extends = "2022"', "extends = 2022", "extends 应为规则书的键"),
    ("2023/book.toml", 'extends = "2022"\n', "", "没有 extends"),
]


@pytest.mark.parametrize(("name", "old", "new", "told"), WRONG, ids=[f"{n}-{i}" for i, (n, *_) in enumerate(WRONG)])
def test_malformed_rulebook_is_refused_with_file_line_and_reason(folder, name, old, new, told):
    spoil(folder, name, old, new)
    with pytest.raises(RulebookError) as caught:
        rulebook.load(name[:4], folder=folder)
    assert told in caught.value.reason
    assert caught.value.file.startswith("202")
    assert str(caught.value).startswith(f"{caught.value.file}:{caught.value.line}: ")


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("2022/book.toml", "year = 2022", 'year = "2022"'),
        ("2022/book.toml", "limit = 15", "limit = 0"),
        ("2022/rules.toml", 'window = "three_years"', 'window = "x"'),
        ("2022/documents.toml", 'required = "hard"', 'required = "must"'),
        ("2022/benchmarks.toml", "benchmark = 7.5", 'benchmark = "x"'),
        ("2022/book.toml", "year = 2022", "year = "),
    ],
)
def test_refusal_names_the_very_line(folder, name, old, new):
    line = spoil(folder, name, old, new)
    with pytest.raises(RulebookError) as caught:
        rulebook.load("2022", folder=folder)
    assert (caught.value.file, caught.value.line) == (name, line)


def test_same_key_in_two_files_is_refused(folder):
    (folder / "2022" / "zz.toml").write_text("\n\nyear = 2022\n")
    with pytest.raises(RulebookError) as caught:
        rulebook.load("2022", folder=folder)
    assert (caught.value.file, caught.value.line, caught.value.reason) == (
        "2022/zz.toml",
        3,
        "“year”已写在另一个文件里",
    )


@pytest.mark.parametrize("key", ["1999", "../2022", "2022/sheets", "", "x"])
def test_key_that_is_no_rulebook_is_refused(key):
    with pytest.raises(RulebookError):
        rulebook.load(key)


def test_empty_folder_is_refused(folder):
    (folder / "2024").mkdir()
    with pytest.raises(RulebookError) as caught:
        rulebook.load("2024", folder=folder)
    assert "没有 .toml 文件" in caught.value.reason


def test_malformed_stored_copy_is_refused_with_its_path():
    raw = BOOK.as_json()
    raw["rules"][0]["severity"] = "fatal"
    with pytest.raises(RulebookError) as caught:
        rulebook.from_json(raw)
    assert caught.value.file == "rules.EX1.severity"
    raw = BOOK.as_json() | {"rules": [{"title": "没有键"}]}
    with pytest.raises(RulebookError) as caught:
        rulebook.from_json(raw)
    assert caught.value.reason == "缺少键“key”"


# --- canonical form ---------------------------------------------------------------------------------------------------


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**9))
def test_canonical_decimal_has_one_spelling_per_value(value):
    text = bookcodec.canonical_decimal(value)
    assert Decimal(text) == value
    assert bookcodec.canonical_decimal(Decimal(text)) == text
    assert bookcodec.canonical_decimal(value * Decimal("1.000")) == text


def test_sha256_follows_every_value():
    other = replace(
        BOOK, windows={**BOOK.windows, "three_years": replace(BOOK.windows["three_years"], end=date(2022, 10, 14))}
    )
    assert other.sha256 != BOOK.sha256
    assert len(BOOK.sha256) == 64
