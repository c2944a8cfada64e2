"""One nomination of the demonstration, verb by verb, as its people would do it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from evaluators.models import Evaluator
from evaluators.services import confirm, decide_dispute, dispute
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.directory.models import Subject
from greenportal.filings.models import FieldComment
from greenportal.filings.selectors import Status, task_status
from greenportal.filings.services import confirm_section, save
from greenportal.rounds.models import Round
from greenportal.rounds.rulebook import load
from greenportal.sheets import Sheet
from nominations.constants import THIRD_PARTY_MARK, Category
from nominations.demo import people
from nominations.demo import scripts as s
from nominations.demo.evaluating import CAST
from nominations.demo.fiction import Applicant
from nominations.demo.figures import as_changes, has_report, third_answers
from nominations.demo.opening import RULEBOOK, at
from nominations.demo.writing import answers_of
from nominations.models import Nomination
from nominations.selectors.content import contents
from nominations.selectors.prefill import prefilled
from nominations.services import checking, documents, drafting, handing_in, reporting, returning, withdrawing
from nominations.services.independence import declare_independence, record_independence
from nominations.services.inspecting import Mark, record_inspection
from nominations.services.returning import CommentDraft

_REASON = "演示：按能源统计年报和行业归属认定"
_USERNAMES = {body.key: body.username for body in CAST}
#: Reports of applicants with these multiples as numbers are filled and not yet stated finished.
_UNFINISHED = 8
#: The long text that every first sheet has: what returns speak of, and what answers change.
PROFILE = "profile"


@dataclass(frozen=True, slots=True)
class Stage:
    """What the nominations of the demonstration stand on."""

    round: Round
    subjects: Mapping[int, Subject]
    evaluators: Mapping[str, Evaluator]
    files: Mapping[str, UUID]


@cache
def _sheets(category: str) -> Sequence[Sheet]:
    return drafting.sheets_for(load(RULEBOOK), category)


def first_sheet(category: str) -> Sheet:
    """Return the basic sheet of a category."""
    return _sheets(category)[0]


def begin(applicant: Applicant, stage: Stage, officer: Actor) -> Nomination:
    """Begin and fill the nomination: answers, evaluator, findings of the officer, documents."""
    script = applicant.script
    subject = stage.subjects[applicant.number]
    row = drafting.create(
        actor=officer,
        round_id=stage.round.pk,
        category=applicant.category,
        subject_id=subject.pk,
        answers=_answers(applicant, subject),
    )
    if applicant.category != Category.PRODUCT and script.evaluator:
        row = drafting.choose_evaluator(
            actor=officer,
            nomination_id=row.pk,
            seen_version=row.version,
            evaluator_id=stage.evaluators[script.evaluator].pk,
        )
    if script.declared:
        row = declare_independence(
            actor=officer,
            nomination_id=row.pk,
            seen_version=row.version,
            independent=True,
            authors=f"{applicant.legal_representative[0]}样本",
        )
    if applicant.category == Category.FACTORY:
        row = _findings(applicant, row, officer)
    finish_sections(row, officer, drafted=script.state == s.DRAFT)
    for key, file_id in stage.files.items():
        number, slot = key.split("/")
        if int(number) == applicant.number:
            documents.attach(actor=officer, nomination_id=row.pk, slot=slot, file_id=file_id)
    row.refresh_from_db()
    return row


def _answers(applicant: Applicant, subject: Subject) -> dict[str, dict[str, Any]]:
    return {sheet.key: answers_of(sheet, applicant, prefilled(subject, sheet)) for sheet in _sheets(applicant.category)}


def finish_sections(row: Nomination, actor: Actor, *, drafted: bool) -> None:
    """Say that sections are done, as people do when they have filled them in; of a draft only those begun."""
    ripe = {Status.STARTED} if drafted else {Status.STARTED, Status.NOT_STARTED}
    for held in row.sheets.exclude(sheet_key__endswith=THIRD_PARTY_MARK).select_related("filing"):
        for section in task_status(held.filing):
            if section.status in ripe and not section.missing + section.errors:
                confirm_section(filing_id=held.filing_id, section=section.key, done=True, actor=actor)


def _findings(applicant: Applicant, row: Nomination, officer: Actor) -> Nomination:
    """What the officer finds out about a factory, and the standard it follows."""
    script = applicant.script
    if script.key_energy is not None:
        row = drafting.set_key_energy_user(
            actor=officer, nomination_id=row.pk, seen_version=row.version, value=script.key_energy, reason=_REASON
        )
    if script.standard is not None:
        row = drafting.choose_standard(
            actor=officer, nomination_id=row.pk, seen_version=row.version, standard=script.standard
        )
    if script.industry_standard is not None:
        row = drafting.set_industry_standard(
            actor=officer, nomination_id=row.pk, seen_version=row.version, standard=script.industry_standard
        )
    return row


def carry(applicant: Applicant, row: Nomination, officer: Actor, handler: str | None) -> None:
    """Carry the nomination as far as its script says."""
    script = applicant.script
    if row.engagement_id is not None:
        with clock.fixed(at(9, 22, 9)):
            _engage(applicant, row.engagement_id)
            _evaluate(applicant, row)
    if script.state == s.DRAFT:
        return
    with clock.fixed(at(9, 24, 9, applicant.number % 60)):
        row = hand_in(row, officer, handler)
    if script.state == s.CHECKED or not (script.sealed and script.independent):
        with clock.fixed(at(9, 26, 14, applicant.number % 60)):
            row = look_at(applicant, row, officer)
    if script.state == s.CHECKED:
        with clock.fixed(at(9, 27, 9, applicant.number % 60)):
            checking.check(actor=officer, nomination_id=row.pk, seen_version=row.version)
    elif script.state in {s.RETURNED, s.ANSWERED}:
        _return(applicant, row, officer)
        if script.state == s.ANSWERED:
            with clock.fixed(at(9, 29, 10)):
                change_profile(row, officer, "补充：2021年单位产值综合能耗同比下降，数据来自能源统计年报（演示）。")
                hand_in(row, officer, handler)
    elif script.state == s.WITHDRAWN:
        with clock.fixed(at(9, 28, 15)):
            withdrawing.withdraw(
                actor=officer, nomination_id=row.pk, seen_version=row.version, reason="演示：申报单位本年度不再申报"
            )


def look_at(applicant: Applicant, row: Nomination, officer: Actor) -> Nomination:
    """What the officer sees and finds out before checking: signatures and seals, the evaluator's independence."""
    script = applicant.script
    documents_there = row.documents.filter(removed_at=None).values_list("pk", flat=True)
    marks = [Mark(pk, True, script.sealed) for pk in documents_there]
    record_inspection(actor=officer, nomination_id=row.pk, seen_version=row.version, marks=marks)
    row.refresh_from_db()
    if row.evaluator_id is None:
        return row
    return record_independence(
        actor=officer,
        nomination_id=row.pk,
        seen_version=row.version,
        independent=script.independent,
        reason="演示：已查看评价合同，并分别向申报单位和评价机构核实",
    )


def _engage(applicant: Applicant, engagement_id: int) -> None:
    """What the evaluator says of the claim, and what the city finds where it says no."""
    script = applicant.script
    if not script.engagement:
        return
    evaluator = people.actor_named(_USERNAMES[script.evaluator])
    if script.engagement == "confirm":
        confirm(
            actor=evaluator,
            engagement_id=engagement_id,
            report_on=script.report_on,
            independent=True,
            cap_seen=True,
        )
        return
    dispute(actor=evaluator, engagement_id=engagement_id, reason="演示：本机构未与该单位签订评价合同")
    if script.engagement in {"void", "uphold"}:
        reason = "演示：双方提交的合同和付款凭证已核对"
        decide_dispute(
            actor=people.actor_named("dl-reviewer"),
            engagement_id=engagement_id,
            uphold=script.engagement == "uphold",
            reason=reason,
        )


def _evaluate(applicant: Applicant, row: Nomination) -> None:
    """The evaluator that confirmed fills its report, where the applicant filled its own as a form."""
    if applicant.script.engagement != "confirm" or not has_report(applicant):
        return
    evaluator = people.actor_named(_USERNAMES[applicant.script.evaluator])
    for held in row.sheets.filter(sheet_key__endswith=THIRD_PARTY_MARK).select_related("filing"):
        sheet = next(sheet for sheet in _sheets(applicant.category) if sheet.key == held.sheet_key)
        save(
            filing_id=held.filing_id,
            seen_version=held.filing.version,
            changes=as_changes(third_answers(sheet, applicant)),
            actor=evaluator,
        )
        if applicant.number % _UNFINISHED:
            held.filing.refresh_from_db()
            reporting.finish_report(
                actor=evaluator,
                nomination_id=row.pk,
                seen_version=held.filing.version,
                author="示例·编制人",
                report_on=applicant.script.report_on or clock.today(),
            )


def hand_in(row: Nomination, officer: Actor, handler: str | None) -> Nomination:
    """Confirm and hand in: by the applicant's own account, by the dated link, or on paper, as it comes."""
    row.refresh_from_db()
    actor = people.actor_named(handler) if handler else officer
    confirm_content(row, actor)
    row.refresh_from_db()
    return handing_in.hand_in(actor=actor, nomination_id=row.pk, seen_version=row.version).nomination


def confirm_content(row: Nomination, actor: Actor) -> None:
    """Record the legal representative's word: signed in, through a link, or every third one on paper."""
    sha, name = contents([row.pk])[row.pk].digest, row.applicant.legal_representative
    if actor.is_applicant:
        handing_in.confirm(actor=actor, nomination_id=row.pk, seen_sha256=sha, name=name)
    elif row.pk % 3 == 0:
        basis = "演示：签字原件存区市县主管部门档案柜"
        handing_in.confirm(actor=actor, nomination_id=row.pk, seen_sha256=sha, name=name, basis=basis)
    else:
        _, token = handing_in.ask_confirmation(actor=actor, nomination_id=row.pk)
        handing_in.confirm_by_link(token=token, seen_sha256=sha, name=name)


def profile_comment(category: str, text: str) -> CommentDraft:
    """Return a remark at the long text of the category's basic sheet."""
    sheet = first_sheet(category)
    return CommentDraft(
        path=f"{sheet.key}.{PROFILE}",
        label=sheet.field(PROFILE).label,
        kind=FieldComment.Kind.values[0],
        text=text,
        clause="通知 一、末段",
    )


def _return(applicant: Applicant, row: Nomination, officer: Actor) -> None:
    with clock.fixed(at(9, 27, 14, applicant.number % 60)):
        returning.return_by_district(
            actor=officer,
            nomination_id=row.pk,
            seen_version=row.version,
            reason="填报数据与证明材料不一致，请核对后修改。",
            due_at=clock.end_of(at(10, 12).date()),
            comments=[profile_comment(applicant.category, "请补充近三年能耗变化的数据和来源。")],
        )


def change_profile(row: Nomination, actor: Actor, text: str) -> None:
    """Answer a remark by a change that can be seen."""
    held = row.sheets.select_related("filing").get(sheet_key=first_sheet(row.category).key)
    save(
        filing_id=held.filing_id,
        seen_version=held.filing.version,
        changes={PROFILE: f"{held.filing.answers[PROFILE]}{text}"},
        actor=actor,
    )
