"""The report workbook of `precheck`: a line per candidate, a line per finding, and cells not read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from greenportal.documents.xlsx import Column, Row, Table, TableBook
from greenportal.findings.types import Finding, Outcome
from greenportal.rounds.rulebook import Rulebook
from nominations.eligibility.candidates import Candidates, RowProblem
from nominations.eligibility.engine import UnknownCategory, evaluate, summary
from nominations.eligibility.facts import NominationFacts


@dataclass(frozen=True, slots=True)
class Checked:
    """One candidate with what the rules said."""

    row: int
    facts: NominationFacts
    category: str
    findings: tuple[Finding, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Blockers, decisions, manual and met."""
        return summary(self.findings)

    @property
    def word(self) -> str:
        """The one word that a clerk reads first."""
        counts = self.counts
        if counts["blockers"]:
            return "不得报送"
        if counts["decisions"]:
            return "需书面决定"
        return "待人工核实" if counts["manual"] else "符合"

    @property
    def shown(self) -> list[Finding]:
        """Findings worth reading, the gravest first: what is not applicable is left out."""
        order = {Outcome.NOT_MET: 0, Outcome.MANUAL: 1, Outcome.MET: 2}
        rows = [finding for finding in self.findings if finding.outcome in order]
        return sorted(rows, key=lambda f: (not f.blocks, not f.needs_decision, order[f.outcome]))


def check(candidates: Candidates, book: Rulebook) -> tuple[list[Checked], list[RowProblem]]:
    """Ask the rules about every readable candidate; a category that the year does not have is a problem of its row."""
    checked: list[Checked] = []
    problems = list(candidates.problems)
    for row, facts in candidates.rows:
        try:
            found = tuple(evaluate(facts, book))
        except UnknownCategory:
            problems.append(RowProblem(row, "类别", f"{book.year}年度没有这个类别，请核对。"))
            continue
        checked.append(Checked(row, facts, book.categories[facts.category].label, found))
    return checked, problems


def workbook(checked: Sequence[Checked], problems: Sequence[RowProblem], book: Rulebook, *, as_of: date) -> bytes:
    """Return the report: sheets 汇总, 核查结论, and 未能读取 where a row could not be read."""
    out = TableBook()
    line = (f"依据：{book.document_no}；核查日期：{as_of.isoformat()}；规则书校验码：{book.sha256[:12]}",)
    out.add(Table("汇总", "申报条件预核查汇总", _SUMMARY, [_summary_row(item) for item in checked], unit_line=line))
    rows = [_finding_row(item, finding) for item in checked for finding in item.shown]
    out.add(Table("核查结论", "申报条件预核查结论", _FINDINGS, rows))
    if problems:
        wrong = [Row({"row": p.row, "column": p.column, "message": p.message}) for p in problems]
        out.add(Table("未能读取", "未能读取的行", _PROBLEMS, wrong))
    return out.to_bytes(title="申报条件预核查")


_SUMMARY = (
    Column("row", "行号", 8, "int"),
    Column("category", "类别", 20),
    Column("name", "申报对象", 32),
    Column("organisation", "单位名称", 32),
    Column("word", "结论", 14),
    Column("blockers", "不得报送", 10, "int"),
    Column("decisions", "需书面决定", 12, "int"),
    Column("manual", "待人工核实", 12, "int"),
    Column("met", "符合", 8, "int"),
)
_FINDINGS = (
    Column("row", "行号", 8, "int"),
    Column("name", "申报对象", 28),
    Column("title", "核查项", 22),
    Column("outcome", "结论", 12),
    Column("severity", "后果", 12),
    Column("because", "说明", 60),
    Column("todo", "怎么办", 44),
    Column("clause", "依据", 24),
)
_PROBLEMS = (
    Column("row", "行号", 8, "int"),
    Column("column", "列", 24),
    Column("message", "怎么改", 50),
)


def _summary_row(item: Checked) -> Row:
    return Row(
        {
            "row": item.row,
            "category": item.category,
            "name": item.facts.name,
            "organisation": item.facts.organisation_name,
            "word": item.word,
            **item.counts,
        }
    )


def _finding_row(item: Checked, finding: Finding) -> Row:
    severity = "" if finding.outcome == Outcome.MET else finding.severity.label
    return Row(
        {
            "row": item.row,
            "name": item.facts.name or item.facts.organisation_name,
            "title": finding.title,
            "outcome": finding.outcome.label,
            "severity": severity,
            "because": finding.because,
            "todo": finding.todo,
            "clause": finding.clause,
        }
    )
