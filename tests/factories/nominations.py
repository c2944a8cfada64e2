"""Nominations for tests and the demo: a district with its people, complete nominations, a list ready to submit.

Everything is made through the services, so that history, audit and versions are real. All people and firms are fictional.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from unittest.mock import patch

from evaluators.models import Evaluator
from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.directory.models import Authority, Subject
from greenportal.files.models import StoredFile
from greenportal.files.services import store_issued
from greenportal.filings.models import Filing
from greenportal.findings.types import Finding
from greenportal.rounds.models import Round
from greenportal.sheets import Field, FieldType, Level, Sheet, Table, validate
from nominations.constants import FILE_DOCUMENT, FILE_SCAN, Category
from nominations.models import Nomination, RecommendationList, SealScan, Submission
from nominations.selectors.content import contents, may_be_left, sheets_by_sha
from nominations.selectors.decisions import latest_decisions, seen_of, undecided
from nominations.services import (
    accepting,
    checking,
    deciding,
    documents,
    drafting,
    finalising,
    handing_in,
    rechecking,
    sealing,
    submitting,
)
from tests.factories.accounts import make_actor
from tests.factories.directory import make_authority, make_industry, make_organisation, make_subject
from tests.factories.evaluators import make_evaluator, make_registration
from tests.factories.rounds import DURING, open_round_2022

_numbers = itertools.count(1)

#: Answers that pass every rule where a generic value would not.
CLEAN: dict[str, Any] = {
    **{f"ex{n}_exists": "no" for n in range(1, 7)},
    "other_exists": "no",
    "creditchina_clean": "yes",
    "gsxt_clean": "yes",
    "zxgk_clean": "yes",
    "creditchina_on": "2022-09-10",
    "gsxt_on": "2022-09-10",
    "zxgk_on": "2022-09-10",
    "applies": "no",
    "park_level": "national",
    "production_main": "yes",
    "industrial_share": "80",
    "legal_boundary": "yes",
    "one_body": "yes",
    "low_carbon_pilot": "yes",
    "leading": "yes",
    "system": "generic",
    "industry_group": "generic",
    "standard_no": "GB/T 32161-2015",
    "phone": "0411-85550100",
    "legal_phone": "0411-85550101",
    "mobile": "13800000000",
    "postcode": "116300",
}
_BY_TYPE: dict[FieldType, Any] = {
    FieldType.INTEGER: "12",
    FieldType.DECIMAL: "12",
    FieldType.DATE: "2020-03-01",
    FieldType.MONTH: "2022-03",
    FieldType.YEAR: "2021",
    FieldType.YESNO: "yes",
    FieldType.USCC: "91210202MA0TE5T16A",
    FieldType.PHONE: "0411-85550100",
    FieldType.EMAIL: "office@example.com",
    FieldType.POSTCODE: "116300",
    FieldType.INDUSTRY: "3451",
    FieldType.URL: "https://example.com",
}


@dataclass(frozen=True)
class District:
    """A district with two people, in an open round."""

    round: Round
    authority: Authority
    officer: Actor
    lead: Actor


@dataclass(frozen=True)
class Ready:
    """A list and the nominations on it."""

    district: District
    list: RecommendationList
    nominations: list[Nomination]
    scan: SealScan | None = None
    submission: Submission | None = None
    applicants: dict[int, Actor] = field(default_factory=dict)


def make_district(name: str = "瓦房店市", *, year: Round | None = None) -> District:
    """A district of the round (a new 2022 one by default), with an officer and a lead."""
    authority = make_authority(name)
    return District(
        round=year or open_round_2022(),
        authority=authority,
        officer=make_actor(Role.DISTRICT_OFFICER, authority=authority),
        lead=make_actor(Role.DISTRICT_LEAD, authority=authority),
    )


def make_city(role: Role = Role.CITY_REVIEWER) -> Actor:
    """A reviewer of the city bureau."""
    return make_actor(role)


def applicant_of(nomination: Nomination) -> Actor:
    """A handler of the nomination's applicant."""
    return make_actor(Role.APPLICANT, organisation=nomination.applicant)


def value_for(column: Field) -> Any:
    """A value that the field accepts."""
    if column.key in CLEAN:
        return CLEAN[column.key]
    if column.max_from:
        # Its row prints the most that it may be.
        return "1"
    if column.type == FieldType.CHOICE:
        return column.choices[0].value
    if column.type == FieldType.MULTICHOICE:
        return [column.choices[0].value]
    if column.type == FieldType.INDUSTRIES:
        return ["3451"]
    if column.type in _BY_TYPE:
        return _BY_TYPE[column.type]
    return f"试验{column.label}"[: column.max_length or 40]


def _table_rows(table: Table) -> list[dict[str, Any]]:
    rows = []
    for row_id in [row.id for row in table.fixed] or [f"r{n}" for n in range(1, table.min_rows + 1)]:
        cells = {c.key: value_for(c) for c in table.columns if not table.is_printed(row_id, c.key) and not c.formula}
        rows.append({"_id": row_id, **cells})
    return rows


def complete_answers(sheet: Sheet, given: dict[str, Any] | None = None) -> dict[str, Any]:
    """Answers with every field typed; raises AssertionError when one of them would stop handing in."""
    answers: dict[str, Any] = {f.key: value_for(f) for f in sheet.fields() if not f.formula and str(f.required) != "no"}
    answers.update({t.key: _table_rows(t) for t in sheet.tables() if t.fixed or t.min_rows})
    answers.update(given or {})
    stopping = [p for p in validate(sheet, answers) if p.level != Level.SOFT]
    # What a condition hides is never asked for, so only what is asked can be wrong.
    assert not stopping, stopping
    return answers


def fill(nomination: Nomination, **values: Any) -> None:
    """Complete every sheet that handing in asks for straight in the table; `values` by field key win.

    The reports as forms stay unbegun: `tests.factories.reports` fills them.
    """
    for held in nomination.sheets.select_related("filing"):
        if may_be_left(held.sheet_key):
            continue
        sheet = sheets_by_sha([held.filing.definition_sha256])[held.filing.definition_sha256]
        keys = {f.key for f in sheet.fields()} | {t.key for t in sheet.tables()}
        known = {k: v for k, v in held.filing.answers.items() if v}
        answers = complete_answers(sheet, {**known, **{k: v for k, v in values.items() if k in keys}})
        Filing.objects.filter(pk=held.filing_id).update(answers=answers)


def make_pdf(text: str) -> bytes:
    """The smallest PDF with one empty page and `text` in a comment, so that each is different."""
    body = f"%PDF-1.4\n%{hashlib.sha256(text.encode()).hexdigest()}\n".encode()
    objects = [
        b"1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n",
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n",
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\n",
    ]
    offsets = []
    for item in objects:
        offsets.append(len(body))
        body += item
    start = len(body)
    table = b"xref\n0 4\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % o for o in offsets)
    return body + table + b"trailer<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % start


def make_file(actor: Actor, *, kind: str = FILE_DOCUMENT, text: str = "", name: str = "报告.pdf") -> StoredFile:
    """A stored PDF that the actor uploaded just now."""
    file = store_issued(
        source=make_pdf(text or f"file {next(_numbers)}"),
        name=name,
        kind=kind,
        content_type="application/pdf",
        pages=1,
        owner_organisation_id=actor.organisation_id,
        owner_authority_id=actor.authority_id,
    )
    StoredFile.objects.filter(pk=file.pk).update(uploaded_by_id=actor.user_id)
    file.refresh_from_db()
    return file


def make_draft(
    district: District, category: str = Category.FACTORY, *, subject: Subject | None = None, **organisation: Any
) -> Nomination:
    """A nomination just begun by the district's officer."""
    if subject is None:
        values = {
            "legal_representative": "张三试",
            "ownership": "private",
            "address": "大连市试验路1号",
            "established_on": date(2001, 5, 1),
            "email": "office@example.com",
            "phone": "0411-85550100",
            **organisation,
        }
        subject = make_subject(
            make_organisation(**values),
            district.authority,
            kind=category,
            industry=make_industry(),
            address="大连市试验路1号",
        )
    return drafting.create(actor=district.officer, round_id=district.round.pk, category=category, subject_id=subject.pk)


def good_evaluator(year: Round) -> Evaluator:
    """An evaluator whose registration meets all conditions."""
    evaluator = make_evaluator()
    make_registration(evaluator, year)
    return evaluator


def make_complete(
    district: District,
    category: str = Category.FACTORY,
    *,
    evaluator: Evaluator | None = None,
    slots: Iterable[str] = (),
    **values: Any,
) -> Nomination:
    """A draft that can be handed in: sheets complete, hard documents attached, not yet confirmed."""
    nomination = make_draft(district, category)
    fill(nomination, **values)
    if category != Category.PRODUCT:
        evaluator = evaluator or good_evaluator(district.round)
        nomination = drafting.choose_evaluator(
            actor=district.officer,
            nomination_id=nomination.pk,
            seen_version=nomination.version,
            evaluator_id=evaluator.pk,
        )
    nomination = drafting.set_key_energy_user(
        actor=district.officer,
        nomination_id=nomination.pk,
        seen_version=nomination.version,
        value=False,
        reason="不属于重点用能行业",
    )
    wanted = ["self_report", *([] if category == Category.PRODUCT else ["third_party_report"]), *slots]
    for slot in wanted:
        file = make_file(district.officer)
        documents.attach(actor=district.officer, nomination_id=nomination.pk, slot=slot, file_id=file.pk)
    nomination.refresh_from_db()
    return nomination


def confirm(nomination: Nomination, *, actor: Actor | None = None) -> Nomination:
    """The legal representative's word for the content as it stands."""
    sha = contents([nomination.pk])[nomination.pk].digest
    return handing_in.confirm(
        actor=actor or applicant_of(nomination), nomination_id=nomination.pk, seen_sha256=sha, name="张三试"
    )


def make_handed_in(district: District, category: str = Category.FACTORY, **values: Any) -> Nomination:
    """A nomination handed in by its applicant."""
    nomination = make_complete(district, category, **values)
    actor = applicant_of(nomination)
    nomination = confirm(nomination, actor=actor)
    return handing_in.hand_in(actor=actor, nomination_id=nomination.pk, seen_version=nomination.version).nomination


def make_checked(district: District, category: str = Category.FACTORY, **values: Any) -> Nomination:
    """A nomination that the district has checked."""
    nomination = make_handed_in(district, category, **values)
    return checking.check(actor=district.officer, nomination_id=nomination.pk, seen_version=nomination.version)


def make_needing_decision(district: District) -> Nomination:
    """A checked key energy user whose figure misses the benchmark that was entered: ENERGY waits for a decision."""
    entry = {
        "_id": "r1",
        "product": "试验产品",
        "indicator": "单位产品综合能耗",
        "unit": "kgce/t",
        "value": "200",
        "benchmark_key": "none",
        "entered_benchmark": "100",
        "entered_source": "试验文件",
        "standard_no": "GB 0000",
        "year": "2021",
    }
    nomination = make_complete(district, applies="yes", entries=[entry])
    Nomination.objects.filter(pk=nomination.pk).update(key_energy_user=True)
    nomination.refresh_from_db()
    confirm(nomination)
    nomination.refresh_from_db()
    actor = applicant_of(nomination)
    done = handing_in.hand_in(actor=actor, nomination_id=nomination.pk, seen_version=nomination.version)
    checked = checking.check(actor=district.officer, nomination_id=nomination.pk, seen_version=done.nomination.version)
    rechecking.recheck(nomination_ids=[checked.pk])
    checked.refresh_from_db()
    return checked


def fresh(nomination: Nomination) -> Nomination:
    """Return the nomination as it is stored now."""
    nomination.refresh_from_db()
    return nomination


def the_list(district: District) -> RecommendationList:
    """The district's list as stored now."""
    return RecommendationList.objects.get(round=district.round, authority=district.authority)


def seen_facts(nomination: Nomination, rule: str) -> str:
    """Return the fingerprint of what the last check says by `rule`; empty when it says nothing."""
    run = Nomination.objects.select_related("last_check").get(pk=nomination.pk).last_check
    found = [Finding.from_json(row) for row in run.findings] if run else []
    return next((seen_of(finding) for finding in found if finding.rule == rule), "")


def decide(nomination: Nomination, rule: str, *, actor: Actor, keep: bool, reason: str) -> None:
    """Decide in writing what the last check says by `rule`."""
    deciding.decide(
        actor=actor,
        nomination_id=nomination.pk,
        seen_version=nomination.version,
        seen_facts=seen_facts(nomination, rule),
        rule=rule,
        keep=keep,
        reason=reason,
    )


def decide_all(district: District) -> None:
    """Keep every checked nomination whose check asks for a written decision."""
    rows = list(Nomination.objects.filter(round=district.round, authority=district.authority, state="checked"))
    rechecking.recheck(nomination_ids=[n.pk for n in rows])
    for row in rows:
        row.refresh_from_db()
        found = [Finding.from_json(f) for f in row.last_check.findings] if row.last_check else []
        for finding in undecided(found, latest_decisions([row.pk]).get(row.pk, {})):
            row.refresh_from_db()
            deciding.decide(
                actor=district.officer,
                nomination_id=row.pk,
                seen_version=row.version,
                seen_facts=seen_of(finding),
                rule=finding.rule,
                keep=True,
                reason="情况特殊，同意推荐",
            )


def finalise(district: District) -> RecommendationList:
    """定稿 by the officer, decisions taken."""
    decide_all(district)
    row = the_list(district)
    finalising.finalise(
        actor=district.officer, list_id=row.pk, seen_version=row.version, contact="李四试", phone="0411-85550100"
    )
    return the_list(district)


def seal(district: District) -> SealScan:
    """Upload a scan that no machine can read and declare it to match."""
    row = the_list(district)
    # An empty page: no process is started to find no code on it (tests/nominations/services/test_lists.py looks).
    with patch.object(sealing, "read_codes", return_value=[]):
        return sealing.seal(
            actor=district.officer,
            list_id=row.pk,
            seen_version=row.version,
            file_id=make_scan(district.officer).pk,
            declared_reason="已逐页核对，与当前版本一致",
        )


def make_scan(actor: Actor) -> StoredFile:
    """An uploaded scan of one empty page."""
    return make_file(actor, kind=FILE_SCAN, name="盖章扫描件.pdf")


def accept_all(district: District, nominations: Iterable[Nomination]) -> None:
    """The city accepts every nomination of a submitted list, and then the list."""
    city = make_city()
    for nomination in nominations:
        nomination.refresh_from_db()
        accepting.accept(actor=city, nomination_id=nomination.pk, seen_version=nomination.version)
    row = the_list(district)
    accepting.accept_list(actor=city, list_id=row.pk, seen_version=row.version)


def ready_list(
    district: District | None = None,
    *,
    categories: Sequence[str] = (Category.FACTORY,),
    stage: str = "sealed",
    at: datetime = DURING,
    evaluators: Sequence[Evaluator | None] = (),
) -> Ready:
    """A district whose list has come to `stage`: checked, finalised, sealed, submitted or accepted. Runs at `at`.

    evaluators: of each nomination in order; where it ends, a new one each.
    """
    with clock.fixed(at):
        district = district or make_district()
        named = itertools.zip_longest(categories, evaluators)
        nominations = [
            make_checked(district, category, **({"evaluator": body} if body else {})) for category, body in named
        ]
        scan = submission = None
        if stage in {"finalised", "sealed", "submitted", "accepted"}:
            finalise(district)
        if stage in {"sealed", "submitted", "accepted"}:
            scan = seal(district)
        row = the_list(district)
        if stage in {"submitted", "accepted"}:
            submission = submitting.submit(actor=district.lead, list_id=row.pk, seen_version=row.version)
        if stage == "accepted":
            accept_all(district, nominations)
        for nomination in nominations:
            nomination.refresh_from_db()
        return Ready(district, the_list(district), nominations, scan, submission)
