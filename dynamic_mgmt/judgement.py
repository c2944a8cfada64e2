"""What a filed table says: findings (warnings, never refusals) and what could be proposed. Pure.

No value is invented: where the rulebook holds no requirement, the finding reads 待人工核实.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from dynamic_mgmt.table_states import Opinion
from greenportal.findings.types import Finding, Outcome, Severity
from greenportal.rounds.bookdynamic import DynamicIndicator
from greenportal.sheets.computing import decimal_of

CLAUSE = "通知 三"
#: yes/no answers that tell of what the notice wants reported, and what they are called.
RED_FLAGS = {
    "safety_exists": "安全事故（含网络安全、数据安全）",
    "quality_exists": "质量事故",
    "environment_exists": "环境污染事故",
    "tax_exists": "偷漏税",
    "dishonest_exists": "失信被执行人",
    "abnormal_exists": "经营异常记录",
    "inspection_exists": "督查严重问题",
    "supervision_exists": "节能监察整改未按要求完成",
}
_GROUPS = {"energy": "能源", "carbon": "碳排放", "water": "水", "waste": "固体废物"}


@dataclass(frozen=True, slots=True)
class Peer:
    """The middle of the peers' values in one unit of measure, and how many they are."""

    unit_of_measure: str
    median: Decimal
    count: int


@dataclass(frozen=True, slots=True)
class TableFacts:
    """All that is judged: answers with formulas computed, what was recorded before, peers, incidents as sentences.

    grave_incidents: those of `incidents` that are verified accidents of 重大 or 特别重大; visit_result: of the last re-check or
    visit of these answers (`UnitVisit.Result`), "" where there was none.

    limits: jump_percent, slip_percent, worse_percent, peers_least; recorded: (indicator → value) of the year before;
    evidence: groups (energy, carbon, water, waste, rename) for which a file was uploaded; asks_evidence: False for the
    short sheets of 定期报送, which do not ask for it.
    """

    answers: Mapping[str, Any]
    indicators: Mapping[str, DynamicIndicator]
    limits: Mapping[str, Decimal]
    recorded: Mapping[str, Decimal] = field(default_factory=dict)
    peers: Mapping[str, Peer] = field(default_factory=dict)
    incidents: Sequence[str] = ()
    grave_incidents: frozenset[str] = frozenset()
    visit_result: str = ""
    late_reason: str = ""
    refused_reason: str = ""
    evidence: frozenset[str] = frozenset()
    asks_evidence: bool = True

    def value(self, indicator: str, suffix: str = "y0") -> Decimal | None:
        """Return the number of an indicator for a year, None where there is none."""
        return decimal_of(self.answers.get(f"{indicator}_{suffix}"))


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the findings point to: for the district to take or leave."""

    opinion: Opinion
    reason: str
    clause: str = CLAUSE


def findings_of(facts: TableFacts) -> list[Finding]:
    """Return every finding, what needs somebody first."""
    found = [
        *_conduct(facts),
        *_state(facts),
        *_changes(facts),
        *_requirements(facts),
        *_history(facts),
        *_peers(facts),
        *_shares(facts),
        *_evidence(facts),
    ]
    order = {Outcome.NOT_MET: 0, Outcome.MANUAL: 1}
    return sorted(found, key=lambda f: order.get(f.outcome, 2))


#: What a unit can mend itself; conduct, incidents and peers are the officers'.
_OWN_RULES = frozenset({"TABLE_PREVIOUS", "TABLE_SLIP", "TABLE_JUMP", "TABLE_SHARE"})


def own_hints(facts: TableFacts) -> list[str]:
    """Return what the unit should look at before filing, as sentences: its own numbers only. Never a refusal."""
    found = [*_history(facts), *_shares(facts)]
    return [finding.because for finding in found if finding.rule in _OWN_RULES]


def _finding(
    rule: str, outcome: Outcome, title: str, because: str, *, todo: str = "", clause: str = CLAUSE, **data: Any
) -> Finding:
    severity = Severity.WARNING if outcome in {Outcome.NOT_MET, Outcome.MANUAL} else Severity.INFO
    return Finding(rule, outcome, severity, clause, because, title=title, todo=todo, data=data)


def _conduct(facts: TableFacts) -> Iterator[Finding]:
    if facts.refused_reason:
        text = f"单位拒不填报：{facts.refused_reason}"
        yield _finding("TABLE_REFUSED", Outcome.NOT_MET, "拒不填报", text, todo="核实后提出动态调整意见。")
    if facts.late_reason:
        yield _finding("TABLE_LATE", Outcome.NOT_MET, "逾期补报", f"在期限之后补报：{facts.late_reason}")
    for text in facts.incidents:
        todo, grave = "核对文书，按规定提出意见。", text in facts.grave_incidents
        yield _finding("TABLE_INCIDENT", Outcome.NOT_MET, "事故和违法违规", text, todo=todo, grave=grave)
    if facts.visit_result == "fails":
        text = "最近一次复核或现场评估的结果为不符合要求。"
        yield _finding("TABLE_VISIT", Outcome.NOT_MET, "复核或现场评估", text, todo="按结果提出意见。")
    for key, label in RED_FLAGS.items():
        if facts.answers.get(key) == "yes":
            told = facts.answers.get(key.replace("_exists", "_text")) or "未写说明"
            yield _finding(
                "TABLE_FLAG",
                Outcome.NOT_MET,
                label,
                f"单位填报有{label}：{told}",
                todo="核实并及时上报市局。",
                field=key,
            )


def _state(facts: TableFacts) -> Iterator[Finding]:
    if facts.answers.get("in_production") == "no":
        reason = facts.answers.get("stopped_text") or "未写原因"
        yield _finding(
            "TABLE_STOPPED", Outcome.NOT_MET, "停产", f"单位未正常生产：{reason}", todo="核实停产起止和是否复产。"
        )


def _changes(facts: TableFacts) -> Iterator[Finding]:
    if facts.answers.get("renamed") == "yes":
        proof = facts.answers.get("rename_proof")
        uploaded = "rename" in facts.evidence
        outcome = Outcome.MANUAL if proof or uploaded else Outcome.NOT_MET
        text = f"单位填报已更名，证明文件：{proof or ('已上传佐证材料' if uploaded else '未填写')}。"
        yield _finding("TABLE_RENAMED", outcome, "更名", text, todo="核对登记机关的变更证明，在名录中登记更名。")
    if facts.answers.get("major_change") == "yes":
        text = f"单位填报发生重大变更：{facts.answers.get('major_text') or '未写说明'}"
        yield _finding("TABLE_MAJOR", Outcome.MANUAL, "重大变更", text, todo="核实后建议复核。")


def _requirements(facts: TableFacts) -> Iterator[Finding]:
    for key, item in facts.indicators.items():
        value = facts.value(key)
        if item.requirement is None:
            if item.is_key and value is not None:
                text = f"{item.label}为{_shown(value, item, facts)}；系统没有这一指标的评价要求值。"
                yield _finding(
                    "TABLE_REQUIREMENT", Outcome.MANUAL, item.label, text, todo="对照评价标准人工核实。", indicator=key
                )
            continue
        if value is None:
            yield _finding(
                "TABLE_REQUIREMENT",
                Outcome.MANUAL,
                item.label,
                f"没有填报{item.label}，不能对照评价要求。",
                indicator=key,
            )
            continue
        met = _meets(value, item.requirement, item)
        asked = item.requirement_text or f"评价要求为{item.requirement}{item.unit}"
        text = f"{item.label}为{_shown(value, item, facts)}，{asked}。"
        unsure = item.confidence not in {"official", "high"}
        outcome = Outcome.MET if met else Outcome.MANUAL if unsure else Outcome.NOT_MET
        todo = "" if met else "要求值的来源未经核对，请对照标准原文核实。" if unsure else "提出动态调整意见。"
        yield _finding("TABLE_REQUIREMENT", outcome, item.label, text, todo=todo, clause=item.clause, indicator=key)


def _meets(value: Decimal, bound: Decimal, item: DynamicIndicator) -> bool:
    if value == bound:
        return not item.strict
    return value > bound if item.direction == "higher_is_better" else value < bound


def _history(facts: TableFacts) -> Iterator[Finding]:
    for key, item in facts.indicators.items():
        value, before = facts.value(key), facts.value(key, "y1")
        recorded = facts.recorded.get(key)
        if recorded is not None and before is not None and recorded != before:
            text = f"{item.label}（上一年）填为{_plain(before)}，上次报送为{_plain(recorded)}。"
            yield _finding(
                "TABLE_PREVIOUS", Outcome.MANUAL, item.label, text, todo="核对哪一个正确并说明原因。", indicator=key
            )
        before = recorded if before is None else before
        if value is None or not before:
            continue
        power = slip_of(value, before, facts.limits["slip_percent"])
        change = (value - before) / abs(before) * 100
        if power:
            text = (
                f"{item.label}由{_plain(before)}变为{_plain(value)}，相差约{10 ** abs(power)}倍，可能是计量单位填错。"
            )
            yield _finding(
                "TABLE_SLIP",
                Outcome.NOT_MET,
                item.label,
                text,
                todo=f"核对计量单位（应为{item.unit or '无单位'}）。",
                indicator=key,
            )
        elif abs(change) > facts.limits["jump_percent"]:
            text = f"{item.label}同比{'增加' if change > 0 else '减少'}{abs(change):.1f}%（{_plain(before)}→{_plain(value)}）。"
            yield _finding(
                "TABLE_JUMP", Outcome.MANUAL, item.label, text, todo="核对数据或请单位说明原因。", indicator=key
            )
        elif item.is_key and _worse(change, item) > facts.limits["worse_percent"]:
            text = f"{item.label}比上一年变差{abs(change):.1f}%（{_plain(before)}→{_plain(value)}）。"
            yield _finding(
                "TABLE_WORSE", Outcome.MANUAL, item.label, text, todo="了解原因，必要时提出意见。", indicator=key
            )


def slip_of(value: Decimal, before: Decimal, tolerance: Decimal) -> int:
    """Return n where value is 10ⁿ times `before` within `tolerance` per cent, n from -6 to 6 but 0; else 0."""
    if not value or not before or (value < 0) != (before < 0):
        return 0
    ratio = value / before
    powers: tuple[int, ...] = (*range(1, 7), *range(-6, 0))
    for power in powers:
        exact = Decimal(1).scaleb(power)
        if abs(ratio - exact) / exact * 100 <= tolerance:
            return power
    return 0


def _worse(change: Decimal, item: DynamicIndicator) -> Decimal:
    """Return by how many per cent the indicator went the wrong way; negative when it went the right one."""
    return (
        change
        if item.direction == "lower_is_better"
        else -change
        if item.direction == "higher_is_better"
        else Decimal(0)
    )


def _peers(facts: TableFacts) -> Iterator[Finding]:
    for key, peer in facts.peers.items():
        item, value = facts.indicators[key], facts.value(key)
        if value is None or not peer.median or peer.count < facts.limits["peers_least"]:
            continue
        behind = _worse((value - peer.median) / abs(peer.median) * 100, item)
        if behind > facts.limits["worse_percent"]:
            text = f"{item.label}为{_shown(value, item, facts)}，本市同类名单单位（{peer.count}家）中位数为{_plain(peer.median)}{peer.unit_of_measure}。"
            yield _finding("TABLE_PEERS", Outcome.MANUAL, item.label, text, todo="结合行业情况判断。", indicator=key)


def _shares(facts: TableFacts) -> Iterator[Finding]:
    for key, item in facts.indicators.items():
        if item.kind != "share":
            continue
        for suffix in ("y0", "y1", "y2"):
            value = facts.value(key, suffix)
            if value is not None and not 0 <= value <= 100:
                text = f"{item.label}为{_plain(value)}%，应在0至100之间。"
                yield _finding(
                    "TABLE_SHARE",
                    Outcome.NOT_MET,
                    item.label,
                    text,
                    todo="核对计算所用的各项合计数。",
                    indicator=key,
                    year=suffix,
                )


def _evidence(facts: TableFacts) -> Iterator[Finding]:
    for group, label in _GROUPS.items() if facts.asks_evidence else ():
        mine = [key for key, item in facts.indicators.items() if item.group == group and item.kind == "total"]
        filled = [key for key in mine if facts.value(key) is not None]
        if filled and not facts.answers.get(f"evidence_{group}") and group not in facts.evidence:
            yield _finding(
                "TABLE_EVIDENCE",
                Outcome.MANUAL,
                f"{label}数据的依据",
                f"没有写明{label}数据的依据，也没有上传佐证材料。",
                todo="写明统计报表、审计或检测报告的名称和文号，或上传佐证材料。",
            )


def _shown(value: Decimal, item: DynamicIndicator, facts: TableFacts) -> str:
    """Return a value with its unit; the unit of product is the one that the table names."""
    return f"{_plain(value)}{item.unit.replace('产品单位', str(facts.answers.get('product_unit') or '产品单位'))}"


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def proposals_of(findings: Iterable[Finding]) -> list[Proposal]:
    """Return what the findings point to, the gravest first; keep when nothing speaks against it.

    A verified accident of 重大 or worse, a visit that failed and a refusal point to removal (domain notes §2.4). Numbers that
    look odd or worse than before or than the peers' propose nothing else than keeping, which then names them as to be checked.
    """
    rules: dict[str, list[Finding]] = {}
    for row in findings:
        if row.open:
            rules.setdefault(row.rule, []).append(row)
    found: list[Proposal] = []
    for rule, opinion in (
        ("TABLE_REFUSED", Opinion.REMOVE),
        ("TABLE_VISIT", Opinion.REMOVE),
        ("TABLE_INCIDENT", Opinion.REMOVE),
        ("TABLE_INCIDENT", Opinion.ON_SITE),
        ("TABLE_FLAG", Opinion.ON_SITE),
        ("TABLE_STOPPED", Opinion.ON_SITE),
        ("TABLE_MAJOR", Opinion.MAJOR),
        ("TABLE_RENAMED", Opinion.RENAMED),
    ):
        for row in rules.get(rule, []):
            if rule != "TABLE_INCIDENT" or (opinion == Opinion.REMOVE) is bool(row.data.get("grave")):
                found.append(Proposal(opinion, row.because, row.clause))
    for row in rules.get("TABLE_REQUIREMENT", []):
        if row.outcome == Outcome.NOT_MET:
            found.append(Proposal(Opinion.ON_SITE, row.because, row.clause))
    return found or [Proposal(Opinion.KEEP, _kept(rules))]


#: Findings that propose nothing, named where keeping is proposed. The gravest first.
_DOUBTS = (
    "TABLE_LATE",
    "TABLE_SLIP",
    "TABLE_SHARE",
    "TABLE_WORSE",
    "TABLE_PEERS",
    "TABLE_JUMP",
    "TABLE_PREVIOUS",
    "TABLE_EVIDENCE",
)
_NAMED = 5


def _kept(rules: Mapping[str, Sequence[Finding]]) -> str:
    """Return why keeping is proposed: with every open doubt named, up to `_NAMED` in words."""
    doubts = [row.because.rstrip("。") for rule in _DOUBTS for row in rules.get(rule, ())]
    more = f"；另有{len(doubts) - _NAMED}项见核查结论" if len(doubts) > _NAMED else ""
    text = f"保留前须核实：{'；'.join(doubts[:_NAMED])}{more}。" if doubts else "已按要求填报，未发现应当调整的情形。"
    open_ones = len(rules.get("TABLE_REQUIREMENT", ()))
    return f"{text}有{open_ones}项指标须对照评价标准人工核实。" if open_ones else text
