"""Registrations as evaluators draft and file them: which an actor sees, and what they say of the five conditions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from evaluators.models import CaseEvidence, RegistrationCase
from evaluators.rules import Condition, conditions, kind_of_code
from evaluators.selectors.detail import thresholds
from evaluators.selectors.lists import SEE_ALL
from evaluators.selectors.roster import RosterCounts, counts, named_fields, roster_sheet
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.filings.models import FieldComment
from greenportal.rounds.rulebook import Rulebook
from greenportal.sheets import Sheet

#: Where a remark on the proofs of a condition stands.
EVIDENCE = "document:"
_FIELDS = ("covers_factory", "covers_park", "covers_supply_chain")


@dataclass(frozen=True, slots=True)
class Declared:
    """The facts of `rules.RegistrationFacts` as a sheet and a roster say them; None where nothing was said."""

    registered_in_china: bool | None
    has_experience: bool | None
    has_office: bool | None
    has_finance_system: bool | None
    staff_intermediate: int | None
    staff_senior: int | None
    knows_rules: bool | None
    covers_three_fields: bool | None
    latest_record_on: date | None
    declared_elsewhere: int | None
    staff_senior_other: int | None


def cases_visible_to(actor: Actor) -> QuerySet[RegistrationCase]:
    """Return registrations: the city those filed at least once, an evaluator its own, others none."""
    rows = RegistrationCase.objects.select_related("evaluator__organisation", "round", "frozen").order_by("id")
    if actor.role in SEE_ALL:
        return rows.filter(frozen__isnull=False)
    if actor.is_evaluator and actor.organisation_id is not None:
        return rows.filter(evaluator__organisation_id=actor.organisation_id)
    return rows.none()


def evidence_visible_to(actor: Actor) -> QuerySet[CaseEvidence]:
    """Return proofs that are in place: an evaluator its own, the city those of registrations that were filed."""
    rows = CaseEvidence.objects.select_related("file").filter(removed_at=None).order_by("condition", "id")
    return rows.filter(case__in=cases_visible_to(actor))


def said(answers: Mapping[str, Any], key: str) -> bool | None:
    """Return a yes/no answer, None for none."""
    return {"yes": True, "no": False}.get(answers.get(key, ""))


def day_of(text: object) -> date | None:
    """Return a stored date, None for what is no date: a draft may hold anything."""
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None


def _all(*answers: bool | None) -> bool | None:
    if False in answers:
        return False
    return None if None in answers else True


def declared(answers: Mapping[str, Any], staff: RosterCounts, *, uscc: str, until: date) -> Declared:
    """Return what the sheet's answers and the roster say. Pure.

    Condition （一） needs a code that the notice may mean besides the answer; （五） needs all three fields, and
    the latest record that ended by `until`.
    """
    days = [day_of(row.get("ended_on")) for row in answers.get("records") or [] if isinstance(row, dict)]
    past = [day for day in days if day is not None and day <= until]
    elsewhere = str(answers.get("declared_elsewhere", ""))
    known = staff.total > 0
    return Declared(
        registered_in_china=_all(said(answers, "registered_in_china"), kind_of_code(uscc)[1]),
        has_experience=said(answers, "has_experience"),
        has_office=said(answers, "has_office"),
        has_finance_system=said(answers, "has_finance_system"),
        staff_intermediate=staff.intermediate if known else None,
        staff_senior=staff.senior if known else None,
        knows_rules=said(answers, "knows_rules"),
        covers_three_fields=_all(*(said(answers, key) for key in _FIELDS)),
        latest_record_on=max(past, default=None),
        declared_elsewhere=int(elsewhere) if elsewhere.isascii() and elsewhere.isdigit() else None,
        staff_senior_other=staff.senior_other if known else None,
    )


def declared_by(case: RegistrationCase, answers: Mapping[str, Any], *, book: Rulebook, at: datetime) -> Declared:
    """Return what `answers` and the roster as of `at` say for a case. One query."""
    named = named_fields(roster_sheet(book.key))
    staff = counts([case.evaluator_id], named=named, at=at)[case.evaluator_id]
    return declared(answers, staff, uscc=case.evaluator.organisation.uscc, until=clock.local(at).date())


def judged(facts: Declared, book: Rulebook) -> tuple[Condition, ...]:
    """Return the five conditions as computed from what was declared; the city's acknowledgement is another thing."""
    staff_min, senior_min, since = thresholds(book)
    window = book.windows["five_years"]
    return conditions(
        facts, staff_min=staff_min, senior_min=senior_min, record_since=since, doubtful_from=window.doubtful_from
    )


def remark_places(sheet: Sheet) -> list[tuple[str, str]]:
    """Return every place a remark can stand at: fields and tables in order, then the proofs of each condition."""
    places = []
    for section in sheet.sections:
        named = [(f.key, f.label) for f in section.fields] + [(t.key, t.label) for t in section.tables]
        places += [(f"{sheet.key}.{key}", f"{section.title}／{label}") for key, label in named]
    return places + [(f"{EVIDENCE}{value}", f"证明材料／{label}") for value, label in CaseEvidence.Condition.choices]


def remarks_of(scope: str, scope_id: int) -> list[FieldComment]:
    """Return the remarks of an owner, open ones first, newest first. One query."""
    rows = FieldComment.objects.filter(scope=scope, scope_id=scope_id).order_by("-pk")
    return sorted(rows, key=lambda row: row.answer != FieldComment.Answer.OPEN)


@dataclass(frozen=True, slots=True)
class FiledBody:
    """What a body said of itself in registrations it filed. legal_representative: of the last one; contacts: of all."""

    legal_representative: str = ""
    phones: tuple[str, ...] = ()
    mails: tuple[str, ...] = ()


def filed_bodies(organisation_ids: Iterable[int]) -> dict[int, FiledBody]:
    """Return legal person → what it filed of itself with the city; drafts say nothing yet. One query."""
    rows = RegistrationCase.objects.filter(
        evaluator__organisation_id__in=list(organisation_ids), frozen__isnull=False
    ).order_by("filed_at", "pk")
    found: dict[int, FiledBody] = {}
    for pk, answers in rows.values_list("evaluator__organisation_id", "frozen__answers"):
        before = found.get(pk, FiledBody())
        name, phone, mail = (
            str(answers.get(key) or "").strip() for key in ("legal_representative", "contact_phone", "contact_email")
        )
        found[pk] = FiledBody(
            legal_representative=name or before.legal_representative,
            phones=(*before.phones, phone) if phone else before.phones,
            mails=(*before.mails, mail) if mail else before.mails,
        )
    return found
