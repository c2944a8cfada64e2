"""The task list of a nomination: every section of its sheets, then the steps beside them, each with its status."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from greenportal.filings.models import FieldComment, Filing
from greenportal.filings.selectors import sections_status
from greenportal.rounds.booktypes import NO, Rulebook
from nominations.constants import SCOPE_NOMINATION
from nominations.models import Nomination
from nominations.selectors.content import Content, Gaps, SheetContent, condition_holds, is_blank
from nominations.selectors.reports import report_states
from nominations.states import EDITABLE, NominationState


@dataclass(frozen=True, slots=True)
class Task:
    """One line of the task list."""

    key: str
    label: str
    url: str
    status: str
    colour: str = ""
    hint: str = ""


def sheet_tasks(nomination: Nomination, content: Content) -> list[tuple[str, int, list[Task]]]:
    """The sections of the applicant's sheets with their status, sheet by sheet; the evaluator's is one step. Two queries.

    Title, filing, sections of each sheet.
    """
    done = dict(Filing.objects.filter(pk__in=[p.filing_id for p in content.sheets]).values_list("pk", "done_sections"))
    comments = list(FieldComment.objects.filter(scope=SCOPE_NOMINATION, scope_id=nomination.pk))
    found = []
    for part in content.own:
        mine = [c for c in comments if c.path.startswith(f"{part.key}.")]
        statuses = sections_status(part.sheet, dict(part.answers), done[part.filing_id], mine)
        tasks = [
            Task(
                f"{part.key}-{status.key}",
                status.title,
                reverse("filings:section", args=[part.filing_id, status.key]),
                str(status.status),
                status.colour,
                _left(status.missing, status.comments),
            )
            for status in statuses
        ]
        found.append((part.sheet.title, part.filing_id, tasks))
    return found


def _left(missing: int, comments: int) -> str:
    words = [f"退回意见{comments}条"] if comments else []
    return "，".join([*words, *([f"还有{missing}项必填"] if missing else [])])


def step_tasks(nomination: Nomination, content: Content, rulebook: Rulebook, missing: Gaps) -> list[Task]:
    """Return the steps beside the sheets, in the order in which they are done."""
    tasks = [_documents(nomination, content, rulebook), _standard(nomination)]
    if rulebook.categories[nomination.category].needs_evaluator:
        tasks += [_evaluator(nomination), *_third_party(nomination, content)]
    return [*tasks, _confirmation(nomination, content), _sending(nomination, content, missing)]


def _at(name: str, nomination: Nomination) -> str:
    return reverse(f"nominations:{name}", args=[nomination.pk])


def _documents(nomination: Nomination, content: Content, rulebook: Rulebook) -> Task:
    slots = [
        slot
        for slot in rulebook.documents.get(nomination.category, ())
        if slot.required != NO and condition_holds(nomination, content, slot.only_if)
    ]
    present = {document.slot for document in content.documents}
    have = len([slot for slot in slots if slot.key in present])
    status = _status(have == len(slots), have > 0)
    return Task(
        "documents",
        "上传申报材料",
        _at("documents", nomination),
        *status,
        hint=f"已上传{have}项，共{len(slots)}项",
    )


def _standard(nomination: Nomination) -> Task:
    named, placed = bool(nomination.standard), nomination.industry_id is not None
    return Task(
        "standard",
        "所属行业和评价标准",
        _at("standard", nomination),
        *_status(named and placed, named or placed),
        hint=nomination.standard or "尚未填写评价标准",
    )


def _evaluator(nomination: Nomination) -> Task:
    chosen = nomination.evaluator
    return Task(
        "evaluator",
        "第三方评价机构",
        _at("evaluator", nomination),
        *_status(chosen is not None, False),
        hint=chosen.organisation.name if chosen else "由申报单位自主选择",
    )


def _third_party(nomination: Nomination, content: Content) -> list[Task]:
    """The evaluator's report, to read: nobody else writes in it. One query."""
    finished = report_states([nomination.pk])[nomination.pk].finished
    return [
        Task(
            part.key,
            part.sheet.title,
            reverse("nominations:report", args=[nomination.pk]),
            *_report_status(part, finished=finished),
            hint="由评价机构填写，申报单位只能查看",
        )
        for part in content.sheets
        if part.is_third_party
    ]


def _report_status(part: SheetContent, *, finished: bool) -> tuple[str, str]:
    if finished:
        return "已完成", ""
    return ("未开始", "") if is_blank(part.sheet, part.answers) else ("填写中", "")


def _confirmed(nomination: Nomination, content: Content) -> bool:
    return bool(nomination.confirmed_sha256) and nomination.confirmed_sha256 == content.digest


def _confirmation(nomination: Nomination, content: Content) -> Task:
    url = _at("confirm", nomination)
    if _confirmed(nomination, content):
        return Task("confirm", "法定代表人确认", url, *_status(True, True))
    if nomination.confirmed_sha256:
        return Task("confirm", "法定代表人确认", url, "需修改", "red", "内容在确认之后有改动，须重新确认")
    return Task("confirm", "法定代表人确认", url, "未开始")


def _sending(nomination: Nomination, content: Content, missing: Gaps) -> Task:
    """The last step: open when nothing hard is missing and the content is confirmed."""
    if nomination.state not in EDITABLE:
        return Task("hand_in", "核对并提交", "", *_status(True, True), hint="已提交")
    left = [f"{len(missing.hard)}项必填内容"] if missing.hard else []
    if not _confirmed(nomination, content):
        left.append("法定代表人确认")
    if left:
        return Task("hand_in", "核对并提交", "", "暂不能开始", hint=f"还差：{'、'.join(left)}")
    correcting = nomination.state == NominationState.RETURNED_BY_CITY
    return Task("hand_in", "核对并提交", _at("correct" if correcting else "hand_in", nomination), "未开始")


def _status(done: bool, begun: bool) -> tuple[str, str]:
    return ("已完成", "plain") if done else ("填写中", "") if begun else ("未开始", "")
