"""Beginning nominations and what is chosen on them: create, invite, copy, key energy user, evaluator, standard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction

from evaluators.models import Evaluator
from evaluators.services import claim, withdraw
from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.models import DatedLink
from greenportal.accounts.services import invite
from greenportal.audit.services import record
from greenportal.directory.models import Industry, Subject
from greenportal.directory.services import register_organisation, register_subject
from greenportal.filings.selectors import sheet_of
from greenportal.filings.services import begin_anew, save, set_locked, start_all
from greenportal.findings.types import Invalid, NotVisible, Refused
from greenportal.jobs.services import enqueue
from greenportal.rounds.booktypes import Rulebook
from greenportal.rounds.models import Round
from greenportal.rounds.rulebook import ProductStandard, sheet_file
from greenportal.rounds.selectors import rulebook_at
from greenportal.sheets import Sheet, load
from nominations import rules
from nominations.constants import JOB_RECHECK, SCOPE_NOMINATION, THIRD_PARTY_MARK, Category
from nominations.models import Nomination, NominationSheet, RecommendationList
from nominations.selectors.content import contents
from nominations.selectors.nominations import visible_to
from nominations.selectors.prefill import prefilled
from nominations.services.checking import may_establish
from nominations.services.following import follow_table
from nominations.services.moving import lock_nomination, target_of, touch
from nominations.validators import clean_reason

_DUPLICATE = "这一申报对象在本年度同一类别中已有申报，请打开已有的申报继续填写。"


def open_list(*, round_id: int, authority_id: int) -> RecommendationList:
    """Return the district's list of the round, made when it is new. In the caller's transaction."""
    now = clock.now()
    found, _ = RecommendationList.objects.get_or_create(
        round_id=round_id, authority_id=authority_id, defaults={"created_at": now, "updated_at": now}
    )
    return found


def sheets_for(rulebook: Rulebook, category: str) -> list[Sheet]:
    """Return the sheets a nomination of `category` begins with, in the rulebook's order."""
    return [load(sheet_file(rulebook.key, key)) for key in rulebook.categories[category].sheets]


def _open_round(round_id: int) -> Round:
    found = Round.objects.filter(pk=round_id, state=Round.State.OPEN).first()
    if found is None:
        raise Refused("本年度批次尚未启动或已结束，请等待市局启动后再建立申报。")
    return found


def create(
    *,
    actor: Actor,
    round_id: int,
    category: str,
    subject_id: int,
    answers: Mapping[str, Mapping[str, Any]] | None = None,
    copied_from: Nomination | None = None,
) -> Nomination:
    """Begin a nomination of a subject of the actor's own district; its sheets start prefilled from the directory.

    answers: by sheet key, canonical, laid over what is prefilled. Raises Refused (round not open,
    foreign district), NotVisible, Invalid (category not in the rulebook, wrong kind, already nominated).
    """
    with transaction.atomic():
        year = _open_round(round_id)
        subject = Subject.objects.select_related("organisation", "industry").filter(pk=subject_id).first()
        if subject is None:
            raise NotVisible
        rules.may_create(actor, authority_id=subject.authority_id).require()
        rulebook, _ = rulebook_at(round_id)
        if category not in rulebook.categories or category not in Category.values:
            raise Invalid("选择本年度通知中的申报类别。", errors={"category": ["选择本年度通知中的申报类别。"]})
        if subject.kind != category:
            raise Invalid("申报对象与申报类别不一致，请重新选择。", errors={"subject": ["选择同一类别的申报对象。"]})
        nomination = _insert(actor, year, category, subject, copied_from)
        begun = [
            (sheet, {**prefilled(subject, sheet), **(answers or {}).get(sheet.key, {})})
            for sheet in sheets_for(rulebook, category)
        ]
        filings = start_all(scope=SCOPE_NOMINATION, scope_id=nomination.pk, sheets=begun, actor=actor)
        NominationSheet.objects.bulk_create(
            NominationSheet(nomination=nomination, sheet_key=filing.sheet_key, filing=filing, position=position)
            for position, filing in enumerate(filings)
        )
        record(
            actor=actor,
            action="nomination.create",
            target=target_of(nomination.pk),
            data={"category": category, "subject": subject.pk, "copied_from": nomination.copied_from_id},
        )
        follow_table(nomination, actor, book=rulebook)
        return nomination


def begin(
    *,
    actor: Actor,
    round_id: int,
    authority_id: int,
    category: str,
    uscc: str,
    organisation: str,
    subject: str = "",
    industry_code: str = "",
) -> Nomination:
    """Begin a nomination of a firm by its code, registering firm and subject on first sight: all or nothing.

    subject: site, product line, park or chain, empty for the firm's own name. Raises what `create` and the
    directory's `register_organisation` and `register_subject` raise; then nothing is registered.
    """
    with transaction.atomic():
        firm = register_organisation(actor=actor, uscc=uscc, name=organisation.strip())
        made = register_subject(
            actor=actor,
            organisation_id=firm.pk,
            kind=category,
            name=subject.strip() or organisation.strip(),
            authority_id=authority_id,
            industry_code=industry_code.strip(),
        )
        return create(actor=actor, round_id=round_id, category=category, subject_id=made.pk)


def _insert(actor: Actor, year: Round, category: str, subject: Subject, copied_from: Nomination | None) -> Nomination:
    now = clock.now()
    try:
        with transaction.atomic():
            return Nomination.objects.create(
                round=year,
                category=category,
                subject=subject,
                applicant=subject.organisation,
                authority_id=subject.authority_id,
                industry=subject.industry,
                list=open_list(round_id=year.pk, authority_id=subject.authority_id),
                copied_from=copied_from,
                standard=copied_from.standard if copied_from else "",
                created_by_id=actor.user_id,
                created_at=now,
                updated_at=now,
            )
    except IntegrityError as error:
        if "nomination_once" not in str(error):
            raise
        raise Invalid(_DUPLICATE, errors={"subject": [_DUPLICATE]}) from error


def copy_last(*, actor: Actor, nomination_id: int, round_id: int) -> Nomination:
    """Begin this round's nomination with the answers of an earlier one that the actor may see.

    Only sheets and fields that this year's definitions still have are taken; documents, confirmation,
    evaluator, its report and rank are not: they must be this year's.
    """
    old = visible_to(actor).filter(pk=nomination_id).select_related("subject").first()
    if old is None:
        raise NotVisible
    if old.round_id == round_id:
        raise Invalid("选择以往年度的申报作为复制来源。")
    rulebook, _ = rulebook_at(round_id)
    before = contents([old.pk])[old.pk].answers
    answers = {
        s.key: _copied(s, before.get(s.key, {}))
        for s in sheets_for(rulebook, old.category)
        if not rules.is_third_party(s.key)
    }
    return create(
        actor=actor,
        round_id=round_id,
        category=old.category,
        subject_id=old.subject_id,
        answers=answers,
        copied_from=old,
    )


def _copied(sheet: Sheet, before: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers of fields and columns that may be copied; figures of a year and officers' findings may not."""
    keys = {f.key for f in sheet.fields() if f.copy and not f.formula}
    taken = {key: value for key, value in before.items() if key in keys}
    for table in sheet.tables():
        columns = {c.key for c in table.columns if c.copy and not c.formula and not c.who}
        rows = [{k: v for k, v in row.items() if k == "_id" or k in columns} for row in before.get(table.key) or []]
        if kept := [row for row in rows if len(row) > 1]:
            taken[table.key] = kept
    return taken


def invite_applicant(*, actor: Actor, nomination_id: int, email: str, name: str) -> tuple[DatedLink, str]:
    """Invite a handler of the applicant; returns the link and its token, which is shown this once."""
    with transaction.atomic():
        nomination = lock_nomination(actor, nomination_id)
        rules.own_district(actor, nomination.authority_id).require()
        link, token = invite(
            actor=actor, role=Role.APPLICANT, email=email, name=name, organisation_id=nomination.applicant_id
        )
        record(actor=actor, action="nomination.invite", target=target_of(nomination.pk), data={"link": link.pk})
        return link, token


def set_key_energy_user(*, actor: Actor, nomination_id: int, seen_version: int, value: bool, reason: str) -> Nomination:
    """Record the district's finding whether this is a 重点用能行业企业 (通知 一（一）), with its reason."""
    text = clean_reason(reason, label="认定理由")
    with transaction.atomic():
        nomination = lock_nomination(actor, nomination_id, seen_version=seen_version)
        may_establish(actor, nomination)
        nomination.key_energy_user = value
        nomination.key_energy_reason = text
        nomination.key_energy_by_id = actor.user_id
        fields = ["key_energy_user", "key_energy_reason", "key_energy_by"]
        touch(nomination, actor=actor, action="key_energy", fields=fields, data={"value": value, "reason": text})
        recheck_soon(nomination, cause="key_energy", actor=actor)
        return nomination


def choose_standard(*, actor: Actor, nomination_id: int, seen_version: int, standard: str) -> Nomination:
    """Name the standard that self- and third-party evaluation follow; empty takes it back.

    A product's is taken from the round's list, once the city imported it (通知 一（二）), and written into its
    basic sheet; a factory's reports take the rows of the standard's evaluation table. Raises Invalid.
    """
    text = " ".join(standard.split())
    if len(text) > 120:
        raise Invalid("评价标准编号和名称不超过120字。", errors={"standard": ["评价标准编号和名称不超过120字。"]})
    with transaction.atomic():
        nomination = lock_nomination(actor, nomination_id, seen_version=seen_version)
        (rules.owns(actor, nomination) & rules.editable(nomination)).require()
        item = _from_the_list(nomination, text) if nomination.category == Category.PRODUCT and text else None
        nomination.standard = text = item.number if item else text
        touch(nomination, actor=actor, action="standard", fields=["standard"], data={"standard": text})
        if item:
            _write_standard(nomination, item, actor)
        follow_table(nomination, actor)
        recheck_soon(nomination, cause="standard", actor=actor)
        return nomination


def set_industry_standard(*, actor: Actor, nomination_id: int, seen_version: int, standard: str) -> Nomination:
    """Record which published 绿色工厂 standard the industry has; empty when the officer found that there is none."""
    text = " ".join(standard.split())
    if len(text) > 120:
        raise Invalid("标准编号和名称不超过120字。", errors={"industry_standard": ["标准编号和名称不超过120字。"]})
    with transaction.atomic():
        nomination = lock_nomination(actor, nomination_id, seen_version=seen_version)
        may_establish(actor, nomination)
        nomination.industry_standard = text
        data = {"industry_standard": text}
        touch(nomination, actor=actor, action="industry_standard", fields=["industry_standard"], data=data)
        recheck_soon(nomination, cause="industry_standard", actor=actor)
        return nomination


def choose_industry(*, actor: Actor, nomination_id: int, seen_version: int, code: str) -> Nomination:
    """Set the four-digit GB/T 4754 class of the nomination."""
    with transaction.atomic():
        nomination = lock_nomination(actor, nomination_id, seen_version=seen_version)
        (rules.owns(actor, nomination) & rules.editable(nomination)).require()
        industry = Industry.objects.filter(pk=code).first()
        if industry is None:
            raise Invalid("从列表中选择四位行业代码。", errors={"industry": ["从列表中选择四位行业代码。"]})
        nomination.industry = industry
        touch(nomination, actor=actor, action="industry", fields=["industry"], data={"code": code})
        recheck_soon(nomination, cause="industry", actor=actor)
        return nomination


def choose_evaluator(*, actor: Actor, nomination_id: int, seen_version: int, evaluator_id: int | None) -> Nomination:
    """Name the evaluator the applicant chose itself (通知 二、第3段): claims the new engagement, withdraws the old.

    None takes the choice back. The cap is counted by `evaluators.services` under the group's lock;
    an evaluator beyond it is flagged, never refused here.
    """
    with transaction.atomic():
        nomination = lock_nomination(actor, nomination_id, seen_version=seen_version)
        (rules.owns(actor, nomination) & rules.editable(nomination)).require()
        rulebook, _ = rulebook_at(nomination.round_id)
        if not rulebook.categories[nomination.category].needs_evaluator:
            raise Invalid("这一类别不需要第三方评价，不用选择评价机构。")
        if evaluator_id == nomination.evaluator_id:
            return nomination
        chosen = None
        if evaluator_id is not None:
            chosen = Evaluator.objects.filter(pk=evaluator_id).first()
            if chosen is None:
                raise Invalid("从列表中选择评价机构。", errors={"evaluator": ["从列表中选择评价机构。"]})
            if chosen.organisation_id == nomination.applicant_id:
                raise Invalid("申报单位不能评价自己，请选择其他评价机构。")
        old = nomination.engagement_id
        if old is not None:
            withdraw(actor=actor, engagement_id=old, reason="申报单位更换评价机构")
        nomination.evaluator = chosen
        nomination.engagement = (
            claim(
                actor=actor,
                evaluator_id=chosen.pk,
                round_id=nomination.round_id,
                subject_id=nomination.subject_id,
                category=nomination.category,
            )
            if chosen
            else None
        )
        # What was found out about the former evaluator says nothing of this one.
        nomination.independence, nomination.independence_reason, nomination.independence_by = None, "", None
        nomination.declared_independent = None
        data = {"evaluator": evaluator_id, "engagement": nomination.engagement_id, "withdrawn": old}
        fields = ["evaluator", "engagement", "independence", "independence_reason", "independence_by"]
        fields.append("declared_independent")
        touch(nomination, actor=actor, action="evaluator", fields=fields, data=data)
        _hand_over_report(nomination, chosen, actor)
        recheck_soon(nomination, cause="evaluator", actor=actor)
        return nomination


def _from_the_list(nomination: Nomination, text: str) -> ProductStandard | None:
    """Return the list's standard of that number; None while there is no list."""
    rulebook, _ = rulebook_at(nomination.round_id)
    if not rulebook.product_standards.items:
        return None
    item = rulebook.listed_standard(text)
    if item is None:
        told = "从“绿色设计产品标准清单”中选择适用标准；清单没有的，不能申报。"
        raise Invalid(told, errors={"standard": [told]})
    return item


def _write_standard(nomination: Nomination, item: ProductStandard, actor: Actor) -> None:
    """Put number, name and kind as the list prints them into the basic sheet."""
    held = nomination.sheets.select_related("filing").get(sheet_key="product_basic")
    values = {"standard_no": item.number, "standard_name": item.name, "product_kind": item.product}
    changes = {key: value for key, value in values.items() if value}
    save(filing_id=held.filing_id, seen_version=held.filing.version, changes=changes, actor=actor)


def _hand_over_report(nomination: Nomination, chosen: Evaluator | None, actor: Actor) -> None:
    """Begin the third-party sheet anew for the evaluator now named: what another one wrote is not its word."""
    for held in nomination.sheets.filter(sheet_key__endswith=THIRD_PARTY_MARK).select_related("filing"):
        sheet = sheet_of(held.filing)
        first = prefilled(nomination.subject, sheet, chosen) if chosen else {}
        begin_anew(filing_id=held.filing_id, cause="evaluator", actor=actor, answers=first)
        set_locked(filing_ids=[held.filing_id], locked=False)


def recheck_soon(nomination: Nomination, *, cause: str, actor: Actor) -> None:
    """Ask for a fresh check of one nomination; many changes in a row ask once, a hand-in always for its own."""
    own = f":{cause}" if cause == "hand_in" else ""
    enqueue(
        JOB_RECHECK,
        payload={"nomination_ids": [nomination.pk], "cause": cause},
        dedupe_key=f"nomination:{nomination.pk}{own}",
        scope=SCOPE_NOMINATION,
        scope_id=nomination.pk,
        actor=actor,
    )
