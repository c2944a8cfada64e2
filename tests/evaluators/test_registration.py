"""Entering and importing what evaluators proved."""

from datetime import date

import pytest
from django.db import InternalError, transaction

from evaluators.models import AffiliateMember, Evaluator, EvaluatorRegistration
from evaluators.services import (
    RegistrationFields,
    apply_evaluators,
    preview_evaluators,
    record_registration,
    register_evaluator,
)
from evaluators.services.importing import HEADINGS, REQUIRED
from greenportal.accounts.actors import Actor, Role
from greenportal.directory.fictional import fictional_uscc
from greenportal.directory.services import NameConflict
from greenportal.directory.tables import read_csv
from greenportal.findings.types import Invalid, NotVisible, Refused, Stale
from greenportal.jobs.models import Job
from tests.evaluators.conftest import person
from tests.factories.evaluators import GOOD, make_engagement, make_evaluator, make_registration

pytestmark = pytest.mark.django_db
PROVED = RegistrationFields(**GOOD)


@pytest.mark.parametrize("prefix", ["91", "12", "51", "52"])
def test_any_kind_of_legal_person_may_be_registered_once(prefix, reviewer):
    code = fictional_uscc(7, prefix=prefix)
    evaluator = register_evaluator(actor=reviewer, uscc=code, name="试验评价中心")
    assert register_evaluator(actor=reviewer, uscc=code, name="试验评价中心") == evaluator
    assert AffiliateMember.objects.filter(evaluator=evaluator, ended_at=None).count() == 1


def test_other_name_for_a_known_code_asks(reviewer):
    register_evaluator(actor=reviewer, uscc=fictional_uscc(7), name="试验评价中心")
    with pytest.raises(NameConflict):
        register_evaluator(actor=reviewer, uscc=fictional_uscc(7), name="试用评价中心")


def entered(reviewer, evaluator, round_, facts=PROVED, **values):
    return record_registration(
        actor=reviewer, evaluator_id=evaluator.pk, round_id=round_.pk, entered=facts, source="证明材料", **values
    )


def test_each_entry_is_one_more_row_and_the_same_facts_are_none(reviewer, round_2022):
    evaluator = make_evaluator()
    engagement = make_engagement(evaluator, round_2022)
    first = entered(reviewer, evaluator, round_2022)
    assert entered(reviewer, evaluator, round_2022) == first
    second = entered(reviewer, evaluator, round_2022, RegistrationFields(**{**GOOD, "staff_senior": 8}))
    assert (first.number, second.number, second.recorded_by_id) == (1, 2, reviewer.user_id)
    jobs = Job.objects.filter(kind="nominations.recheck")
    assert [j.payload for j in jobs] == [{"engagement_ids": [engagement.pk], "cause": "evaluators.registration"}]


def test_row_entered_meanwhile_is_stale(reviewer, round_2022):
    evaluator = make_evaluator()
    entered(reviewer, evaluator, round_2022, seen_number=0)
    with pytest.raises(Stale):
        entered(reviewer, evaluator, round_2022, RegistrationFields(), seen_number=0)
    assert entered(reviewer, evaluator, round_2022, RegistrationFields(), seen_number=1).number == 2


def test_stored_row_cannot_be_changed_or_removed(reviewer, round_2022):
    row = entered(reviewer, make_evaluator(), round_2022)
    with pytest.raises(InternalError, match="registration_append_only"), transaction.atomic():
        EvaluatorRegistration.objects.filter(pk=row.pk).update(staff_senior=99)
    with pytest.raises(InternalError, match="registration_append_only"), transaction.atomic():
        row.delete()


def test_numbers_that_do_not_fit_are_named(reviewer, round_2022):
    facts = RegistrationFields(
        staff_intermediate=4, staff_senior=5, declared_elsewhere=-1, latest_record_on=date(2022, 9, 21)
    )
    with pytest.raises(Invalid) as caught:
        record_registration(
            actor=reviewer, evaluator_id=make_evaluator().pk, round_id=round_2022.pk, entered=facts, source=" "
        )
    assert caught.value.errors == {
        "declared_elsewhere": ["填写0至100000的整数。"],
        "staff_senior": ["高级职称人数包含在中级职称以上人数内，不应超过该人数，核对后填写。"],
        "latest_record_on": ["业绩日期应不晚于今天，核对后填写。"],
        "source": ["填写来源，如“机构提交的证明材料，2022年10月8日”。"],
    }


def test_absent_evaluator_or_round_is_not_visible(reviewer, round_2022):
    evaluator = make_evaluator()
    for evaluator_id, round_id in ((0, round_2022.pk), (evaluator.pk, 0)):
        with pytest.raises(NotVisible):
            record_registration(
                actor=reviewer, evaluator_id=evaluator_id, round_id=round_id, entered=PROVED, source="材料"
            )


@pytest.mark.parametrize("role", list(Role))
def test_only_the_city_records(role, round_2022):
    actor, evaluator = person(role, "某人"), make_evaluator()
    acts = [
        lambda: register_evaluator(actor=actor, uscc=fictional_uscc(8), name="试验评价中心"),
        lambda: entered(actor, evaluator, round_2022),
        lambda: apply_evaluators(actor=actor, rows=table(LINE), round_id=round_2022.pk, source="导入"),
    ]
    if role in {Role.CITY_REVIEWER, Role.CITY_LEAD, Role.SYSTEM}:
        for act in acts:
            act()
    else:
        for act in acts:
            with pytest.raises(Refused):
                act()


HEAD = ",".join(spellings[0] for spellings in HEADINGS.values())
CODE = fictional_uscc(21, prefix="12")
LINE = f"{CODE},试验评价所,是,是,是,否,12,6,是,2021-06-01,是,2,机构材料"


def table(*lines: str):
    return read_csv("\n".join([HEAD, *lines]), headings=HEADINGS, required=REQUIRED)


def test_import_stores_new_rows_and_a_second_time_nothing(round_2022, reviewer):
    first = apply_evaluators(actor=reviewer, rows=table(LINE), round_id=round_2022.pk, source="导入")
    assert (first.count("new"), first.count("same")) == (1, 0)
    row = EvaluatorRegistration.objects.get()
    assert (row.has_finance_system, row.staff_senior, row.source) == (False, 6, "机构材料")
    second = apply_evaluators(actor=reviewer, rows=table(LINE), round_id=round_2022.pk, source="导入")
    assert (second.count("new"), second.count("same")) == (0, 1)
    assert EvaluatorRegistration.objects.count() == 1
    changed = apply_evaluators(
        actor=reviewer, rows=table(LINE.replace(",6,", ",7,")), round_id=round_2022.pk, source="x"
    )
    assert changed.count("changed") == 1


def test_blank_cell_stays_unknown(round_2022, reviewer):
    apply_evaluators(actor=reviewer, rows=table(f"{CODE},试验评价所,,,,,,,,,,,"), round_id=round_2022.pk, source="导入")
    row = EvaluatorRegistration.objects.get()
    assert (row.registered_in_china, row.staff_senior, row.latest_record_on, row.source) == (None, None, None, "导入")


def test_every_bad_cell_is_named_and_nothing_is_stored(round_2022, reviewer):
    make_evaluator("试验登记名")
    known = Evaluator.objects.get().organisation
    bad = table(
        f"{CODE},试验评价所,大概,,,,十二,,,昨天,,,",
        "123,,,,,,,,,,,,",
        f"{known.uscc},别的名称,,,,,,,,,,,",
        LINE,
        LINE,
    )
    with pytest.raises(Invalid) as caught:
        apply_evaluators(actor=reviewer, rows=bad, round_id=round_2022.pk, source="导入")
    assert caught.value.errors["rows"] == [
        "第2行：“境内注册独立法人”是“大概”，填写“是”或“否”，不清楚的留空。",
        "第2行：“中级职称以上专职人员”是“十二”，填写整数人数，不清楚的留空。",
        "第2行：“近五年业绩最近日期”是“昨天”，填写日期，如2022-06-30，不清楚的留空。",
        "第3行：统一社会信用代码应为18位，现填了3位，对照证照补齐或删去多余字符。",
        "第3行：填写机构名称。",
        f"第4行：代码{known.uscc}已登记为“试验登记名”，核对机构名称。",
        "第5行：与第2行重复，保留一行。",
        "第6行：与第2行重复，保留一行。",
    ]
    assert (Evaluator.objects.count(), EvaluatorRegistration.objects.count()) == (1, 0)


def test_preview_takes_two_queries_and_stores_nothing(round_2022, django_assert_num_queries):
    make_registration(make_evaluator(), round_2022)
    with django_assert_num_queries(2):
        assert preview_evaluators(table(LINE), round_id=round_2022.pk).count("new") == 1
    assert EvaluatorRegistration.objects.count() == 1


def test_system_may_import_for_a_demonstration(round_2022):
    preview = apply_evaluators(actor=Actor.system("demo"), rows=table(LINE), round_id=round_2022.pk, source="演示")
    assert preview.count("new") == 1
