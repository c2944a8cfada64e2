"""Who may do what, role by role, with an own and a foreign object of each kind."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from greenportal.accounts.actors import Actor, Role
from nominations import rules
from nominations.states import EDITABLE, PUBLIC_TO_CITY, WITH_DISTRICT, ListState, NominationState

OWN, OTHER = 1, 2
FIRM, OTHER_FIRM, EVALUATOR_FIRM = 11, 12, 13


@dataclass(frozen=True)
class Thing:
    """A nomination or a list, as far as rules look."""

    state: str = "draft"
    authority_id: int = OWN
    applicant_id: int = FIRM


def actor(role: Role, **places) -> Actor:
    return Actor(role=role, user_id=5, name="某人", **places)


ACTORS = {
    "officer": actor(Role.DISTRICT_OFFICER, authority_id=OWN),
    "lead": actor(Role.DISTRICT_LEAD, authority_id=OWN),
    "foreign officer": actor(Role.DISTRICT_OFFICER, authority_id=OTHER),
    "foreign lead": actor(Role.DISTRICT_LEAD, authority_id=OTHER),
    "applicant": actor(Role.APPLICANT, organisation_id=FIRM),
    "foreign applicant": actor(Role.APPLICANT, organisation_id=OTHER_FIRM),
    "evaluator": actor(Role.EVALUATOR, organisation_id=EVALUATOR_FIRM),
    "foreign evaluator": actor(Role.EVALUATOR, organisation_id=OTHER_FIRM),
    "evaluator of the same id as the applicant": actor(Role.EVALUATOR_ADMIN, organisation_id=FIRM),
    "reviewer": actor(Role.CITY_REVIEWER, authority_id=9),
    "city lead": actor(Role.CITY_LEAD, authority_id=9),
    "reviewer whose bureau has the district's id": actor(Role.CITY_REVIEWER, authority_id=OWN),
    "department": actor(Role.DEPARTMENT, authority_id=OWN),
    "auditor": actor(Role.AUDITOR),
    "system admin": actor(Role.SYSTEM_ADMIN),
    "security admin": actor(Role.SECURITY_ADMIN),
    "anonymous": Actor.anonymous(),
}
DISTRICT = {"officer", "lead"}
CITY = {"reviewer", "city lead", "reviewer whose bureau has the district's id"}


def allowed(predicate) -> set[str]:
    return {name for name, who in ACTORS.items() if predicate(who)}


def test_only_the_own_district_creates_prepares_consults_and_judges():
    assert allowed(lambda a: rules.may_create(a, authority_id=OWN)) == DISTRICT
    assert allowed(lambda a: rules.may_prepare_list(a, Thing())) == DISTRICT
    assert allowed(lambda a: rules.may_consult(a, authority_id=OWN)) == DISTRICT
    judge = lambda a: rules.may_judge(a, Thing("handed_in"), hats=frozenset(), evaluator_organisation_id=None)  # noqa: E731
    assert allowed(judge) == DISTRICT
    assert allowed(lambda a: rules.may_set_key_energy_user(a, Thing())) == DISTRICT


def test_applicant_and_district_own_a_nomination():
    assert allowed(lambda a: rules.owns(a, Thing())) == DISTRICT | {"applicant"}


def test_answers_are_written_by_their_owners_and_never_by_the_city():
    basic = lambda a: rules.may_edit_sheet(a, Thing(), "factory_basic", evaluator_organisation_id=EVALUATOR_FIRM)  # noqa: E731
    assert allowed(basic) == DISTRICT | {"applicant"}
    assert allowed(lambda a: rules.may_change_documents(a, Thing())) == DISTRICT | {"applicant"}


def test_the_third_party_sheet_is_written_by_the_named_evaluator_only():
    sheet = lambda a: rules.may_edit_sheet(a, Thing(), "factory_third", evaluator_organisation_id=EVALUATOR_FIRM)  # noqa: E731
    assert allowed(sheet) == {"evaluator"}
    none_named = lambda a: rules.may_edit_sheet(a, Thing(), "factory_third")  # noqa: E731
    assert allowed(none_named) == set()


@pytest.mark.parametrize("state", NominationState.values)
def test_answers_change_only_in_editable_states(state):
    verdict = rules.may_edit_sheet(ACTORS["applicant"], Thing(state), "factory_basic")
    assert bool(verdict) == (state in EDITABLE)
    if not verdict:
        assert NominationState(state).label in verdict.reason


@pytest.mark.parametrize("state", NominationState.values)
def test_the_city_sees_a_nomination_only_from_submission_on(state):
    seen = allowed(lambda a: rules.may_view(a, Thing(state)))
    assert seen == DISTRICT | {"applicant"} | (CITY if state in PUBLIC_TO_CITY else set())


def test_the_named_evaluator_sees_the_nomination():
    seen = allowed(lambda a: rules.may_view(a, Thing(), evaluator_organisation_id=EVALUATOR_FIRM))
    assert seen == DISTRICT | {"applicant", "evaluator"}


@pytest.mark.parametrize("state", ListState.values)
def test_the_city_sees_a_list_only_once_submitted(state):
    sent = state in {"submitted", "partly_returned", "accepted"}
    assert allowed(lambda a: rules.may_view_list(a, Thing(state))) == DISTRICT | (CITY if sent else set())


def test_the_city_reviews_what_it_received_and_nobody_else_does():
    review = lambda state: lambda a: rules.may_review(a, Thing(state), hats=frozenset(), evaluator_organisation_id=None)  # noqa: E731
    assert allowed(review("submitted")) == CITY
    assert allowed(review("checked")) == set()


def test_decisions_are_the_districts_before_submission_and_the_citys_after():
    decide = lambda state: lambda a: rules.may_decide(a, Thing(state), hats=frozenset(), evaluator_organisation_id=None)  # noqa: E731
    for state in NominationState.values:
        after = CITY if state in PUBLIC_TO_CITY else set()
        assert allowed(decide(state)) == (DISTRICT if state in WITH_DISTRICT else after), state
    late = rules.may_decide(ACTORS["officer"], Thing("submitted"), hats=frozenset(), evaluator_organisation_id=None)
    assert late.reason == rules.DECIDED_BY_CITY


@pytest.mark.parametrize("hat", [FIRM, EVALUATOR_FIRM])
@pytest.mark.parametrize("verb", [rules.may_judge, rules.may_decide])
def test_nobody_judges_what_his_own_organisation_files(hat, verb):
    verdict = verb(
        ACTORS["officer"], Thing("handed_in"), hats=frozenset({hat}), evaluator_organisation_id=EVALUATOR_FIRM
    )
    assert verdict.reason == rules.TWO_HATS
    control = verb(
        ACTORS["officer"], Thing("handed_in"), hats=frozenset({99}), evaluator_organisation_id=EVALUATOR_FIRM
    )
    assert control


def test_two_hats_stop_the_city_too():
    verdict = rules.may_review(
        ACTORS["reviewer"], Thing("submitted"), hats=frozenset({FIRM}), evaluator_organisation_id=None
    )
    assert verdict.reason == rules.TWO_HATS


def test_only_a_lead_of_the_district_submits():
    submit = lambda a: rules.may_submit(a, Thing("sealed"), prepared_by_id=77, delegated=False)  # noqa: E731
    assert allowed(submit) == {"lead"}


def test_the_lead_does_not_submit_what_he_finalised_himself_unless_delegated():
    lead = ACTORS["lead"]
    alone = rules.may_submit(lead, Thing("sealed"), prepared_by_id=lead.user_id, delegated=False)
    assert alone.reason == rules.SAME_PERSON
    assert rules.may_submit(lead, Thing("sealed"), prepared_by_id=lead.user_id, delegated=True)


def test_delegation_lifts_only_the_two_person_half():
    foreign = ACTORS["foreign lead"]
    verdict = rules.may_submit(foreign, Thing("sealed"), prepared_by_id=foreign.user_id, delegated=True)
    assert verdict.reason == rules.NOT_OWN_DISTRICT


@pytest.mark.parametrize("state", ["finalised", "submitted", "accepted", "withdrawn"])
def test_who_is_a_key_energy_user_is_fixed_with_finalising(state):
    assert not rules.may_set_key_energy_user(ACTORS["officer"], Thing(state))


def test_refusals_say_what_to_do_and_avoid_banned_words():
    texts = [
        value for name, value in vars(rules).items() if name.isupper() and isinstance(value, str) and "。" in value
    ]
    assert len(texts) >= 7
    assert [t for t in texts if any(word in t for word in ("无效", "非法", "抱歉"))] == []
