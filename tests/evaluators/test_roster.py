"""The roster: what counts as of a day, who sees whom, and that an identity number is kept nowhere."""

from datetime import timedelta

import pytest

from evaluators.models import RosterBatch, StaffMember
from evaluators.selectors import roster_names
from evaluators.selectors.roster import RosterCounts, counts, lines, named_fields, roster_sheet, shared_people
from evaluators.services.roster import StaffFields, add_staff, change_staff, read_row, remove_staff, unmask
from evaluators.services.roster_import import apply_roster, headings, read_roster
from greenportal import clock
from greenportal.accounts import identity
from greenportal.accounts.actors import Role
from greenportal.audit.models import AuditEntry
from greenportal.directory.tables import Row
from greenportal.findings.types import Invalid, NotVisible, ReasonRequired, Refused
from tests.evaluators.conftest import person
from tests.factories.evaluators import make_evaluator
from tests.factories.roster import fictional_id, make_roster, make_staff
from tests.factories.rounds import DURING

pytestmark = pytest.mark.django_db
SHEET = roster_sheet("2022")
NAMED = named_fields(SHEET)
ZHANG = StaffFields(name="张试验", title="senior", field="energy", full_time=True, certificate_no="甲0001")


@pytest.fixture
def body(round_2022):
    return make_evaluator("甲试验评价所")


@pytest.fixture
def admin(body):
    return person(Role.EVALUATOR_ADMIN, "机构管理员甲", organisation_id=body.organisation_id)


def row(number=2, **values):
    defaults = {"name": "李试验", "title": "高级职称", "field": "环境", "full_time": "是", "certificate_no": "乙0002"}
    return Row(number, {**defaults, **values})


# --- counting ---------------------------------------------------------------------------------------------------------


def test_seniors_are_counted_inside_and_only_in_named_fields(body):
    make_roster(body, senior=4, intermediate=5)
    make_staff(body, field="other", field_text="材料")
    make_staff(body, title="other")
    make_staff(body, full_time=False)
    assert counts([body.pk], named=NAMED, at=clock.now())[body.pk] == RosterCounts(12, 10, 4, 1)


def test_fields_of_the_notice_come_from_the_rulebook():
    assert NAMED == ("energy", "environment", "ecology", "low_carbon", "lca")


def test_counts_and_names_are_those_of_the_instant(body, admin):
    member = make_staff(body, created_at=DURING - timedelta(days=30))
    remove_staff(actor=admin, staff_id=member.pk)
    before = counts([body.pk], named=NAMED, at=DURING - timedelta(days=1))[body.pk]
    after = counts([body.pk], named=NAMED, at=DURING + timedelta(seconds=1))[body.pk]
    assert (before.total, after.total) == (1, 0)


def test_names_hold_who_left_since_the_round_opened(body, round_2022):
    gone = make_staff(body, name="走试验", removed_at=DURING + timedelta(hours=1))
    long_gone = make_staff(body, name="早试验", removed_at=DURING - timedelta(days=9))
    stays = make_staff(body, name="留试验")
    found = roster_names([body.pk], round_id=round_2022.pk)[body.pk]
    assert (gone.name in found, stays.name in found, long_gone.name in found) == (True, True, False)


def test_counts_and_names_take_constant_queries(body, round_2022, django_assert_num_queries):
    bodies = [body, *(make_evaluator() for _ in range(2))]
    for one in bodies:
        make_roster(one, senior=1, intermediate=1)
    for ids in ([body.pk], [b.pk for b in bodies]):
        with django_assert_num_queries(1):
            counts(ids, named=NAMED, at=clock.now())
        with django_assert_num_queries(2):
            roster_names(ids, round_id=round_2022.pk)


# --- the number -------------------------------------------------------------------------------------------------------


def test_number_becomes_a_keyed_print(settings, body, admin):
    number = fictional_id(7)
    member = add_staff(actor=admin, evaluator_id=body.pk, entered=ZHANG, id_number=f" {number[:6]} {number[6:]} ")
    assert (member.id_print, member.id_tail) == (identity.print_of(number), number[-4:])
    settings.IDENTITY_KEY = "another-key-another-key-another-key-another"
    assert identity.print_of(number) != member.id_print


@pytest.mark.parametrize("text", ["123", "999999196101011", "99999919991301123X", "abc", fictional_id(3)[:-1] + "Z"])
def test_wrong_number_is_refused_without_repeating_it(text, body, admin):
    with pytest.raises(Invalid) as caught:
        add_staff(actor=admin, evaluator_id=body.pk, entered=ZHANG, id_number=text)
    told = f"{caught.value.message}{caught.value.errors}"
    assert "18位" in told
    assert text not in told
    assert not StaffMember.objects.exists()


def test_wrong_check_character_is_told():
    number = fictional_id(5)
    wrong = number[:-1] + ("1" if number[-1] != "1" else "2")
    with pytest.raises(Invalid):
        identity.checked(wrong)
    assert identity.checked(number) == number


@pytest.mark.parametrize("column", ["name", "certificate_no", "title_name", "major"])
def test_number_in_another_column_is_refused(column):
    typed = {"name": "张试验", "title": "高级职称", "field": "能源", "full_time": "是"}
    entered, errors = read_row(SHEET, {**typed, column: f"编{fictional_id(9)}"})
    assert entered is None
    assert "不保存身份证件号码" in errors[column][0]
    assert fictional_id(9) not in str(errors)


def test_same_number_twice_in_one_roster_is_refused(body, admin):
    add_staff(actor=admin, evaluator_id=body.pk, entered=ZHANG, id_number=fictional_id(1))
    with pytest.raises(Invalid, match="已登记在本机构的名册中"):
        add_staff(actor=admin, evaluator_id=body.pk, entered=ZHANG, id_number=fictional_id(1))


# --- change -----------------------------------------------------------------------------------------------------------


def test_change_keeps_the_print_and_the_former_row(body, admin):
    member = add_staff(actor=admin, evaluator_id=body.pk, entered=ZHANG, id_number=fictional_id(1))
    with clock.fixed(DURING + timedelta(days=1)):
        changed = change_staff(
            actor=admin,
            staff_id=member.pk,
            entered=StaffFields(name="张试验", title="intermediate", field="energy", full_time=True),
        )
    member.refresh_from_db()
    assert (changed.replaces, changed.id_print, changed.removed_at) == (member, member.id_print, None)
    assert member.removed_at == DURING + timedelta(days=1)


def test_same_content_writes_nothing(body, admin):
    member = add_staff(actor=admin, evaluator_id=body.pk, entered=ZHANG)
    assert change_staff(actor=admin, staff_id=member.pk, entered=ZHANG) == member
    assert StaffMember.objects.count() == 1


@pytest.mark.parametrize("role", [role for role in Role if role != Role.EVALUATOR_ADMIN])
def test_only_the_own_administrator_keeps_the_roster(role, body):
    actor = person(role, f"旁人{role}", organisation_id=body.organisation_id)
    with pytest.raises((Refused, NotVisible)):
        add_staff(actor=actor, evaluator_id=body.pk, entered=ZHANG)
    assert not StaffMember.objects.exists()


def test_foreign_roster_is_not_found(body, admin):
    foreign = make_staff(make_evaluator())
    for act in (
        lambda: add_staff(actor=admin, evaluator_id=foreign.evaluator_id, entered=ZHANG),
        lambda: change_staff(actor=admin, staff_id=foreign.pk, entered=ZHANG),
        lambda: remove_staff(actor=admin, staff_id=foreign.pk),
        lambda: unmask(actor=admin, evaluator_id=foreign.evaluator_id, reason="核对"),
    ):
        with pytest.raises(NotVisible):
            act()


# --- sight ------------------------------------------------------------------------------------------------------------


def test_lines_are_masked_by_default(body, admin):
    member = add_staff(actor=admin, evaluator_id=body.pk, entered=ZHANG, id_number=fictional_id(1))
    [masked], [full] = lines([member], SHEET), lines([member], SHEET, shown=True)
    assert (masked.name, masked.certificate_no, masked.identity) == ("张**", "***01", "已登记")
    assert (full.name, full.certificate_no, full.identity) == ("张试验", "甲0001", f"末四位{fictional_id(1)[-4:]}")


def test_unmasking_asks_a_reason_and_is_audited(body, reviewer):
    make_staff(body)
    with pytest.raises(ReasonRequired):
        unmask(actor=reviewer, evaluator_id=body.pk, reason="  ")
    with pytest.raises(Invalid):
        unmask(actor=reviewer, evaluator_id=body.pk, reason=f"查{fictional_id(3)}")
    assert not AuditEntry.objects.filter(action="audit.read").exists()
    assert len(unmask(actor=reviewer, evaluator_id=body.pk, reason="核对职称证书")) == 1
    entry = AuditEntry.objects.get(action="audit.read")
    assert (entry.data["reason"], entry.data["rows"], entry.stream) == (
        "核对职称证书",
        1,
        f"evaluators.evaluator:{body.pk}",
    )


@pytest.mark.parametrize("role", [Role.EVALUATOR, Role.APPLICANT, Role.DISTRICT_OFFICER, Role.AUDITOR])
def test_others_do_not_unmask(role, body):
    make_staff(body)
    actor = person(role, f"旁人{role}", organisation_id=body.organisation_id)
    with pytest.raises((Refused, NotVisible)):
        unmask(actor=actor, evaluator_id=body.pk, reason="看看")


def test_one_person_on_two_rosters_is_the_citys_finding_alone(body, admin, reviewer):
    other = make_evaluator("乙试验评价所")
    theirs = person(Role.EVALUATOR_ADMIN, "机构管理员乙", organisation_id=other.organisation_id)
    add_staff(actor=admin, evaluator_id=body.pk, entered=ZHANG, id_number=fictional_id(1))
    add_staff(actor=theirs, evaluator_id=other.pk, entered=ZHANG, id_number=fictional_id(1))
    add_staff(actor=theirs, evaluator_id=other.pk, entered=ZHANG, id_number=fictional_id(2))
    [found] = shared_people(reviewer, at=clock.now())
    assert (found.tail, found.names) == (fictional_id(1)[-4:], ("张**",))
    assert {name for _, name in found.evaluators} == {"甲试验评价所", "乙试验评价所"}
    assert shared_people(admin, at=clock.now()) == []
    assert shared_people(theirs, at=clock.now()) == []


# --- Excel ------------------------------------------------------------------------------------------------------------


def test_import_is_looked_through_then_applied_once(body, admin):
    kept = make_staff(body, name="留试验")
    seen = read_roster(actor=admin, evaluator_id=body.pk, rows=[row(id_number=fictional_id(4)), row(3, name="王试验")])
    assert (seen.count("new"), seen.problems, seen.untouched) == (2, (), 1)
    assert StaffMember.objects.count() == 1
    apply_roster(actor=admin, evaluator_id=body.pk, batch_id=seen.batch_id)
    assert set(StaffMember.objects.values_list("name", flat=True)) == {kept.name, "李试验", "王试验"}
    with pytest.raises(NotVisible):
        apply_roster(actor=admin, evaluator_id=body.pk, batch_id=seen.batch_id)
    assert not RosterBatch.objects.exists()


def test_round_trip_changes_by_number_and_keeps_the_print(body, admin):
    member = add_staff(actor=admin, evaluator_id=body.pk, entered=ZHANG, id_number=fictional_id(1))
    same = row(name="张试验", field="能源", certificate_no="甲0001", row_no=str(member.pk))
    changed = row(name="张试验", field="生态", certificate_no="甲0001", row_no=str(member.pk))
    assert read_roster(actor=admin, evaluator_id=body.pk, rows=[same]).count("same") == 1
    seen = read_roster(actor=admin, evaluator_id=body.pk, rows=[changed])
    apply_roster(actor=admin, evaluator_id=body.pk, batch_id=seen.batch_id)
    now = StaffMember.objects.get(removed_at=None)
    assert (now.field, now.id_print) == ("ecology", identity.print_of(fictional_id(1)))


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"name": ""}, "第2行：填写"),
        ({"title": "院士"}, "职称级别"),
        ({"full_time": "也许"}, "是否专职"),
        ({"years": "九十"}, "年限"),
        ({"field": "其他"}, "其他专业名称"),
        ({"row_no": "999999"}, "编号不在现有名册中"),
        ({"id_number": "12345"}, "18位"),
    ],
)
def test_wrong_cell_is_told_with_row_and_column_and_keeps_nothing(values, told, body, admin):
    seen = read_roster(actor=admin, evaluator_id=body.pk, rows=[row(**values), row(3, name="王试验")])
    assert any(told in problem.message for problem in seen.problems), seen.problems
    assert seen.batch_id is None
    assert not RosterBatch.objects.exists()


def test_same_number_in_two_rows_is_told_without_the_number(body, admin):
    rows = [row(id_number=fictional_id(4)), row(3, name="王试验", id_number=fictional_id(4))]
    [problem] = read_roster(actor=admin, evaluator_id=body.pk, rows=rows).problems
    assert problem.message == "第3行：与第2行是同一身份证件号码，保留一行。"


def test_batch_of_somebody_else_is_not_found(body, admin):
    seen = read_roster(actor=admin, evaluator_id=body.pk, rows=[row()])
    colleague = person(Role.EVALUATOR_ADMIN, "机构管理员丙", organisation_id=body.organisation_id)
    with pytest.raises(NotVisible):
        apply_roster(actor=colleague, evaluator_id=body.pk, batch_id=seen.batch_id)


def test_headings_are_the_sheets():
    assert headings(SHEET)["id_number"] == ("身份证件号码",)
    assert list(headings(SHEET))[1:] == [c.key for c in SHEET.table("staff").columns]
