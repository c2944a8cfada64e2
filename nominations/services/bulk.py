"""Bulk start: the candidates of a district's Excel become nominations, previewed first, then all or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from evaluators.models import Evaluator
from greenportal.accounts.actors import Actor
from greenportal.directory.models import Industry, Organisation, Subject
from greenportal.directory.validators import validate_uscc
from greenportal.findings.types import DomainError, Invalid
from greenportal.rounds.selectors import rulebook_at
from nominations import rules
from nominations.constants import Category
from nominations.models import Nomination
from nominations.services.drafting import begin, choose_evaluator, choose_standard

_NAME_LIMIT = 120


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """One row as parsed: its number in the workbook, and cells as text.

    category: value or label of Category; subject: site, product line, park or chain, empty for the
    firm's own name; evaluator_uscc: optional, of a registered evaluator.
    """

    number: int
    category: str
    uscc: str
    organisation: str
    subject: str = ""
    industry: str = ""
    standard: str = ""
    evaluator_uscc: str = ""


@dataclass(frozen=True, slots=True)
class CandidateResult:
    """What would be, or was, done with a row. status: new | exists | error; errors by column."""

    row: CandidateRow
    status: str
    errors: tuple[tuple[str, str], ...] = ()
    nomination_id: int | None = None
    organisation_known: bool = False


@dataclass(frozen=True, slots=True)
class _Known:
    """What the database knows about all rows together, in constant queries."""

    organisations: dict[str, Organisation]
    subjects: dict[tuple[int, str, str], Subject]
    industries: set[str]
    evaluators: dict[str, int]
    nominated: dict[tuple[int, str], int]
    categories: frozenset[str]


def category_of(text: str) -> str:
    """Return the Category value for a value or a label; empty when it is neither."""
    by_label = {str(label): value for value, label in Category.choices}
    return by_label.get(text.strip(), text.strip() if text.strip() in Category.values else "")


def _code(text: str) -> str:
    try:
        return validate_uscc(text)
    except Invalid:
        return ""


def _load(rows: Sequence[CandidateRow], round_id: int) -> _Known:
    codes = {code for r in rows for code in (_code(r.uscc), _code(r.evaluator_uscc)) if code}
    organisations = {o.uscc: o for o in Organisation.objects.filter(uscc__in=codes)}
    found = Subject.objects.filter(organisation__in=organisations.values()).select_related("organisation")
    subjects = {(s.organisation_id, s.kind, s.name): s for s in found}
    evaluators = Evaluator.objects.filter(organisation__uscc__in=codes).values_list("organisation__uscc", "pk")
    live = Nomination.objects.filter(round_id=round_id, subject__in=subjects.values()).exclude(state="withdrawn")
    rulebook, _ = rulebook_at(round_id)
    return _Known(
        organisations=organisations,
        subjects=subjects,
        industries=set(
            Industry.objects.filter(code__in={r.industry.strip() for r in rows}).values_list("code", flat=True)
        ),
        evaluators=dict(evaluators),
        nominated={(n.subject_id, n.category): n.pk for n in live},
        categories=frozenset(rulebook.categories),
    )


def preview(*, actor: Actor, round_id: int, authority_id: int, rows: Sequence[CandidateRow]) -> list[CandidateResult]:
    """Say for each row what a commit would do; changes nothing. Constant query count for any number of rows."""
    rules.may_create(actor, authority_id=authority_id).require()
    known = _load(rows, round_id)
    seen: dict[tuple[str, str, str], int] = {}
    results = []
    for row in rows:
        errors = _errors(row, known, authority_id)
        key = (_code(row.uscc), category_of(row.category), row.subject.strip() or row.organisation.strip())
        first = seen.setdefault(key, row.number)
        if first != row.number and not errors:
            errors.append(("subject", f"与第{first}行重复，同一申报对象同一类别只保留一行。"))
        organisation = known.organisations.get(key[0])
        subject = known.subjects.get((organisation.pk, key[1], key[2])) if organisation else None
        existing = known.nominated.get((subject.pk, key[1])) if subject else None
        status = "error" if errors else "exists" if existing else "new"
        results.append(CandidateResult(row, status, tuple(errors), existing, organisation is not None))
    return results


def _errors(row: CandidateRow, known: _Known, authority_id: int) -> list[tuple[str, str]]:
    """The row's problems, column and message that says how to mend it."""
    errors: list[tuple[str, str]] = []
    category = category_of(row.category)
    if category not in known.categories:
        errors.append(("category", f"填写申报类别：{'、'.join(str(label) for label in Category.labels)}。"))
    try:
        code = validate_uscc(row.uscc)
    except Invalid as error:
        errors.append(("uscc", error.message))
        code = ""
    if not row.organisation.strip() or len(row.organisation.strip()) > _NAME_LIMIT:
        errors.append(("organisation", f"填写单位名称（{_NAME_LIMIT}字以内）。"))
    if row.industry.strip() and row.industry.strip() not in known.industries:
        errors.append(
            (
                "industry",
                f"系统尚未收录行业代码{row.industry.strip()}，核对GB/T 4754-2017的四位代码；代码无误的，请市局在“行业代码”中导入。",
            )
        )
    if row.evaluator_uscc.strip() and _code(row.evaluator_uscc) not in known.evaluators:
        errors.append(("evaluator_uscc", "没有找到这一代码的评价机构，核对代码，或留空后在申报中选择。"))
    organisation = known.organisations.get(code)
    if organisation is not None and row.organisation.strip() != organisation.name:
        errors.append(("organisation", f"该代码已登记为“{organisation.name}”，核对名称或代码。"))
    name = row.subject.strip() or row.organisation.strip()
    subject = known.subjects.get((organisation.pk, category, name)) if organisation else None
    if subject is not None and subject.authority_id != authority_id:
        errors.append(("subject", "该申报对象由其他区市县推荐，请与其联系。"))
    return errors


def commit(*, actor: Actor, round_id: int, authority_id: int, rows: Sequence[CandidateRow]) -> list[CandidateResult]:
    """Create the nominations of all new rows in one transaction; rows that exist are left alone.

    Raises Invalid with errors by `row.column` when a row has one: nothing is created then.
    """
    with transaction.atomic():
        results = preview(actor=actor, round_id=round_id, authority_id=authority_id, rows=rows)
        errors = {f"{r.row.number}.{column}": [message] for r in results for column, message in r.errors}
        if errors:
            raise Invalid(f"有{len(errors)}处需要修改，改好后重新上传，本次没有建立任何申报。", errors=errors)
        done = []
        for result in results:
            if result.status != "new":
                done.append(result)
                continue
            try:
                made = _create_row(actor, round_id, authority_id, result.row)
            except DomainError as error:
                message = f"第{result.row.number}行：{error.message}"
                raise Invalid(message, errors={f"{result.row.number}.subject": [error.message]}) from error
            done.append(CandidateResult(result.row, "new", (), made.pk, result.organisation_known))
        return done


def _create_row(actor: Actor, round_id: int, authority_id: int, row: CandidateRow) -> Nomination:
    nomination = begin(
        actor=actor,
        round_id=round_id,
        authority_id=authority_id,
        category=category_of(row.category),
        uscc=row.uscc,
        organisation=row.organisation,
        subject=row.subject,
        industry_code=row.industry,
    )
    if row.standard.strip():
        nomination = choose_standard(
            actor=actor, nomination_id=nomination.pk, seen_version=nomination.version, standard=row.standard
        )
    evaluator = Evaluator.objects.filter(organisation__uscc=_code(row.evaluator_uscc)).first()
    if evaluator is not None:
        nomination = choose_evaluator(
            actor=actor, nomination_id=nomination.pk, seen_version=nomination.version, evaluator_id=evaluator.pk
        )
    return nomination
