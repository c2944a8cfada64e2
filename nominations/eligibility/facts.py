"""Everything that a rule may look at, and nothing else: frozen, free of database and request.

`None` always means *unknown*: nobody entered it, or nobody asked. A rule answers 待人工核实 to it,
never 符合 and never 不符合. An empty tuple means that it was asked and there is none.
The JSON form is documented in docs/reference/facts.schema.json and read by `factsjson`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened: when, what kind, in words. `on` None: the date is not known."""

    on: date | None = None
    kind: str = ""
    text: str = ""
    ended_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """The applicant's word on one exclusion of 通知 一、第2段.

    exists: True when the excluded situation exists (for EX1: *not* operating normally);
    events: what is said to have happened; finished: for EX5, rectification done in time.
    """

    exists: bool | None = None
    events: tuple[Event, ...] = ()
    finished: bool | None = None
    text: str = ""


UNSTATED = Statement()


@dataclass(frozen=True, slots=True, kw_only=True)
class Statements:
    """The three-year statement, one answer per exclusion; `other` is the open 等."""

    ex1: Statement = UNSTATED
    ex2: Statement = UNSTATED
    ex3: Statement = UNSTATED
    ex4: Statement = UNSTATED
    ex5: Statement = UNSTATED
    ex6: Statement = UNSTATED
    other: Statement = UNSTATED


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditQuery:
    """A query at 信用中国 (creditchina), 国家企业信用信息公示系统 (gsxt) or 中国执行信息公开网 (zxgk).

    clean: True nothing adverse was shown; False something was; events: what was shown.
    """

    source: str
    queried_on: date | None = None
    clean: bool | None = None
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A membership of a list that matches the applicant. level: national | provincial | city."""

    category: str
    level: str
    name: str = ""
    batch: str = ""
    product_model: str = ""
    listed_on: date | None = None
    removed_on: date | None = None
    removed: bool = False
    removal_reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRecord:
    """An accident or violation on record with the district and the city (通知 三), not withdrawn.

    kind: safety | data | quality | environment | tax | dishonest | other; source: creditchina | gsxt |
    other; verified: the city has verified it; label: kind, severity and source in words.
    """

    kind: str
    source: str
    on: date | None = None
    verified: bool = False
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SanctionFact:
    """不予采信 of an evaluator: first day, last day excluded, lifted since."""

    verified_on: date
    until: date
    lifted_on: date | None = None
    document_no: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatorFacts:
    """What is known of the named evaluator as of the check (通知 二). `registered` False: not on file."""

    name: str = ""
    uscc: str = ""
    legal_representative: str = ""
    registered: bool | None = None
    registered_in_china: bool | None = None
    has_experience: bool | None = None
    has_office: bool | None = None
    has_finance_system: bool | None = None
    staff_intermediate: int | None = None
    staff_senior: int | None = None
    knows_rules: bool | None = None
    covers_three_fields: bool | None = None
    latest_record_on: date | None = None
    sanctions: tuple[SanctionFact, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EngagementFacts:
    """The evaluation that this nomination claims, and its group's count in the round.

    state: claimed | confirmed | disputed | upheld | void | withdrawn; group_count: evaluations of the legal
    person with affiliates recorded here; declared_elsewhere: what it declares outside this portal.
    """

    state: str | None = None
    ordinal: int | None = None
    over_cap: bool | None = None
    group_count: int | None = None
    declared_elsewhere: int | None = None
    report_on: date | None = None
    wrote_self_report: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportHands:
    """Who stands in both reports as author, auditor or contact: names and phones of each, as typed, without order."""

    self_names: tuple[str, ...] = ()
    self_phones: tuple[str, ...] = ()
    third_names: tuple[str, ...] = ()
    third_phones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IndependenceFacts:
    """What both sides declare, and what may be compared between them (通知 二、第1段). Nothing here refuses by itself.

    applicant_declared, evaluator_declared: True when that side declares that the evaluator had no part in the
    self-evaluation; report_authors: who the applicant says wrote it; document_authors: what the uploaded
    self-evaluation PDFs say of their author and program; self_authors, third_authors: who the PDFs of the
    self-evaluation and of the third-party report name as their author, programs left out; staff: everybody on the evaluator's roster in the
    round; affiliated: a confirmed relation joins evaluator and applicant.
    """

    applicant_declared: bool | None = None
    evaluator_declared: bool | None = None
    applicant_phones: tuple[str, ...] | None = None
    evaluator_phones: tuple[str, ...] | None = None
    applicant_mails: tuple[str, ...] | None = None
    evaluator_mails: tuple[str, ...] | None = None
    report_authors: tuple[str, ...] | None = None
    staff: tuple[str, ...] | None = None
    document_authors: tuple[str, ...] | None = None
    self_authors: tuple[str, ...] | None = None
    third_authors: tuple[str, ...] | None = None
    affiliated: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """A department's answer. opinion: none (asked, not answered) | no_objection | objection."""

    department: str
    opinion: str = "none"
    text: str = ""
    answered_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyEntry:
    """One product or process of a key energy user: its figure and, where entered, the yardstick.

    benchmark_key: row of the rulebook chosen for it, or `none` when an officer found that no benchmark
    document sets a value; entered_benchmark: the value an officer read in the official annex;
    advanced_value: 先进值 (1级) of the limit standard `standard_no`. All in `unit`.
    """

    product: str = ""
    indicator: str = ""
    unit: str = ""
    value: Decimal | None = None
    benchmark_key: str = ""
    entered_benchmark: Decimal | None = None
    entered_source: str = ""
    advanced_value: Decimal | None = None
    standard_no: str = ""
    higher_is_better: bool = False
    explanation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerFigure:
    """A main indicator beside the best of the listed local factories of the same industry, same unit.

    count, rank: how many peers have the figure, and the place among them; None where that is not known.
    """

    indicator: str
    unit: str = ""
    value: Decimal | None = None
    peer: Decimal | None = None
    higher_is_better: bool = False
    count: int | None = None
    rank: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkFacts:
    """What 通知 一（三） asks of a park. level: national | provincial | below; share in percent."""

    level: str | None = None
    industrial_share: Decimal | None = None
    production_main: bool | None = None
    legal_boundary: bool | None = None
    one_body: bool | None = None
    low_carbon_pilot: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyChainFacts:
    """What 通知 一（四） asks. system: a key of the rulebook's supply_systems; industry_group: the one it belongs to."""

    system: str | None = None
    leading: bool | None = None
    industry_group: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementAnswer:
    """One requirement as a report judges it. party: self | third; label: its words.

    met: what the report says; computed: what its own figures say, None where a person must look; arithmetic: those
    figures; indicator, model: of a product, the model empty where the row is for all models.
    """

    party: str
    label: str
    met: bool | None = None
    computed: bool | None = None
    arithmetic: str = ""
    indicator: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductFacts:
    """What 通知 一（二） asks: the standard as the basic sheet has it, the models, the rows of the standard, the LCA.

    The standard chosen from the round's list is `NominationFacts.standard`. lca_done: whether the report says that
    a life cycle assessment was made.
    """

    standard_no: str | None = None
    models: tuple[str, ...] = ()
    requirements: tuple[RequirementAnswer, ...] | None = None
    lca_done: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareFigure:
    """A figure in percent as the report states it, and the pair of totals behind it where there is one.

    value: as stated or computed; numerator, denominator: the pair, same unit; value = numerator ÷ denominator × 100.
    open_ended: a ratio that may pass 100 (a rate of growth); such a one has no bound.
    """

    label: str
    value: Decimal | None = None
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    open_ended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class YearFigure:
    """A total of the year beside the same of the year before, in the same unit."""

    label: str
    unit: str = ""
    value: Decimal | None = None
    before: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedScore:
    """A total score as a report states it, and as its own rows give it. party: self | third."""

    label: str
    party: str
    stated: Decimal | None = None
    computed: Decimal | None = None
    arithmetic: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedFigure:
    """A figure as the applicant's totals give it, with their arithmetic, and as it is stated elsewhere.

    stated_by: words that say where; empty for the evaluator's report.
    """

    label: str
    unit: str = ""
    computed: Decimal | None = None
    verified: Decimal | None = None
    arithmetic: str = ""
    stated_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFigures:
    """The figures of the reports that can be held against each other. Empty tuples: asked, there is none."""

    shares: tuple[ShareFigure, ...] = ()
    years: tuple[YearFigure, ...] = ()
    scores: tuple[StatedScore, ...] = ()
    verified: tuple[VerifiedFigure, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BasicAnswer:
    """One basic requirement (基本要求) as answered in the report."""

    no: int
    met: bool | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFact:
    """A document that is there in a slot. signed / sealed None: nobody has looked yet."""

    slot: str
    count: int = 1
    issued_on: date | None = None
    signed: bool | None = None
    sealed: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NominationFacts:
    """One nomination as of a local date. Tuples that may be None: None unknown, () asked and none.

    standard: number of the standard of self- and third-party evaluation; industry_standard: number of a
    published 绿色工厂 standard of the industry, "" when an officer found none, None unknown;
    peer_units: listed local factories of the industry in the register, None where nobody asked;
    third_basic: the evaluator's 基本要求, 0 for its word on all; general: 一般要求 of a factory (no score, veto);
    musts: its rows printed 必选; each as the reports judge them;
    duplicates: other open nominations of its district that look like the same thing.
    """

    ref: str
    category: str
    as_of: date
    name: str = ""
    organisation_name: str = ""
    uscc: str = ""
    legal_representative: str = ""
    authority: str = ""
    industry_code: str = ""
    statements: Statements = field(default_factory=Statements)
    credit: tuple[CreditQuery, ...] | None = None
    listings: tuple[Listing, ...] | None = None
    incidents: tuple[IncidentRecord, ...] | None = None
    standard: str | None = None
    industry_standard: str | None = None
    key_energy_user: bool | None = None
    key_energy_reason: str = ""
    energy: tuple[EnergyEntry, ...] | None = None
    peers: tuple[PeerFigure, ...] | None = None
    peer_units: int | None = None
    product: ProductFacts | None = None
    park: ParkFacts | None = None
    supply_chain: SupplyChainFacts | None = None
    basic: tuple[BasicAnswer, ...] | None = None
    third_basic: tuple[BasicAnswer, ...] = ()
    general: tuple[RequirementAnswer, ...] | None = None
    musts: tuple[RequirementAnswer, ...] | None = None
    figures: ReportFigures | None = None
    documents: tuple[DocumentFact, ...] | None = None
    evaluator: EvaluatorFacts | None = None
    engagement: EngagementFacts | None = None
    hands: ReportHands | None = None
    independence: IndependenceFacts | None = None
    opinions: tuple[Opinion, ...] | None = None
    duplicates: tuple[str, ...] | None = None
