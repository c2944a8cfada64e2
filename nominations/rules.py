"""Who may do what: predicates that answer with a Verdict. Pure; which moves exist is said by `states`."""

from __future__ import annotations

from collections.abc import Set
from typing import Protocol

from greenportal.accounts.actors import Actor, Role
from greenportal.findings.types import ALLOWED, Verdict, denied
from nominations.constants import THIRD_PARTY_MARK
from nominations.states import EDITABLE, PUBLIC_TO_CITY, WITH_DISTRICT, ListState, NominationState


class NominationLike(Protocol):
    """What a rule needs of a nomination."""

    @property
    def authority_id(self) -> int: ...
    @property
    def applicant_id(self) -> int: ...
    @property
    def state(self) -> str: ...


class ListLike(Protocol):
    """What a rule needs of a recommendation list."""

    @property
    def authority_id(self) -> int: ...
    @property
    def state(self) -> str: ...


NOT_DISTRICT = "只有区市县、先导区主管部门的人员可以进行这项操作。"
NOT_LEAD = "只有区市县、先导区主管部门的负责人可以报送。"
NOT_CITY = "只有市局人员可以进行这项操作。"
NOT_CITY_LEAD = "只有市局负责人可以批准或撤销批准全市推荐汇总表。"
SAME_PREPARER = "编制人与批准人须为两人，请由另一名市局负责人批准。"
NOT_OWN_DISTRICT = "这项申报不属于本区市县，请联系其推荐单位。"
NOT_OWN_ORGANISATION = "这项申报不属于本单位。"
TWO_HATS = "您同时是该申报单位或评价机构的人员，请由其他同事办理。"
SAME_PERSON = "定稿人与报送人须为两人，请由负责人本人报送；只有一人的，请先登记委托。"
DECIDED_BY_CITY = "这项申报已不在区县办理阶段，区县不能再作书面决定；报送后的书面决定由市局作出。"
CITY_NEVER_EDITS = "市局不修改申报内容，请退回申报单位修改。"


def own_district(actor: Actor, authority_id: int) -> Verdict:
    """A district's officer or lead, for that district's rows only."""
    if not actor.is_district:
        return denied(NOT_DISTRICT)
    if actor.authority_id != authority_id:
        return denied(NOT_OWN_DISTRICT)
    return ALLOWED


def own_organisation(actor: Actor, organisation_id: int) -> Verdict:
    """A handler of the applicant itself."""
    if not actor.is_applicant or actor.organisation_id != organisation_id:
        return denied(NOT_OWN_ORGANISATION)
    return ALLOWED


def is_city(actor: Actor) -> Verdict:
    """A reviewer or lead of the city bureau."""
    return ALLOWED if actor.is_city else denied(NOT_CITY)


def not_two_hat(hats: Set[int], *organisation_ids: int | None) -> Verdict:
    """Nobody judges what his own organisation files: `hats` are the organisations of the person's memberships."""
    return denied(TWO_HATS) if hats & {i for i in organisation_ids if i is not None} else ALLOWED


def owns(actor: Actor, nomination: NominationLike) -> Verdict:
    """The applicant of the nomination, or its district."""
    if actor.is_applicant:
        return own_organisation(actor, nomination.applicant_id)
    return own_district(actor, nomination.authority_id)


def may_view(actor: Actor, nomination: NominationLike, *, evaluator_organisation_id: int | None = None) -> Verdict:
    """District and applicant their own; the named evaluator; the city what was sent to it.

    The city's sight of a nomination withdrawn after submission needs its history: `selectors.visible_to`.
    """
    if actor.is_evaluator:
        named = evaluator_organisation_id is not None and actor.organisation_id == evaluator_organisation_id
        return ALLOWED if named else denied("该申报没有选择本机构。")
    if actor.is_city:
        return ALLOWED if nomination.state in PUBLIC_TO_CITY else denied("该申报尚未报送市局。")
    return owns(actor, nomination)


def may_create(actor: Actor, *, authority_id: int) -> Verdict:
    """Nominations are begun by the district that recommends (通知 一、推荐程序)."""
    return own_district(actor, authority_id)


def is_third_party(sheet_key: str) -> bool:
    """True for sheets that only the evaluator writes (自评价 and third-party evaluation are independent, 通知 二)."""
    return sheet_key.endswith(THIRD_PARTY_MARK)


def may_edit_sheet(
    actor: Actor, nomination: NominationLike, sheet_key: str, *, evaluator_organisation_id: int | None = None
) -> Verdict:
    """Who may write the answers of one sheet now: never the city, the evaluator its own sheet only."""
    if actor.is_city:
        return denied(CITY_NEVER_EDITS)
    if is_third_party(sheet_key):
        if not actor.is_evaluator:
            return denied("第三方评价内容由评价机构填写。")
        who = may_view(actor, nomination, evaluator_organisation_id=evaluator_organisation_id)
    else:
        if actor.is_evaluator:
            return denied("评价机构不得填写自评价内容，请由申报单位填写。")
        who = owns(actor, nomination)
    return who & editable(nomination)


def editable(nomination: NominationLike) -> Verdict:
    """Answers and documents change only while the nomination is with its applicant."""
    if nomination.state in EDITABLE:
        return ALLOWED
    label = NominationState(nomination.state).label
    return denied(f"当前状态为“{label}”，内容已锁定。需要修改的，请先取回或由主管部门退回。")


def may_change_documents(actor: Actor, nomination: NominationLike) -> Verdict:
    """Attach, replace or remove documents: the applicant or its district, while editable."""
    if actor.is_city:
        return denied(CITY_NEVER_EDITS)
    return owns(actor, nomination) & editable(nomination)


def may_set_key_energy_user(actor: Actor, nomination: NominationLike) -> Verdict:
    """Who is a 重点用能 enterprise is decided by the district before 定稿, never by the applicant."""
    verdict = own_district(actor, nomination.authority_id)
    frozen = nomination.state in {NominationState.FINALISED, NominationState.WITHDRAWN} | PUBLIC_TO_CITY
    return verdict & (denied("已定稿，不能更改认定结果。请先撤销定稿。") if frozen else ALLOWED)


def may_establish(
    actor: Actor, nomination: NominationLike, *, hats: Set[int], evaluator_organisation_id: int | None
) -> Verdict:
    """What the district itself finds out while checking (signatures, independence): before 定稿, not for its own."""
    verdict = may_set_key_energy_user(actor, nomination)
    return verdict & not_two_hat(hats, nomination.applicant_id, evaluator_organisation_id)


def may_judge(
    actor: Actor, nomination: NominationLike, *, hats: Set[int], evaluator_organisation_id: int | None
) -> Verdict:
    """Check, return, rank: the district for its own, nobody for his own organisation."""
    own = own_district(actor, nomination.authority_id)
    return own & not_two_hat(hats, nomination.applicant_id, evaluator_organisation_id)


def may_review(
    actor: Actor, nomination: NominationLike, *, hats: Set[int], evaluator_organisation_id: int | None
) -> Verdict:
    """Accept or return at the city: what was sent, and nobody for his own organisation."""
    verdict = is_city(actor) & may_view(actor, nomination)
    return verdict & not_two_hat(hats, nomination.applicant_id, evaluator_organisation_id)


def may_decide(
    actor: Actor, nomination: NominationLike, *, hats: Set[int], evaluator_organisation_id: int | None
) -> Verdict:
    """Written decisions on 原则上 findings: the district before submission, the city afterwards.

    The newest decision counts, so a district that still decided then would overrule the city's.
    """
    if actor.is_city:
        return may_review(actor, nomination, hats=hats, evaluator_organisation_id=evaluator_organisation_id)
    verdict = may_judge(actor, nomination, hats=hats, evaluator_organisation_id=evaluator_organisation_id)
    return verdict & (ALLOWED if nomination.state in WITH_DISTRICT else denied(DECIDED_BY_CITY))


def may_prepare_list(actor: Actor, recommendation_list: ListLike) -> Verdict:
    """Officer or lead of the district prepares, finalises, reopens and seals its list."""
    return own_district(actor, recommendation_list.authority_id)


def may_submit(actor: Actor, recommendation_list: ListLike, *, prepared_by_id: int | None, delegated: bool) -> Verdict:
    """The lead submits what somebody else finalised; a dated delegation row lifts the second half."""
    if actor.role != Role.DISTRICT_LEAD:
        return denied(NOT_LEAD)
    own = own_district(actor, recommendation_list.authority_id)
    same = prepared_by_id is not None and prepared_by_id == actor.user_id
    return own & (denied(SAME_PERSON) if same and not delegated else ALLOWED)


def may_view_list(actor: Actor, recommendation_list: ListLike) -> Verdict:
    """The district its own; the city once it was submitted."""
    if actor.is_city:
        sent = recommendation_list.state in {ListState.SUBMITTED, ListState.PARTLY_RETURNED, ListState.ACCEPTED}
        return ALLOWED if sent else denied("该推荐汇总表尚未报送。")
    return own_district(actor, recommendation_list.authority_id)


def may_approve(actor: Actor, *, prepared_by_id: int) -> Verdict:
    """The city lead approves what somebody else put together: two people, without exception."""
    if actor.role != Role.CITY_LEAD:
        return denied(NOT_CITY_LEAD)
    return denied(SAME_PREPARER) if actor.user_id == prepared_by_id else ALLOWED


def may_consult(actor: Actor, *, authority_id: int) -> Verdict:
    """The district asks the departments for their opinions (通知 一、第2段)."""
    return own_district(actor, authority_id)
