"""The evaluator's verbs on its third-party report: stated finished, opened again."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from evaluators.selectors.leads import may_act
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.filings.models import Filing
from greenportal.filings.selectors import sheet_of
from greenportal.filings.services import freeze, set_locked
from greenportal.findings.types import Invalid, NotVisible, Stale, WrongState
from greenportal.sheets import Level, validate
from nominations import rules
from nominations.models import Nomination, NominationSheet, ReportStatement
from nominations.selectors.reports import report_states
from nominations.services.drafting import recheck_soon
from nominations.services.moving import lock_nomination, person, target_of
from nominations.validators import clean_reason

_STALE = "报告内容刚有改动，请核对后再确认完成。"


def finish_report(
    *, actor: Actor, nomination_id: int, seen_version: int, author: str, report_on: date | None
) -> ReportStatement:
    """State that the third-party report is finished: it is frozen and locked, with its author and date.

    `seen_version`: of the filing, as the evaluator read it. Only the evaluator now named, while the nomination is
    open for filling. Raises Invalid (author, date, answers that cannot be used or are missing), Stale, WrongState,
    Refused, NotVisible.
    """
    name = " ".join(author.split())
    with transaction.atomic():
        nomination, filing = _locked(actor, nomination_id)
        if report_states([nomination.pk])[nomination.pk].finished:
            raise WrongState("报告已经确认完成。需要修改的，先重新填写。")
        if filing.version != seen_version:
            raise Stale(_STALE, current=filing.version)
        _complete(filing, name, report_on)
        version = freeze(filing_id=filing.pk, cause="report", actor=actor)
        set_locked(filing_ids=[filing.pk], locked=True)
        return _state(
            nomination,
            actor,
            ReportStatement.Kind.FINISHED,
            filing_version=version,
            author=name[:60],
            report_on=report_on,
        )


def reopen_report(*, actor: Actor, nomination_id: int, reason: str) -> ReportStatement:
    """Open a finished report again with a reason, while the nomination is still open for filling."""
    text = clean_reason(reason)
    with transaction.atomic():
        nomination, filing = _locked(actor, nomination_id)
        if not report_states([nomination.pk])[nomination.pk].finished:
            raise WrongState("报告还没有确认完成，可以直接修改。")
        set_locked(filing_ids=[filing.pk], locked=False)
        return _state(nomination, actor, ReportStatement.Kind.REOPENED, reason=text)


def _locked(actor: Actor, nomination_id: int) -> tuple[Nomination, Filing]:
    """Lock nomination and filing; the actor must be the evaluator that the nomination names now."""
    nomination = lock_nomination(actor, nomination_id)
    held = NominationSheet.objects.filter(nomination=nomination)
    sheet = next((row for row in held if rules.is_third_party(row.sheet_key)), None)
    if sheet is None:
        raise NotVisible
    named = nomination.evaluator.organisation_id if nomination.evaluator else None
    may = rules.may_edit_sheet(actor, nomination, sheet.sheet_key, evaluator_organisation_id=named)
    (may & may_act(actor, nomination.engagement_id)).require()
    return nomination, Filing.objects.select_for_update().get(pk=sheet.filing_id)


def _complete(filing: Filing, author: str, report_on: date | None) -> None:
    errors: dict[str, list[str]] = {}
    if not author:
        errors["author"] = ["填写报告编制负责人姓名。"]
    if report_on is None:
        errors["report_on"] = ["填写报告日期。"]
    elif report_on > clock.today():
        errors["report_on"] = ["报告日期不能晚于今天。"]
    wrong = [p for p in validate(sheet_of(filing), filing.answers) if p.level != Level.SOFT]
    if wrong:
        errors["answers"] = [p.message for p in wrong[:20]]
    if errors:
        raise Invalid("改好下列各项后再确认完成。", errors=errors)


def _state(nomination: Nomination, actor: Actor, kind: ReportStatement.Kind, **values: object) -> ReportStatement:
    if nomination.evaluator_id is None:
        raise NotVisible
    made = ReportStatement.objects.create(
        nomination=nomination,
        evaluator_id=nomination.evaluator_id,
        kind=kind,
        stated_by_id=person(actor),
        stated_at=clock.now(),
        **values,
    )
    data = {"statement": made.pk, "reason": made.reason, "report_on": made.report_on, "evaluator": made.evaluator_id}
    record(actor=actor, action=f"nomination.report_{kind}", target=target_of(nomination.pk), data=data)
    recheck_soon(nomination, cause="report", actor=actor)
    return made
