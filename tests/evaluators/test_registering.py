"""Registration by the evaluator itself: drafted, filed, returned at the field, acknowledged; and what it computes."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from evaluators.models import CaseEvidence, Evaluator, EvaluatorRegistration, FiledReturn, RegistrationCase
from evaluators.selectors import standing
from evaluators.selectors.registering import cases_visible_to, declared, declared_by, evidence_visible_to, judged
from evaluators.selectors.roster import RosterCounts
from evaluators.services import registering
from evaluators.services.moving import Remark
from evaluators.services.registration import RegistrationFields
from evaluators.states import RegistrationState
from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.audit.models import AuditEntry
from greenportal.directory.fictional import fictional_uscc
from greenportal.files.selectors import visible_to as files_visible_to
from greenportal.filings import registry as filings_registry
from greenportal.filings.models import FieldComment
from greenportal.filings.selectors import filing_for
from greenportal.filings.services import answer_comment, save
from greenportal.findings.types import Invalid, NotVisible, Outcome, ReasonRequired, Refused, Stale, WrongState
from greenportal.mail.models import OutboxMail
from greenportal.rounds import rulebook
from tests.evaluators.conftest import person
from tests.factories.directory import make_organisation
from tests.factories.evaluators import make_evaluator
from tests.factories.files import make_stored
from tests.factories.registering import ANSWERS, complete, make_case, make_filed
from tests.factories.roster import fictional_id, make_roster
from tests.factories.rounds import DURING

pytestmark = pytest.mark.django_db
BOOK = rulebook.load("2022")
GOOD_ROSTER = RosterCounts(12, 11, 5, 0)
USCC = "12210200MB0Y00000X"
#: Digits as an input method in full width writes them.
WIDE = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")


@pytest.fixture
def body(round_2022):
    return make_evaluator("甲试验评价所")


@pytest.fixture
def admin(body):
    return person(Role.EVALUATOR_ADMIN, "机构管理员甲", organisation_id=body.organisation_id)


@pytest.fixture
def case(admin, round_2022):
    return make_case(admin, round_2022)


def remark(path="evaluator_registration.office_address", **values):
    return Remark(**{"path": path, "label": "办公地址", "kind": "incomplete", "text": "写明门牌号", **values})


def returned(case, reviewer, *remarks):
    return registering.return_registration(
        actor=reviewer,
        case_id=case.pk,
        seen_version=case.version,
        reason="请补充",
        due_at=DURING + timedelta(days=3),
        remarks=remarks,
    )


# --- computed verdicts ------------------------------------------------------------------------------------------------


def outcomes(answers=ANSWERS, staff=GOOD_ROSTER, uscc=USCC):
    facts = declared(answers, staff, uscc=uscc, until=date(2022, 9, 20))
    return {item.key: item for item in judged(facts, BOOK)}


def test_all_five_are_met_by_a_complete_registration():
    found = outcomes()
    assert {key: item.outcome for key, item in found.items()} == dict.fromkeys(found, Outcome.MET)
    assert [item.clause for item in found.values()] == [f"通知二（{n}）" for n in "一二三四五"]


@pytest.mark.parametrize("code", ["91", "12", "51", "52"])
def test_every_kind_of_legal_person_may_register(code):
    assert outcomes(uscc=code + USCC[2:])["legal_person"].outcome == Outcome.MET


@pytest.mark.parametrize(("code", "outcome"), [("92", Outcome.NOT_MET), ("11", Outcome.MANUAL), ("Y1", Outcome.MANUAL)])
def test_a_code_that_is_no_legal_person_or_unknown_is_not_taken_on_trust(code, outcome):
    assert outcomes(uscc=code + USCC[2:])["legal_person"].outcome == outcome


@pytest.mark.parametrize(
    ("staff", "outcome"),
    [
        (RosterCounts(10, 10, 5, 0), Outcome.MET),
        (RosterCounts(10, 9, 5, 0), Outcome.NOT_MET),
        (RosterCounts(10, 10, 4, 0), Outcome.NOT_MET),
        (RosterCounts(10, 10, 4, 1), Outcome.MANUAL),
        (RosterCounts(10, 10, 3, 1), Outcome.NOT_MET),
        (RosterCounts(), Outcome.MANUAL),
    ],
)
def test_staff_is_counted_from_the_roster(staff, outcome):
    assert outcomes(staff=staff)["staff"].outcome == outcome


def test_other_fields_are_told_for_a_person_to_judge():
    assert "其他专业高级职称1人，是否相关待人工核实" in outcomes(staff=RosterCounts(10, 10, 4, 1))["staff"].because


@pytest.mark.parametrize("field", ["covers_factory", "covers_park", "covers_supply_chain"])
def test_ability_asks_all_three_fields(field):
    assert outcomes({**ANSWERS, field: "no"})["ability"].outcome == Outcome.NOT_MET
    assert outcomes({**ANSWERS, field: ""})["ability"].outcome == Outcome.MANUAL


@pytest.mark.parametrize(
    ("ended_on", "outcome"),
    [
        ("2017-10-16", Outcome.MET),
        ("2017-10-15", Outcome.MANUAL),
        ("2017-01-01", Outcome.MANUAL),
        ("2016-12-31", Outcome.NOT_MET),
        ("2022-09-21", Outcome.MANUAL),
        ("去年", Outcome.MANUAL),
    ],
)
def test_ability_asks_a_dated_record_inside_five_years_too(ended_on, outcome):
    assert outcomes({**ANSWERS, "records": [{"_id": "a", "ended_on": ended_on}]})["ability"].outcome == outcome


def test_nothing_said_reads_as_to_be_verified():
    found = outcomes({}, RosterCounts())
    assert {item.outcome for item in found.values()} == {Outcome.MANUAL}


# --- beginning and filing ---------------------------------------------------------------------------------------------


def test_begin_puts_a_body_on_file_that_the_city_did_not_know(round_2022):
    organisation = make_organisation(uscc=fictional_uscc(77, prefix="91"), name="新试验评价公司")
    actor = person(Role.EVALUATOR_ADMIN, "新机构管理员", organisation_id=organisation.pk)
    case = registering.begin(actor=actor, round_id=round_2022.pk)
    assert case.evaluator.organisation == organisation
    assert case.filing.answers["org_name"] == "新试验评价公司"
    assert case.filing.answers["person_kind"] == "enterprise"
    assert registering.begin(actor=actor, round_id=round_2022.pk) == case


@pytest.mark.parametrize("role", [role for role in Role if role != Role.EVALUATOR_ADMIN])
def test_nobody_else_begins_a_registration(role, body, round_2022):
    with pytest.raises((Refused, NotVisible)):
        registering.begin(actor=person(role, f"旁{role}", organisation_id=body.organisation_id), round_id=round_2022.pk)


def test_file_freezes_and_locks(case, admin):
    complete(case, admin)
    filed = registering.file(actor=admin, case_id=case.pk, seen_version=case.version)
    assert (filed.state, filed.frozen.number, filed.filed_at) == (RegistrationState.FILED, 1, DURING)
    with pytest.raises(Refused):
        save(filing_id=case.filing_id, seen_version=99, changes={"office_address": "别处"}, actor=admin)


def test_file_refuses_what_is_missing_and_names_it(case, admin):
    with pytest.raises(Invalid) as caught:
        registering.file(actor=admin, case_id=case.pk, seen_version=case.version)
    assert "evaluator_registration.has_office" in caught.value.errors
    case.refresh_from_db()
    case.filing.refresh_from_db()
    assert (case.state, case.filing.locked) == (RegistrationState.DRAFT, False)


def test_conditions_that_are_not_met_stop_nothing(case, admin):
    complete(case, admin, has_office="no")
    assert registering.file(actor=admin, case_id=case.pk, seen_version=case.version).state == RegistrationState.FILED


def test_stale_version_is_told(case, admin):
    complete(case, admin)
    with pytest.raises(Stale):
        registering.file(actor=admin, case_id=case.pk, seen_version=case.version + 1)


def test_second_press_is_told_and_files_once(case, admin):
    complete(case, admin)
    registering.file(actor=admin, case_id=case.pk, seen_version=case.version)
    with pytest.raises(WrongState):
        registering.file(actor=admin, case_id=case.pk, seen_version=case.version + 1)


def test_take_back_opens_it_again(admin, round_2022):
    case = make_filed(admin, round_2022)
    registering.take_back(actor=admin, case_id=case.pk, seen_version=case.version)
    save(filing_id=case.filing_id, seen_version=99, changes={"office_address": "别处"}, actor=admin)


# --- the city ---------------------------------------------------------------------------------------------------------


def test_city_sees_nothing_of_a_draft_and_never_living_answers(case, admin, reviewer):
    assert not cases_visible_to(reviewer).exists()
    with pytest.raises(NotVisible):
        registering.acknowledge(actor=reviewer, case_id=case.pk, seen_version=case.version)
    complete(case, admin)
    registering.file(actor=admin, case_id=case.pk, seen_version=case.version)
    assert cases_visible_to(reviewer).get() == case
    with pytest.raises(NotVisible):
        filing_for(reviewer, case.filing_id)


def test_acknowledge_adds_a_row_that_is_the_standing_from_then_on(admin, reviewer, round_2022):
    make_roster(case_body := cases_evaluator(admin), senior=6, intermediate=6)
    case = make_filed(admin, round_2022)
    registering.acknowledge(actor=reviewer, case_id=case.pk, seen_version=case.version)
    row = EvaluatorRegistration.objects.get()
    assert (row.staff_intermediate, row.staff_senior, row.covers_three_fields) == (12, 6, True)
    assert (row.declared_elsewhere, row.latest_record_on) == (2, date(2021, 6, 1))
    assert row.source.startswith("机构登记表第1版")
    before = standing([case_body.pk], round_id=round_2022.pk, as_of=DURING - timedelta(days=1))[case_body.pk]
    now = standing([case_body.pk], round_id=round_2022.pk, as_of=DURING)[case_body.pk]
    assert (before.registered, now.registered) == (False, True)


def cases_evaluator(admin):
    return Evaluator.objects.get(organisation_id=admin.organisation_id)


def test_officer_acknowledges_what_was_proved_not_what_was_said(admin, reviewer, round_2022):
    case = make_filed(admin, round_2022)
    entered = RegistrationFields(registered_in_china=True, has_office=None, staff_intermediate=9, staff_senior=3)
    registering.acknowledge(actor=reviewer, case_id=case.pk, seen_version=case.version, entered=entered)
    row = EvaluatorRegistration.objects.get()
    assert (row.has_office, row.staff_intermediate) == (None, 9)


def test_counts_are_those_of_the_roster_when_it_was_filed(admin, reviewer, round_2022):
    make_roster(cases_evaluator(admin), senior=5, intermediate=5)
    case = make_filed(admin, round_2022)
    make_roster(cases_evaluator(admin), senior=1, intermediate=0, created_at=DURING + timedelta(hours=1))
    with clock.fixed(DURING + timedelta(days=1)):
        registering.acknowledge(actor=reviewer, case_id=case.pk, seen_version=case.version)
    assert EvaluatorRegistration.objects.get().staff_intermediate == 10


def test_return_stands_at_the_field_and_is_answered_by_a_change(admin, reviewer, round_2022):
    case = make_filed(admin, round_2022)
    returned(case, reviewer, remark())
    case.refresh_from_db()
    assert (case.state, FieldComment.objects.get().value_seen) == ("returned", ANSWERS["office_address"])
    with pytest.raises(Invalid, match="办公地址"):
        registering.file(actor=admin, case_id=case.pk, seen_version=case.version)
    save(filing_id=case.filing_id, seen_version=99, changes={"office_address": "试验路2号"}, actor=admin)
    again = registering.file(actor=admin, case_id=case.pk, seen_version=case.version)
    assert (again.frozen.number, FieldComment.objects.get().answer) == (2, "changed")
    assert FiledReturn.objects.get().closed_at == DURING
    assert {m.template for m in OutboxMail.objects.all()} <= {"evaluator_returned"}


def test_return_is_answered_by_a_reason(admin, reviewer, round_2022):
    case = make_filed(admin, round_2022)
    returned(case, reviewer, remark())
    answer_comment(comment_id=FieldComment.objects.get().pk, answer="explained", text="已写全", actor=admin)
    case.refresh_from_db()
    assert registering.file(actor=admin, case_id=case.pk, seen_version=case.version).state == "filed"


def test_remark_on_proofs_is_answered_by_another_file(admin, reviewer, round_2022):
    case = make_filed(admin, round_2022)
    returned(case, reviewer, remark("document:staff", label="证明材料"))
    case.refresh_from_db()
    with pytest.raises(Invalid, match="证明材料"):
        registering.file(actor=admin, case_id=case.pk, seen_version=case.version)
    file = make_stored(kind="evaluators.evidence", owner_organisation_id=admin.organisation_id)
    registering.attach(actor=admin, case_id=case.pk, condition="staff", file_id=file.pk)
    assert registering.file(actor=admin, case_id=case.pk, seen_version=case.version).state == "filed"


@pytest.mark.parametrize(
    ("values", "problem"),
    [({"reason": " "}, ReasonRequired), ({"due_at": DURING}, Invalid), ({"remarks": [remark(text=" ")]}, Invalid)],
)
def test_incomplete_return_is_refused(values, problem, admin, reviewer, round_2022):
    case = make_filed(admin, round_2022)
    defaults = {"reason": "请补充", "due_at": DURING + timedelta(days=3), "remarks": []}
    with pytest.raises(problem):
        registering.return_registration(
            actor=reviewer, case_id=case.pk, seen_version=case.version, **{**defaults, **values}
        )
    case.refresh_from_db()
    assert case.state == "filed"


def test_amend_leaves_the_acknowledged_in_force(admin, reviewer, round_2022):
    case = make_filed(admin, round_2022)
    registering.acknowledge(actor=reviewer, case_id=case.pk, seen_version=case.version)
    case.refresh_from_db()
    with pytest.raises(ReasonRequired):
        registering.amend(actor=admin, case_id=case.pk, seen_version=case.version, reason="")
    registering.amend(actor=admin, case_id=case.pk, seen_version=case.version, reason="办公地址变更")
    facts = standing([case.evaluator_id], round_id=round_2022.pk, as_of=DURING)[case.evaluator_id]
    assert facts.registered
    save(filing_id=case.filing_id, seen_version=99, changes={"office_address": "试验路3号"}, actor=admin)


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.CITY_LEAD, Role.CITY_REVIEWER}])
def test_only_the_city_acknowledges_and_returns(role, admin, round_2022):
    case = make_filed(admin, round_2022)
    actor = person(role, f"旁{role}", organisation_id=admin.organisation_id)
    with pytest.raises((Refused, NotVisible)):
        registering.acknowledge(actor=actor, case_id=case.pk, seen_version=case.version)
    with pytest.raises((Refused, NotVisible)):
        returned(case, actor)


def test_every_move_is_in_the_trail(admin, reviewer, round_2022):
    case = make_filed(admin, round_2022)
    registering.acknowledge(actor=reviewer, case_id=case.pk, seen_version=case.version)
    actions = AuditEntry.objects.filter(stream=f"evaluators.registration:{case.pk}").values_list("action", flat=True)
    assert [a.partition(".")[2] for a in actions.order_by("pk")] == [
        "begin_registration",
        "file_registration",
        "acknowledge_registration",
    ]


# --- proofs -----------------------------------------------------------------------------------------------------------


def test_proofs_are_seen_by_the_own_administrator_and_by_the_city_once_filed(case, admin, reviewer):
    file = make_stored(kind="evaluators.evidence", owner_organisation_id=admin.organisation_id, data_class="restricted")
    registering.attach(actor=admin, case_id=case.pk, condition="staff", file_id=file.pk)
    handler = person(Role.EVALUATOR, "机构人员", organisation_id=admin.organisation_id)
    stranger = person(Role.EVALUATOR_ADMIN, "别家管理员", organisation_id=make_evaluator().organisation_id)

    def sees(actor):
        return files_visible_to(actor, kind="evaluators.evidence").exists()

    assert [sees(a) for a in (admin, handler, stranger, reviewer)] == [True, False, False, False]
    complete(case, admin)
    registering.file(actor=admin, case_id=case.pk, seen_version=case.version)
    assert [sees(a) for a in (admin, handler, stranger, reviewer)] == [True, False, False, True]
    assert evidence_visible_to(reviewer).get().file == file


def test_foreign_file_and_unknown_condition_are_refused(case, admin):
    foreign = make_stored(kind="evaluators.evidence", owner_organisation_id=make_evaluator().organisation_id)
    with pytest.raises(NotVisible):
        registering.attach(actor=admin, case_id=case.pk, condition="staff", file_id=foreign.pk)
    with pytest.raises(Invalid):
        registering.attach(actor=admin, case_id=case.pk, condition="sixth", file_id=foreign.pk)


def test_proofs_are_closed_while_the_city_reads(admin, reviewer, round_2022):
    case = make_filed(admin, round_2022)
    file = make_stored(kind="evaluators.evidence", owner_organisation_id=admin.organisation_id)
    with pytest.raises(Refused):
        registering.attach(actor=admin, case_id=case.pk, condition="staff", file_id=file.pk)
    assert not CaseEvidence.objects.exists()


@pytest.mark.parametrize(("at", "known"), [("2022-09-20 16:00", True), ("2022-09-20 15:59", False)])
def test_a_record_counts_from_the_local_day_on_which_it_ended(at, known, case):
    instant = datetime.strptime(at, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
    answers = {**ANSWERS, "records": [{"_id": "a", "ended_on": "2022-09-21"}]}
    found = declared_by(case, answers, book=BOOK, at=instant).latest_record_on
    assert found == (date(2022, 9, 21) if known else None)


def test_declared_by_takes_one_query(case, django_assert_num_queries):
    row = RegistrationCase.objects.select_related("evaluator__organisation").get(pk=case.pk)
    with django_assert_num_queries(1):
        declared_by(row, ANSWERS, book=BOOK, at=clock.now())


# --- no identity number in a free text --------------------------------------------------------------------------------

NUMBER = fictional_id(71)


@pytest.mark.parametrize(
    "text", [NUMBER, f"负责人{NUMBER}", f"{NUMBER[:6]} {NUMBER[6:14]} {NUMBER[14:]}", NUMBER.translate(WIDE)]
)
def test_a_text_with_an_identity_number_is_not_stored_and_its_field_is_named(text, case, admin):
    changes = {"experience_text": text, "office_address": "试验路2号", "records[a].name": text}
    saved = save(filing_id=case.filing_id, seen_version=99, changes=changes, actor=admin)
    told = {problem.path: problem.message for problem in saved.problems if "身份证件号码" in problem.message}
    end = "含有身份证件号码，没有保存。系统不保存身份证件号码，请改填不含号码的内容。"
    assert set(told) == {"evaluator_registration.experience_text", "evaluator_registration.records[a].name"}
    assert all(message.startswith("“") and message.endswith(f"”{end}") for message in told.values())
    assert "评价经验" in told["evaluator_registration.experience_text"]
    saved.filing.refresh_from_db()
    assert saved.filing.answers["office_address"] == "试验路2号"
    assert NUMBER not in str(saved.filing.answers) and text not in str(saved.filing.answers)
    entry = AuditEntry.objects.filter(action="filings.save", result="refused").get()
    assert NUMBER not in str(entry.data)


def test_eighteen_digits_that_are_no_identity_number_are_stored(case, admin):
    wrong = NUMBER[:-1] + ("1" if NUMBER[-1] != "1" else "2")
    for text in (wrong, "912102000000000000", f"合同{NUMBER[:17]}"):
        saved = save(filing_id=case.filing_id, seen_version=99, changes={"experience_text": text}, actor=admin)
        assert saved.filing.answers["experience_text"] == text


def test_control_without_the_screen_the_number_would_be_stored(case, admin, monkeypatch):
    scope = filings_registry.scope("evaluators.registration")
    monkeypatch.setitem(filings_registry._scopes, scope.name, replace(scope, screen=lambda _text: ""))
    saved = save(filing_id=case.filing_id, seen_version=99, changes={"experience_text": NUMBER}, actor=admin)
    assert saved.filing.answers["experience_text"] == NUMBER
