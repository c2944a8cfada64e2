"""Who may act on evaluators, and what the five basic conditions say of given facts. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from evaluators.states import EngagementState
from greenportal.accounts.actors import Actor, Role
from greenportal.findings.types import ALLOWED, Outcome, Verdict, denied


class RegistrationFacts(Protocol):
    """What the conditions are judged from; `EvaluatorStanding` has it."""

    @property
    def registered_in_china(self) -> bool | None: ...
    @property
    def has_experience(self) -> bool | None: ...
    @property
    def has_office(self) -> bool | None: ...
    @property
    def has_finance_system(self) -> bool | None: ...
    @property
    def staff_intermediate(self) -> int | None: ...
    @property
    def staff_senior(self) -> int | None: ...
    @property
    def staff_senior_other(self) -> int | None: ...
    @property
    def knows_rules(self) -> bool | None: ...
    @property
    def covers_three_fields(self) -> bool | None: ...
    @property
    def latest_record_on(self) -> date | None: ...


class EngagementDates(Protocol):
    """What the state of an evaluation on a past day is read from; `Engagement` has it."""

    @property
    def state(self) -> str: ...
    @property
    def claimed_at(self) -> datetime: ...
    @property
    def confirmed_at(self) -> datetime | None: ...
    @property
    def disputed_at(self) -> datetime | None: ...
    @property
    def decided_at(self) -> datetime | None: ...
    @property
    def withdrawn_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Condition:
    """One of the five basic conditions of 通知 二 with its answer; None in the facts reads 待人工核实."""

    key: str
    clause: str
    outcome: Outcome
    because: str


def may_record(actor: Actor) -> Verdict:
    """City officers enter what an evaluator proved."""
    if actor.is_city or actor.is_system:
        return ALLOWED
    return denied("评价机构情况由市局登记。请将证明材料交市局资源节约综合利用处。")


def may_decide(actor: Actor) -> Verdict:
    """Acts that bite (sanctions, groups) are the city's, by a named person."""
    if actor.is_city and actor.user_id is not None:
        return ALLOWED
    return denied("只有市局人员可以办理这一事项。请联系市局资源节约综合利用处。")


def may_keep_own(actor: Actor, *, organisation_id: int) -> Verdict:
    """Registration, roster, annual report and project leads are kept by the evaluator's own administrator."""
    if actor.role == Role.EVALUATOR_ADMIN and actor.organisation_id == organisation_id:
        return ALLOWED
    return denied("登记、人员名册、年度报告和项目分派由评价机构管理员办理。请联系本机构管理员。")


def may_record_work(actor: Actor, *, organisation_id: int) -> Verdict:
    """Only the evaluator says how it evaluated: the city and the applicant read."""
    if actor.is_evaluator and actor.organisation_id == organisation_id:
        return ALLOWED
    return denied("评价过程由承担评价的机构填写。")


def cap_level(count: int, *, warn_from: int | None, limit: int) -> str:
    """Return how near `count` evaluations are to the cap: "" | near | full | over. warn_from None: no warning."""
    if count > limit:
        return "over"
    if count == limit:
        return "full"
    return "near" if warn_from is not None and count >= warn_from else ""


def may_confirm_second(actor: Actor, first_user_id: int | None) -> Verdict:
    """The second of two people: a city officer other than the first."""
    if not may_decide(actor):
        return may_decide(actor)
    if actor.user_id == first_user_id:
        return denied("登记人不能复核自己登记的事项。请由市局另一名人员复核。")
    return ALLOWED


def may_claim_for(actor: Actor, *, authority_id: int, organisation_id: int) -> Verdict:
    """An applicant claims for itself, a district for the subjects it reports, the city and the system for all."""
    if actor.is_city or actor.is_system:
        return ALLOWED
    if actor.role == Role.APPLICANT and actor.organisation_id == organisation_id:
        return ALLOWED
    if actor.is_district and actor.authority_id == authority_id:
        return ALLOWED
    return denied("只能为本单位或本区市县的申报登记评价机构。请核对申报对象。")


#: First two characters of the code (GB 32100) → kind, and whether 通知 二（一） may mean it: None is for a person.
CODE_KINDS: dict[str, tuple[str, bool | None]] = {
    "91": ("企业", True),
    "12": ("事业单位", True),
    "51": ("社会团体（行业协会等）", True),
    "52": ("社会服务机构（民办非企业单位）", True),
    "53": ("基金会", None),
    "93": ("农民专业合作社", None),
    "11": ("机关", None),
    "13": ("群众团体", None),
    "92": ("个体工商户，不是独立法人", False),
}


def kind_of_code(uscc: str) -> tuple[str, bool | None]:
    """Return what a code says its holder is, and whether that is a legal person meant by 通知 二（一）."""
    return CODE_KINDS.get(uscc[:2], ("其他", None))


def _joined(*answers: bool | None) -> Outcome:
    """All true: met; one false: not met; else somebody has to look."""
    if False in answers:
        return Outcome.NOT_MET
    return Outcome.MANUAL if None in answers else Outcome.MET


def _said(answer: Outcome, met: str, missing: str) -> str:
    return {Outcome.MET: met, Outcome.NOT_MET: missing}.get(answer, "尚未登记，待人工核实")


def _staff(facts: RegistrationFacts, staff_min: int, senior_min: int) -> Condition:
    enough = None if facts.staff_intermediate is None else facts.staff_intermediate >= staff_min
    seniors = None if facts.staff_senior is None else facts.staff_senior >= senior_min
    others = facts.staff_senior_other or 0
    if seniors is False and (facts.staff_senior or 0) + others >= senior_min:
        # The notice's list of fields is open (等相关专业): whether the others are related is for a person.
        seniors = None
    outcome = _joined(enough, seniors)
    because = (
        f"中级职称以上专职人员{_shown(facts.staff_intermediate)}（要求不少于{staff_min}人），"
        f"其中相关专业高级职称{_shown(facts.staff_senior)}（要求不少于{senior_min}人）"
    )
    if others:
        because += f"；其他专业高级职称{others}人，是否相关待人工核实"
    return Condition("staff", "通知二（三）", outcome, because)


def _shown(count: int | None) -> str:
    return "未登记" if count is None else f"{count}人"


def _ability(facts: RegistrationFacts, record_since: date, doubtful_from: date | None) -> Condition:
    recent = None if facts.latest_record_on is None else facts.latest_record_on >= record_since
    if recent is False and doubtful_from is not None and facts.latest_record_on is not None:
        recent = None if facts.latest_record_on >= doubtful_from else False
    outcome = _joined(facts.covers_three_fields, recent)
    record = "未登记" if facts.latest_record_on is None else facts.latest_record_on.isoformat()
    fields = {True: "具备", False: "不具备", None: "未登记"}[facts.covers_three_fields]
    because = f"工厂、园区、供应链评价能力：{fields}；最近业绩日期：{record}（{record_since.isoformat()}以后的有效）"
    return Condition("ability", "通知二（五）", outcome, because)


def conditions(
    facts: RegistrationFacts, *, staff_min: int, senior_min: int, record_since: date, doubtful_from: date | None = None
) -> tuple[Condition, ...]:
    """Return the five conditions in the notice's order. Thresholds and window come from the rulebook.

    The senior staff are counted inside the intermediate ones (其中). A record dated on
    `record_since` still counts; one between `doubtful_from` and it is for a person, as the notice does not
    say how 近五年 is counted.
    """
    person = _joined(facts.registered_in_china, facts.has_experience)
    office = _joined(facts.has_office, facts.has_finance_system)
    rules = _joined(facts.knows_rules)
    return (
        Condition(
            "legal_person",
            "通知二（一）",
            person,
            _said(person, "境内独立法人，具有经验和能力", "不是境内独立法人或不具有经验和能力"),
        ),
        Condition(
            "office", "通知二（二）", office, _said(office, "场所、条件和财务制度齐备", "缺少固定场所或财务管理制度")
        ),
        _staff(facts, staff_min, senior_min),
        Condition("knowledge", "通知二（四）", rules, _said(rules, "熟悉政策和标准规范", "不熟悉政策和标准规范")),
        _ability(facts, record_since, doubtful_from),
    )


def state_at(row: EngagementDates, at: datetime) -> EngagementState | None:
    """Return the state that an evaluation had at an instant, from the instants of its moves; None before its claim. Pure.

    A move of today's state that bears no instant (rows older than the column) counts from the claim on.
    """
    state = EngagementState(row.state)
    if row.claimed_at > at:
        return None
    if _by(row.withdrawn_at, at, known=state == EngagementState.WITHDRAWN):
        return EngagementState.WITHDRAWN
    decided = state in {EngagementState.UPHELD, EngagementState.VOID}
    if _by(row.decided_at, at, known=decided):
        return EngagementState.VOID if state == EngagementState.VOID else EngagementState.UPHELD
    if _by(row.disputed_at, at, known=decided or state == EngagementState.DISPUTED):
        return EngagementState.DISPUTED
    confirmed = _by(row.confirmed_at, at, known=state == EngagementState.CONFIRMED)
    return EngagementState.CONFIRMED if confirmed else EngagementState.CLAIMED


def _by(moved: datetime | None, at: datetime, *, known: bool) -> bool:
    """Whether a move had been made by an instant. known: today's state says that it was made at all."""
    return known if moved is None else moved <= at


def components(edges: Iterable[tuple[int, int]], seeds: Iterable[int]) -> list[frozenset[int]]:
    """Return the connected components that hold the seeds, each once, ordered by their smallest member. Pure."""
    near: dict[int, set[int]] = {}
    for first, second in edges:
        near.setdefault(first, set()).add(second)
        near.setdefault(second, set()).add(first)
    found: list[frozenset[int]] = []
    seen: set[int] = set()
    for seed in sorted(set(seeds)):
        if seed in seen:
            continue
        part, waiting = {seed}, [seed]
        while waiting:
            fresh = near.get(waiting.pop(), set()) - part
            part |= fresh
            waiting.extend(fresh)
        seen |= part
        found.append(frozenset(part))
    return sorted(found, key=min)
