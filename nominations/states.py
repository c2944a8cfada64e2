"""What can happen to a nomination and to a district's list: one screen each (DESIGN §4)."""

from __future__ import annotations

from django.db import models

from greenportal.accounts.actors import Role
from greenportal.transitions import Transition, row, sources_of
from nominations.constants import CLOCK_APPLICANT, CLOCK_SUBMIT


class NominationState(models.TextChoices):
    """Internal states; `PUBLIC_NAMES` gives what applicants read."""

    DRAFT = "draft", "填报中"
    HANDED_IN = "handed_in", "已提交，待区县核对"
    CHECKED = "checked", "区县已核对"
    FINALISED = "finalised", "已定稿"
    SUBMITTED = "submitted", "已报送市局"
    ACCEPTED = "accepted", "市局已接收"
    RETURNED_BY_DISTRICT = "returned_by_district", "区县退回修改"
    RETURNED_BY_CITY = "returned_by_city", "市局退回修改"
    CORRECTED = "corrected", "已补正，待市局核对"
    WITHDRAWN = "withdrawn", "已撤回"
    UNDER_REVIEW = "under_review", "评审中"
    PROPOSED = "proposed", "拟推荐"
    PUBLISHED = "published", "公示中"
    SENT_UP = "sent_up", "已上报"
    LISTED = "listed", "已列入名单"
    NOT_LISTED = "not_listed", "未列入名单"


class ListState(models.TextChoices):
    """States of a district's recommendation list (推荐汇总表)."""

    DRAFTING = "drafting", "编制中"
    FINALISED = "finalised", "已定稿"
    SEALED = "sealed", "盖章件已核对"
    SUBMITTED = "submitted", "已报送"
    PARTLY_RETURNED = "partly_returned", "部分退回补正"
    ACCEPTED = "accepted", "市局已接收"


class CityListState(models.TextChoices):
    """States of the city's own 汇总表 over accepted lists."""

    PREPARED = "prepared", "待批准"
    APPROVED = "approved", "已批准"
    PUBLISHED = "published", "已公示"
    DISCARDED = "discarded", "已作废"
    UNDONE = "undone", "已撤销批准"


N = NominationState
_DISTRICT = (Role.DISTRICT_OFFICER, Role.DISTRICT_LEAD)
_CITY = (Role.CITY_REVIEWER, Role.CITY_LEAD)
#: States in which the applicant's answers may change.
EDITABLE = frozenset({N.DRAFT, N.RETURNED_BY_DISTRICT, N.RETURNED_BY_CITY})
#: States that count as sent by the district.
WITH_CITY = frozenset({N.SUBMITTED, N.ACCEPTED, N.RETURNED_BY_CITY, N.CORRECTED})
#: States in which the city sees a nomination at all; drafts are never among them.
PUBLIC_TO_CITY = WITH_CITY | {N.UNDER_REVIEW, N.PROPOSED, N.PUBLISHED, N.SENT_UP, N.LISTED, N.NOT_LISTED}
#: States that the district still works on.
WITH_DISTRICT = frozenset({N.DRAFT, N.HANDED_IN, N.CHECKED, N.RETURNED_BY_DISTRICT, N.FINALISED})
#: States that the nightly recheck looks at: everything not withdrawn and not yet decided.
OPEN = WITH_DISTRICT | WITH_CITY
#: What applicants read: the city's inner steps are not theirs to follow before publication.
PUBLIC_NAMES: dict[str, str] = {
    N.DRAFT: "填报中",
    N.HANDED_IN: "已提交，待区县核对",
    N.CHECKED: "区县已核对",
    N.FINALISED: "区县已定稿",
    N.SUBMITTED: "已报送市局",
    N.ACCEPTED: "市局已接收",
    N.RETURNED_BY_DISTRICT: "请修改（区县退回）",
    N.RETURNED_BY_CITY: "请补正（市局退回）",
    N.CORRECTED: "已补正，待市局核对",
    N.WITHDRAWN: "已撤回",
    N.UNDER_REVIEW: "市局审核中",
    N.PROPOSED: "市局审核中",
    N.PUBLISHED: "公示中",
    N.SENT_UP: "已上报",
    N.LISTED: "已列入名单",
    N.NOT_LISTED: "未列入名单",
}
#: States before publication: withdrawal is still possible.
WITHDRAWABLE = (
    N.DRAFT,
    N.HANDED_IN,
    N.CHECKED,
    N.SUBMITTED,
    N.ACCEPTED,
    N.RETURNED_BY_DISTRICT,
    N.RETURNED_BY_CITY,
    N.CORRECTED,
)

NOMINATION_TRANSITIONS: tuple[Transition, ...] = (
    row("hand_in", [N.DRAFT], N.HANDED_IN, [Role.APPLICANT], "提交", window=CLOCK_APPLICANT),
    # Of a return also until its due date, which `handing_in` asks; never after the district's own deadline.
    row("hand_in", [N.RETURNED_BY_DISTRICT], N.HANDED_IN, [Role.APPLICANT], "提交", window=CLOCK_SUBMIT),
    row("hand_in", [N.DRAFT, N.RETURNED_BY_DISTRICT], N.HANDED_IN, _DISTRICT, "提交", window=CLOCK_SUBMIT),
    row("take_back", [N.HANDED_IN], N.DRAFT, [Role.APPLICANT], "取回修改", window=CLOCK_APPLICANT),
    row("check", [N.HANDED_IN], N.CHECKED, _DISTRICT, "核对通过"),
    row("uncheck", [N.CHECKED], N.HANDED_IN, _DISTRICT, "撤销核对"),
    row(
        "return_by_district", [N.HANDED_IN, N.CHECKED], N.RETURNED_BY_DISTRICT, _DISTRICT, "退回修改", needs_reason=True
    ),
    row("finalise", [N.CHECKED], N.FINALISED, _DISTRICT, "定稿"),
    row("reopen", [N.FINALISED], N.CHECKED, _DISTRICT, "撤销定稿", needs_reason=True),
    row("submit", [N.FINALISED], N.SUBMITTED, [Role.DISTRICT_LEAD], "报送", window=CLOCK_SUBMIT),
    row("accept", [N.SUBMITTED, N.CORRECTED], N.ACCEPTED, _CITY, "接收"),
    row("return_by_city", [N.SUBMITTED, N.CORRECTED], N.RETURNED_BY_CITY, _CITY, "退回补正", needs_reason=True),
    row("correct", [N.RETURNED_BY_CITY], N.CORRECTED, [Role.APPLICANT, *_DISTRICT], "提交补正"),
    row("withdraw", WITHDRAWABLE, N.WITHDRAWN, [Role.APPLICANT, *_DISTRICT], "撤回申报", needs_reason=True),
)
#: What the city may return for correction.
RETURNABLE = sources_of(NOMINATION_TRANSITIONS, "return_by_city")

L = ListState
LIST_TRANSITIONS: tuple[Transition, ...] = (
    row("finalise", [L.DRAFTING], L.FINALISED, _DISTRICT, "定稿"),
    row("seal", [L.FINALISED], L.SEALED, _DISTRICT, "核对盖章件"),
    row("reopen", [L.FINALISED, L.SEALED], L.DRAFTING, _DISTRICT, "撤销定稿", needs_reason=True),
    row("submit", [L.SEALED], L.SUBMITTED, [Role.DISTRICT_LEAD], "报送", window=CLOCK_SUBMIT),
    row("part_return", [L.SUBMITTED, L.PARTLY_RETURNED], L.PARTLY_RETURNED, _CITY, "退回补正"),
    row("corrections_in", [L.PARTLY_RETURNED], L.SUBMITTED, [Role.APPLICANT, *_DISTRICT, *_CITY], "完成补正"),
    row("accept", [L.SUBMITTED], L.ACCEPTED, _CITY, "接收"),
)

C = CityListState
#: Undone only before publication, which asks `services.approving.require_approvable` once more.
CITY_LIST_TRANSITIONS: tuple[Transition, ...] = (
    row("approve", [C.PREPARED], C.APPROVED, [Role.CITY_LEAD], "批准"),
    row("discard", [C.PREPARED], C.DISCARDED, _CITY, "作废", needs_reason=True),
    row("undo", [C.APPROVED], C.UNDONE, [Role.CITY_LEAD], "撤销批准", needs_reason=True),
    row("publish", [C.APPROVED], C.PUBLISHED, [Role.CITY_LEAD], "登记公示"),
)
