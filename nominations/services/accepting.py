"""The city receives: nomination by nomination, then the list; the paper copies; the national platform's mark."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.findings.types import Invalid, WrongState
from nominations import rules
from nominations.models import Nomination, PaperCount, RecommendationList
from nominations.selectors.people import hats
from nominations.services import rechecking
from nominations.services.answering import open_correction
from nominations.services.checking import evaluator_organisation
from nominations.services.moving import (
    list_target,
    lock_list,
    lock_nomination,
    lock_with_list,
    move,
    move_list,
    person,
    touch,
)
from nominations.services.sealing import seal_page_missing
from nominations.states import WITH_CITY, NominationState

#: Fewest characters of the printed hash that a reader must type; the full hash has 64.
_HASH_SHOWN = 16


def accept(*, actor: Actor, nomination_id: int, seen_version: int) -> Nomination:
    """Accept one submitted or corrected nomination and close its return.

    A correction that changed a printed row waits for its sealed 补正页. Raises WrongState, Stale, Refused, and
    Invalid with the blockers of the present check.
    """
    with transaction.atomic():
        nomination = lock_with_list(actor, nomination_id, seen_version=seen_version)
        organisation_id = evaluator_organisation(nomination)
        rules.may_review(actor, nomination, hats=hats(actor), evaluator_organisation_id=organisation_id).require()
        correction = open_correction(nomination)
        if correction is not None and nomination.state == NominationState.CORRECTED:
            if seal_page_missing(correction):
                raise WrongState("这次补正改动了汇总表中的内容，请等推荐单位上传盖章的补正页后再接收。")
            correction.closed_at = clock.now()
            correction.save(update_fields=["closed_at"])
        move(nomination, "accept", actor=actor)
        run = rechecking.check_now([nomination], cause="accept")[nomination.pk]
        rechecking.refuse_blockers(run, "最近一次核查有不得申报的情形，不能接收。请退回补正，或由推荐单位撤回。")
        return nomination


def accept_list(*, actor: Actor, list_id: int, seen_version: int) -> RecommendationList:
    """Accept a district's list once each of its nominations is accepted or withdrawn."""
    with transaction.atomic():
        row = lock_list(actor, list_id, seen_version=seen_version)
        rules.is_city(actor).require()
        done = [NominationState.ACCEPTED, NominationState.WITHDRAWN]
        left = row.nominations.filter(entries__list_version__submission__isnull=False).exclude(state__in=done)
        waiting = left.distinct().count()
        if waiting:
            raise WrongState(f"还有{waiting}项申报没有接收或正在补正，全部处理后才能接收推荐汇总表。")
        move_list(row, "accept", actor=actor)
        return row


def count_paper(*, actor: Actor, list_id: int, copies: int, hash_seen: str, note: str = "") -> PaperCount:
    """Record how many paper copies came and whether the hash printed on them is the submitted version's.

    hash_seen: at least the first 16 hex digits as printed. A mismatch is recorded, not refused: it is
    what the officer saw.
    """
    typed = "".join(hash_seen.split()).lower()
    if copies < 0 or copies > 99:
        raise Invalid("填写收到的份数（0至99）。", errors={"copies": ["填写收到的份数（0至99）。"]})
    if copies and (len(typed) < _HASH_SHOWN or any(c not in "0123456789abcdef" for c in typed)):
        message = f"填写纸质材料页脚的校验码（至少{_HASH_SHOWN}位，由数字和字母a至f组成）。"
        raise Invalid(message, errors={"hash_seen": [message]})
    with transaction.atomic():
        row = lock_list(actor, list_id)
        rules.is_city(actor).require()
        sha = row.submission.list_version.sha256
        count = PaperCount.objects.create(
            list=row,
            copies=copies,
            hash_seen=typed[:64],
            matches=bool(typed) and sha.startswith(typed),
            note=" ".join(note.split())[:300],
            counted_by_id=person(actor),
            counted_at=clock.now(),
        )
        data = {"copies": copies, "matches": count.matches, "hash_seen": count.hash_seen}
        record(actor=actor, action="list.count_paper", target=list_target(row.pk), data=data)
        return count


def mark_national(*, actor: Actor, nomination_id: int, seen_version: int, filed_on: date | None) -> Nomination:
    """Note that the applicant filed on the national platform (green.miit.gov.cn), and when; None takes it back.

    By the applicant, its district, or the city for what it received. No content of the filing changes.
    """
    if filed_on is not None and filed_on > clock.today():
        raise Invalid("填报日期不能晚于今天。", errors={"filed_on": ["填报日期不能晚于今天。"]})
    with transaction.atomic():
        nomination = lock_nomination(actor, nomination_id, seen_version=seen_version)
        allowed = rules.may_view(actor, nomination) if actor.is_city else rules.owns(actor, nomination)
        allowed.require()
        if nomination.state == NominationState.WITHDRAWN:
            raise WrongState("申报已撤回，不再登记国家平台填报情况。")
        nomination.national_filed_on = filed_on
        data = {"filed_on": filed_on.isoformat() if filed_on else None, "with_city": nomination.state in WITH_CITY}
        touch(nomination, actor=actor, action="national", fields=["national_filed_on"], data=data)
        return nomination
