"""The city's desk: what arrived, versions with their differences, returns, acceptance, paper, summary."""

from __future__ import annotations

from datetime import timedelta

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_POST

from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.accounts.http import actor_of, roles
from greenportal.directory.forms import posted
from greenportal.directory.selectors import nominating_authorities
from greenportal.findings.types import ALLOWED, Finding, NotVisible
from greenportal.rounds.selectors import rulebook_at
from greenportal.sheets.printing import printed
from greenportal.transitions import actions_from
from nominations import rules
from nominations.constants import RETURN_PHRASES
from nominations.forms.base import whole
from nominations.forms.city import InboxFilter, PaperForm
from nominations.forms.nomination import ReturnForm
from nominations.models import ListEntry, NominationVersion, PaperCount, SealScan
from nominations.packets.summary import summary_workbook
from nominations.selectors import city, versions
from nominations.selectors.content import sheets_by_sha, shown_of, worded
from nominations.selectors.nominations import get_visible, versions_visible_to, visible_to
from nominations.services import accepting, returning
from nominations.states import NOMINATION_TRANSITIONS, RETURNABLE
from nominations.views.district import current_round, filter_told
from nominations.views.exports import inbox_workbook
from nominations.views.lists import get_list
from nominations.views.nomination import OWNERS, events_of, verdict_of
from nominations.views.shared import (
    STATE_COLOURS,
    XLSX,
    answered,
    attachment,
    current_correction,
    done,
    sorted_findings,
    version_of,
)

CITY = (Role.CITY_REVIEWER, Role.CITY_LEAD)
_PAGE = 50


@roles(*CITY)
@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    """Lists and nominations that arrived, by district and category; filters in the address."""
    actor = actor_of(request)
    year = current_round()
    rows = city.inbox(actor, round_id=year.pk)
    authorities = [(a.pk, a.name) for a in nominating_authorities()]
    form = InboxFilter(request.GET, authorities=authorities)
    wanted = form.cleaned_data if form.is_valid() else {}
    if wanted.get("authority"):
        rows = rows.filter(authority_id=wanted["authority"])
    if wanted.get("category"):
        rows = rows.filter(category=wanted["category"])
    if wanted.get("state"):
        rows = rows.filter(state=wanted["state"])
    if wanted.get("q"):
        rows = rows.filter(subject__name__contains=wanted["q"].strip())
    if request.GET.get("format") == "xlsx":
        title = f"{year.year}年度收到的申报"
        return attachment(inbox_workbook(rows, title=title, told=filter_told(form)), name=f"{title}.xlsx", kind=XLSX)
    page = Paginator(rows, _PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "round": year,
        "lists": [(row, STATE_COLOURS.get(row.state, "")) for row in city.lists(actor, round_id=year.pk)],
        "page": page,
        "rows": [(row, STATE_COLOURS.get(row.state, "")) for row in page],
        "returnable": RETURNABLE,
        "form": form,
        "query": query.urlencode(),
        "phrases": RETURN_PHRASES,
        "due": clock.today() + timedelta(days=3),
    }
    return render(request, "nominations/inbox.html", context)


@roles(*CITY)
@require_GET
def nomination(request: HttpRequest, nomination_id: int) -> HttpResponse:
    """One nomination as the city reads it: its latest visible version, what changed, findings, history."""
    actor = actor_of(request)
    row = get_visible(actor, nomination_id)
    frozen = list(versions_visible_to(actor).filter(nomination=row).order_by("-number"))
    if not frozen:
        raise NotVisible
    current = frozen[0]
    correction = current_correction(row)
    moves = {t.action for t in actions_from(NOMINATION_TRANSITIONS, state=row.state, role=actor.role)}
    may_review = verdict_of(actor, row, rules.may_review) if moves else ALLOWED
    context = {
        "nomination": row,
        "colour": STATE_COLOURS.get(row.state, ""),
        "version": current,
        "versions": frozen,
        "sheets": _printed(current),
        "documents": current.payload["documents"],
        "changes": _since(frozen),
        "findings": sorted_findings(
            [Finding.from_json(f) for f in (current.payload["check"] or {}).get("findings", [])]
        ),
        "correction": correction,
        "events": events_of(row),
        "moves": moves if may_review else set(),
        "two_hats": may_review.reason,
    }
    return render(request, "nominations/city_nomination.html", context)


def _since(frozen: list[NominationVersion]) -> list[versions.Difference]:
    """What the newest of these versions changed against the one before."""
    if len(frozen) < 2:
        return []
    return versions.differences(versions.of_version(frozen[1]), versions.of_version(frozen[0]))


def _printed(version: NominationVersion) -> list[object]:
    known = sheets_by_sha(part["definition_sha256"] for part in version.payload["sheets"])
    rows = worded([(p["key"], known[p["definition_sha256"]], p["answers"]) for p in version.payload["sheets"]])
    return [printed(sheet, answers) for _, sheet, answers in rows if shown_of(sheet, answers)]


@roles(*OWNERS, *CITY)
@require_GET
def history(request: HttpRequest, nomination_id: int) -> HttpResponse:
    """The moments of a nomination that count, and the differences between any two of them."""
    actor = actor_of(request)
    row = get_visible(actor, nomination_id)
    moments = versions.snapshots(actor, row)
    known = {moment.key: moment for moment in moments}
    new = known.get(request.GET.get("to", "")) or (moments[-1] if moments else None)
    old = known.get(request.GET.get("from", "")) or versions.default_before(moments, new)
    context = {
        "nomination": row,
        "moments": moments,
        "old": old,
        "new": new,
        "apart": old is not None and new is not None and not versions.comparable(old, new),
        "changes": versions.differences(old, new) if old and new else [],
    }
    return render(request, "nominations/history.html", context)


@roles(*CITY)
@require_POST
def accept(request: HttpRequest, nomination_id: int) -> HttpResponse:
    """Accept one nomination."""
    accepting.accept(actor=actor_of(request), nomination_id=nomination_id, seen_version=version_of(request))
    return done(request, "已接收。", "nominations:city_nomination", nomination_id)


@roles(*CITY)
@require_POST
def return_many(request: HttpRequest) -> HttpResponse:
    """Return the ticked nominations with one reason; each in its own transaction, each result told."""
    actor = actor_of(request)
    picked = [text.partition(":") for text in request.POST.getlist("pick")]
    chosen = [(whole(pk), whole(seen)) for pk, _, seen in picked if whole(pk)]
    form = ReturnForm({**request.POST.dict(), "version": "0"})
    if not form.is_valid() or not chosen:
        return _return_again(request, form, dict(chosen))
    results = returning.return_batch(
        actor=actor,
        nominations=chosen,
        reason=form.cleaned_data["reason"],
        due_at=clock.end_of(form.cleaned_data["due_on"]),
    )
    named = visible_to(actor).select_related("subject").in_bulk([r.nomination_id for r in results])
    rows = [(named[r.nomination_id], r.problem) for r in results if r.nomination_id in named]
    return render(request, "nominations/returned_many.html", {"rows": rows})


def _return_again(request: HttpRequest, form: ReturnForm, chosen: dict[int, int]) -> HttpResponse:
    """Show the batch again with what was typed and ticked, and what is missing. Nothing ticked: what could be."""
    rows = city.inbox(actor_of(request), round_id=current_round().pk)
    if chosen:
        rows = rows.filter(pk__in=chosen)
    else:
        form.add_error(None, "勾选要退回的申报。")
        rows = rows.filter(state__in=RETURNABLE)
    listed = [(row, f"{row.pk}:{chosen.get(row.pk, row.version)}", row.pk in chosen) for row in rows[:_PAGE]]
    return render(request, "nominations/return_many.html", {"form": form, "rows": listed}, status=400)


@roles(*CITY)
def city_list(request: HttpRequest, list_id: int) -> HttpResponse:
    """One district's submitted list: rows, packet, sealed scan, paper copies, acceptance."""
    actor = actor_of(request)
    row = get_list(request, list_id)
    form = PaperForm(posted(request))
    asked = rulebook_at(row.round_id)[0].copies
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        count = form.run(
            lambda: accepting.count_paper(
                actor=actor, list_id=row.pk, copies=data["copies"], hash_seen=data["hash_seen"], note=data["note"]
            ),
        )
        if count is not None:
            verdict = "校验码与报送版本一致" if count.matches else "校验码与报送版本不一致，请联系推荐单位"
            number = "" if count.copies == asked else f"，应收{asked}份"
            return done(request, f"已登记{count.copies}份{number}，{verdict}。", "nominations:city_list", row.pk)
    submission = row.submission
    version = submission.list_version
    entries = ListEntry.objects.filter(list_version=version).select_related("nomination__subject")
    context = {
        "list": row,
        "colour": STATE_COLOURS.get(row.state, ""),
        "submission": submission,
        "version": version,
        "entries": [(e, STATE_COLOURS.get(e.nomination.state, "")) for e in entries.order_by("category", "position")],
        "packet": getattr(version, "packet", None),
        "scans": SealScan.objects.filter(list_version=version).select_related("file").order_by("pk"),
        "asked_copies": asked,
        "counts": PaperCount.objects.filter(list=row).select_related("counted_by").order_by("-pk"),
        "form": form,
    }
    return answered(request, "nominations/city_list.html", context, form)


@roles(*CITY)
@require_POST
def accept_list(request: HttpRequest, list_id: int) -> HttpResponse:
    """Accept the district's list when all of it is accepted."""
    accepting.accept_list(actor=actor_of(request), list_id=list_id, seen_version=version_of(request))
    return done(request, "推荐汇总表已接收。", "nominations:city_list", list_id)


@roles(*CITY)
@require_GET
def summary(request: HttpRequest) -> HttpResponse:
    """The preview of the city's own 汇总表 over accepted lists; `?format=xlsx` gives the same as a workbook."""
    year = current_round()
    parts = city.summary(actor_of(request), round_id=year.pk)
    if request.GET.get("format") == "xlsx":
        return attachment(summary_workbook(parts, year=year.year), name=f"{year.year}年度汇总表.xlsx", kind=XLSX)
    return render(request, "nominations/summary.html", {"round": year, "parts": parts})


@roles(*CITY)
@require_GET
def submissions(request: HttpRequest) -> HttpResponse:
    """Receipts in order: the printable list that stands in when the system does not."""
    year = current_round()
    rows = city.submissions(actor_of(request), round_id=year.pk)
    context = {
        "round": year,
        "rows": [(row, f"{clock.local(row.received_at):%Y-%m-%d %H:%M:%S} +08:00") for row in rows],
        "printed_at": clock.spoken(clock.now()),
    }
    return render(request, "nominations/submissions.html", context)


@roles(*CITY)
@require_GET
def version(request: HttpRequest, version_id: int) -> HttpResponse:
    """One frozen version, whole."""
    found = get_object_or_404(
        versions_visible_to(actor_of(request)).select_related("nomination__subject"), pk=version_id
    )
    context = {
        "nomination": found.nomination,
        "version": found,
        "sheets": _printed(found),
        "documents": found.payload["documents"],
    }
    return render(request, "nominations/version.html", context)
