"""Engagements, relations and sanctions: every state × verb × role × reason through the services, against tables written by hand.

The tables below are read off DESIGN §4 and issue 4 (4, 3, 6), never off the code. `faults` returns what differs from
them; its controls change one row of the code's table, or take one guard away, and must find a difference.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date
from functools import partial

import pytest
from django.db import IntegrityError, transaction

from evaluators.models import AffiliateRelation, Engagement, ProjectLead, Sanction
from evaluators.services import (
    claim,
    confirm,
    confirm_relation,
    confirm_sanction,
    confirm_step,
    decide_dispute,
    dispute,
    drop_step,
    end_relation,
    engagements,
    propose_lift,
    propose_outcome,
    record_appeal,
    reject_relation,
    relations,
    sanctions,
    withdraw,
)
from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.models import User
from greenportal.findings.types import ALLOWED, DomainError, NotVisible, ReasonRequired, Refused, WrongState
from tests.factories.directory import make_subject
from tests.factories.evaluators import make_engagement, make_evaluator, make_relation, make_sanction

pytestmark = pytest.mark.django_db
REASONS = ("", "理由")
#: Everybody, in four kinds; a new role has to be placed here before these tests pass again.
CITY = {"city_reviewer", "city_lead"}
AGENCY = {"evaluator", "evaluator_admin"}
NOMINATING = {"applicant", "district_officer", "district_lead"}
STRANGERS = {"auditor", "system_admin", "security_admin", "department", "anonymous"}


def test_every_role_is_placed():
    assert CITY | AGENCY | NOMINATING | STRANGERS | {"system"} == set(Role.values)


def outcome(act, read):
    """Return the state after the verb, or the kind of its refusal beside the state left behind; nothing stays."""
    with transaction.atomic():
        try:
            with transaction.atomic():
                act()
            return read()
        except (DomainError, IntegrityError) as error:
            return type(error), read()
        finally:
            transaction.set_rollback(True)


# --- 评价项目 -----------------------------------------------------------------------------------------------------------

#: verb: who, whether a reason is asked, state → next state.
ENGAGEMENT = {
    "confirm": (AGENCY, False, {"claimed": "confirmed"}),
    "dispute": (AGENCY, True, {"claimed": "disputed"}),
    "uphold": (CITY, True, {"disputed": "upheld"}),
    "void": (CITY, True, {"disputed": "void"}),
    "withdraw": (
        NOMINATING | CITY | {"system"},
        False,
        {"claimed": "withdrawn", "confirmed": "withdrawn", "disputed": "withdrawn", "upheld": "withdrawn"},
    ),
}
ENGAGEMENT_STATES = ("claimed", "confirmed", "disputed", "upheld", "void", "withdrawn")
#: Which of them count against the cap, hence bear a number (DESIGN §4).
NUMBERED = {"claimed", "confirmed", "upheld"}


def wanted(table, verb, state, role, reason):
    who, reasoned, moves = table[verb]
    if role not in who:
        return Refused, state
    if state not in moves:
        return WrongState, state
    return (ReasonRequired, state) if reasoned and not reason else moves[state]


def move_engagement(verb, actor, pk, reason):
    if verb == "confirm":
        return confirm(actor=actor, engagement_id=pk)
    if verb == "dispute":
        return dispute(actor=actor, engagement_id=pk, reason=reason)
    if verb == "withdraw":
        return withdraw(actor=actor, engagement_id=pk, reason=reason)
    return decide_dispute(actor=actor, engagement_id=pk, uphold=verb == "uphold", reason=reason)


def read_engagement(pk):
    after = Engagement.objects.get(pk=pk)
    assert (after.ordinal is not None) == (after.state in NUMBERED)
    return after.state


def engagement_faults(verb, round_, roles=tuple(Role.values)):
    """Return the combinations that the services decide otherwise than the table above."""
    body, subject = make_evaluator(), make_subject()
    handler = User.objects.create(username="项目负责人", name="项目负责人")
    found = []
    for state in ENGAGEMENT_STATES:
        with transaction.atomic():
            row = make_engagement(body, round_, subject, state=state)
            ProjectLead.objects.create(engagement=row, user=handler, assigned_at=clock.now())
            for role, reason in itertools.product(roles, REASONS):
                organisation = body.organisation_id if role in AGENCY else subject.organisation_id
                actor = Actor(Role(role), handler.pk, authority_id=subject.authority_id, organisation_id=organisation)
                got = outcome(partial(move_engagement, verb, actor, row.pk, reason), partial(read_engagement, row.pk))
                right = (NotVisible, state) if role in STRANGERS else wanted(ENGAGEMENT, verb, state, role, reason)
                if got != right:
                    found.append((state, role, reason, got, right))
            transaction.set_rollback(True)
    return found


@pytest.mark.parametrize("verb", ENGAGEMENT)
def test_every_move_of_an_engagement(verb, round_2022):
    assert engagement_faults(verb, round_2022) == []


@pytest.mark.parametrize("role", Role.values)
def test_who_may_claim(role, round_2022):
    subject = make_subject()
    actor = Actor(Role(role), authority_id=subject.authority_id, organisation_id=subject.organisation_id)
    values = {"evaluator_id": make_evaluator().pk, "round_id": round_2022.pk, "subject_id": subject.pk}
    if role in NOMINATING | CITY | {"system"}:
        assert claim(actor=actor, category="factory", **values).state == "claimed"
    else:
        with pytest.raises(Refused):
            claim(actor=actor, category="factory", **values)
        assert not Engagement.objects.exists()


def changed(table, action, **values):
    """Return the code's table with one row changed."""
    return tuple(replace(row, **values) if row.action == action else row for row in table)


CHANGES = {
    "confirm-leads-elsewhere": ("confirm", {"target": "upheld"}, "evaluator_admin"),
    "a-district-confirms": ("confirm", {"roles": frozenset({Role.DISTRICT_LEAD, *AGENCY})}, "district_lead"),
    "dispute-without-reason": ("dispute", {"needs_reason": False}, "evaluator_admin"),
    "dispute-of-the-confirmed": ("dispute", {"sources": frozenset({"claimed", "confirmed"})}, "evaluator_admin"),
    "the-lead-may-not-void": ("void", {"roles": frozenset({Role.CITY_REVIEWER})}, "city_lead"),
    "upheld-stays": ("withdraw", {"sources": frozenset({"claimed", "confirmed", "disputed"})}, "applicant"),
}


@pytest.mark.parametrize(("verb", "values", "role"), CHANGES.values(), ids=CHANGES)
def test_control_one_changed_row_of_engagements_is_found(verb, values, role, round_2022, monkeypatch):
    table = changed(engagements.ENGAGEMENT_TRANSITIONS, verb, **values)
    monkeypatch.setattr(engagements, "ENGAGEMENT_TRANSITIONS", table)
    assert engagement_faults(verb, round_2022, [role])


# --- 关联关系 -----------------------------------------------------------------------------------------------------------

RELATION = {
    "confirm": (CITY, False, {"proposed": "confirmed"}),
    "reject": (CITY, True, {"proposed": "rejected"}),
    "end": (CITY, True, {"confirmed": "ended"}),
}
#: What brings a relation that was just told into a state.
RELATION_PATHS = {
    "proposed": (),
    "confirmed": ("confirm",),
    "rejected": ("reject",),
    "ended": ("confirm", "end"),
}


def move_relation(verb, actor, pk, reason):
    if verb == "confirm":
        return confirm_relation(actor=actor, relation_id=pk)
    act = reject_relation if verb == "reject" else end_relation
    return act(actor=actor, relation_id=pk, reason=reason)


def read_relation(pk):
    return AffiliateRelation.objects.get(pk=pk).state


def relation_faults(verb, reviewer, roles=tuple(Role.values)):
    one, other = make_evaluator(), make_evaluator()
    found = []
    for state, path in RELATION_PATHS.items():
        with transaction.atomic():
            row = make_relation(one.organisation, other.organisation, reviewer)
            for step in path:
                move_relation(step, reviewer, row.pk, "理由")
            for role, reason in itertools.product(roles, REASONS):
                actor = replace(reviewer, role=Role(role))
                got = outcome(partial(move_relation, verb, actor, row.pk, reason), partial(read_relation, row.pk))
                right = wanted(RELATION, verb, state, role, reason)
                if got != right:
                    found.append((state, role, reason, got, right))
            transaction.set_rollback(True)
    return found


@pytest.mark.parametrize("verb", RELATION)
def test_every_move_of_a_relation(verb, reviewer):
    assert relation_faults(verb, reviewer) == []


RELATION_CHANGES = {
    "the-agency-confirms": ("confirm", {"roles": frozenset({Role.EVALUATOR_ADMIN, *CITY})}, "evaluator_admin"),
    "reject-without-reason": ("reject", {"needs_reason": False}, "city_lead"),
    "ended-from-proposed": ("end", {"sources": frozenset({"proposed", "confirmed"})}, "city_reviewer"),
}


@pytest.mark.parametrize(("verb", "values", "role"), RELATION_CHANGES.values(), ids=RELATION_CHANGES)
def test_control_one_changed_row_of_relations_is_found(verb, values, role, reviewer, monkeypatch):
    table = changed(relations.RELATION_TRANSITIONS, verb, **values)
    monkeypatch.setattr(relations, "RELATION_TRANSITIONS", table)
    if verb == "confirm":
        # Two locks hold who may: the rule and the row. Here both are wrong.
        monkeypatch.setattr(relations, "may_decide", lambda _actor: ALLOWED)
    assert relation_faults(verb, reviewer, [role])


# --- 不予采信 -----------------------------------------------------------------------------------------------------------

#: verb: state → next state, for a city officer other than the one who wrote what waits. A state without an entry
#: refuses with WrongState; NOTHING: there is no appeal, or no proposal, that the verb could take up.
NOTHING = NotVisible
SANCTION = {
    "confirm": {"written": "in_force"},
    "appeal": {
        "in_force": "appealed",
        "appealed": "appealed",
        "outcome_waits": "outcome_waits",
        "lift_waits": "lift_waits",
        "revoked": "revoked",
        "lifted": "lifted",
    },
    "outcome": {
        "written": NOTHING,
        "in_force": NOTHING,
        "appealed": "outcome_waits",
        "lift_waits": NOTHING,
        "lifted": NOTHING,
    },
    "lift": {"in_force": "lift_waits", "appealed": "lift_waits"},
    "agree": {
        "written": NOTHING,
        "in_force": NOTHING,
        "appealed": NOTHING,
        "outcome_waits": "revoked",
        "lift_waits": "lifted",
    },
    "drop": {
        "written": NOTHING,
        "in_force": NOTHING,
        "appealed": NOTHING,
        "outcome_waits": "appealed",
        "lift_waits": "in_force",
    },
}
#: Verbs of the second person: in these states whoever wrote the thing is refused, before the state is looked at.
SECOND = {
    "confirm": {"written", "in_force", "appealed", "outcome_waits", "lift_waits", "revoked", "lifted"},
    "agree": {"outcome_waits", "lift_waits"},
    "drop": {"outcome_waits", "lift_waits"},
}
#: Verbs that ask for words, before anything else is looked at.
WORDED = {"appeal", "outcome", "lift", "drop"}
SANCTION_PATHS = {
    "written": (),
    "in_force": ("confirm",),
    "appealed": ("confirm", "appeal"),
    "outcome_waits": ("confirm", "appeal", "outcome"),
    "lift_waits": ("confirm", "lift"),
    "revoked": ("confirm", "appeal", "outcome", "agree"),
    "lifted": ("confirm", "lift", "agree"),
}
DAY = date(2022, 9, 12)


def move_sanction(verb, actor, sanction, words):
    steps = sanction.steps.order_by("id")
    appeal = steps.filter(kind="appeal").first()
    step = steps.exclude(kind="appeal").last()
    told = {"on": DAY, "text": words, "document_no": "试验〔2022〕7号"}
    verbs = {
        "confirm": lambda: confirm_sanction(actor=actor, sanction_id=sanction.pk),
        "appeal": lambda: record_appeal(actor=actor, sanction_id=sanction.pk, on=DAY, text=words),
        "outcome": lambda: propose_outcome(actor=actor, appeal_id=appeal.pk if appeal else 0, revoke=True, **told),
        "lift": lambda: propose_lift(
            actor=actor, sanction_id=sanction.pk, lift_on=DAY, reason=words, document_no="试验〔2022〕8号"
        ),
        "agree": lambda: confirm_step(actor=actor, step_id=step.pk if step else 0),
        "drop": lambda: drop_step(actor=actor, step_id=step.pk if step else 0, reason=words),
    }
    return verbs[verb]()


def state_of(pk):
    """Return where a sanction stands, read from its rows."""
    row = Sanction.objects.get(pk=pk)
    if row.confirmed_at is None:
        return "written"
    if row.lifted_on is not None:
        return "revoked" if row.lifted_on == row.verified_on else "lifted"
    steps = list(row.steps.filter(dropped_at=None))
    waiting = [step.kind for step in steps if step.kind != "appeal" and step.confirmed_at is None]
    if waiting:
        return "lift_waits" if waiting == ["lift"] else "outcome_waits"
    answered = {step.appeal_id for step in steps}
    return "appealed" if any(s.kind == "appeal" and s.pk not in answered for s in steps) else "in_force"


def wanted_sanction(verb, state, role, own, words):
    if role not in CITY:
        return Refused, state
    if verb in WORDED and not words:
        return ReasonRequired, state
    if own and state in SECOND.get(verb, ()):
        return Refused, state
    after = SANCTION[verb].get(state, WrongState)
    return after if isinstance(after, str) else (after, state)


def sanction_faults(verb, first, other, roles=tuple(Role.values)):
    body = make_evaluator()
    found = []
    for state, path in SANCTION_PATHS.items():
        with transaction.atomic():
            row = make_sanction(body.organisation, User.objects.get(pk=first.user_id), None, confirmed_at=None)
            for step in path:
                move_sanction(step, other if step in SECOND else first, row, "理由")
            assert state_of(row.pk) == state
            for role, own, words in itertools.product(roles, (False, True), REASONS):
                if own and role not in CITY:
                    continue  # the writer is an officer; another role of his is refused all the same
                actor = replace(first if own else other, role=Role(role))
                got = outcome(partial(move_sanction, verb, actor, row, words), partial(state_of, row.pk))
                right = wanted_sanction(verb, state, role, own, words)
                if got != right:
                    found.append((state, role, own, words, got, right))
            transaction.set_rollback(True)
    return found


@pytest.mark.parametrize("verb", SANCTION)
def test_every_move_of_a_sanction(verb, reviewer, second):
    assert sanction_faults(verb, reviewer, second) == []


@pytest.mark.parametrize(
    ("guard", "stand_in", "verb", "role"),
    [
        ("may_confirm_second", lambda _actor, _first: ALLOWED, "drop", "city_lead"),
        ("may_decide", lambda _actor: ALLOWED, "appeal", "district_lead"),
        ("_nothing_waits", lambda _sanction: None, "lift", "city_reviewer"),
        ("_in_force", lambda _sanction: None, "lift", "city_reviewer"),
    ],
)
def test_control_one_guard_less_is_found(guard, stand_in, verb, role, reviewer, second, monkeypatch):
    monkeypatch.setattr(sanctions, guard, stand_in)
    assert sanction_faults(verb, reviewer, second, [role])
