"""Facts of the register as of a day, removal by two people, results, links, visibility."""

import itertools
from datetime import date, datetime
from typing import Any

import pytest
from django.db import IntegrityError, InternalError, transaction

from dynamic_mgmt.models import ListedUnit, MatchDoubt, RemovalProposal
from dynamic_mgmt.naming import name_key
from dynamic_mgmt.selectors import Filters, filtered, register_facts, visible_to
from dynamic_mgmt.selectors.lists import removal_proposals_visible_to
from dynamic_mgmt.services import EnrolItem, decide_removal, enrol, link_unit, propose_removal
from dynamic_mgmt.services.matching import decide_match
from greenportal.accounts.actors import Actor, Role
from greenportal.audit.models import AuditEntry
from greenportal.findings.types import Invalid, NotVisible, ReasonRequired, Refused, Stale, WrongState
from greenportal.jobs.models import Job
from tests.dynamic_mgmt.conftest import person
from tests.factories.directory import make_authority, make_organisation, make_subject
from tests.factories.dynamic_mgmt import make_listed
from tests.factories.rounds import DURING

pytestmark = pytest.mark.django_db
DAY = date(2022, 9, 20)


def facts(organisation, as_of: date | datetime = DAY):
    return register_facts([organisation.pk], as_of=as_of)[organisation.pk]


def how(organisation, as_of: date = DAY):
    return [(f.listed_unit_id, f.matched_by) for f in facts(organisation, as_of)]


# --- matching ----------------------------------------------------------------------------------------------------


def test_link_code_and_name_each_match():
    organisation = make_organisation(name="试验（大连）有限责任公司")
    linked = make_listed("旧名有限公司", organisation=organisation)
    coded = make_listed("别名有限公司", uscc=organisation.uscc)
    named = make_listed("试验(大连)有限公司")
    make_listed("无关有限公司")
    assert how(organisation) == [(linked.pk, "organisation"), (coded.pk, "uscc"), (named.pk, "name")]


def test_link_to_another_body_settles_the_matter():
    organisation, other = make_organisation(name="试验有限公司"), make_organisation(name="别家有限公司")
    unit = make_listed("试验有限公司", organisation=other, uscc=organisation.uscc)
    assert how(organisation) == []
    assert how(other) == [(unit.pk, "organisation")]


def test_code_of_another_body_beats_the_same_name():
    organisation, other = make_organisation(name="试验有限公司"), make_organisation(name="别家有限公司")
    unit = make_listed("试验有限公司", uscc=other.uscc)
    assert how(organisation) == []
    assert how(other) == [(unit.pk, "uscc")]


def test_row_that_is_not_matchable_is_never_matched_by_name():
    organisation = make_organisation(name="试验有限公司")
    make_listed("试验有限公司", matchable=False, unmatched_reason="来源为公示阶段")
    assert how(organisation) == []


def test_same_row_matchable_is_matched():
    """Control for the test above."""
    organisation = make_organisation(name="试验有限公司")
    unit = make_listed("试验有限公司")
    assert how(organisation) == [(unit.pk, "name")]


def test_part_of_a_name_is_no_match():
    organisation = make_organisation(name="大连试验集团有限公司")
    make_listed("大连试验有限公司")
    assert how(organisation) == []


# --- as of a day -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "day", "known"),
    [
        ({"listed_on": date(2022, 1, 15)}, date(2022, 1, 14), False),
        ({"listed_on": date(2022, 1, 15)}, date(2022, 1, 15), True),
        ({"listed_on": None, "list_year": 2022}, date(2021, 12, 31), False),
        ({"listed_on": None, "list_year": 2022}, date(2022, 1, 1), True),
        ({"listed_on": None, "list_year": None}, date(2017, 1, 1), True),
    ],
)
def test_listing_is_known_from_its_day(values, day, known):
    organisation = make_organisation()
    make_listed(organisation=organisation, **values)
    assert (len(facts(organisation, day)) == 1) is known


def test_removal_is_known_from_its_day():
    organisation = make_organisation()
    make_listed(
        organisation=organisation, removed_on=DAY, removal_reason="试验原因", removal_document="试验〔2022〕1号"
    )
    (before,), (after,) = facts(organisation, date(2022, 9, 19)), facts(organisation, DAY)
    assert (before.active, before.removed_on, before.removal_reason, before.removal_document) == (True, None, "", "")
    assert (after.active, after.removed_on, after.removal_reason) == (False, DAY, "试验原因")


def test_instant_is_asked_on_dalians_wall_clock():
    organisation = make_organisation()
    make_listed(organisation=organisation, listed_on=DAY)
    late = datetime.fromisoformat("2022-09-19T23:59:00+08:00")
    early = datetime.fromisoformat("2022-09-20T00:00:00+08:00")
    assert [len(facts(organisation, at)) for at in (late, early)] == [0, 1]


def test_every_id_asked_gets_an_entry_and_unknown_ones_do_not():
    organisation = make_organisation()
    assert register_facts([organisation.pk, 0], as_of=DAY) == {organisation.pk: ()}


@pytest.mark.parametrize("count", [1, 3, 40])
def test_facts_take_two_queries_for_any_number(count, django_assert_num_queries):
    bodies = [make_organisation() for _ in range(count)]
    for body in bodies:
        make_listed(body.name)
    with django_assert_num_queries(2):
        assert sum(map(len, register_facts([b.pk for b in bodies], as_of=DAY).values())) == count


# --- removal -----------------------------------------------------------------------------------------------------


def proposed(actor, unit, **values: Any) -> RemovalProposal:
    defaults = {"removed_on": DAY, "reason": "拒不填报", "document_no": "试验〔2022〕1号"}
    return propose_removal(actor=actor, unit_id=unit.pk, **{**defaults, **values})


def test_removal_takes_two_people(reviewer, lead):
    organisation = make_organisation()
    unit = make_listed(organisation=organisation)
    proposal = proposed(reviewer, unit)
    unit.refresh_from_db()
    assert unit.removed_on is None
    decide_removal(actor=lead, proposal_id=proposal.pk, confirm=True)
    unit.refresh_from_db()
    assert (unit.removed_on, unit.removal_reason, unit.removal_document) == (DAY, "拒不填报", "试验〔2022〕1号")
    assert [
        e.action for e in AuditEntry.objects.filter(target=f"dynamic_mgmt.listed_unit:{unit.pk}").order_by("id")
    ] == [
        "dynamic_mgmt.propose_removal",
        "dynamic_mgmt.decide_removal",
    ]
    assert Job.objects.get(kind="nominations.recheck").payload == {
        "organisation_ids": [organisation.pk],
        "cause": "dynamic_mgmt.removal",
    }


def test_dropped_removal_changes_nothing_and_can_be_written_again(reviewer, lead):
    unit = make_listed()
    decide_removal(actor=lead, proposal_id=proposed(reviewer, unit).pk, confirm=False)
    unit.refresh_from_db()
    assert unit.removed_on is None
    assert proposed(reviewer, unit).confirmed is None


def test_proposer_cannot_decide_even_as_lead(lead):
    proposal = proposed(lead, make_listed())
    with pytest.raises(Refused, match="登记人不能复核"):
        decide_removal(actor=lead, proposal_id=proposal.pk, confirm=True)


def test_database_refuses_one_person_as_both(reviewer):
    proposal = proposed(reviewer, make_listed())
    with pytest.raises(IntegrityError, match="removal_two_people"), transaction.atomic():
        RemovalProposal.objects.filter(pk=proposal.pk).update(decided_by=reviewer.user_id)


def test_second_open_proposal_decided_one_and_removed_unit_are_told(reviewer, lead):
    unit = make_listed()
    proposal = proposed(reviewer, unit)
    with pytest.raises(WrongState, match="已有待复核"):
        proposed(reviewer, unit)
    decide_removal(actor=lead, proposal_id=proposal.pk, confirm=True)
    with pytest.raises(WrongState, match="已复核"):
        decide_removal(actor=lead, proposal_id=proposal.pk, confirm=True)
    with pytest.raises(WrongState, match="已移出名单"):
        proposed(reviewer, unit)


def test_wrong_fields_are_named(reviewer):
    unit = make_listed(listed_on=date(2022, 1, 15))
    with pytest.raises(Invalid) as caught:
        proposed(reviewer, unit, removed_on=date(2022, 9, 21), reason=" ", document_no="")
    assert caught.value.errors == {
        "removed_on": ["移出日期应不晚于今天，核对后填写。"],
        "reason": ["填写移出原因（1至200个字）。"],
        "document_no": ["填写移出文号（1至120个字）。"],
    }
    with pytest.raises(Invalid) as caught:
        proposed(reviewer, unit, removed_on=date(2022, 1, 14))
    assert caught.value.errors == {"removed_on": ["移出日期应不早于公布日期，核对两个日期。"]}


def test_absent_rows_are_not_visible(reviewer, lead):
    unit = make_listed()
    unit.pk = 0
    with pytest.raises(NotVisible):
        proposed(reviewer, unit)
    with pytest.raises(NotVisible):
        decide_removal(actor=lead, proposal_id=0, confirm=True)


def test_units_are_never_deleted():
    with pytest.raises(InternalError, match="listed_not_deleted"), transaction.atomic():
        make_listed().delete()


# --- results and links -------------------------------------------------------------------------------------------


def enrolled(actor, *items, **values: Any) -> list[ListedUnit]:
    defaults = {
        "level": "national",
        "batch": "7",
        "list_year": 2022,
        "listed_on": date(2023, 3, 23),
        "document_no": "试验〔2023〕64号",
    }
    return enrol(actor=actor, items=items, **{**defaults, **values})


def test_results_enter_linked_and_a_second_time_are_the_same_rows(lead):
    organisation, authority = make_organisation(name="试验有限公司"), make_authority()
    item = EnrolItem(organisation.pk, "factory", "试验有限公司", authority_id=authority.pk, standard="GB/T 36132-2018")
    (unit,) = enrolled(lead, item)
    assert (unit.organisation_id, unit.uscc, unit.authority_id) == (organisation.pk, organisation.uscc, authority.pk)
    assert (unit.level, unit.batch, unit.list_year, unit.city) == ("national", "7", 2022, "大连市")
    assert [u.pk for u in enrolled(lead, item)] == [unit.pk]
    assert how(organisation, date(2023, 3, 23)) == [(unit.pk, "organisation")]


def test_result_that_was_imported_before_is_linked_not_added(lead):
    organisation = make_organisation(name="试验（大连）有限公司")
    imported = make_listed("试验(大连)有限公司", batch="7", list_year=2022)
    (unit,) = enrolled(lead, EnrolItem(organisation.pk, "factory", "试验（大连）有限公司"))
    assert (unit.pk, unit.organisation_id, unit.listed_on) == (imported.pk, organisation.pk, date(2023, 3, 23))
    assert ListedUnit.objects.count() == 1


def test_a_result_is_matched_by_code_and_by_former_or_later_name_like_an_imported_row(lead):
    by_code, renamed = make_organisation(name="虚构重工有限责任公司"), make_organisation(name="虚构新名有限公司")
    coded = make_listed("虚构重工有限公司", batch="7", list_year=2022, uscc=by_code.uscc)
    before = make_listed("虚构旧名股份公司", batch="7", list_year=2022)
    before.renamed_to, before.renamed_key = "虚构新名有限公司", name_key("虚构新名有限公司")
    before.save()
    items = [EnrolItem(o.pk, "factory", o.name) for o in (by_code, renamed)]
    units = enrolled(lead, *items)
    assert [(u.pk, u.organisation_id) for u in units] == [(coded.pk, by_code.pk), (before.pk, renamed.pk)]
    assert ListedUnit.objects.count() == 2
    # control: a name that nobody on the list bears makes a row of its own
    other = make_organisation(name="另一虚构电子有限公司")
    assert enrolled(lead, EnrolItem(other.pk, "factory", other.name))[0].organisation_id == other.pk
    assert ListedUnit.objects.count() == 3


def test_a_doubtful_result_waits_for_a_person_and_then_enters(lead, reviewer):
    firm = make_organisation(name="虚构新名有限公司")
    stored = make_listed("完全不同的旧名厂", batch="7", list_year=2022, uscc=firm.uscc)
    item = EnrolItem(firm.pk, "factory", firm.name)
    assert enrolled(lead, item) == [] and enrolled(lead, item) == []
    doubt = MatchDoubt.objects.get()
    assert [c["because"] for c in doubt.candidates] == ["统一社会信用代码相同，名称不同，可能已更名"]
    decide_match(actor=reviewer, doubt_id=doubt.pk, answer="same", reason="更名登记通知书", unit_id=stored.pk)
    assert [(u.pk, u.organisation_id) for u in enrolled(lead, item)] == [(stored.pk, firm.pk)]
    assert ListedUnit.objects.count() == 1


def linked(reviewer, unit, firm) -> ListedUnit:
    """Return a unit that bears no code, linked to its legal person by a person's word."""
    return link_unit(
        actor=reviewer, unit_id=unit.pk, organisation_id=firm.pk, seen_version=unit.version, reason="虚构名单附件"
    )


def test_a_unit_linked_by_a_person_is_known_by_the_code_of_its_legal_person(lead, reviewer):
    firm = make_organisation(name="虚构重工集团有限公司")
    short = make_listed("虚重厂", batch="7", list_year=2022)
    item = EnrolItem(firm.pk, "factory", firm.name)
    linked(reviewer, short, firm)
    assert enrolled(lead, item) == []
    (asked,) = MatchDoubt.objects.get().candidates
    assert (asked["id"], ListedUnit.objects.count()) == (short.pk, 1), "asked, not added a second time"
    # control: without the link nothing says that they are one
    other = make_listed("虚电厂", batch="7", list_year=2022)
    assert [u.pk == other.pk for u in enrolled(lead, EnrolItem(make_organisation().pk, "factory", "虚电公司"))] == [
        False
    ]


def test_a_persons_link_to_another_legal_person_is_not_overwritten(lead, reviewer):
    one, other = make_organisation(name="虚构重工有限公司"), make_organisation(name="虚构重工有限公司")
    unit = make_listed("虚构重工有限公司", batch="7", list_year=2022)
    linked(reviewer, unit, one)
    assert enrolled(lead, EnrolItem(other.pk, "factory", other.name)) == []
    assert MatchDoubt.objects.get().candidates[0]["because"] == "名称相同，统一社会信用代码不同"
    unit.refresh_from_db()
    assert unit.organisation_id == one.pk
    # control: its own legal person enters
    assert [u.pk for u in enrolled(lead, EnrolItem(one.pk, "factory", one.name))] == [unit.pk]


def test_one_doubtful_result_that_stands_twice_is_asked_once(lead):
    firm = make_organisation(name="虚构新名有限公司")
    make_listed("完全不同的旧名厂", batch="7", list_year=2022, uscc=firm.uscc)
    item = EnrolItem(firm.pk, "factory", firm.name)
    assert enrolled(lead, item, item) == [] and MatchDoubt.objects.count() == 1
    # control: two that differ are two questions
    assert enrolled(lead, item, EnrolItem(firm.pk, "factory", "又一虚构名有限公司")) == []
    assert MatchDoubt.objects.count() == 2


def test_two_products_of_one_body_are_two_rows(lead):
    organisation = make_organisation()
    items = [EnrolItem(organisation.pk, "product", organisation.name, product_model=m) for m in ("型号一", "型号二")]
    assert len({u.pk for u in enrolled(lead, *items)}) == 2


def test_results_with_unknown_words_are_refused(lead):
    organisation = make_organisation()
    with pytest.raises(Invalid, match="级别和类别"):
        enrolled(lead, EnrolItem(organisation.pk, "moon", "试验"))
    with pytest.raises(Invalid, match="级别和类别"):
        enrolled(lead, level="moon")
    with pytest.raises(Invalid, match="文号"):
        enrolled(lead, document_no=" ")


def test_link_is_said_by_a_person_and_can_be_taken_away(reviewer):
    organisation, unit = make_organisation(), make_listed("某简称", matchable=False, unmatched_reason="来源仅有简称")
    values = {"actor": reviewer, "unit_id": unit.pk, "reason": "名单附件"}
    link_unit(organisation_id=organisation.pk, seen_version=1, **values)
    assert how(organisation) == [(unit.pk, "organisation")]
    with pytest.raises(Stale):
        link_unit(organisation_id=None, seen_version=1, **values)
    link_unit(organisation_id=None, seen_version=2, **values)
    assert how(organisation) == []
    jobs = Job.objects.filter(kind="nominations.recheck")
    assert {tuple(j.payload["organisation_ids"]) for j in jobs} == {(organisation.pk,)}


def test_link_needs_a_reason_and_both_rows(reviewer):
    organisation, unit = make_organisation(), make_listed()
    values = {"actor": reviewer, "seen_version": 1}
    with pytest.raises(ReasonRequired):
        link_unit(unit_id=unit.pk, organisation_id=organisation.pk, reason=" ", **values)
    for unit_id, organisation_id in ((0, organisation.pk), (unit.pk, 0)):
        with pytest.raises(NotVisible):
            link_unit(unit_id=unit_id, organisation_id=organisation_id, reason="附件", **values)


# --- who may, who sees -------------------------------------------------------------------------------------------

CITY = {Role.CITY_REVIEWER, Role.CITY_LEAD}


@pytest.mark.parametrize("role", list(Role))
def test_who_may_do_what(role, reviewer):
    actor = person(role, "某人")
    open_one = proposed(reviewer, make_listed())
    acts = {
        "propose": (CITY, lambda: proposed(actor, make_listed())),
        "decide": ({Role.CITY_LEAD}, lambda: decide_removal(actor=actor, proposal_id=open_one.pk, confirm=True)),
        "enrol": (
            {Role.CITY_LEAD, Role.SYSTEM},
            lambda: enrolled(actor, EnrolItem(make_organisation().pk, "factory", "试验")),
        ),
        "link": (
            CITY | {Role.SYSTEM},
            lambda: link_unit(
                actor=actor,
                unit_id=make_listed().pk,
                organisation_id=make_organisation().pk,
                seen_version=1,
                reason="附件",
            ),
        ),
    }
    for allowed, act in acts.values():
        if role in allowed:
            act()
        else:
            with pytest.raises(Refused):
                act()
    open_one.refresh_from_db()
    assert (open_one.decided_at is not None) is (role == Role.CITY_LEAD)


def test_each_actor_sees_its_own(reviewer):
    home, away = make_authority("瓦房店市"), make_authority("庄河市")
    mine = make_subject(authority=home)
    theirs = make_subject(authority=away)
    linked = make_listed(organisation=mine.organisation)
    foreign = make_listed(organisation=theirs.organisation)
    put_under = make_listed(authority=home)
    make_listed("谁也不是的有限公司")
    proposed(reviewer, linked)

    def seen(actor: Actor) -> tuple[set[int], int]:
        return set(visible_to(actor).values_list("id", flat=True)), removal_proposals_visible_to(actor).count()

    assert len(seen(reviewer)[0]) == 4
    assert seen(reviewer)[1] == 1
    assert seen(Actor(role=Role.DISTRICT_OFFICER, authority_id=home.pk)) == ({linked.pk, put_under.pk}, 0)
    assert seen(Actor(role=Role.DISTRICT_LEAD, authority_id=away.pk)) == ({foreign.pk}, 0)
    assert seen(Actor(role=Role.APPLICANT, organisation_id=mine.organisation_id)) == ({linked.pk}, 0)
    for role in set(Role) - CITY - {Role.SYSTEM, Role.DISTRICT_OFFICER, Role.DISTRICT_LEAD, Role.APPLICANT}:
        actor = Actor(role=role, authority_id=home.pk, organisation_id=mine.organisation_id)
        assert seen(actor) == (set(), 0)


def test_filters_narrow_each_by_itself():
    a = make_listed("甲（大连）有限公司", category="factory", level="national", batch="5", list_year=2020)
    b = make_listed("乙有限公司", category="park", level="provincial", batch="9", list_year=2024, province="吉林省")
    make_listed("丙有限公司", removed_on=DAY, batch="6", list_year=2021, product_model="XQ-1")
    asked = {
        Filters(q="甲(大连)"): {a.pk},
        Filters(q="xq-1"): set(ListedUnit.objects.filter(batch="6").values_list("id", flat=True)),
        Filters(category="park"): {b.pk},
        Filters(level="provincial"): {b.pk},
        Filters(batch="5"): {a.pk},
        Filters(year=2024): {b.pk},
        Filters(province="吉林省"): {b.pk},
        Filters(state="active"): {a.pk, b.pk},
        Filters(state="active", level="national"): {a.pk},
        Filters(q="没有"): set(),
    }
    for filters, expected in asked.items():
        assert set(filtered(ListedUnit.objects.all(), filters).values_list("id", flat=True)) == expected, filters
    removed = filtered(ListedUnit.objects.all(), Filters(state="removed"))
    assert [u.name_as_listed for u in removed] == ["丙有限公司"]


def test_combinations_of_filters_never_widen():
    for level, category, batch in itertools.product(["national", "city"], ["factory", "park"], ["5", "6"]):
        make_listed(level=level, category=category, batch=batch)
    every = ListedUnit.objects.all()
    wide = set(filtered(every, Filters(level="city")).values_list("id", flat=True))
    narrow = set(filtered(every, Filters(level="city", category="park", batch="6")).values_list("id", flat=True))
    assert narrow < wide
    assert len(narrow) == 1


def test_instant_of_the_round_is_accepted():
    organisation = make_organisation()
    make_listed(organisation=organisation)
    assert len(facts(organisation, DURING)) == 1


def test_a_unit_is_found_under_its_old_and_its_new_name_and_keeps_its_batch(reviewer):
    unit = make_listed(
        "旧名称试验有限公司", renamed_to="新名称试验有限公司", renamed_key=name_key("新名称试验有限公司")
    )
    for words in ("旧名称试验", "新名称试验"):
        assert [row.pk for row in filtered(visible_to(reviewer), Filters(q=words))] == [unit.pk]
    assert (unit.current_name, unit.name_as_listed, unit.batch) == (
        "新名称试验有限公司",
        "旧名称试验有限公司",
        "5",
    )


def test_the_publication_year_is_not_the_list_year(db):
    assert make_listed(list_year=2021, listed_on=date(2022, 1, 15)).publication_year == 2022
    assert make_listed(list_year=2018, published_year=2018).publication_year == 2018
    assert make_listed().publication_year is None
