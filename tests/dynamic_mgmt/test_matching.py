"""Doubtful matches: what looks alike is asked, never decided; what a person said holds for the next import."""

from __future__ import annotations

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dynamic_mgmt.likeness import core, index_of, slip
from dynamic_mgmt.models import ListedUnit, MatchDoubt
from dynamic_mgmt.naming import name_key
from dynamic_mgmt.selectors.matching import doubts_visible_to
from dynamic_mgmt.services import import_listed
from dynamic_mgmt.services.comparing import OTHER_CODE, OTHER_YEAR, SAME_CODE
from dynamic_mgmt.services.matching import decide_match, seek_matches
from greenportal.accounts.actors import CITY_ROLES, Actor, Role
from greenportal.audit.models import AuditEntry
from greenportal.directory.tables import Row
from greenportal.findings.types import Invalid, NotVisible, ReasonRequired, Refused, WrongState
from tests.dynamic_mgmt.conftest import person
from tests.factories.directory import fictional_uscc, make_organisation
from tests.factories.dynamic_mgmt import make_listed

LISTED = "虚构重工（大连）有限公司"


def row(number: int = 2, **values: str) -> Row:
    given = {"category": "绿色工厂(国家级)", "batch": "5", "year": "2020", "name": LISTED, "province": "辽宁省"}
    return Row(number, {**given, **values})


# --- likeness, pure -----------------------------------------------------------------------------------------------

WORDS = st.text(alphabet="虚构轴承机床化工电子材料装备精密环保重工", min_size=3, max_size=12)


@given(WORDS)
def test_legal_form_place_and_brackets_are_no_difference(word):
    ways = [
        f"{word}有限公司",
        f"{word}（大连）有限公司",
        f"大连{word}股份有限公司",
        f"{word}集团有限责任公司",
        f"辽宁省{word}",
    ]
    assert {core(way) for way in ways} == {core(word)}


@given(WORDS, st.data())
def test_one_wrong_missing_or_doubled_character_is_a_slip_both_ways(word, data):
    place = data.draw(st.integers(0, len(word) - 1))
    wrong = word[:place] + "兴" + word[place + 1 :]
    for other in (wrong, word[:place] + word[place + 1 :], word[:place] + word[place] + word[place:]):
        if other != word and min(len(word), len(other)) >= 3:
            assert slip(word, other) and slip(other, word)


@pytest.mark.parametrize(
    ("one", "other"), [("虚构第一", "虚构第二"), ("虚构a", "虚构b"), ("虚构东厂", "虚构西厂"), ("虚构3号", "虚构4号")]
)
def test_numbers_letters_and_directions_tell_works_apart(one, other):
    assert not slip(one, other)


@given(WORDS, WORDS)
def test_the_index_finds_what_comparing_each_with_each_finds(one, other):
    alike = core(one) == core(other) or slip(core(one), core(other))
    assert bool(index_of([(1, one)]).like(other)) == alike


# --- what an import is sure of, and what it asks ------------------------------------------------------------------

pytestmark = pytest.mark.django_db


def bring(reviewer: Actor, *rows: Row):
    return import_listed(actor=reviewer, rows=rows, source="虚构名单")


@pytest.mark.parametrize(
    ("stored", "printed"),
    [
        ({}, {"name": "虚构重工(大连)有限责任公司"}),
        ({"renamed_to": "虚构新重工有限公司", "renamed_key": "虚构新重工有限公司"}, {"name": "虚构新重工有限公司"}),
        ({"uscc": fictional_uscc(7)}, {"uscc": fictional_uscc(7), "name": "虚构重工股份有限公司"}),
    ],
)
def test_what_is_sure_is_neither_asked_nor_doubled(reviewer, stored, printed):
    unit = make_listed(LISTED, **stored)
    done = bring(reviewer, row(**printed))
    assert (done.new, done.doubts) == (0, ())
    assert ListedUnit.objects.get().name_key == unit.name_key, "the listed name stays"


@pytest.mark.parametrize(
    ("stored", "printed", "because"),
    [
        ({}, {"name": "虚构重工股份有限公司"}, "去掉地名、括号和公司形式后相同"),
        ({}, {"name": "虚构重机（大连）有限公司"}, None),
        ({"uscc": fictional_uscc(7)}, {"uscc": fictional_uscc(7), "name": "虚构船舶配件有限公司"}, SAME_CODE),
        ({"uscc": fictional_uscc(7)}, {"uscc": fictional_uscc(8)}, OTHER_CODE),
        ({}, {"year": "2021"}, OTHER_YEAR),
    ],
)
def test_what_is_not_sure_waits_for_a_person(reviewer, stored, printed, because):
    unit = make_listed(LISTED, **stored)
    done = bring(reviewer, row(**printed))
    assert ListedUnit.objects.count() == 1 + done.new
    if because is None:  # two short cores that share one character only are two firms
        assert (done.new, done.doubts) == (1, ()) or done.doubts[0].candidates[0].because == "只差一个字"
        return
    assert (done.new, done.updated, len(done.doubts)) == (0, 0, 1)
    doubt = MatchDoubt.objects.get()
    assert [(c["id"], c["because"]) for c in doubt.candidates] == [(unit.pk, because)]
    assert bring(reviewer, row(**printed)).doubts[0].asked, "asked once, however often the file comes"
    assert MatchDoubt.objects.count() == 1


def test_another_list_another_model_or_another_province_is_no_question(reviewer):
    make_listed(LISTED)
    done = bring(
        reviewer,
        row(2, batch="6", year="2021", name="虚构重工股份有限公司"),
        row(3, province="山东省", name="虚构重工股份有限公司"),
        row(4, category="绿色工厂(省级)", name="虚构重工股份有限公司"),
    )
    assert (done.new, done.doubts) == (3, ())


# --- answers ------------------------------------------------------------------------------------------------------


@pytest.fixture
def doubt(reviewer) -> MatchDoubt:
    make_listed(LISTED)
    bring(reviewer, row(name="虚构重工股份有限公司", uscc=fictional_uscc(7)))
    return MatchDoubt.objects.get()


def again(reviewer):
    return bring(reviewer, row(name="虚构重工股份有限公司", uscc=fictional_uscc(7)))


def test_the_same_fills_the_unit_and_is_remembered(reviewer, doubt):
    unit = ListedUnit.objects.get()
    decide_match(actor=reviewer, doubt_id=doubt.pk, answer="same", unit_id=unit.pk, reason="名单原文")
    unit.refresh_from_db()
    assert (unit.uscc, unit.name_as_listed) == (fictional_uscc(7), LISTED)
    done = again(reviewer)
    assert (done.new, done.updated, done.same, done.doubts) == (0, 0, 1, ())
    entry = AuditEntry.objects.get(action="dynamic_mgmt.decide_match")
    assert entry.data["reason"] == "名单原文" and entry.data["answer"] == "same"


def test_none_makes_a_new_unit_and_is_remembered(reviewer, doubt):
    decide_match(actor=reviewer, doubt_id=doubt.pk, answer="none", reason="两家企业")
    assert {u.name_as_listed for u in ListedUnit.objects.all()} == {LISTED, "虚构重工股份有限公司"}
    assert (again(reviewer).same, ListedUnit.objects.count()) == (1, 2)


def test_another_unit_of_the_same_category_and_level_can_be_named(reviewer, doubt):
    other, park = make_listed("虚构另一家有限公司", batch="6"), make_listed("虚构园区", category="park")
    with pytest.raises(Invalid, match="类别或级别"):
        decide_match(actor=reviewer, doubt_id=doubt.pk, answer="other", unit_id=park.pk, reason="名单原文")
    decide_match(actor=reviewer, doubt_id=doubt.pk, answer="other", unit_id=other.pk, reason="名单原文")
    other.refresh_from_db()
    assert other.uscc == fictional_uscc(7)


def test_answers_are_checked(reviewer, doubt):
    for answer, values, error in (
        ("same", {}, Invalid),
        ("same", {"unit_id": 987_654}, Invalid),
        ("other", {}, Invalid),
        ("other", {"unit_id": 987_654}, NotVisible),
        ("perhaps", {}, Invalid),
    ):
        with pytest.raises(error):
            decide_match(actor=reviewer, doubt_id=doubt.pk, answer=answer, reason="依据", **values)
    with pytest.raises(ReasonRequired):
        decide_match(actor=reviewer, doubt_id=doubt.pk, answer="none", reason=" ")
    decide_match(actor=reviewer, doubt_id=doubt.pk, answer="none", reason="依据")
    with pytest.raises(WrongState):
        decide_match(actor=reviewer, doubt_id=doubt.pk, answer="none", reason="依据")


def test_one_name_in_one_list_is_one_row(reviewer):
    make_listed(LISTED, uscc=fictional_uscc(7))
    bring(reviewer, row(uscc=fictional_uscc(8)))
    with pytest.raises(Invalid, match="同名单位"):
        decide_match(actor=reviewer, doubt_id=MatchDoubt.objects.get().pk, answer="none", reason="依据")


@pytest.mark.parametrize("role", list(Role))
def test_matches_are_the_citys_business(role, doubt):
    actor = person(role, f"角色{role}")
    assert doubts_visible_to(actor).exists() == (role in CITY_ROLES | {Role.SYSTEM})
    if role not in CITY_ROLES | {Role.SYSTEM}:
        with pytest.raises(Refused):
            decide_match(actor=actor, doubt_id=doubt.pk, answer="none", reason="依据")
        with pytest.raises(Refused):
            seek_matches(actor=actor)


# --- legal persons ------------------------------------------------------------------------------------------------


def test_a_unit_that_may_be_a_registered_legal_person_is_asked_once_and_linked(reviewer):
    unit, exact = make_listed(LISTED), make_listed("虚构电机有限公司")
    organisation = make_organisation(name="大连虚构重工股份有限公司")
    make_organisation(name="虚构电机有限公司")
    assert seek_matches(actor=reviewer) == 1, "exactly the same name needs no question"
    assert seek_matches(actor=reviewer) == 0
    doubt = MatchDoubt.objects.get()
    assert (doubt.unit_id, doubt.candidates[0]["id"]) == (unit.pk, organisation.pk)
    decide_match(actor=reviewer, doubt_id=doubt.pk, answer="same", organisation_id=organisation.pk, reason="营业执照")
    unit.refresh_from_db()
    exact.refresh_from_db()
    assert (unit.organisation_id, exact.organisation_id) == (organisation.pk, None)


def test_no_is_not_asked_again_and_a_new_legal_person_is(reviewer):
    make_listed(LISTED)
    make_organisation(name="大连虚构重工股份有限公司")
    seek_matches(actor=reviewer)
    decide_match(actor=reviewer, doubt_id=MatchDoubt.objects.get().pk, answer="none", reason="不是一家")
    assert seek_matches(actor=reviewer) == 0
    later = make_organisation(name="虚构重工集团有限公司")
    assert seek_matches(actor=reviewer) == 1
    assert [c["id"] for c in MatchDoubt.objects.get(answer="").candidates] == [later.pk]


# --- repeatable ---------------------------------------------------------------------------------------------------

PRINTED = st.builds(
    lambda word, form, code: row(name=f"虚构{word}{form}", uscc=fictional_uscc(code) if code else ""),
    st.text(alphabet="甲乙重轻", min_size=1, max_size=3),
    st.sampled_from(["有限公司", "有限责任公司", "股份有限公司", "（大连）有限公司"]),
    st.integers(0, 3),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=st.lists(PRINTED, max_size=6), second=st.lists(PRINTED, max_size=6))
def test_any_list_again_changes_nothing_and_asks_nothing_new(reviewer, first, second):
    with transaction.atomic():
        bring(reviewer, *first)
        bring(reviewer, *second)
        before = list(ListedUnit.objects.order_by("pk").values_list("pk", "name_as_listed", "uscc", "version"))
        asked = MatchDoubt.objects.count()
        done = bring(reviewer, *second)
        assert done.new == 0 and all(doubt.asked for doubt in done.doubts)
        keys = {name_key(name) for _, name, _, _ in before}
        after = list(ListedUnit.objects.order_by("pk").values_list("pk", "name_as_listed", "uscc", "version"))
        assert [pk for pk, *_ in after] == [pk for pk, *_ in before]
        assert {name_key(name) for _, name, _, _ in after} == keys and MatchDoubt.objects.count() == asked
        transaction.set_rollback(True)
