"""What a rulebook is made of: frozen values that each know their clause, source and confidence.

The shape of these classes *is* the shape of the TOML files and of the stored JSON: a key that is
not a field is refused. Instants are aware; quantities are Decimals; mappings are read-only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from greenportal.findings.types import Confidence, Severity
from greenportal.rounds.bookdynamic import DynamicIndicator, DynamicTable
from greenportal.rounds.booksource import Sourced as Sourced

#: Only these may refuse (DESIGN §2.1); everything less sure may warn or ask.
MAY_REFUSE = frozenset({Confidence.OFFICIAL, Confidence.HIGH})
HARD, SOFT, NO = "hard", "soft", "no"


class RulebookError(Exception):
    """A rulebook that cannot be used: which file, which line (1-based, 0 unknown), and why."""

    def __init__(self, file: str, line: int, reason: str) -> None:
        super().__init__(f"{file}:{line}: {reason}")
        self.file = file
        self.line = line
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineSpec(Sourced):
    """One clock: `actor` must deliver by `channel` (electronic | paper) before `closes_at` (exclusive)."""

    label: str
    actor: str
    channel: str
    opens_at: datetime
    closes_at: datetime
    printed: str
    per_district: bool = False
    not_after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window(Sourced):
    """A look-back span (近三年, 近五年): both days belong to it.

    `doubtful_from` is the earliest day that another reading of the words would include: what
    happened between it and `start` is for a person to judge.
    """

    label: str
    start: date
    end: date
    doubtful_from: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Sourced):
    """A number of the notice that the city lead may change before opening, or by revision after."""

    label: str
    value: Decimal
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Department(Sourced):
    """A department whose opinion is asked before recommending."""

    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CategorySpec(Sourced):
    """A category of the round, its sheets in order, and whether a third party evaluates it."""

    label: str
    sheets: tuple[str, ...]
    needs_evaluator: bool
    needs_third_party: bool
    attachment: str
    standard: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSlot(Sourced):
    """A document that is asked for: how hard, in which formats, and who signs and seals it.

    `required` is hard | soft | no after lowering; `declared` is what the file says where that differs.
    """

    key: str
    label: str
    categories: tuple[str, ...]
    required: str
    accept: tuple[str, ...]
    many: bool = False
    signatures: tuple[str, ...] = ()
    seals: tuple[str, ...] = ()
    group: str = ""
    from_whom: str = "applicant"
    only_if: str = ""
    declared: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSpec(Sourced):
    """A rule in force: what it asks, what its failure means, and its parameters.

    `severity` is what a failure means after lowering; `declared` what the file says where that differs.
    `categories` empty means every category.
    """

    id: str
    title: str
    text: str
    severity: Severity
    categories: tuple[str, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    window: str = ""
    todo: str = ""
    declared: Severity | None = None

    @property
    def lowered(self) -> bool:
        """True when the file says 不得报送 but its source is not sure enough to refuse."""
        return self.declared is not None

    def applies_to(self, category: str) -> bool:
        """True when the rule concerns `category`."""
        return not self.categories or category in self.categories


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap(Sourced):
    """How many evaluations one legal person with its affiliates may do in the batch, and what counts."""

    limit: int
    counts: tuple[str, ...]
    includes_affiliates: bool
    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkDocument(Sourced):
    """A document that sets energy benchmarks and whether our copy of its values is complete."""

    title: str
    document_no: str
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """One row of a benchmark document. `benchmark` is the strict value that 通知 一（一） asks.

    None means: the document sets a value but we do not hold it. `direction` is lower_is_better or
    higher_is_better; the value is compared in `unit` only.
    """

    key: str
    document: str
    area: str
    industry: str
    industry_codes: tuple[str, ...]
    product: str
    indicator: str
    unit: str
    benchmark: Decimal | None = None
    baseline: Decimal | None = None
    direction: str
    standard_no: str
    source: str
    confidence: Confidence
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductStandard:
    """A row of 绿色设计产品标准清单: standard number, its name, the kind of product."""

    number: str
    name: str
    product: str = ""
    batch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductStandards(Sourced):
    """The list of product standards; while `complete` is False an absent standard is only asked about."""

    complete: bool
    items: tuple[ProductStandard, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplySystem(Sourced):
    """An indicator system for supply chains and the industry divisions (GB/T 4754, two digits) it is for."""

    label: str
    divisions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BasicRequirement(Sourced):
    """One unscored basic requirement (基本要求) of a category's evaluation."""

    category: str
    no: int
    text: str
    mandatory: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationGroup:
    """A first-level indicator; weight: its share of the total in points, None where no source gives it."""

    label: str
    weight: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationItem:
    """One indicator. max_score None: 分值未录入, nothing is computed from it.

    requirement: as printed (必选, 可选, 5至8选2项); reference: as printed; reference_value: the number of it;
    direction: lower_is_better or higher_is_better; pool: optional indicators of one pool are chosen together,
    `choose` of them; yes_no: answered by 1 or 0.
    """

    code: str
    group: str
    name: str
    requirement: str = ""
    unit: str = ""
    max_score: Decimal | None = None
    kind: str = ""
    reference: str = ""
    reference_value: Decimal | None = None
    direction: str = "higher_is_better"
    pool: str = ""
    choose: int = 0
    yes_no: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationLevel:
    """A level (星级) that a score reaches: from `least` on."""

    label: str
    least: Decimal


#: The two readings in circulation of how 绿色指数 is averaged, and of a ratio above 1: stored value → words.
WEIGHTINGS = {"groups": "六组平均（各组等权）", "plain": "各项比值简单平均"}
CAPPINGS = {"no": "按实际比值计", "yes": "按1计"}


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationTable(Sourced):
    """An evaluation table (评价指标表): the record that weights and points belong to, not the standard's text.

    standards: numbers of the standards it is used with, empty for the category's general table; system: key of
    `supply_systems`; method: weighted (scores of groups × weights), sum (points), index (ratios to reference
    values); weighting of an index: groups (mean of groups) or plain (mean of all ratios); cap_ratio: a
    ratio above 1 counts as 1; reading_source: who set weighting and cap_ratio in the round, empty when they
    stand as shipped (`source` and `confidence` stay those of the weights and reference values).
    """

    label: str
    category: str
    method: str
    standards: tuple[str, ...] = ()
    system: str = ""
    groups: Mapping[str, EvaluationGroup]
    items: tuple[EvaluationItem, ...] = ()
    total: Decimal | None = None
    pass_mark: Decimal | None = None
    weighting: str = ""
    cap_ratio: bool = False
    reading_source: str = ""
    levels: tuple[EvaluationLevel, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedureStep(Sourced):
    """One step of the evaluation procedure (评价参考程序). outside: key of the step whose people must not do this one."""

    label: str
    needs_people: bool = False
    outside: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment(Sourced):
    """One attachment of the notice (附件) and who files it."""

    no: int
    title: str
    actor: str
    deadline: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty(Sourced):
    """Something the notice asks that no machine rule checks: shown where it matters."""

    label: str
    actor: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Rulebook:
    """A year of the programme as data. Immutable; equal content has equal `sha256`."""

    key: str
    year: int
    title: str
    document_no: str
    parents: tuple[str, ...]
    principle: str
    platform: str
    extends: str = ""
    departments_open: bool = True
    deadlines: Mapping[str, DeadlineSpec]
    windows: Mapping[str, Window]
    numbers: Mapping[str, Number]
    departments: Mapping[str, Department]
    categories: Mapping[str, CategorySpec]
    slots: Mapping[str, DocumentSlot]
    rules: Mapping[str, RuleSpec]
    cap_rule: Cap
    benchmark_documents: Mapping[str, BenchmarkDocument]
    benchmarks: tuple[Benchmark, ...]
    product_standards: ProductStandards
    supply_systems: Mapping[str, SupplySystem]
    basic_requirements: Mapping[str, BasicRequirement]
    attachments: Mapping[str, Attachment]
    duties: Mapping[str, Duty]
    dynamic_tables: Mapping[str, DynamicTable] = field(default_factory=dict)
    dynamic_limits: Mapping[str, Number] = field(default_factory=dict)
    dynamic_indicators: Mapping[str, DynamicIndicator] = field(default_factory=dict)
    evaluation_tables: Mapping[str, EvaluationTable] = field(default_factory=dict)
    procedure: Mapping[str, ProcedureStep] = field(default_factory=dict)

    @cached_property
    def documents(self) -> Mapping[str, tuple[DocumentSlot, ...]]:
        """Slots per category, in the order of the file."""
        return {cat: tuple(s for s in self.slots.values() if cat in s.categories) for cat in self.categories}

    @cached_property
    def benchmarks_by_key(self) -> Mapping[str, Benchmark]:
        """Benchmark rows by their key."""
        return {row.key: row for row in self.benchmarks}

    @cached_property
    def benchmarks_by_industry(self) -> Mapping[str, tuple[Benchmark, ...]]:
        """Benchmark rows by four-digit industry code (GB/T 4754-2017)."""
        found: dict[str, tuple[Benchmark, ...]] = {}
        for row in self.benchmarks:
            for code in row.industry_codes:
                found[code] = (*found.get(code, ()), row)
        return found

    @cached_property
    def standard_numbers(self) -> frozenset[str]:
        """Numbers of the listed product standards, without spaces, upper case."""
        return frozenset(standard_key(item.number) for item in self.product_standards.items)

    def listed_standard(self, number: str) -> ProductStandard | None:
        """Return the product standard that the list has under this number, however it is spaced."""
        wanted = standard_key(number)
        return next((item for item in self.product_standards.items if standard_key(item.number) == wanted), None)

    def evaluation_table(self, category: str, *, standard: str = "", system: str = "") -> EvaluationTable | None:
        """Return the table that evaluates by `standard` or `system`, else the category's general one.

        None when the standard or system has a table of its own by the notice which nobody entered yet.
        """
        tables = [table for table in self.evaluation_tables.values() if table.category == category]
        general = next((t for t in tables if not t.standards and t.system in {"", "generic"}), None)
        if system and system != "generic":
            return next((table for table in tables if table.system == system), None)
        if not standard:
            return general
        wanted = standard_key(standard)
        named = (t for t in tables if any(wanted.startswith(standard_key(number)) for number in t.standards))
        basis = self.rules["STANDARD"].params.get("general", "") if "STANDARD" in self.rules else ""
        if category != "factory" or (basis and wanted.startswith(standard_key(str(basis)))):
            return general
        return next(named, None)

    @property
    def copies(self) -> int:
        """Paper copies of the materials asked for (一式两份)."""
        return int(self.numbers["copies"].value)

    @property
    def sanction_years(self) -> int:
        """Years for which a sanctioned evaluator's results are not accepted."""
        return int(self.numbers["sanction_years"].value)

    @property
    def cap(self) -> int:
        """Evaluations allowed per legal person with affiliates; what counts is in `cap_rule`."""
        return self.cap_rule.limit

    @cached_property
    def sha256(self) -> str:
        """Digest of the canonical JSON form."""
        from greenportal.rounds.bookcodec import digest  # noqa: PLC0415  (the codec needs these types)

        return digest(self)

    def as_json(self) -> dict[str, Any]:
        """Return the stored form; `rulebook.from_json` reads it back to an equal rulebook."""
        from greenportal.rounds.bookcodec import encode_book  # noqa: PLC0415

        return encode_book(self)


def standard_key(number: str) -> str:
    """Return a standard number for comparison: no spaces, full-width dashes and slashes folded, upper case."""
    folded = number.upper().replace("—", "-").replace("–", "-").replace("－", "-").replace("／", "/")
    return "".join(folded.split())
