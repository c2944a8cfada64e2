"""What nominations tell the foundation at start: sight of files and progress, owners of filings, part of the home page."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.urls import reverse

from evaluators.selectors.leads import may_act
from greenportal.accounts.actors import Actor
from greenportal.files import registry as files
from greenportal.filings import registry as filings
from greenportal.filings import worklist
from greenportal.filings.models import Filing
from greenportal.filings.selectors import sheet_of
from greenportal.findings.types import Verdict, denied
from greenportal.jobs import registry as jobs
from greenportal.rounds.selectors import rulebook_at
from greenportal.sheets import Settled
from greenportal.sheets.units import words_of
from nominations import navigation, rules
from nominations.constants import (
    FILE_DOCUMENT,
    FILE_PACKET,
    FILE_PART,
    FILE_REPLY,
    FILE_SCAN,
    JOB_CHANGED,
    SCOPE_LIST,
    SCOPE_NOMINATION,
    SELF_MARK,
    THIRD_PARTY_MARK,
)
from nominations.models import Nomination
from nominations.selectors.live import live_findings
from nominations.selectors.nominations import lists_visible_to, visible_files, visible_to
from nominations.selectors.work import work_items
from nominations.services.following import is_shipped, open_forms

_ABSENT = "没有找到这项申报。"
_FACTORY, _THIRD_OF_FACTORY = f"factory{SELF_MARK}", f"factory{THIRD_PARTY_MARK}"
_STANDARD = "所属行业和评价标准"
_CHOSEN = f"适用评价标准已经选定，您填写的内容没有保存。要更改的，在“{_STANDARD}”中选择。"


def _seen(actor: Actor, scope_id: int) -> Nomination | None:
    return visible_to(actor).filter(pk=scope_id).select_related("evaluator").first()


def may_view_filing(actor: Actor, scope_id: int) -> Verdict:
    """Live answers: the applicant, its district, the named evaluator. The city reads versions, never drafts."""
    if actor.is_city:
        # Not even while a correction is being typed: a state the city may see says nothing of living answers.
        return denied(_ABSENT)
    nomination = _seen(actor, scope_id)
    if nomination is None:
        return denied(_ABSENT)
    named = nomination.evaluator.organisation_id if nomination.evaluator else None
    return rules.may_view(actor, nomination, evaluator_organisation_id=named)


def may_edit_filing(actor: Actor, scope_id: int, sheet_key: str) -> Verdict:
    """Who may write one sheet of a nomination now."""
    nomination = _seen(actor, scope_id)
    if nomination is None:
        return denied(_ABSENT)
    named = nomination.evaluator.organisation_id if nomination.evaluator else None
    verdict = rules.may_edit_sheet(actor, nomination, sheet_key, evaluator_organisation_id=named)
    return verdict & may_act(actor, nomination.engagement_id)


def may_fill(actor: Actor, scope_id: int, who: str) -> Verdict:
    """Fields kept for the district (benchmarks, advanced values): its officers and nobody else."""
    nomination = _seen(actor, scope_id)
    if nomination is None or who != "district":
        return denied(_ABSENT)
    return rules.own_district(actor, nomination.authority_id)


def settled(filing: Filing, keys: Collection[str]) -> Mapping[str, Settled]:
    """A product's standard is the one chosen from the round's list: its number and name are not typed otherwise.

    No query unless they are asked for; then two, and none of it applies before the choice or while there is no list.
    """
    touched = [key for key in ("standard_no", "standard_name") if key in keys]
    if filing.sheet_key != "product_basic" or not touched:
        return {}
    nomination = Nomination.objects.filter(pk=filing.scope_id).first()
    if nomination is None or not nomination.standard:
        return {}
    item = rulebook_at(nomination.round_id)[0].listed_standard(nomination.standard)
    printed = {"standard_no": item.number, "standard_name": item.name} if item else {}
    url = reverse("nominations:standard", args=[nomination.pk])
    return {
        key: Settled(value=printed[key], where=_STANDARD, url=url, told=_CHOSEN) for key in touched if printed.get(key)
    }


def words(filing: Filing) -> Mapping[str, str]:
    """The product's unit as the applicant's report states it, for the evaluator's form. One query there, else none."""
    if filing.sheet_key != _THIRD_OF_FACTORY:
        return {}
    own = Filing.objects.filter(scope=filing.scope, scope_id=filing.scope_id, sheet_key=_FACTORY).first()
    return words_of(sheet_of(own), own.answers) if own else {}


def follow(filing: Filing) -> bool:
    """A form begun under an older definition goes on under the one in force. No query where a release ships it."""
    if is_shipped(filing.sheet_key, filing.definition_sha256):
        return False
    return open_forms(nomination_id=filing.scope_id, sheet_keys=[filing.sheet_key])


def back_url(scope_id: int) -> str:
    """The nomination's page."""
    return reverse("nominations:detail", args=[scope_id])


def title(scope_id: int) -> str:
    """The nomination's name in breadcrumbs. One query."""
    row = Nomination.objects.select_related("subject").filter(pk=scope_id).first()
    return f"{row.get_category_display()}　{row.subject.name}" if row else "返回"


def sees_nomination(actor: Actor, scope_id: int) -> bool:
    """Whether the actor may watch jobs of a nomination."""
    return visible_to(actor).filter(pk=scope_id).exists()


def sees_list(actor: Actor, scope_id: int) -> bool:
    """Whether the actor may watch jobs of a list."""
    return lists_visible_to(actor).filter(pk=scope_id).exists()


def stops_list_jobs(actor: Actor, scope_id: int) -> bool:
    """Whether the actor may stop the making of a list's packet: the list's own district. The city only watches."""
    row = lists_visible_to(actor).filter(pk=scope_id).first()
    return row is not None and bool(rules.may_prepare_list(actor, row))


def connect() -> None:
    """Register everything. Called once by `AppConfig.ready()`."""
    for kind in (FILE_DOCUMENT, FILE_SCAN, FILE_REPLY, FILE_PACKET, FILE_PART):
        files.register(kind, visible_files)
    filings.register(
        SCOPE_NOMINATION,
        view=may_view_filing,
        edit=may_edit_filing,
        changed=JOB_CHANGED,
        back_url=back_url,
        title=title,
        fill=may_fill,
        check=live_findings,
        settled=settled,
        follow=follow,
        words=words,
    )
    jobs.visible(SCOPE_NOMINATION, sees_nomination)
    jobs.visible(SCOPE_LIST, sees_list, may_cancel=stops_list_jobs)
    worklist.register(work_items)
    worklist.register_navigation(navigation.entries)
