"""Incidents: reported at once, verified by somebody else, corrected by addition, facts as of a day."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, InternalError, connection, transaction

from dynamic_mgmt.models import Incident, IncidentRevision, IncidentStep
from dynamic_mgmt.selectors import incident_facts
from dynamic_mgmt.selectors.incidents import of_units, visible_to
from dynamic_mgmt.services import assessing
from dynamic_mgmt.services import incidents as services
from dynamic_mgmt.services.incidents import (
    Told,
    correct_incident,
    decide_incident,
    report_incident,
    withdraw_incident,
)
from dynamic_mgmt.states import INCIDENT_TRANSITIONS, IncidentState
from greenportal import clock
from greenportal.accounts.actors import CITY_ROLES, DISTRICT_ROLES, Actor, Role
from greenportal.audit.models import AuditEntry
from greenportal.filings.worklist import items_for
from greenportal.findings.types import DomainError, Invalid, NotVisible, ReasonRequired, Refused, Stale, WrongState
from greenportal.jobs.models import Job
from greenportal.mail.models import OutboxMail
from greenportal.rounds.rulebook import load
from tests.dynamic_mgmt.conftest import person
from tests.factories.accounts import make_user
from tests.factories.directory import make_authority, make_organisation, make_subject
from tests.factories.dynamic_mgmt import make_listed
from tests.factories.jobs import run_due_jobs
from tests.factories.rounds import DURING
from tests.factories.tables import make_stage

pytestmark = pytest.mark.django_db
HAPPENED = date(2022, 5, 20)


def told(**values: Any) -> Told:
    given: dict[str, Any] = {
        "kind": "safety",
        "severity": "ordinary",
        "source": "creditchina",
        "happened_on": HAPPENED,
        "text": "虚构：试验事故",
        "document_no": "试验文书1号",
    }
    return Told(**{**given, **values})


@pytest.fixture
def district() -> Actor:
    return person(Role.DISTRICT_OFFICER, "甘井子经办", authority_id=make_authority("甘井子区").pk)


@pytest.fixture
def neighbour() -> Actor:
    return person(Role.DISTRICT_OFFICER, "庄河经办", authority_id=make_authority("庄河市").pk)


@pytest.fixture
def unit(district):
    return make_listed("虚构轴承有限公司", authority_id=district.authority_id, organisation=make_organisation())


@pytest.fixture
def incident(district, unit) -> Incident:
    return report_incident(actor=district, told=told(), unit_id=unit.pk)


# --- reporting ----------------------------------------------------------------------------------------------------


def test_the_city_sees_a_report_within_a_minute(district, unit, mailoutbox):
    make_user(Role.CITY_REVIEWER, email="city@example.com", mfa=False)
    incident = report_incident(actor=district, told=told(), unit_id=unit.pk)
    mail = OutboxMail.objects.get(template="incident_reported")
    job = Job.objects.get(kind__startswith="mail.")
    assert job.due_at - job.created_at <= timedelta(minutes=1), incident
    assert "虚构：试验事故" not in str(mail.context), "facts stay behind the sign-in"
    run_due_jobs(job.kind)
    assert [(m.to, m.subject) for m in mailoutbox] == [
        (["city@example.com"], f"即时上报：{unit.organisation.name}（生产安全）")
    ]


def test_the_citys_home_page_shows_a_report_in_the_same_minute(district, unit):
    reviewer = person(Role.CITY_REVIEWER, "市局审核")

    def shown() -> list[str]:
        titles = [item.title for items in items_for(reviewer).values() for item in items]
        return [title for title in titles if title.startswith("核实上报")]

    assert shown() == []
    report_incident(actor=district, told=told(), unit_id=unit.pk)
    with clock.fixed(clock.now() + timedelta(seconds=59)):
        assert shown() == [f"核实上报：{unit.organisation.name}"]


def test_this_years_judgement_hears_of_three_years_and_no_more(district, unit):
    """The edges are those of the rulebook's 近三年, in its widest reading."""
    window = load("2022").windows["three_years"]
    stage = make_stage(organisation=unit.organisation)
    for day in (window.doubtful_from, window.doubtful_from - timedelta(days=1)):
        report_incident(actor=district, told=told(happened_on=day, document_no=f"虚构{day}号"), unit_id=unit.pk)
    heard = assessing.heard(stage.table())
    assert [fact.happened_on for fact in heard] == [window.doubtful_from]


def test_a_report_asks_for_a_fresh_check_of_open_nominations(district, unit):
    report_incident(actor=district, told=told(), unit_id=unit.pk)
    job = Job.objects.get(kind="nominations.recheck")
    assert job.payload == {"organisation_ids": [unit.organisation_id], "cause": "dynamic_mgmt.incident"}


def test_a_legal_person_of_the_district_can_be_reported_without_being_listed(district):
    subject = make_subject(authority=make_authority("甘井子区"))
    incident = report_incident(actor=district, told=told(), organisation_id=subject.organisation_id)
    assert (incident.organisation_id, incident.unit_id) == (subject.organisation_id, None)


def test_a_foreign_unit_or_legal_person_cannot_be_reported(neighbour, unit):
    with pytest.raises(NotVisible):
        report_incident(actor=neighbour, told=told(), unit_id=unit.pk)
    with pytest.raises(NotVisible):
        report_incident(actor=neighbour, told=told(), organisation_id=unit.organisation_id)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"kind": "x"}, "kind"),
        ({"severity": "x"}, "severity"),
        ({"source": "x"}, "source"),
        ({"source": "other"}, "source_text"),
        ({"happened_on": date(2030, 1, 1)}, "happened_on"),
        ({"text": " "}, "text"),
        ({"text": "长" * 1001}, "text"),
        ({"document_no": ""}, "document_no"),
        ({"document_no": "长" * 121}, "document_no"),
    ],
)
def test_every_field_has_its_message(district, unit, values, field):
    with pytest.raises(Invalid) as refused:
        report_incident(actor=district, told=told(**values), unit_id=unit.pk)
    assert set(refused.value.errors) == {field}
    assert Incident.objects.count() == 0


def test_the_same_is_reported_once(district, unit, incident):
    with pytest.raises(WrongState, match="已上报"):
        report_incident(actor=district, told=told(), unit_id=unit.pk)
    report_incident(actor=district, told=told(happened_on=date(2022, 5, 21)), unit_id=unit.pk)


@pytest.mark.parametrize("role", list(Role))
def test_who_may_report(role, unit, district):
    actor = person(role, f"角色{role}", authority_id=unit.authority_id)
    if role in DISTRICT_ROLES | CITY_ROLES:
        assert report_incident(actor=actor, told=told(), unit_id=unit.pk).pk
    else:
        with pytest.raises(Refused):
            report_incident(actor=actor, told=told(), unit_id=unit.pk)


# --- the machine --------------------------------------------------------------------------------------------------

ACTIONS = {
    "correct": lambda actor, row, reason: correct_incident(
        actor=actor, incident_id=row.pk, seen_version=row.version, told=told(severity="larger"), reason=reason
    ),
    "withdraw": lambda actor, row, reason: withdraw_incident(
        actor=actor, incident_id=row.pk, seen_version=row.version, reason=reason
    ),
    "verify": lambda actor, row, reason: decide_incident(
        actor=actor, incident_id=row.pk, seen_version=row.version, verify=True, reason=reason
    ),
    "reject": lambda actor, row, reason: decide_incident(
        actor=actor, incident_id=row.pk, seen_version=row.version, verify=False, reason=reason
    ),
}


_CITY = {Role.CITY_REVIEWER, Role.CITY_LEAD}
_REPORTERS = {Role.DISTRICT_OFFICER, Role.DISTRICT_LEAD} | _CITY
#: action: from → to, who, whether a reason is needed. Written from 通知 三 and DESIGN §4, not read from the code.
ORACLE: dict[str, tuple[dict[str, str], set[Role], bool]] = {
    "correct": ({"reported": "reported", "verified": "reported"}, _REPORTERS, True),
    "withdraw": ({"reported": "withdrawn"}, _REPORTERS, True),
    "verify": ({"reported": "verified"}, _CITY, False),
    "reject": ({"reported": "rejected", "verified": "rejected"}, _CITY, True),
}


def test_the_machine_has_the_actions_of_the_oracle_and_no_other():
    assert {t.action for t in INCIDENT_TRANSITIONS} == set(ORACLE) == set(ACTIONS)


@pytest.mark.parametrize(("state", "action"), list(itertools.product(IncidentState, ACTIONS)))
def test_every_state_action_role_and_reason(state, action, incident, reviewer):
    decider = {"decided_by_id": reviewer.user_id} if state == IncidentState.VERIFIED else {}
    Incident.objects.filter(pk=incident.pk).update(state=state, **decider)
    incident.refresh_from_db()
    for role, reason in itertools.product(Role, ("", "写明理由")):
        actor = person(role, f"角色{role}", authority_id=incident.authority_id)
        moves, who, needs_reason = ORACLE[action]
        possible = state.value in moves and role in who
        allowed = possible and bool(reason or not needs_reason)
        held = transaction.savepoint()
        try:
            done = ACTIONS[action](actor, incident, reason)
        except DomainError as error:
            assert not allowed, (role, reason, error)
            assert not possible or isinstance(error, ReasonRequired)
            assert Incident.objects.get(pk=incident.pk).state == state
        else:
            assert allowed and done.state == moves[state.value]
        transaction.savepoint_rollback(held)


def test_who_wrote_a_report_does_not_verify_it(reviewer, lead, unit):
    incident = report_incident(actor=reviewer, told=told(), unit_id=unit.pk)
    with pytest.raises(Refused, match="不能核实自己"):
        decide_incident(actor=reviewer, incident_id=incident.pk, seen_version=1, verify=True)
    correct_incident(
        actor=lead, incident_id=incident.pk, seen_version=1, told=told(severity="larger"), reason="更正等级"
    )
    with pytest.raises(Refused, match="不能核实自己"):
        decide_incident(actor=lead, incident_id=incident.pk, seen_version=2, verify=True)


def test_the_database_knows_two_people_as_well(incident):
    with pytest.raises(IntegrityError, match="incident_two_people"), transaction.atomic():
        Incident.objects.filter(pk=incident.pk).update(state="verified", decided_by_id=incident.reported_by_id)


def test_what_somebody_else_changed_is_not_decided_unseen(incident, reviewer):
    with pytest.raises(Stale):
        decide_incident(actor=reviewer, incident_id=incident.pk, seen_version=9, verify=True)


# --- corrections are history --------------------------------------------------------------------------------------


def test_a_correction_keeps_what_was_reported_and_asks_the_city_again(district, incident, reviewer):
    decide_incident(actor=reviewer, incident_id=incident.pk, seen_version=1, verify=True)
    done = correct_incident(
        actor=district, incident_id=incident.pk, seen_version=2, told=told(severity="larger"), reason="认定为较大"
    )
    assert (done.state, done.decided_by_id) == ("reported", None)
    rows = list(IncidentRevision.objects.values_list("number", "severity", "reason"))
    assert rows == [(1, "ordinary", ""), (2, "larger", "认定为较大")]
    assert list(IncidentStep.objects.values_list("action", "state")) == [
        ("report", "reported"),
        ("verify", "verified"),
        ("correct", "reported"),
    ]
    actions = AuditEntry.objects.filter(target=f"dynamic_mgmt.incident:{incident.pk}").values_list("action", flat=True)
    assert set(actions) == {f"dynamic_mgmt.{verb}_incident" for verb in ("report", "verify", "correct")}


def test_what_the_city_verified_is_not_erased_by_a_correction_and_a_withdrawal(district, incident, reviewer):
    decide_incident(actor=reviewer, incident_id=incident.pk, seen_version=1, verify=True)
    correct_incident(
        actor=district, incident_id=incident.pk, seen_version=2, told=told(text="虚构：更正"), reason="更正"
    )
    values = {"incident_id": incident.pk, "seen_version": 3, "reason": "误报"}
    with pytest.raises(WrongState, match="市局核实过的情况不能撤回"):
        withdraw_incident(actor=district, **values)
    assert Incident.objects.get(pk=incident.pk).state == "reported"
    assert withdraw_incident(actor=reviewer, **values).state == "withdrawn", "the city may"


def test_control_what_was_never_verified_is_withdrawn_also_after_a_correction(district, incident):
    correct_incident(
        actor=district, incident_id=incident.pk, seen_version=1, told=told(text="虚构：更正"), reason="更正"
    )
    done = withdraw_incident(actor=district, incident_id=incident.pk, seen_version=2, reason="误报")
    assert done.state == "withdrawn"


def test_a_correction_does_not_make_one_report_the_double_of_another(district, unit, incident):
    other = report_incident(actor=district, told=told(happened_on=date(2022, 5, 21)), unit_id=unit.pk)
    values = {"actor": district, "incident_id": other.pk, "seen_version": 1, "reason": "日期有误"}
    with pytest.raises(WrongState, match="已上报"):
        correct_incident(told=told(), **values)
    assert Incident.objects.get(pk=other.pk).revisions.count() == 1
    kept = correct_incident(told=told(happened_on=date(2022, 5, 21), severity="larger"), **values)
    assert kept.current.severity == "larger", "its own record is no double"


@pytest.mark.parametrize("model", [IncidentRevision, IncidentStep])
def test_history_cannot_be_rewritten(incident, model):
    field = "text" if model is IncidentRevision else "reason"
    for act in (lambda: model.objects.update(**{field: "改写"}), lambda: model.objects.all()._raw_delete("default")):
        with pytest.raises(InternalError), transaction.atomic():
            act()


# --- who sees it --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(Role))
def test_an_incident_is_seen_by_its_district_and_the_city_alone(role, incident, unit):
    at_home = person(role, f"本区{role}", authority_id=incident.authority_id, organisation_id=unit.organisation_id)
    abroad = person(role, f"外区{role}", authority_id=make_authority("庄河市").pk)
    sees = [visible_to(actor).filter(pk=incident.pk).exists() for actor in (at_home, abroad)]
    city = role in CITY_ROLES | {Role.SYSTEM}
    assert sees == [city or role in DISTRICT_ROLES, city]


def test_another_district_cannot_touch_it(neighbour, incident):
    for action in ACTIONS.values():
        with pytest.raises(NotVisible):
            action(neighbour, incident, "理由")


# --- facts --------------------------------------------------------------------------------------------------------


def known(organisation, at):
    return [(f.severity, f.verified) for f in incident_facts([organisation.pk], as_of=at)[organisation.pk]]


def test_facts_are_those_of_their_day(district, unit, reviewer):
    organisation, days = unit.organisation, [DURING + timedelta(days=n) for n in range(4)]
    with clock.fixed(days[0]):
        incident = report_incident(actor=district, told=told(), unit_id=unit.pk)
    with clock.fixed(days[1]):
        decide_incident(actor=reviewer, incident_id=incident.pk, seen_version=1, verify=True)
    with clock.fixed(days[2]):
        correct_incident(
            actor=district, incident_id=incident.pk, seen_version=2, told=told(severity="larger"), reason="更正"
        )
    with clock.fixed(days[3]):
        decide_incident(actor=reviewer, incident_id=incident.pk, seen_version=3, verify=False, reason="异议成立")
    expected = [[("ordinary", False)], [("ordinary", True)], [("larger", False)], []]
    assert [known(organisation, day) for day in days] == expected
    assert [known(organisation, clock.local(day).date()) for day in days] == expected
    assert known(organisation, DURING - timedelta(seconds=1)) == []


def test_facts_find_the_legal_person_by_link_code_and_either_name(district, reviewer):
    by_code, by_name = make_organisation(), make_organisation(name="虚构新名称有限公司")
    units = [
        make_listed("虚构甲有限公司", uscc=by_code.uscc, authority_id=district.authority_id),
        make_listed(
            "虚构旧名称有限公司",
            renamed_to="虚构新名称有限公司",
            renamed_key="虚构新名称有限公司",
            authority_id=district.authority_id,
        ),
        make_listed("虚构新名称有限公司", matchable=False, batch="6", authority_id=district.authority_id),
    ]
    for unit in units:
        report_incident(actor=district, told=told(), unit_id=unit.pk)
    found = incident_facts([by_code.pk, by_name.pk], as_of=DURING)
    assert [len(found[pk]) for pk in (by_code.pk, by_name.pk)] == [1, 1]
    assert [len(facts) for facts in of_units([u.pk for u in units], as_of=DURING).values()] == [1, 1, 1]


def test_an_incident_of_a_legal_person_is_one_of_each_of_its_units(district, unit):
    other = make_listed("虚构轴承有限公司", batch="6", organisation=unit.organisation)
    report_incident(actor=district, told=told(), unit_id=unit.pk)
    assert [len(facts) for facts in of_units([unit.pk, other.pk], as_of=DURING).values()] == [1, 1]


@pytest.mark.parametrize("count", [1, 3])
def test_facts_cost_the_same_for_one_and_three(count, district, django_assert_num_queries):
    units = [
        make_listed(f"虚构{n}号有限公司", organisation=make_organisation(), authority_id=district.authority_id)
        for n in range(count)
    ]
    for unit in units:
        report_incident(actor=district, told=told(), unit_id=unit.pk)
    with django_assert_num_queries(4):
        incident_facts([unit.organisation_id for unit in units], as_of=DURING)
    with django_assert_num_queries(4):
        of_units([unit.pk for unit in units], as_of=DURING)


# --- races --------------------------------------------------------------------------------------------------------


def reported_side_by_side(actor: Actor, unit_id: int) -> int:
    together = threading.Barrier(3)

    def one(_: int) -> None:
        try:
            together.wait(30)
            with clock.fixed(DURING):
                report_incident(actor=actor, told=told(), unit_id=unit_id)
        except WrongState:
            pass
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(one, range(3)))
    return Incident.objects.count()


@pytest.mark.django_db(transaction=True)
def test_a_report_pressed_three_times_at_once_is_stored_once(district, unit):
    assert reported_side_by_side(district, unit.pk) == 1


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_it_is_stored_more_than_once(district, unit, monkeypatch):
    found = services._refuse_twice
    together = threading.Barrier(3)

    def late(*args: Any) -> None:
        found(*args)
        together.wait(30)

    monkeypatch.setattr(services, "_about", lambda *_: (unit.organisation, unit))
    monkeypatch.setattr(services, "_refuse_twice", late)
    assert reported_side_by_side(district, unit.pk) == 3


def corrected_side_by_side(actor: Actor, unit_id: int) -> int:
    """Two records of one unit corrected to the same day at once; returns how many then tell of it."""
    days = [date(2022, 4, 1), date(2022, 4, 2)]
    rows = [report_incident(actor=actor, told=told(happened_on=day), unit_id=unit_id) for day in days]
    together = threading.Barrier(2)

    def one(row: Incident) -> None:
        try:
            together.wait(30)
            with clock.fixed(DURING):
                correct_incident(
                    actor=actor, incident_id=row.pk, seen_version=row.version, told=told(), reason="日期写错"
                )
        except WrongState:
            pass
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one, rows))
    return Incident.objects.filter(current__happened_on=told().happened_on).count()


@pytest.mark.django_db(transaction=True)
def test_two_corrections_at_once_do_not_tell_the_same_twice(district, unit):
    assert corrected_side_by_side(district, unit.pk) == 1


@pytest.mark.django_db(transaction=True)
def test_control_without_holding_the_legal_person_the_same_is_told_twice(district, unit, monkeypatch):
    found = services._refuse_twice
    together = threading.Barrier(2)

    def late(*args: Any, **values: Any) -> None:
        found(*args, **values)
        if values:
            together.wait(30)

    monkeypatch.setattr(services, "_hold", lambda _: None)
    monkeypatch.setattr(services, "_refuse_twice", late)
    assert corrected_side_by_side(district, unit.pk) == 2
