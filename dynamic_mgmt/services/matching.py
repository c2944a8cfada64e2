"""Doubtful matches: raised by machine, answered by a person with a reason, remembered for the next import."""

from __future__ import annotations

from django.db import transaction

from dynamic_mgmt.constants import HOME_CITY, SCOPE_DOUBT
from dynamic_mgmt.models import ListedUnit, MatchDoubt, RemovalProposal
from dynamic_mgmt.rules import may_import
from dynamic_mgmt.services.asking import raise_doubts
from dynamic_mgmt.services.comparing import from_json
from dynamic_mgmt.services.importing import fill_one, new_unit_of
from dynamic_mgmt.services.linking import link_unit
from dynamic_mgmt.services.locking import lock_register
from dynamic_mgmt.services.removing import RemovalTold, note_removals
from dynamic_mgmt.services.telling import organisations_of, tell_nominations
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.findings.types import Invalid, NotVisible, ReasonRequired, WrongState

Answer, Subject = MatchDoubt.Answer, MatchDoubt.Subject


def seek_matches(*, actor: Actor) -> int:
    """Ask about listed units of the city whose name looks like that of a registered legal person; returns how many.

    Units with a code, a link, or exactly the name of a legal person need no question. A question
    answered before is not asked again about the same legal persons.
    """
    may_import(actor).require()
    with transaction.atomic():
        lock_register()
        rows = ListedUnit.objects.filter(
            organisation=None, uscc="", matchable=True, removed_on=None, city=HOME_CITY
        ).order_by("pk")
        made = raise_doubts(rows)
        record(actor=actor, action="dynamic_mgmt.seek_matches", target="dynamic_mgmt.register:0", data={"asked": made})
    return made


def decide_match(
    *,
    actor: Actor,
    doubt_id: int,
    answer: str,
    reason: str,
    unit_id: int | None = None,
    organisation_id: int | None = None,
) -> MatchDoubt:
    """A person says what a row or a unit is: one of the candidates (same), another (other), or none of them.

    Of a row: `unit_id` is the stored unit, which is filled from the row; none makes a new unit. Of a
    unit: `organisation_id` is the legal person, to which it is linked. The answer is kept and holds for
    later imports. Raises `Refused`, `ReasonRequired`, `NotVisible`, `Invalid`, `WrongState`.
    """
    may_import(actor).require()
    if not reason.strip():
        raise ReasonRequired("确认匹配需要写明依据，如名单原文、营业执照、更名证明。")
    if answer not in Answer.values:
        raise Invalid("选择一项答复。", errors={"choice": ["选择一项答复。"]})
    with transaction.atomic():
        lock_register()
        doubt = MatchDoubt.objects.select_for_update().filter(pk=doubt_id).first()
        if doubt is None:
            raise NotVisible
        if doubt.answer:
            raise WrongState("这一项已由他人确认，刷新页面查看。")
        named = unit_id if doubt.subject == Subject.ROW else organisation_id
        _check(doubt, answer, named)
        if doubt.subject == Subject.ROW:
            _settle_row(actor, doubt, answer, unit_id)
        elif answer != Answer.NONE and doubt.unit is not None:
            doubt.answer_organisation_id = organisation_id
            link_unit(
                actor=actor,
                unit_id=doubt.unit.pk,
                organisation_id=organisation_id,
                seen_version=doubt.unit.version,
                reason=reason,
            )
        doubt.answer, doubt.reason = answer, reason.strip()[:200]
        doubt.decided_by_id, doubt.decided_at = actor.user_id, clock.now()
        doubt.save()
        _audit(actor, doubt)
    return doubt


def _check(doubt: MatchDoubt, answer: str, named: int | None) -> None:
    candidates = {candidate["id"] for candidate in doubt.candidates}
    if answer == Answer.SAME and named not in candidates:
        raise Invalid("选择所列的一项。", errors={"choice": ["选择所列的一项。"]})
    if answer == Answer.OTHER and named is None:
        raise Invalid("写明是哪一单位。", errors={"other": ["写明是哪一单位。"]})


def _settle_row(actor: Actor, doubt: MatchDoubt, answer: str, unit_id: int | None) -> None:
    """Fill the unit that the row is, or make the new one."""
    row = from_json(doubt.row)
    if answer == Answer.NONE:
        taken = ListedUnit.objects.filter(
            category=row.category,
            level=row.level,
            batch=row.batch,
            list_year=row.list_year,
            province=row.province,
            name_key=row.name_key,
            product_model=row.product_model,
        )
        if taken.exists():
            message = "同一名单中已有同名单位，不能再列一行。核对代码后选择该单位。"
            raise Invalid(message, errors={"choice": [message]})
        unit = new_unit_of(row, doubt.source)
        unit.save()
    else:
        found = ListedUnit.objects.select_for_update().filter(pk=unit_id or 0).first()
        if found is None:
            raise NotVisible
        if (found.category, found.level) != (row.category, row.level):
            message = "所选单位的类别或级别与名单不同，核对后重新选择。"
            raise Invalid(message, errors={"other": [message]})
        unit = fill_one(found, row, source=doubt.source)
    doubt.answer_unit = unit
    open_one = RemovalProposal.objects.filter(unit=unit, decided_at=None).exists()
    if row.removed_on is not None and unit.removed_on is None and not open_one:
        told = RemovalTold(
            unit=unit, removed_on=row.removed_on, reason=row.removal_reason, document_no=row.removal_document
        )
        note_removals(actor=actor, told=[told])
    tell_nominations(actor=actor, cause="dynamic_mgmt.match", organisation_ids=organisations_of([unit]))


def _audit(actor: Actor, doubt: MatchDoubt) -> None:
    record(
        actor=actor,
        action="dynamic_mgmt.decide_match",
        target=f"{SCOPE_DOUBT}:{doubt.pk}",
        data={
            "name": doubt.name,
            "subject": doubt.subject,
            "answer": doubt.answer,
            "unit": doubt.answer_unit_id or doubt.unit_id,
            "organisation": doubt.answer_organisation_id,
            "reason": doubt.reason,
        },
    )
