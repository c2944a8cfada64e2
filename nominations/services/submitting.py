"""报送: one receipt per list, at the time of receipt of the request, inside the window at service and database."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import Max

from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.findings.types import Finding, Invalid, NotVisible, Stale, WindowClosed, WrongState
from greenportal.rounds.models import Round
from greenportal.rounds.selectors import WindowState, window
from nominations import rules
from nominations.constants import CLOCK_SUBMIT
from nominations.models import ListVersion, Nomination, RecommendationList, Submission
from nominations.selectors.decisions import latest_decisions, standing_against
from nominations.selectors.nominations import lists_visible_to
from nominations.selectors.people import hats, is_delegated
from nominations.services import notifying, rechecking
from nominations.services.moving import lock_list, move, move_list, person
from nominations.states import ListState, NominationState

_GATE = "submission gate"


def submit(*, actor: Actor, list_id: int, seen_version: int) -> Submission:
    """Submit the sealed list to the city: receipt, every nomination moved, mail to the district.

    Pressed twice, the second press gets the first receipt. `clock.now()` is the request's time of
    receipt and the only instant compared with the deadline. Raises WindowClosed, WrongState, Stale,
    Refused (not the lead, the person who finalised, or one of an applicant on the list), Invalid with a blocker, or an undecided 原则上 finding, that came since 定稿.
    """
    with transaction.atomic():
        row = lock_list(actor, list_id)
        former = Submission.objects.filter(list=row).select_related("list__authority", "round").first()
        if former is not None:
            rules.own_district(actor, row.authority_id).require()
            return former
        version = _submittable(actor, row, seen_version)
        state = _open_window(row)
        nominations = _locked(version)
        rules.not_two_hat(hats(actor), *(n.applicant_id for n in nominations)).require()
        _refuse_problems(nominations)
        submission = _receipt(actor, row, version, state)
        for nomination in nominations:
            move(nomination, "submit", actor=actor, data={"submission": submission.pk}, in_window=state.open)
        data = {
            "receipt_no": submission.receipt_no,
            "received_at": submission.received_at.isoformat(),
            "list_version": version.pk,
            "extension": submission.extension_id,
        }
        move_list(row, "submit", actor=actor, data=data, in_window=state.open)
        notifying.submitted(submission, count=len(nominations))
        return submission


def _submittable(actor: Actor, row: RecommendationList, seen_version: int) -> ListVersion:
    version = row.current
    rules.may_submit(
        actor, row, prepared_by_id=version.created_by_id if version else None, delegated=is_delegated(actor)
    ).require()
    if row.version != seen_version:
        raise Stale("推荐汇总表刚刚被更改过，请刷新页面核对后再报送。", current=row.version)
    if version is None or row.state != ListState.SEALED:
        raise WrongState(f"推荐汇总表当前为“{ListState(row.state).label}”，上传并核对盖章扫描件后才能报送。")
    return version


def _open_window(row: RecommendationList) -> WindowState:
    state = window(round_id=row.round_id, key=CLOCK_SUBMIT, authority_id=row.authority_id, at=clock.now())
    if not state.open:
        if state.opens_at is not None and clock.now() < state.opens_at:
            raise WindowClosed(f"报送自{clock.spoken(state.opens_at)}开始，请届时再报送。")
        until = f"报送期限已于{clock.spoken(state.closes_at)}截止" if state.closes_at else "报送期限已截止"
        document = f"（延期文号：{state.document_no}）" if state.document_no else ""
        raise WindowClosed(f"{until}{document}。确需补报的，请联系市局办理延期。")
    return state


def _locked(version: ListVersion) -> list[Nomination]:
    """Lock the nominations of the version by id; all of them are finalised or the list is not what it says."""
    ids = list(version.entries.values_list("nomination_id", flat=True))
    rows = Nomination.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True)
    found = list(rows)
    if any(n.state != NominationState.FINALISED for n in found):
        raise WrongState("汇总表中有申报的状态已变化，请撤销定稿后重新核对。")
    return found


def _refuse_problems(nominations: list[Nomination]) -> None:
    """What came after 定稿 still counts: a sanction, a listing, a department's objection. Refuse with the list."""
    runs = rechecking.check_now(nominations, cause="submit")
    decisions = latest_decisions([n.pk for n in nominations])
    errors, blocked = {}, False
    for nomination in nominations:
        found = [Finding.from_json(f) for f in runs[nomination.pk].findings]
        blockers, waiting = standing_against(found, decisions.get(nomination.pk, {}))
        blocked = blocked or bool(blockers)
        if blockers or waiting:
            errors[str(nomination.pk)] = blockers + waiting
    if blocked:
        raise Invalid(
            f"定稿之后有{len(errors)}项申报出现不得报送的情形，请撤销定稿，退回或撤回后重新定稿。", errors=errors
        )
    if errors:
        raise Invalid(
            f"定稿之后有{len(errors)}项申报出现原则上不推荐的情形，请逐项作出书面决定后再报送。", errors=errors
        )


def _receipt(actor: Actor, row: RecommendationList, version: ListVersion, state: WindowState) -> Submission:
    """Take the round's next serial under the round's lock and write the receipt; the database has the last word."""
    year = Round.objects.select_for_update(no_key=True).get(pk=row.round_id)
    last = Submission.objects.filter(round=year).aggregate(last=Max("serial"))["last"] or 0
    try:
        with transaction.atomic():
            return Submission.objects.create(
                list=row,
                list_version=version,
                round=year,
                serial=last + 1,
                receipt_no=f"DL{year.year}-{last + 1:04d}",
                received_at=clock.now(),
                extension_id=state.extension_id,
                submitted_by_id=person(actor),
            )
    except IntegrityError as error:
        if _GATE not in str(error):
            raise
        raise WindowClosed("数据库核对接收时间时发现报送期限已过，请联系市局办理延期。") from error


def receipt(*, actor: Actor, list_id: int) -> Submission:
    """Return the receipt of a list the actor may see; NotVisible when there is none. Two queries."""
    visible = lists_visible_to(actor).filter(pk=list_id).values("pk")
    rows = Submission.objects.filter(list_id__in=visible).select_related("list__authority", "round", "submitted_by")
    found = rows.first()
    if found is None:
        raise NotVisible
    return found
