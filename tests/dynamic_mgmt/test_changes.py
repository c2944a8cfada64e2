"""Renames and major changes: batch and count never change, the directory follows, two people, re-checks."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, InternalError, connection, transaction

from dynamic_mgmt.models import ListedUnit, UnitChange, UnitName
from dynamic_mgmt.naming import name_key
from dynamic_mgmt.selectors import Filters, filtered, register_facts, visible_to
from dynamic_mgmt.selectors.changes import history_of, open_rechecks
from dynamic_mgmt.selectors.changes import visible_to as changes_visible_to
from dynamic_mgmt.services import renaming
from dynamic_mgmt.services.renaming import (
    ChangeTold,
    confirm_renames,
    decide_change,
    propose_change,
    propose_published_renames,
    record_recheck,
    withdraw_change,
)
from dynamic_mgmt.states import CHANGE_TRANSITIONS, ChangeState
from greenportal import clock
from greenportal.accounts.actors import CITY_ROLES, DISTRICT_ROLES, Actor, Role
from greenportal.directory.models import Organisation
from greenportal.findings.types import DomainError, Invalid, NotVisible, ReasonRequired, Refused, Stale, WrongState
from greenportal.jobs.models import Job
from greenportal.mail.models import OutboxMail
from tests.dynamic_mgmt.conftest import person
from tests.factories.accounts import make_user
from tests.factories.directory import make_authority, make_organisation
from tests.factories.dynamic_mgmt import make_listed
from tests.factories.rounds import DURING

pytestmark = pytest.mark.django_db
NEW = "虚构新轴承有限公司"


def told(**values: Any) -> ChangeTold:
    given = {"kind": "rename", "changed_on": date(2022, 3, 1), "new_name": NEW, "document_no": "试验登记1号"}
    return ChangeTold(**{**given, **values})


def major(kind: str = "merger") -> ChangeTold:
    return told(kind=kind, new_name="", text="虚构：变更前后的情况")


@pytest.fixture
def organisation():
    return make_organisation(name="虚构轴承有限公司")


@pytest.fixture
def district() -> Actor:
    return person(Role.DISTRICT_OFFICER, "甘井子经办", authority_id=make_authority("甘井子区").pk)


@pytest.fixture
def unit(district, organisation):
    return make_listed("虚构轴承有限公司", authority_id=district.authority_id, organisation=organisation)


@pytest.fixture
def change(district, unit) -> UnitChange:
    return propose_change(actor=district, unit_id=unit.pk, told=told())


# --- a rename -----------------------------------------------------------------------------------------------------


def test_a_rename_follows_the_legal_person_and_changes_neither_batch_nor_count(unit, organisation, change, lead):
    again = make_listed("虚构轴承有限责任公司", batch="7", list_year=2022, organisation=organisation)
    park = make_listed("虚构轴承产业园", category="park", organisation=organisation)
    before = list(ListedUnit.objects.order_by("pk").values_list("pk", "batch", "list_year", "name_as_listed", "level"))
    done = decide_change(actor=lead, change_id=change.pk, seen_version=1, accept=True)
    assert done.state == "confirmed"
    after = list(ListedUnit.objects.order_by("pk").values_list("pk", "batch", "list_year", "name_as_listed", "level"))
    assert after == before, "batch, year and listed name stay"
    names = {row.pk: row.current_name for row in ListedUnit.objects.all()}
    assert names == {unit.pk: NEW, again.pk: NEW, park.pk: "虚构轴承产业园"}
    assert Organisation.objects.get(pk=organisation.pk).name == NEW
    assert [(n.old_name, n.new_name, n.change_id) for n in history_of(unit.pk)] == [
        ("虚构轴承有限公司", NEW, change.pk)
    ]
    assert Job.objects.filter(kind="nominations.recheck").exists()


def test_both_names_are_found_and_matched(unit, change, lead, reviewer):
    decide_change(actor=lead, change_id=change.pk, seen_version=1, accept=True)
    for words in ("虚构轴承", "虚构新轴承"):
        assert [row.pk for row in filtered(visible_to(reviewer), Filters(q=words))] == [unit.pk]
    other = make_organisation(name="虚构乙有限公司")
    listed = make_listed("虚构甲有限公司", renamed_to="虚构乙有限公司", renamed_key="虚构乙有限公司")
    facts = register_facts([other.pk], as_of=DURING)[other.pk]
    assert [(f.listed_unit_id, f.matched_by) for f in facts] == [(listed.pk, "name")]


def test_a_middle_name_is_found_as_well(district, unit, change, lead, reviewer):
    decide_change(actor=lead, change_id=change.pk, seen_version=1, accept=True)
    again = propose_change(actor=district, unit_id=unit.pk, told=told(new_name="虚构第三名称有限公司"))
    decide_change(actor=lead, change_id=again.pk, seen_version=1, accept=True)
    assert [row.pk for row in filtered(visible_to(reviewer), Filters(q="虚构新轴承"))] == [unit.pk]
    assert [n.new_name for n in history_of(unit.pk)] == [NEW, "虚构第三名称有限公司"]


def test_a_directory_name_that_differs_already_is_left_alone(unit, organisation, change, lead):
    Organisation.objects.filter(pk=organisation.pk).update(name="虚构另名有限公司")
    decide_change(actor=lead, change_id=change.pk, seen_version=1, accept=True)
    assert Organisation.objects.get(pk=organisation.pk).name == "虚构另名有限公司"


def test_a_rename_from_a_name_of_yesterday_is_refused(district, unit, organisation, change, lead):
    other = make_listed("虚构轴承有限公司", batch="7", organisation=organisation, authority_id=district.authority_id)
    late = propose_change(actor=district, unit_id=other.pk, told=told(new_name="虚构别名有限公司"))
    decide_change(actor=lead, change_id=change.pk, seen_version=1, accept=True)
    with pytest.raises(WrongState, match="名称已另行变更"):
        decide_change(actor=lead, change_id=late.pk, seen_version=1, accept=True)
    assert ListedUnit.objects.get(pk=other.pk).current_name == NEW


def test_name_history_cannot_be_rewritten(change, lead):
    decide_change(actor=lead, change_id=change.pk, seen_version=1, accept=True)
    for act in (lambda: UnitName.objects.update(new_name="改写"), lambda: UnitName.objects.all().delete()):
        with pytest.raises(InternalError), transaction.atomic():
            act()


# --- major changes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["merger", "address", "boundary", "scope"])
@pytest.mark.parametrize(("passed", "state"), [(True, "confirmed"), (False, "failed")])
def test_a_major_change_asks_for_a_recheck(kind, passed, state, district, unit, lead):
    change = propose_change(actor=district, unit_id=unit.pk, told=major(kind))
    assert decide_change(actor=lead, change_id=change.pk, seen_version=1, accept=True).state == "recheck"
    assert open_rechecks([unit.pk]) == {unit.pk: (change,)}
    with pytest.raises(ReasonRequired):
        record_recheck(actor=lead, change_id=change.pk, seen_version=2, passed=passed, text=" ")
    assert (
        record_recheck(actor=lead, change_id=change.pk, seen_version=2, passed=passed, text="现场核对").state == state
    )
    assert open_rechecks([unit.pk]) == {unit.pk: ()}
    unit.refresh_from_db()
    assert (unit.current_name, unit.removed_on) == ("虚构轴承有限公司", None), "removal is a proposal of its own"


# --- who, what, when ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"kind": "x", "text": "某事"}, "kind"),
        ({"changed_on": date(2030, 1, 1)}, "changed_on"),
        ({"new_name": ""}, "new_name"),
        ({"new_name": "长" * 121}, "new_name"),
        ({"new_name": "虚构轴承有限公司"}, "new_name"),
        ({"kind": "merger", "new_name": ""}, "text"),
        ({"document_no": " "}, "document_no"),
        ({"document_no": "长" * 121}, "document_no"),
    ],
)
def test_every_field_has_its_message(district, unit, values, field):
    with pytest.raises(Invalid) as refused:
        propose_change(actor=district, unit_id=unit.pk, told=told(**values))
    assert set(refused.value.errors) == {field}


@pytest.mark.parametrize("role", list(Role))
def test_who_may_propose(role, unit):
    at_home = {"authority_id": unit.authority_id, "organisation_id": unit.organisation_id}
    actor = person(role, f"角色{role}", **at_home)
    if role in DISTRICT_ROLES | CITY_ROLES | {Role.APPLICANT}:
        assert propose_change(actor=actor, unit_id=unit.pk, told=told()).state == "proposed"
        stranger = person(
            role, "外人", authority_id=make_authority("庄河市").pk, organisation_id=make_organisation().pk
        )
        if role not in CITY_ROLES:
            with pytest.raises(NotVisible):
                propose_change(actor=stranger, unit_id=unit.pk, told=major())
    else:
        with pytest.raises(Refused):
            propose_change(actor=actor, unit_id=unit.pk, told=told())


def test_one_open_change_of_a_kind(district, unit, change):
    with pytest.raises(WrongState, match="已有同类变更"):
        propose_change(actor=district, unit_id=unit.pk, told=told(new_name="虚构别名有限公司"))
    propose_change(actor=district, unit_id=unit.pk, told=major())


def test_a_removed_unit_changes_no_more(district, unit):
    ListedUnit.objects.filter(pk=unit.pk).update(removed_on=date(2022, 3, 3))
    with pytest.raises(WrongState, match="已移出"):
        propose_change(actor=district, unit_id=unit.pk, told=told())


def test_nobody_decides_what_he_proposed(lead, unit):
    change = propose_change(actor=lead, unit_id=unit.pk, told=told())
    with pytest.raises(Refused, match="不能决定自己"):
        decide_change(actor=lead, change_id=change.pk, seen_version=1, accept=True)
    with pytest.raises(Refused, match="不能决定自己"):
        confirm_renames(actor=lead, change_ids=[change.pk])
    with pytest.raises(IntegrityError, match="change_two_people"), transaction.atomic():
        UnitChange.objects.filter(pk=change.pk).update(state="confirmed", decided_by_id=lead.user_id)


def test_leads_and_proposers_are_told(district, unit, lead):
    make_user(Role.CITY_LEAD, email="lead@example.com", mfa=False)
    change = propose_change(actor=district, unit_id=unit.pk, told=told())
    assert OutboxMail.objects.get(template="change_proposed").recipient == "lead@example.com"
    change.proposed_by.email = "officer@example.com"
    change.proposed_by.save()
    decide_change(actor=lead, change_id=change.pk, seen_version=1, accept=True)
    assert OutboxMail.objects.get(template="change_decided").recipient == "officer@example.com"


ACTIONS = {
    "accept": lambda actor, row, reason: decide_change(
        actor=actor, change_id=row.pk, seen_version=row.version, accept=True, reason=reason
    ),
    "refuse": lambda actor, row, reason: decide_change(
        actor=actor, change_id=row.pk, seen_version=row.version, accept=False, reason=reason
    ),
    "pass": lambda actor, row, reason: record_recheck(
        actor=actor, change_id=row.pk, seen_version=row.version, passed=True, text=reason
    ),
    "fail": lambda actor, row, reason: record_recheck(
        actor=actor, change_id=row.pk, seen_version=row.version, passed=False, text=reason
    ),
    "withdraw": lambda actor, row, reason: withdraw_change(
        actor=actor, change_id=row.pk, seen_version=row.version, reason=reason
    ),
}


_LEAD = {Role.CITY_LEAD}
_TELLERS = {Role.APPLICANT, Role.DISTRICT_OFFICER, Role.DISTRICT_LEAD, Role.CITY_REVIEWER, Role.CITY_LEAD}
#: action: from → to, who, whether a reason is needed. Written from 通知 三 and DESIGN §4, not read from the code.
ORACLE: dict[str, tuple[dict[str, str], set[Role], bool]] = {
    "confirm": ({"proposed": "confirmed"}, _LEAD, False),
    "recheck": ({"proposed": "recheck"}, _LEAD, False),
    "refuse": ({"proposed": "refused"}, _LEAD, True),
    "pass": ({"recheck": "confirmed"}, _LEAD, True),
    "fail": ({"recheck": "failed"}, _LEAD, True),
    "withdraw": ({"proposed": "withdrawn"}, _TELLERS, True),
}


def test_the_machine_has_the_actions_of_the_oracle_and_no_other():
    assert {t.action for t in CHANGE_TRANSITIONS} == set(ORACLE)


@pytest.mark.parametrize("kind", ["rename", "merger"])
@pytest.mark.parametrize(("state", "action"), list(itertools.product(ChangeState, ACTIONS)))
def test_every_state_action_role_and_reason(kind, state, action, district, unit):
    change = propose_change(actor=district, unit_id=unit.pk, told=told() if kind == "rename" else major())
    UnitChange.objects.filter(pk=change.pk).update(state=state)
    change.refresh_from_db()
    named = ("confirm" if kind == "rename" else "recheck") if action == "accept" else action
    for role, reason in itertools.product(Role, ("", "写明理由")):
        actor = person(role, f"角色{role}", authority_id=unit.authority_id, organisation_id=unit.organisation_id)
        moves, who, needs_reason = ORACLE[named]
        possible = state.value in moves and role in who
        mine = named != "withdraw" or role in DISTRICT_ROLES
        allowed = possible and mine and bool(reason or not needs_reason)
        held = transaction.savepoint()
        try:
            done = ACTIONS[action](actor, change, reason)
        except DomainError as error:
            assert not allowed, (role, reason, error)
            assert UnitChange.objects.get(pk=change.pk).state == state
        else:
            assert allowed and done.state == moves[state.value]
        transaction.savepoint_rollback(held)


def test_what_somebody_else_changed_is_not_decided_unseen(change, lead):
    with pytest.raises(Stale):
        decide_change(actor=lead, change_id=change.pk, seen_version=7, accept=True)


@pytest.mark.parametrize("role", list(Role))
def test_a_change_is_seen_by_those_who_see_its_unit(role, change, unit):
    at_home = person(role, "本地", authority_id=unit.authority_id, organisation_id=unit.organisation_id)
    abroad = person(role, "外地", authority_id=make_authority("庄河市").pk, organisation_id=make_organisation().pk)
    sees = [changes_visible_to(actor).exists() for actor in (at_home, abroad)]
    city = role in CITY_ROLES | {Role.SYSTEM}
    assert sees == [city or role in DISTRICT_ROLES | {Role.APPLICANT}, city]


# --- many at once -------------------------------------------------------------------------------------------------


def test_published_renames_are_proposed_and_confirmed_at_once(reviewer, lead, django_assert_max_num_queries):
    units = [make_listed(f"虚构{n}号有限公司") for n in range(3)]
    names = {unit.pk: f"虚构{unit.pk}新名称有限公司" for unit in units}
    with django_assert_max_num_queries(12):
        made = propose_published_renames(
            actor=reviewer, items=names, changed_on=date(2022, 3, 1), document_no="虚构〔2022〕1号"
        )
    with django_assert_max_num_queries(20):
        confirm_renames(actor=lead, change_ids=[row.pk for row in made])
    assert {u.pk: u.current_name for u in ListedUnit.objects.all()} == names
    assert UnitName.objects.count() == 3
    with pytest.raises(WrongState):
        confirm_renames(actor=lead, change_ids=[made[0].pk])


def test_published_renames_are_all_or_none(reviewer):
    good, gone = make_listed(), make_listed(removed_on=date(2022, 3, 3))
    with pytest.raises(Invalid) as refused:
        propose_published_renames(
            actor=reviewer,
            items={good.pk: "虚构一有限公司", gone.pk: "虚构二有限公司"},
            changed_on=date(2022, 3, 1),
            document_no="虚构1号",
        )
    assert refused.value.errors["rows"] == [f"{gone.current_name}：已移出名单，从清单中去掉后再登记。"]
    assert UnitChange.objects.count() == 0


# --- races --------------------------------------------------------------------------------------------------------


def decided_side_by_side(leads: list[Actor], ids: list[int]) -> list[str]:
    """Each lead confirms another rename of the same legal person at the same time; return the names written."""
    together = threading.Barrier(len(ids))

    def one(pair: tuple[Actor, int]) -> None:
        try:
            together.wait(30)
            with clock.fixed(DURING):
                decide_change(actor=pair[0], change_id=pair[1], seen_version=1, accept=True)
        except WrongState:
            pass
        finally:
            connection.close()

    with ThreadPoolExecutor(len(ids)) as pool:
        list(pool.map(one, zip(leads, ids, strict=True)))
    return [row.new_name for row in UnitName.objects.filter(old_key=name_key("虚构轴承有限公司"))]


def two_renames(district, organisation) -> list[int]:
    rows = [
        make_listed("虚构轴承有限公司", batch=batch, organisation=organisation, authority_id=district.authority_id)
        for batch in ("5", "7")
    ]
    names = ("虚构甲有限公司", "虚构乙有限公司")
    return [
        propose_change(actor=district, unit_id=row.pk, told=told(new_name=name)).pk
        for row, name in zip(rows, names, strict=True)
    ]


@pytest.mark.django_db(transaction=True)
def test_two_renames_of_one_legal_person_at_once_leave_one_name(district, organisation, lead):
    other = person(Role.CITY_LEAD, "另一负责人")
    written = decided_side_by_side([lead, other], two_renames(district, organisation))
    assert len(written) == 2 and len(set(written)) == 1
    assert len({unit.current_name for unit in ListedUnit.objects.all()}) == 1


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_the_legal_person_bears_two_names(district, organisation, lead, monkeypatch):
    together = threading.Barrier(2)
    checked = renaming._same_name_still

    def late(changes: Any) -> None:
        checked(changes)
        together.wait(30)

    monkeypatch.setattr(renaming, "lock_register", lambda: None)
    monkeypatch.setattr(renaming, "_same_name_still", late)
    monkeypatch.setattr(renaming, "bearers", lambda unit: ListedUnit.objects.filter(pk=unit.pk))
    monkeypatch.setattr(renaming, "_directory_follows", lambda *_: None)
    other = person(Role.CITY_LEAD, "另一负责人")
    decided_side_by_side([lead, other], two_renames(district, organisation))
    assert len({unit.current_name for unit in ListedUnit.objects.all()}) == 2
