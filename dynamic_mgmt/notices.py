"""通知文本 to a listed unit: urging, re-check, evaluation on site, removal. Pure; what is not on record stays blank."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import models

from dynamic_mgmt.table_states import NOT_FILED, TableState
from greenportal.accounts.actors import Role
from greenportal.findings.types import ALLOWED, Verdict, denied

#: What the office writes by hand, because nothing in the portal says it.
BLANK_DAY = "　　年　　月　　日"


class NoticeKind(models.TextChoices):
    """What a notice is about. The value stands in the address."""

    URGE = "urge", "催报通知"
    RECHECK = "recheck", "复核通知"
    ON_SITE = "on-site", "现场评估通知"
    REMOVAL = "removal", "移出名单通知"


_STATES = {
    NoticeKind.URGE: NOT_FILED,
    NoticeKind.RECHECK: frozenset({TableState.RECHECK}),
    NoticeKind.ON_SITE: frozenset({TableState.ON_SITE}),
    NoticeKind.REMOVAL: frozenset({TableState.DECIDED}),
}
_CITY = frozenset({Role.CITY_REVIEWER, Role.CITY_LEAD})
_OFFICERS = _CITY | {Role.DISTRICT_OFFICER, Role.DISTRICT_LEAD}


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """What the record says. reason: of the last return, of the re-check or visit, of the removal; "" where none.

    filed: whether the unit has filed at all; closes: the closing time as people write it; mends: it is the day by which a
    returned table is to be mended; extension: number of the document that extended it; clause: where the notice asks for
    the table; document_no, removed_on: of a confirmed removal.
    """

    unit: str
    category: str
    batch: str
    listed_as: str
    notice: str
    clause: str
    table: str
    period: str
    state: str
    district: str
    filed: bool = False
    closes: str = ""
    closed: bool = False
    mends: bool = False
    extension: str = ""
    reason: str = ""
    document_no: str = ""
    removed_on: date | None = None


@dataclass(frozen=True, slots=True)
class NoticeText:
    """A notice as the officer edits it: one paragraph a line."""

    title: str
    addressee: str
    body: str
    signed: str
    day: str

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """Return the paragraphs; empty lines are dropped."""
        return tuple(line.strip() for line in self.body.splitlines() if line.strip())


def may_write(kind: NoticeKind, *, role: Role, state: str, decision: str) -> Verdict:
    """Officers, while the table is where the notice speaks of; a removal is told by the city that decided it."""
    if role not in (_CITY if kind == NoticeKind.REMOVAL else _OFFICERS):
        by = "市局" if kind == NoticeKind.REMOVAL else "市局或区市县主管部门"
        return denied(f"{kind.label}由{by}起草。")
    if state not in _STATES[kind] or (kind == NoticeKind.REMOVAL and decision != "remove"):
        return denied(f"当前状态为“{TableState(state).label}”，没有需要起草的{kind.label}。请刷新页面查看最新状态。")
    return ALLOWED


def kinds_for(*, role: Role, state: str, decision: str) -> list[NoticeKind]:
    """Return the notices that can be written now."""
    return [kind for kind in NoticeKind if may_write(kind, role=role, state=state, decision=decision)]


def draft(kind: NoticeKind, facts: NoticeFacts, *, signed: str, today: date) -> NoticeText:
    """Return the text to begin with. It says what is on record; days and places that nobody set are blanks."""
    title, paragraphs = _DRAFTS[kind](facts, today)
    return NoticeText(title, f"{facts.unit}：", "\n".join(paragraphs), signed, spoken_day(today))


def spoken_day(day: date | None) -> str:
    """Return 2022年9月5日, or blanks to fill by hand."""
    return f"{day.year}年{day.month}月{day.day}日" if day else BLANK_DAY


def _listing(facts: NoticeFacts) -> str:
    renamed = f"，列入时名称为{facts.listed_as}" if facts.listed_as != facts.unit else ""
    return f"你单位列入第{facts.batch}批{facts.category}名单{renamed}。"


def _because(facts: NoticeFacts) -> str:
    return f"：{facts.reason.rstrip('。')}。" if facts.reason else "。"


def _urge(facts: NoticeFacts, today: date) -> tuple[str, list[str]]:
    by = f"（已延期，依据{facts.extension}）" if facts.extension else ""
    until = f"{facts.period}的报送截止时间为{facts.closes}{by}。" if facts.closes and not facts.mends else ""
    named = f"（{facts.period}）" if facts.mends else ""
    standing = {TableState.DUE: "尚未开始填报", TableState.DRAFT: "尚未提交"}.get(TableState(facts.state))
    standing = standing or f"已退回修改，尚未重新提交。退回原因{_because(facts)}".rstrip("。")
    lines = [
        f"{facts.notice}第{_section(facts)}项要求，绿色制造名单单位每年填报绿色制造动态管理表。{_listing(facts)}",
        f"{until}截至{spoken_day(today)}，你单位的{facts.table}{named}{standing}。",
    ]
    if facts.mends and facts.closed:
        lines.append(f"修改期限{facts.closes}已过。请于{BLANK_DAY}前修改并重新提交，并书面说明逾期的原因。")
    elif facts.mends:
        lines.append(f"请于{facts.closes}前修改并重新提交。填报中有问题的，请与我单位联系。")
    elif facts.closed:
        lines.append(f"填报期限已过。请于{BLANK_DAY}前与{facts.district}联系补报，并书面说明逾期的原因。")
    else:
        lines.append("请在截止时间前填报并提交，同时备好各项数据的依据。填报中有问题的，请与我单位联系。")
    return "关于抓紧报送绿色制造动态管理表的通知", lines


def _check(facts: NoticeFacts, what: str, ask: str) -> list[str]:
    read = f"经审核你单位报送的{facts.table}（{facts.period}），" if facts.filed else ""
    return [
        f"{_listing(facts)}按照{facts.notice}第{_section(facts)}项关于绿色制造名单动态管理的要求，"
        f"{read}决定对你单位开展{what}。",
        f"{what}的原因{_because(facts)}" if facts.reason else f"{what}的原因：",
        ask,
    ]


def _recheck(facts: NoticeFacts, _today: date) -> tuple[str, list[str]]:
    ask = f"请于{BLANK_DAY}前提交有关情况的书面说明和证明材料，由{facts.district}组织复核。"
    return "关于开展绿色制造名单单位复核的通知", _check(facts, "复核", ask)


def _on_site(facts: NoticeFacts, _today: date) -> tuple[str, list[str]]:
    ask = f"现场评估时间为{BLANK_DAY}。请安排人员配合，备好动态管理表各项数据的原始记录和证明材料。"
    return "关于开展绿色制造名单单位现场评估的通知", _check(facts, "现场评估", ask)


def _removal(facts: NoticeFacts, _today: date) -> tuple[str, list[str]]:
    by = f"（{facts.document_no}）" if facts.document_no else ""
    return "关于移出绿色制造名单的通知", [
        f"{_listing(facts)}按照{facts.notice}第{_section(facts)}项关于绿色制造名单动态管理的要求，"
        f"你单位自{spoken_day(facts.removed_on)}起移出绿色制造名单{by}。",
        f"移出原因{_because(facts)}" if facts.reason else "移出原因：",
    ]


def _section(facts: NoticeFacts) -> str:
    """Return the numeral of a clause (通知 三)."""
    return facts.clause.removeprefix("通知").strip()


_DRAFTS = {
    NoticeKind.URGE: _urge,
    NoticeKind.RECHECK: _recheck,
    NoticeKind.ON_SITE: _on_site,
    NoticeKind.REMOVAL: _removal,
}
