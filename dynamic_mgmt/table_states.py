"""What can happen to a dynamic table and to an offered experience: one table each (DESIGN §4)."""

from __future__ import annotations

from django.db import models

from dynamic_mgmt.constants import CLOCK_TABLES
from greenportal.accounts.actors import Role
from greenportal.transitions import Transition, row


class TableState(models.TextChoices):
    """States of a unit's table of one period. Overdue is computed, never stored."""

    DUE = "due", "待填报"
    DRAFT = "draft", "填报中"
    FILED = "filed", "已提交，待区县审核"
    RETURNED = "returned", "区县退回修改"
    REFUSED = "refused", "拒不填报"
    OPINION_GIVEN = "opinion_given", "区县已提意见"
    RECHECK = "recheck", "复核中"
    ON_SITE = "on_site", "现场评估中"
    REMOVAL_PROPOSED = "removal_proposed", "拟移出，待复核"
    DECIDED = "decided", "市局已决定"


class Opinion(models.TextChoices):
    """动态调整意见 of the district, and the city's decision."""

    KEEP = "keep", "保留"
    RENAMED = "renamed", "变更名称"
    MAJOR = "major_change", "重大变更"
    ON_SITE = "on_site", "现场评估"
    REMOVE = "remove", "移出名单"


class ExperienceState(models.TextChoices):
    """典型经验 (通知 四): offered by the unit, summed up by the district, published by the city."""

    DRAFT = "draft", "起草中"
    OFFERED = "offered", "已报区县"
    RECOMMENDED = "recommended", "区县已推荐"
    PUBLISHED = "published", "市局已发布"
    DECLINED = "declined", "未采用"


_DISTRICT = (Role.DISTRICT_OFFICER, Role.DISTRICT_LEAD)
_CITY = (Role.CITY_REVIEWER, Role.CITY_LEAD)
T = TableState
#: States in which answers may change.
EDITABLE = frozenset({T.DRAFT, T.RETURNED})
#: Not filed: what is chased, and what is overdue once the clock has run out.
NOT_FILED = frozenset({T.DUE, T.DRAFT, T.RETURNED})
#: Judged and not yet decided: what is judged again when an incident is told or a visit concluded.
JUDGED = frozenset({T.FILED, T.REFUSED, T.OPINION_GIVEN, T.RECHECK, T.ON_SITE, T.REMOVAL_PROPOSED})
#: States in which the city reads the answers; what a unit still types is not the city's.
SHOWN_TO_CITY = frozenset(T) - {T.DUE, T.DRAFT, T.RETURNED}
#: What the city prepares: a reviewer's proposal, a removal until it is confirmed.
CITY_ONLY = frozenset({"propose", "propose_removal", "drop_removal"})


def state_for(role: Role, state: str) -> TableState:
    """Return the state as `role` may know it: a removal in preparation is the city's, others read 区县已提意见."""
    found = TableState(state)
    hidden = found == T.REMOVAL_PROPOSED and role not in (*_CITY, Role.SYSTEM)
    return T.OPINION_GIVEN if hidden else found


def states_behind(role: Role, shown: str) -> list[TableState]:
    """Return the stored states that `role` reads as `shown`: what a filter by that state must find."""
    return [state for state in TableState if state_for(role, state) == shown]


def states_of(role: Role) -> list[TableState]:
    """Return the states that `role` can read, in their order."""
    return [state for state in TableState if state_for(role, state) == state]


TABLE_TRANSITIONS: tuple[Transition, ...] = (
    row("begin", [T.DUE], T.DRAFT, [Role.APPLICANT, *_DISTRICT], "开始填报"),
    row("file", [T.DRAFT, T.RETURNED], T.FILED, [Role.APPLICANT, *_DISTRICT], "提交", window=CLOCK_TABLES),
    # A returned table is a correction, which the period's clock does not end (DESIGN §4).
    row("file_again", [T.RETURNED], T.FILED, [Role.APPLICANT, *_DISTRICT], "修改后提交"),
    # After the clock the district files what came late, and says why: it is kept as late for good.
    row("file_late", [T.DRAFT], T.FILED, _DISTRICT, "逾期补报", needs_reason=True),
    row("refuse", [T.DUE, T.DRAFT, T.RETURNED], T.REFUSED, _DISTRICT, "登记拒不填报", needs_reason=True),
    row("resume", [T.REFUSED], T.DRAFT, _DISTRICT, "恢复填报", needs_reason=True),
    row("return", [T.FILED], T.RETURNED, _DISTRICT, "退回修改", needs_reason=True),
    row("give_opinion", [T.FILED, T.REFUSED], T.OPINION_GIVEN, _DISTRICT, "提出动态调整意见"),
    row("send_back", [T.OPINION_GIVEN], T.FILED, _CITY, "退回区县重新审核", needs_reason=True),
    row("open_recheck", [T.OPINION_GIVEN], T.RECHECK, _CITY, "安排复核", needs_reason=True),
    row("open_on_site", [T.OPINION_GIVEN], T.ON_SITE, _CITY, "安排现场评估", needs_reason=True),
    row("conclude", [T.RECHECK, T.ON_SITE], T.OPINION_GIVEN, [*_DISTRICT, *_CITY], "登记结果"),
    # The reviewer's word for the lead (DESIGN §1 "propose a decision"): the table goes on waiting for the decision.
    row("propose", [T.OPINION_GIVEN], T.OPINION_GIVEN, [Role.CITY_REVIEWER], "提出处理建议"),
    row("decide", [T.OPINION_GIVEN], T.DECIDED, [Role.CITY_LEAD], "作出决定"),
    row("propose_removal", [T.OPINION_GIVEN], T.REMOVAL_PROPOSED, _CITY, "提出移出", needs_reason=True),
    row("confirm_removal", [T.REMOVAL_PROPOSED], T.DECIDED, [Role.CITY_LEAD], "复核移出"),
    row("drop_removal", [T.REMOVAL_PROPOSED], T.OPINION_GIVEN, [Role.CITY_LEAD], "不予移出"),
)

E = ExperienceState
EXPERIENCE_TRANSITIONS: tuple[Transition, ...] = (
    row("offer", [E.DRAFT], E.OFFERED, [Role.APPLICANT, *_DISTRICT], "报送"),
    row("revise", [E.DECLINED], E.OFFERED, [Role.APPLICANT, *_DISTRICT], "修改后重新报送"),
    row("recommend", [E.OFFERED], E.RECOMMENDED, _DISTRICT, "推荐"),
    row("decline", [E.OFFERED], E.DECLINED, _DISTRICT, "不推荐", needs_reason=True),
    row("publish", [E.RECOMMENDED], E.PUBLISHED, _CITY, "发布"),
    row("decline", [E.RECOMMENDED], E.DECLINED, _CITY, "不采用", needs_reason=True),
    row("withdraw", [E.PUBLISHED], E.RECOMMENDED, _CITY, "撤下", needs_reason=True),
)
