"""Stage `collecting`: applicants, their reports, evaluators, opinions, and nominations in every state before 定稿."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from django.db import transaction

from evaluators.demo import papers, working
from evaluators.models import Evaluator
from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.directory.models import Authority, Organisation, Subject
from greenportal.directory.services import register_organisation, register_subject
from greenportal.rounds.models import Round
from greenportal.rounds.selectors import rulebook_at
from nominations.constants import Category
from nominations.demo import evaluating, people, playing
from nominations.demo.fiction import DISTRICTS, Applicant
from nominations.demo.opening import Say, at
from nominations.demo.opinions import consult
from nominations.demo.people import Person
from nominations.demo.playing import Stage
from nominations.demo.uploading import Wanted, slots_of, upload
from nominations.models import Nomination
from nominations.services import rechecking

#: Applicants that have an account of their own: number in the cast → its name.
HANDLERS: Mapping[int, str] = {
    1: "qy-factory",
    21: "qy-newcomer",
    32: "qy-returned",
    35: "qy-product",
    49: "qy-park",
    54: "qy-chain",
}


def officer_of(district: str) -> Actor:
    """Return the officer of a district."""
    return people.actor_named(f"{people.PREFIXES[district]}-officer")


def collecting(year: Round, cast: Sequence[Applicant], say: Say, *, heavy: bool = False) -> None:
    """Play the round up to the week before the deadline. Nominations come all or none, so that a second run can tell."""
    if Nomination.objects.filter(round=year).exists():
        say("申报已载入，不再重复。")
        return
    with transaction.atomic(), clock.fixed(at(9, 7)):
        say("登记演示单位和评价机构，建立其账户 …")
        subjects = {applicant.number: _register(applicant) for applicant in cast}
        bodies = evaluating.found(people.actor_named("dl-reviewer"))
        people.appoint(_handlers(cast))
    book, _ = rulebook_at(year.pk)
    with clock.fixed(at(9, 20)):
        wanted = [
            Wanted(applicant, slot, label, officer_of(applicant.district))
            for applicant in cast
            for slot, label in slots_of(applicant, book)
        ]
        say(f"生成并上传{len(wanted)}份报告和证明材料（PDF） …")
        files = upload(wanted, heavy=heavy)
    with transaction.atomic():
        _play(Stage(year, subjects, bodies, files), cast, say)


def _play(stage: Stage, cast: Sequence[Applicant], say: Say) -> None:
    reviewer, lead = people.actor_named("dl-reviewer"), people.actor_named("dl-lead")
    say("登记评价机构条件、关联关系和不予采信 …")
    with clock.fixed(at(9, 8)):
        evaluating.prove(dict(stage.evaluators), reviewer=reviewer, lead=lead, round_id=stage.round.pk)
    say(f"建立并填写{len(cast)}项申报 …")
    made = {}
    for applicant in cast:
        with clock.fixed(at(9, 20, 10, applicant.number % 60)):
            made[applicant.number] = playing.begin(applicant, stage, officer_of(applicant.district))
    say("评价机构确认评价项目，申报单位提交，区市县核对和退回 …")
    for applicant in cast:
        playing.carry(applicant, made[applicant.number], officer_of(applicant.district), HANDLERS.get(applicant.number))
    say("评价机构登记、人员名册和年度工作情况报告 …")
    usernames = {body.key: body.username for body in evaluating.CAST}

    def admin_of(key: str) -> Actor:
        return people.actor_named(usernames[key])

    with clock.fixed(at(9, 29, 15)):
        person = people.actor_named(evaluating.LEAD).user_id
        working.work(stage.evaluators, round_id=stage.round.pk, admin_of=admin_of, lead_user_id=person)
    papers.play(stage.evaluators, round_id=stage.round.pk, reviewer=reviewer, admin_of=admin_of, at=at(9, 30))
    say("征求部门意见 …")
    for district in DISTRICTS:
        if any(applicant.district == district for applicant in cast):
            consult(stage.round, district, officer_of(district))
    say("按规则书核查全部申报 …")
    with clock.fixed(at(10, 8, 17)):
        rechecking.recheck(nomination_ids=rechecking.open_ids(round_id=stage.round.pk), cause="nightly")


def _register(applicant: Applicant) -> Subject:
    """Register the legal person and what of it is nominated, as its district's officer does."""
    officer = officer_of(applicant.district)
    park = applicant.category == Category.PARK
    organisation = register_organisation(
        actor=officer,
        uscc=applicant.uscc,
        name=applicant.organisation,
        ownership=Organisation.Ownership.values[0] if park else "private",
        legal_representative=applicant.legal_representative,
        address=applicant.address,
        established_on=date(1996 + applicant.number % 20, 1 + applicant.number % 12, 8),
        phone=f"0411-8556{applicant.number:04d}",
        email="office@example.com",
    )
    return register_subject(
        actor=officer,
        organisation_id=organisation.pk,
        kind=applicant.category,
        name=applicant.subject,
        authority_id=Authority.objects.get(code=people.authority_code(applicant.district)).pk,
        territory_code=applicant.district,
        address=applicant.address,
        industry_code=applicant.industry,
    )


def _handlers(cast: Sequence[Applicant]) -> list[Person]:
    """The people of applicants and evaluators that sign in."""
    rows = [
        Person(HANDLERS[a.number], f"示例·{a.legal_representative[0]}申报员", Role.APPLICANT, uscc=a.uscc)
        for a in cast
        if a.number in HANDLERS
    ]
    organisations = {e.organisation.name: e.organisation.uscc for e in Evaluator.objects.select_related("organisation")}
    for body in evaluating.CAST:
        role = Role.EVALUATOR_ADMIN
        rows.append(Person(body.username, f"示例·{body.name[2:4]}评价员", role, uscc=organisations[body.name]))
    first = organisations[evaluating.CAST[0].name]
    rows.append(Person(evaluating.LEAD, f"示例·{evaluating.CAST[0].name[2:4]}项目负责人", Role.EVALUATOR, uscc=first))
    return rows
