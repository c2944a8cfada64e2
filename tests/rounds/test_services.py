"""Verbs on rounds: role × state, stale versions, documents, districts' cut-offs, extensions, races."""

from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.audit.models import AuditEntry
from greenportal.files.models import StoredFile
from greenportal.findings.types import (
    DomainError,
    Invalid,
    NotVisible,
    ReasonRequired,
    Refused,
    Stale,
    WrongState,
)
from greenportal.rounds import selectors, services
from greenportal.rounds.models import Deadline, Extension, Round, RoundRevision
from greenportal.rounds.services import lifecycle
from tests.factories.directory import make_authority
from tests.factories.rounds import DURING, make_lead, open_round_2022, prepare_round_2022

pytestmark = pytest.mark.django_db
HAND_IN, SUBMIT = "nominations.hand_in", "nominations.submit"
END = clock.local_instant(clock.date(2022, 10, 16))
CAP12 = {"cap_rule|limit": 12}
STATES = ("preparing", "open", "closed")
ROLES = [role for role in Role if role != Role.SYSTEM]


def make_document():
    return StoredFile.objects.create(
        kind="rounds.document",
        name="补充通知.pdf",
        content_type="application/pdf",
        size=1,
        sha256="a" * 64,
        served_sha256="a" * 64,
        key="x",
        created_at=DURING,
    )


def round_in(state, lead):
    if state == "preparing":
        return prepare_round_2022(actor=lead)
    row = open_round_2022(actor=lead)
    if state == "closed":
        services.close_round(actor=lead, round_id=row.pk, seen_version=row.version, reason="结束")
        row.refresh_from_db()
    return row


def as_role(role, lead, district):
    if role == Role.CITY_LEAD:
        return lead
    if role == Role.ANONYMOUS:
        return Actor.anonymous()
    where = {"authority_id": district.pk} if role.value.startswith("district") else {}
    return Actor(role=role, user_id=lead.user_id, name="试验", **where)


VERBS = {
    "revise": lambda actor, row, district: services.revise(
        actor=actor,
        round_id=row.pk,
        seen_version=row.version,
        changes=CAP12,
        reason="调整",
        document_id=str(make_document().pk),
    ),
    "open": lambda actor, row, district: services.open_round(actor=actor, round_id=row.pk, seen_version=row.version),
    "close": lambda actor, row, district: services.close_round(
        actor=actor, round_id=row.pk, seen_version=row.version, reason="结束"
    ),
    "extend": lambda actor, row, district: services.grant_extension(
        actor=actor,
        round_id=row.pk,
        key=SUBMIT,
        authority_id=district.pk,
        until=END + timedelta(days=1),
        document_no="1号",
        reason="台风",
    ),
    "cut_off": lambda actor, row, district: services.set_deadline(
        actor=actor, round_id=row.pk, key=HAND_IN, authority_id=district.pk, closes_at=END - timedelta(days=3)
    ),
}
DISTRICT = {Role.DISTRICT_OFFICER, Role.DISTRICT_LEAD}
MAY = {
    "revise": ({"preparing", "open"}, {Role.CITY_LEAD}),
    "open": ({"preparing"}, {Role.CITY_LEAD}),
    "close": ({"open"}, {Role.CITY_LEAD}),
    "extend": ({"open"}, {Role.CITY_LEAD}),
    "cut_off": ({"open"}, {Role.CITY_LEAD} | DISTRICT),
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("state", STATES)
def test_verb_by_role_and_state(verb, state):
    lead, district = make_lead(), make_authority()
    states, roles = MAY[verb]
    for role in ROLES:
        sid = transaction.savepoint()
        row = round_in(state, lead)
        actor = as_role(role, lead, district)
        before = (Round.objects.get(pk=row.pk).version, RoundRevision.objects.count(), Deadline.objects.count())
        if state in states and role in roles:
            VERBS[verb](actor, row, district)
        else:
            with pytest.raises((Refused, NotVisible, WrongState)):
                VERBS[verb](actor, row, district)
            after = (Round.objects.get(pk=row.pk).version, RoundRevision.objects.count(), Deadline.objects.count())
            assert after == before, role
        transaction.savepoint_rollback(sid)


@pytest.mark.parametrize("role", ROLES)
def test_only_the_lead_prepares(role):
    actor = as_role(role, make_lead(), make_authority())
    if role == Role.CITY_LEAD:
        assert services.prepare_round(actor=actor, rulebook_key="2022").state == "preparing"
    else:
        with pytest.raises(Refused):
            services.prepare_round(actor=actor, rulebook_key="2022")
        assert Round.objects.count() == 0


def test_prepare_from_an_unknown_rulebook_says_so():
    with pytest.raises(Invalid, match="没有规则书“1999”"):
        services.prepare_round(actor=make_lead(), rulebook_key="1999")


def test_prepare_keeps_the_whole_rulebook_and_its_clocks():
    row = prepare_round_2022()
    book, revision = selectors.rulebook_at(row.pk)
    assert (revision.number, revision.sha256, row.year) == (1, book.sha256, 2022)
    ends = dict(Deadline.objects.filter(round=row).values_list("key", "closes_at"))
    assert ends == {key: spec.closes_at for key, spec in book.deadlines.items()}


def test_revise_before_opening_needs_neither_document_nor_reason():
    lead = make_lead()
    row = prepare_round_2022(actor=lead)
    early = END - timedelta(days=5)
    changes = {"numbers|copies|value": Decimal(3), f"deadlines|{HAND_IN}|closes_at": early}
    revision = services.revise(actor=lead, round_id=row.pk, seen_version=row.version, changes=changes, reason="")
    book = selectors.rulebook_at(row.pk)[0]
    assert (revision.number, book.copies, book.deadlines[HAND_IN].closes_at) == (2, 3, early)
    assert Deadline.objects.get(round=row, key=HAND_IN).closes_at == early
    assert book.numbers["copies"].source == "市局启动前修改"
    # A change without a document never becomes surer than it was.
    assert book.deadlines[HAND_IN].confidence == "medium"


def test_lead_sets_how_the_green_index_is_averaged_and_nothing_becomes_surer_by_it():
    lead = make_lead()
    row = open_round_2022(actor=lead)
    before = selectors.rulebook_at(row.pk)[0].evaluation_tables["park_2016"]
    services.revise(
        actor=lead,
        round_id=row.pk,
        seen_version=row.version,
        changes={"evaluation_tables|park_2016|weighting": "plain", "evaluation_tables|park_2016|cap_ratio": "yes"},
        reason="按专家组意见",
        document_id=str(make_document().pk),
        document_title="9号文",
    )
    after = selectors.rulebook_at(row.pk)[0].evaluation_tables["park_2016"]
    assert (before.weighting, before.cap_ratio, before.reading_source) == ("groups", False, "")
    assert (after.weighting, after.cap_ratio, after.reading_source) == ("plain", True, "补充通知：9号文")
    assert (after.source, after.confidence, after.items) == (before.source, before.confidence, before.items)
    told = AuditEntry.objects.filter(target=f"rounds.round:{row.pk}").order_by("-position")[0].data["changes"]
    assert told == {
        f"{before.label}：加权方式": ["六组平均（各组等权）", "各项比值简单平均"],
        f"{before.label}：比值大于1时": ["按实际比值计", "按1计"],
    }


@pytest.mark.parametrize(
    ("reason", "with_document", "refusal"),
    [("", True, ReasonRequired), ("  ", True, ReasonRequired), ("调整", False, Invalid)],
)
def test_revise_in_force_needs_document_and_reason(reason, with_document, refusal):
    lead = make_lead()
    row = open_round_2022(actor=lead)
    with pytest.raises(refusal):
        services.revise(
            actor=lead,
            round_id=row.pk,
            seen_version=row.version,
            changes=CAP12,
            reason=reason,
            document_id=str(make_document().pk) if with_document else None,
        )
    assert RoundRevision.objects.filter(round=row).count() == 1


def test_revise_in_force_with_a_document_is_official_and_audited():
    lead = make_lead()
    row = open_round_2022(actor=lead)
    document = make_document()
    services.revise(
        actor=lead,
        round_id=row.pk,
        seen_version=row.version,
        changes={f"deadlines|{HAND_IN}|closes_at": END - timedelta(days=1)},
        reason="提前",
        document_id=str(document.pk),
        document_title="9号文",
    )
    spec = selectors.rulebook_at(row.pk)[0].deadlines[HAND_IN]
    assert (spec.source, str(spec.confidence)) == ("补充通知：9号文", "official")
    entry = AuditEntry.objects.filter(target=f"rounds.round:{row.pk}").order_by("-position")[0]
    assert (entry.action, entry.data["revision"], entry.data["reason"]) == ("rounds.revise", 2, "提前")
    assert list(entry.data["changes"].values()) == [
        ["2022年10月15日（星期六）24:00", "2022年10月14日（星期五）24:00"],
    ]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "没有修改任何内容"),
        ({"cap_rule|limit": 15}, "没有修改任何内容"),
        ({"rules|EX1|severity": 1}, "不能在批次中修改"),
        ({"evaluation_tables|park_2016|weighting": "groups"}, "没有修改任何内容"),
        ({"evaluation_tables|park_2016|weighting": "mean"}, "从列出的方式中选择"),
        ({"evaluation_tables|factory_2016|weighting": "plain"}, "不能在批次中修改"),
        ({"cap_rule|limit": 0}, "同一法人评价项目上限：上限至少为 1"),
        ({"numbers|copies|value": Decimal("-1")}, "纸质材料份数：不能是负数"),
        ({f"deadlines|{HAND_IN}|closes_at": clock.local_instant(clock.date(2021, 1, 1))}, "截止时间应晚于开始时间"),
        ({f"deadlines|{HAND_IN}|closes_at": END + timedelta(days=1)}, "不能晚于“区市县、先导区报送市局（电子版）”"),
    ],
)
def test_revise_that_makes_no_sense_is_refused(changes, told):
    lead = make_lead()
    row = prepare_round_2022(actor=lead)
    with pytest.raises(Invalid) as caught:
        services.revise(actor=lead, round_id=row.pk, seen_version=row.version, changes=changes, reason="")
    assert told in caught.value.message
    assert selectors.rulebook_at(row.pk)[1].number == 1


def test_revise_from_a_stale_page_is_refused():
    lead = make_lead()
    row = prepare_round_2022(actor=lead)
    services.revise(actor=lead, round_id=row.pk, seen_version=row.version, changes=CAP12, reason="")
    with pytest.raises(Stale) as caught:
        services.revise(actor=lead, round_id=row.pk, seen_version=row.version, changes={"cap_rule|limit": 9}, reason="")
    assert caught.value.current == row.version + 1


def test_revise_to_an_earlier_end_takes_the_districts_with_it():
    lead, district = make_lead(), make_authority()
    row = open_round_2022(actor=lead)
    late, early = END - timedelta(days=1), END - timedelta(days=9)
    services.set_deadline(actor=lead, round_id=row.pk, key=HAND_IN, authority_id=district.pk, closes_at=late)
    services.revise(
        actor=lead,
        round_id=row.pk,
        seen_version=row.version,
        changes={f"deadlines|{HAND_IN}|closes_at": early},
        reason="提前",
        document_id=str(make_document().pk),
    )
    assert Deadline.objects.get(round=row, authority=district).closes_at == early


def test_two_open_rounds_of_a_year_are_refused_by_service_and_database():
    lead = make_lead()
    open_round_2022(actor=lead)
    second = prepare_round_2022(actor=lead)
    with pytest.raises(WrongState, match="2022年度已有进行中的批次"):
        services.open_round(actor=lead, round_id=second.pk, seen_version=second.version)
    with pytest.raises(IntegrityError), transaction.atomic():
        Round.objects.filter(pk=second.pk).update(state="open")


def test_revision_can_be_neither_changed_nor_deleted():
    row = prepare_round_2022()
    for act in (lambda: RoundRevision.objects.update(reason="x"), lambda: RoundRevision.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()
    assert selectors.rulebook_at(row.pk)[1].reason == "按规则书准备"


def test_close_needs_a_reason():
    lead = make_lead()
    row = open_round_2022(actor=lead)
    with pytest.raises(ReasonRequired):
        services.close_round(actor=lead, round_id=row.pk, seen_version=row.version, reason=" ")


# --- cut-offs and extensions ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("closes_at", "told"),
    [
        (END, ""),
        (END + timedelta(seconds=1), "不能晚于市局的截止时间2022年10月15日（星期六）24:00"),
        (clock.local_instant(clock.date(2022, 1, 1)), "应晚于开始时间"),
    ],
)
def test_cut_off_lies_between_the_start_and_the_citys_end(closes_at, told):
    lead, district = make_lead(), make_authority()
    row = open_round_2022(actor=lead)
    values = {"round_id": row.pk, "key": HAND_IN, "authority_id": district.pk, "closes_at": closes_at}
    if not told:
        assert services.set_deadline(actor=lead, **values).closes_at == closes_at
        return
    with pytest.raises(Invalid) as caught:
        services.set_deadline(actor=lead, **values)
    assert told in caught.value.message


def test_cut_off_of_another_district_is_refused():
    mine, other = make_authority(), make_authority("庄河市")
    row = open_round_2022()
    actor = Actor(role=Role.DISTRICT_LEAD, user_id=1, authority_id=mine.pk)
    values = {"actor": actor, "round_id": row.pk, "key": HAND_IN, "closes_at": END - timedelta(days=1)}
    assert services.set_deadline(authority_id=mine.pk, **values).authority_id == mine.pk
    with pytest.raises(Refused):
        services.set_deadline(authority_id=other.pk, **values)


@pytest.mark.parametrize(("key", "refusal"), [(SUBMIT, Invalid), ("x", NotVisible)])
def test_cut_off_is_only_for_clocks_of_districts(key, refusal):
    lead, district = make_lead(), make_authority()
    row = open_round_2022(actor=lead)
    with pytest.raises(refusal):
        services.set_deadline(
            actor=lead, round_id=row.pk, key=key, authority_id=district.pk, closes_at=END - timedelta(days=1)
        )


def test_cut_off_and_extension_are_for_districts_and_zones_only():
    lead = make_lead()
    row = open_round_2022(actor=lead)
    department = make_authority("生态环境局", kind="department")
    with pytest.raises(NotVisible):
        VERBS["cut_off"](lead, row, department)
    with pytest.raises(NotVisible):
        VERBS["extend"](lead, row, department)


def test_cut_off_can_be_cleared_again():
    lead, district = make_lead(), make_authority()
    row = open_round_2022(actor=lead)
    VERBS["cut_off"](lead, row, district)
    services.clear_deadline(actor=lead, round_id=row.pk, key=HAND_IN, authority_id=district.pk)
    assert Deadline.objects.filter(round=row, authority=district).count() == 0
    with pytest.raises(NotVisible):
        services.clear_deadline(actor=lead, round_id=row.pk, key=HAND_IN, authority_id=district.pk)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"document_no": " "}, Invalid),
        ({"reason": " "}, ReasonRequired),
        ({"until": END}, Invalid),
        ({"key": "x"}, NotVisible),
    ],
)
def test_extension_needs_number_reason_and_a_later_end(change, refusal):
    lead, district = make_lead(), make_authority()
    row = open_round_2022(actor=lead)
    values = {
        "round_id": row.pk,
        "key": SUBMIT,
        "authority_id": district.pk,
        "until": END + timedelta(days=1),
        "document_no": "1号",
        "reason": "台风",
    }
    with pytest.raises(refusal):
        services.grant_extension(actor=lead, **(values | change))
    assert Extension.objects.count() == 0
    granted = services.grant_extension(actor=lead, **values)
    entry = AuditEntry.objects.filter(action="rounds.grant_extension").get()
    assert (entry.data["extension"], entry.data["document_no"]) == (granted.pk, "1号")


def test_extension_is_revoked_once_with_a_reason():
    lead, district = make_lead(), make_authority()
    row = open_round_2022(actor=lead)
    granted = VERBS["extend"](lead, row, district)
    with pytest.raises(ReasonRequired):
        services.revoke_extension(actor=lead, extension_id=granted.pk, reason="")
    officer = Actor(role=Role.DISTRICT_LEAD, user_id=1, authority_id=district.pk)
    with pytest.raises(Refused):
        services.revoke_extension(actor=officer, extension_id=granted.pk, reason="x")
    stranger = Actor(role=Role.DISTRICT_LEAD, user_id=1, authority_id=make_authority("庄河市").pk)
    with pytest.raises(NotVisible):
        services.revoke_extension(actor=stranger, extension_id=granted.pk, reason="x")
    services.revoke_extension(actor=lead, extension_id=granted.pk, reason="填错")
    with pytest.raises(WrongState):
        services.revoke_extension(actor=lead, extension_id=granted.pk, reason="再次")


# --- races ------------------------------------------------------------------------------------------------------------


def race(*acts):
    """Run the acts at once, each on a connection of its own; returns what each gave or raised."""
    gate, answers = threading.Barrier(len(acts), timeout=20), [None] * len(acts)

    def go(index, act):
        try:
            gate.wait()
            answers[index] = act()
        except (DomainError, DatabaseError) as error:
            answers[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=go, args=(i, act)) for i, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return answers


def _open_and_revise(lead, row):
    return (
        lambda: services.open_round(actor=lead, round_id=row.pk, seen_version=row.version),
        lambda: services.revise(actor=lead, round_id=row.pk, seen_version=row.version, changes=CAP12, reason=""),
    )


@pytest.mark.django_db(transaction=True)
def test_open_against_revise_lets_exactly_one_through():
    for _ in range(4):
        lead = make_lead()
        row = prepare_round_2022(actor=lead)
        answers = race(*_open_and_revise(lead, row))
        assert [type(a) for a in answers].count(Stale) == 1
        row.refresh_from_db()
        book, revision = selectors.rulebook_at(row.pk)
        # Never: opened, and then changed without the document that an open round asks for.
        assert (row.state, revision.number, book.cap) in {("open", 1, 15), ("preparing", 2, 12)}
        Round.objects.filter(pk=row.pk).update(state="closed")


@pytest.mark.django_db(transaction=True)
def test_control_without_the_version_check_and_lock_both_would_pass(monkeypatch):
    """The guard matters: with it off, both verbs succeed and an open round changes without a document."""
    meet = threading.Barrier(2, timeout=20)

    def unlocked(actor, round_id, seen_version):
        row = Round.objects.get(pk=round_id)
        meet.wait()
        return row

    monkeypatch.setattr(lifecycle, "_locked", unlocked)
    lead = make_lead()
    row = prepare_round_2022(actor=lead)
    answers = race(*_open_and_revise(lead, row))
    assert [type(a) for a in answers] == [Round, RoundRevision]
