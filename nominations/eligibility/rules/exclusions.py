"""通知 一、第2段: what of the last three years excludes a nomination, all categories."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from greenportal.findings.engine import rule
from greenportal.findings.types import Finding
from greenportal.rounds.rulebook import Rulebook, RuleSpec
from nominations.eligibility.answers import Place, manual, met, not_met, place, spoken
from nominations.eligibility.facts import CreditQuery, Event, IncidentRecord, Listing, NominationFacts, Statement

CREDIT_NAMES = {
    "creditchina": "“信用中国”",
    "gsxt": "“国家企业信用信息公示系统”",
    "zxgk": "中国执行信息公开网",
}
DISHONEST = "dishonest"


@dataclass(slots=True)
class _Sorted:
    """Events by what they mean: certain, for a person to judge, and out of the window."""

    certain: list[str] = field(default_factory=list)
    doubtful: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)


def _sort(
    events: Iterable[Event], facts: NominationFacts, book: Rulebook, spec: RuleSpec, *, lasting: bool = False
) -> _Sorted:
    """Sort events by the rule's window. `lasting` events are spans: they count while they last."""
    window = book.windows[spec.window]
    found = _Sorted()
    for event in events:
        words = event.text or event.kind or "所报情况"
        if event.on is None:
            found.doubtful.append(f"{words}（日期不详）")
            continue
        where = place(event.on, window, facts.as_of)
        if lasting and where in {Place.BEFORE, Place.DOUBTFUL}:
            where = _span_place(event, facts, book, spec)
        named = f"{spoken(event.on)}{words}"
        if where == Place.INSIDE:
            found.certain.append(named)
        elif where == Place.DOUBTFUL:
            found.doubtful.append(f"{named}（{window.label}的起算日待定）")
        elif where == Place.AFTER_END:
            found.doubtful.append(f"{named}（发生在报送截止之后）")
        elif where == Place.BEFORE:
            found.outside.append(named)
    return found


def _span_place(event: Event, facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Place:
    """A span that began before the window counts if it ended inside; an open end is for a person."""
    if event.ended_on is None:
        return Place.DOUBTFUL
    ended = place(event.ended_on, book.windows[spec.window], facts.as_of)
    return Place.INSIDE if ended in {Place.AFTER_END, Place.FUTURE} else ended


def _stated(
    facts: NominationFacts,
    book: Rulebook,
    spec: RuleSpec,
    statement: Statement,
    *,
    what: str,
    lasting: bool = False,
    seen: Iterable[Event] = (),
) -> Finding:
    """Judge a statement together with what records show (`seen`); records win over words."""
    recorded = _sort(seen, facts, book, spec, lasting=lasting)
    if recorded.certain:
        return not_met(spec, f"查询结果显示{what}：{'；'.join(recorded.certain)}。", events=recorded.certain)
    if statement.exists is None:
        return manual(spec, f"近三年是否有“{what}”尚未填写。")
    told = _sort(statement.events, facts, book, spec, lasting=lasting)
    if not statement.exists:
        return _denied(spec, what, recorded, told)
    if told.certain or not statement.events:
        listed = "；".join(told.certain) or statement.text or "未写明日期"
        return not_met(spec, f"申报单位说明近三年有“{what}”：{listed}。", events=told.certain)
    if told.doubtful or recorded.doubtful:
        doubtful = [*told.doubtful, *recorded.doubtful]
        return manual(spec, f"“{what}”是否在近三年内需要核实：{'；'.join(doubtful)}。", events=doubtful)
    return met(
        spec, f"所报“{what}”不在近三年内：{'；'.join(told.outside) or '截至核查日尚未发生'}。", events=told.outside
    )


def _denied(spec: RuleSpec, what: str, recorded: _Sorted, told: _Sorted) -> Finding:
    if told.certain or told.doubtful:
        both = [*told.certain, *told.doubtful]
        return manual(spec, f"填写为没有“{what}”，但又列出了：{'；'.join(both)}。请核对。", events=both)
    if recorded.doubtful:
        return manual(spec, f"查询结果中的记录需要核实：{'；'.join(recorded.doubtful)}。", events=recorded.doubtful)
    return met(spec, f"申报单位说明近三年没有“{what}”。", exists=False)


@rule("EX1")
def ex1(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """未正常经营生产的. A stop is a span: it excludes while any of it lies in the window."""
    return _stated(facts, book, spec, facts.statements.ex1, what="未正常经营生产", lasting=True)


@rule("EX2")
def ex2(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """Accidents and violations; 信用中国 and 国家企业信用信息公示系统 decide, so both must have been asked."""
    what = "安全、质量、环境污染等事故以及偷漏税等违法违规行为"
    queries = _by_source(facts.credit)
    asked = [queries[key] for key in ("creditchina", "gsxt") if key in queries]
    seen = [_happened(event, facts) for query in asked for event in query.events if event.kind != DISHONEST]
    reported = [row for row in facts.incidents or () if row.kind != DISHONEST]
    seen += [_as_event(row) for row in reported if _settled(row)]
    finding = _asked_about(_stated(facts, book, spec, facts.statements.ex2, what=what, seen=seen), facts, book, spec)
    if finding.open:
        return finding
    for key in ("creditchina", "gsxt"):
        query = queries.get(key)
        if query is None or query.clean is None:
            return manual(spec, f"{CREDIT_NAMES[key]}的查询结果尚未填写，本条以两个网站的记录为准。", source=key)
        if not query.clean and not query.events:
            return manual(spec, f"{CREDIT_NAMES[key]}显示有不良记录，但未写明内容和日期。", source=key)
    return finding


def _happened(event: Event, facts: NominationFacts) -> Event:
    """What a site shows has happened: a day after the check is a slip of the pen, and its day is not known."""
    return replace(event, on=None) if event.on and event.on > facts.as_of else event


def _settled(row: IncidentRecord) -> bool:
    """Whether the record decides by itself: verified by the city and taken from one of the two sites."""
    return row.verified and row.source in CREDIT_NAMES


def _as_event(row: IncidentRecord) -> Event:
    return Event(on=row.on, kind=row.kind, text=f"{row.label}，区县上报，市局已核实")


def _asked_about(finding: Finding, facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """Turn 符合 into a question when a report in the window is not verified or is of another source."""
    if finding.outcome == "not_met":
        return finding
    dishonest = spec.id == "EX6"
    doubts = []
    for row in facts.incidents or ():
        if (row.kind == DISHONEST) != dishonest or _settled(row):
            continue
        found = _sort([Event(on=row.on, kind=row.kind, text=row.label)], facts, book, spec, lasting=dishonest)
        why = "待市局核实" if not row.verified else "来源不是规定的网站"
        doubts += [f"{text}（{why}）" for text in (*found.certain, *found.doubtful)]
    if not doubts:
        return finding
    return manual(spec, f"区县上报的情况需要核实：{'；'.join(doubts)}。", reported=doubts)


def _by_source(credit: tuple[CreditQuery, ...] | None) -> dict[str, CreditQuery]:
    """Return the last query of each source."""
    return {query.source: query for query in credit or ()}


@rule("EX3")
def ex3(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """被动态调整出绿色制造名单的: the register is asked as well as the applicant."""
    finding = _stated(facts, book, spec, facts.statements.ex3, what="被动态调整出绿色制造名单")
    if finding.outcome == "not_met":
        return finding
    if facts.listings is None:
        return manual(spec, "尚未与名单库核对是否曾被移出。")
    doubts: list[str] = []
    for row in facts.listings:
        if not row.removed and row.removed_on is None:
            continue
        verdict = _removal(row, facts, book, spec)
        if verdict == Place.INSIDE:
            day = spoken(row.removed_on) if row.removed_on else ""
            return not_met(
                spec, f"名单库显示“{row.name}”于{day}被移出国家绿色制造名单。", name=row.name, removed_on=day
            )
        if verdict == Place.DOUBTFUL:
            doubts.append(row.name)
    if doubts and not finding.open:
        named = "、".join(doubts)
        return manual(spec, f"名单库显示“{named}”曾被移出，请核对移出日期、级别和是否为同一类别。", names=doubts)
    return finding


def _removal(row: Listing, facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Place:
    if row.removed_on is None:
        return Place.DOUBTFUL
    where = place(row.removed_on, book.windows[spec.window], facts.as_of)
    if where in {Place.BEFORE, Place.FUTURE}:
        return where
    certain = where == Place.INSIDE and row.level == "national" and row.category == facts.category
    return Place.INSIDE if certain else Place.DOUBTFUL


@rule("EX4")
def ex4(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """在国务院及有关部门相关督查工作中被发现存在严重问题的."""
    return _stated(facts, book, spec, facts.statements.ex4, what="督查发现的严重问题")


@rule("EX5")
def ex5(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """被列入工业节能监察整改名单且未按要求完成整改的: on the list is no bar once the work is done."""
    statement = facts.statements.ex5
    if statement.exists and statement.finished:
        return met(spec, "曾被列入工业节能监察整改名单，已按要求完成整改。", finished=True)
    finding = _stated(facts, book, spec, statement, what="被列入工业节能监察整改名单", lasting=True)
    if finding.outcome == "not_met" and statement.finished is None:
        return manual(spec, "曾被列入工业节能监察整改名单，是否已按要求完成整改尚未填写。")
    return finding


@rule("EX6")
def ex6(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """失信被执行人: the statement together with every query that shows it."""
    credit = facts.credit or ()
    seen = [event for query in credit if query.source != "zxgk" for event in query.events if event.kind == DISHONEST]
    for query in credit:
        if query.source != "zxgk":
            continue
        if query.clean is False and not query.events:
            return not_met(spec, "中国执行信息公开网查询结果显示为失信被执行人。", source=query.source)
        seen += _still_listed(query, facts, book, spec) if query.clean is False else query.events
    seen += [_as_event(row) for row in facts.incidents or () if row.kind == DISHONEST and _settled(row)]
    finding = _stated(facts, book, spec, facts.statements.ex6, what="列为失信被执行人", lasting=True, seen=seen)
    return _asked_about(finding, facts, book, spec)


def _still_listed(query: CreditQuery, facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> list[Event]:
    """The entries that a query shows: that site takes an entry down when it ends, so they last until the query.

    Without this an entry of unknown or early date would weigh less than a query that only says 有不良记录.
    """
    window = book.windows[spec.window]
    asked = min(query.queried_on or facts.as_of, facts.as_of, window.end)
    found = []
    for event in (_happened(event, facts) for event in query.events):
        if event.ended_on is not None or asked < window.start:
            found.append(event)
        elif event.on is None:
            words = event.text or event.kind or "不良记录"
            found.append(replace(event, on=asked, text=f"查询时仍列为失信被执行人：{words}"))
        else:
            found.append(replace(event, ended_on=asked))
    return found


@rule("EXO")
def exo(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """等: the open end of the list; a named officer decides on what is told."""
    return _stated(facts, book, spec, facts.statements.other, what="其他不得申报的情况")


@rule("CREDIT")
def credit(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """Both sites must have been asked, on a known day not after the check."""
    if facts.credit is None:
        return manual(spec, "信用查询情况尚未填写。")
    queries = _by_source(facts.credit)
    missing, undated = [], []
    for key in spec.params["sources"]:
        query = queries.get(key)
        if query is None:
            missing.append(CREDIT_NAMES.get(key, key))
        elif query.queried_on is None or query.queried_on > facts.as_of:
            undated.append(CREDIT_NAMES.get(key, key))
    if missing:
        return not_met(spec, f"缺少{'、'.join(missing)}的查询结果。", missing=missing)
    if undated:
        return manual(spec, f"{'、'.join(undated)}的查询日期未填写，或晚于核查日。", undated=undated)
    days = {key: queries[key].queried_on for key in spec.params["sources"]}
    told = "、".join(f"{CREDIT_NAMES.get(k, k)}{spoken(d)}" for k, d in days.items() if d)
    return met(spec, f"已查询：{told}。", queried={k: d.isoformat() for k, d in days.items() if d})
