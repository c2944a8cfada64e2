"""Pages of registration and roster: who reaches them, what is done there, and what never leaves."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from evaluators.models import CaseEvidence, EvaluatorRegistration, FiledReturn, RegistrationCase, StaffMember
from greenportal.accounts.actors import Role
from greenportal.audit.models import AuditEntry
from greenportal.directory.fictional import fictional_uscc
from greenportal.files.jail import read_workbook
from greenportal.files.models import StoredFile
from tests.factories.accounts import actor_for, make_user, sign_in
from tests.factories.directory import make_organisation
from tests.factories.evaluators import make_evaluator
from tests.factories.files import make_upload
from tests.factories.registering import complete, make_case, make_filed
from tests.factories.reporting import make_report
from tests.factories.roster import fictional_id, make_roster, make_staff
from tests.factories.workbooks import workbook_upload

pytestmark = pytest.mark.django_db
CITY = {Role.CITY_LEAD, Role.CITY_REVIEWER}
OWN = {Role.EVALUATOR, Role.EVALUATOR_ADMIN}
HEADS = ["编号", "姓名", "职称级别", "职称名称", "职称专业", "其他专业名称", "是否专职", "职称证书编号", "身份证件号码"]


@pytest.fixture
def during_the_round():
    """Pages take the running clock: sessions and second factors are of today."""


@pytest.fixture
def body(round_2022):
    return make_evaluator("甲试验评价所")


def client_of(role, organisation=None):
    user = make_user(role, organisation=organisation) if organisation else make_user(role)
    return sign_in(Client(), user), actor_for(user)


@pytest.fixture
def admin(body):
    return client_of(Role.EVALUATOR_ADMIN, body.organisation)


@pytest.fixture
def city():
    return client_of(Role.CITY_REVIEWER)[0]


def at(name, *args):
    return reverse(f"evaluators:{name}", args=args)


def test_each_role_reaches_its_pages_only(body, admin, round_2022):
    client, actor = admin
    case = make_filed(actor, round_2022)
    member = make_staff(body)
    pages = {
        at("case", case.pk): OWN,
        at("case_file", case.pk): {Role.EVALUATOR_ADMIN},
        at("evidence", case.pk): {Role.EVALUATOR_ADMIN},
        at("case_amend", case.pk): {Role.EVALUATOR_ADMIN},
        at("staff"): OWN,
        at("staff_add"): {Role.EVALUATOR_ADMIN},
        at("staff_import"): {Role.EVALUATOR_ADMIN},
        at("staff_export"): {Role.EVALUATOR_ADMIN},
        at("staff_change", member.pk): {Role.EVALUATOR_ADMIN},
        at("cases"): CITY,
        at("case_desk", case.pk): CITY,
        at("case_return", case.pk): CITY,
        at("case_acknowledge", case.pk): CITY,
        at("roster", body.pk): CITY,
        at("staff_shared"): CITY,
    }
    for role in (Role.EVALUATOR, Role.EVALUATOR_ADMIN, Role.CITY_LEAD, Role.CITY_REVIEWER, Role.APPLICANT):
        one = client if role == Role.EVALUATOR_ADMIN else client_of(role, body.organisation if role in OWN else None)[0]
        answers = {url: one.get(url).status_code for url in pages}
        assert answers == {url: 200 if role in allowed else 403 for url, allowed in pages.items()}, role


def test_foreign_and_absent_answer_alike(body, admin, round_2022):
    _, actor = admin
    case = make_filed(actor, round_2022)
    member = make_staff(body, name="不可见试验员")
    other, _ = client_of(Role.EVALUATOR_ADMIN, make_evaluator().organisation)
    for name, pk in (("case", case.pk), ("case_file", case.pk), ("evidence", case.pk), ("staff_change", member.pk)):
        there, absent = (other.get(at(name, n)) for n in (pk, 10**9))
        assert (there.status_code, absent.status_code) == (404, 404)
        assert "不可见" not in there.content.decode()


def test_administrator_begins_proves_files_and_city_returns_and_acknowledges(body, admin, city, round_2022):
    client, actor = admin
    client.post(at("case_begin"))
    case = RegistrationCase.objects.get()
    answer = client.post(
        at("evidence", case.pk),
        {"condition": "staff", "file": make_upload(f"职称证书{fictional_id(3)}.pdf"), "title": ""},
    )
    assert answer.status_code == 302
    file = CaseEvidence.objects.get().file
    assert (file.data_class, fictional_id(3) in file.name) == ("restricted", False)
    refused = client.post(at("case_file", case.pk), {"version": case.version})
    assert refused.status_code == 400
    assert "处需要填写或修改" in refused.content.decode()
    complete(case, actor)
    client.post(at("case_file", case.pk), {"version": case.version})
    case.refresh_from_db()
    assert case.state == "filed"
    sent = city.post(
        at("case_return", case.pk),
        {
            "version": case.version,
            "reason": "请补充",
            "due_on": "2030-01-01",
            "c-TOTAL_FORMS": "1",
            "c-0-path": "document:staff",
            "c-0-kind": "incomplete",
            "c-0-text": "补充社保证明",
        },
    )
    assert sent.status_code == 302
    page = client.get(at("case", case.pk)).content.decode()
    assert "补充社保证明" in page
    explain = re.search(r'href="([^"]*/remarks/\d+/)"', page).group(1)
    assert client.post(explain, {"text": "社保证明已在第一份材料内"}).status_code == 302
    case.refresh_from_db()
    client.post(at("case_file", case.pk), {"version": case.version})
    case.refresh_from_db()
    shown = city.get(at("case_acknowledge", case.pk)).content.decode()
    assert 'name="has_office"' in shown
    values = {"version": case.version, "registered_in_china": "yes", "has_office": "yes", "staff_intermediate": "9"}
    assert city.post(at("case_acknowledge", case.pk), values).status_code == 302
    assert EvaluatorRegistration.objects.get().staff_intermediate == 9
    assert FiledReturn.objects.get().closed_at is not None


def test_a_refused_proof_and_a_refused_scan_leave_no_file(body, admin, round_2022):
    client, actor = admin
    case, report = make_filed(actor, round_2022), make_report(actor, round_2022)
    before = StoredFile.objects.count()
    told = client.post(at("evidence", case.pk), {"condition": "staff", "file": make_upload("证书.pdf"), "title": ""})
    assert (told.status_code, StoredFile.objects.count()) == (403, before)
    told = client.post(at("report_seal", report.pk), {"file": make_upload("盖章.pdf"), "declared": "yes"})
    assert (told.status_code, StoredFile.objects.count()) == (400, before)
    assert not CaseEvidence.objects.exists()


def test_return_page_keeps_what_was_typed_when_growing(body, admin, city, round_2022):
    case = make_filed(admin[1], round_2022)
    data = {"reason": "打了一半", "c-TOTAL_FORMS": "1", "c-0-text": "这里也是", "more": "1"}
    page = city.post(at("case_return", case.pk), data).content.decode()
    assert "打了一半" in page
    assert "这里也是" in page
    assert page.count("<legend>意见") == 4
    wrong = city.post(at("case_return", case.pk), {**data, "more2": "1", "reason": "整体"} | {"c-0-path": ""})
    assert "这里也是" in wrong.content.decode()


def test_city_list_says_nothing_of_drafts(body, admin, city, round_2022):
    make_case(admin[1], round_2022)
    page = city.get(at("cases")).content.decode()
    assert "未提交" in page
    assert "填报中" not in page


@pytest.mark.parametrize("extra", [0, 2])
def test_city_list_takes_constant_queries(extra, body, admin, city, round_2022, django_assert_num_queries):
    make_filed(admin[1], round_2022)
    for _ in range(extra):
        other = make_evaluator()
        make_filed(client_of(Role.EVALUATOR_ADMIN, other.organisation)[1], round_2022)
    city.get(at("cases"))
    with django_assert_num_queries(10):
        city.get(at("cases"))


# --- roster -----------------------------------------------------------------------------------------------------------


def row(**values):
    cells = {"姓名": "李试验", "职称级别": "高级职称", "职称专业": "环境", "是否专职": "是", **values}
    return [cells.get(head, "") for head in HEADS]


def test_import_removes_the_workbook_in_the_same_request(
    body, admin, private_storage, django_capture_on_commit_callbacks
):
    client, _ = admin
    number = fictional_id(11)
    upload = workbook_upload(HEADS, row(身份证件号码=number), name=f"名册{fictional_id(12)}.xlsx")
    with django_capture_on_commit_callbacks(execute=True):
        page = client.post(at("staff_import"), {"file": upload}).content.decode()
    assert "新增 1 人" in page
    assert not StoredFile.objects.exists()
    assert [p for p in private_storage.rglob("*") if p.is_file()] == []
    assert number not in page
    batch = re.search(r'name="batch" value="(\d+)"', page).group(1)
    assert client.post(at("staff_import"), {"confirm": "1", "batch": batch}).status_code == 302
    assert StaffMember.objects.get().id_tail == number[-4:]


def test_import_removes_the_workbook_even_when_it_is_wrong(
    body, admin, private_storage, django_capture_on_commit_callbacks
):
    client, _ = admin
    upload = workbook_upload(HEADS, row(身份证件号码="12345678901234567"))
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(at("staff_import"), {"file": upload})
        client.post(at("staff_import"), {"file": workbook_upload(["没有", "表头"])})
    assert answer.status_code == 400
    assert "18位" in answer.content.decode()
    assert "12345678901234567" not in answer.content.decode()
    assert not StoredFile.objects.exists()
    assert [p for p in private_storage.rglob("*") if p.is_file()] == []


def test_export_comes_back_unchanged(body, admin, tmp_path):
    client, _ = admin
    client.post(
        at("staff_add"),
        {"name": "张试验", "title": "senior", "field": "energy", "full_time": "yes", "id_number": fictional_id(2)},
    )
    assert StaffMember.objects.get().id_print
    book = tmp_path / "名册.xlsx"
    book.write_bytes(client.get(at("staff_export")).content)
    cells = [cell for sheet in read_workbook(book) for line in sheet.rows for cell in line]
    assert "张试验" in cells
    assert not any(fictional_id(2)[-4:] == str(cell) for cell in cells)
    with book.open("rb") as file:
        page = client.post(at("staff_import"), {"file": SimpleUploadedFile("名册.xlsx", file.read())}).content.decode()
    assert "相同 1 人" in page
    assert AuditEntry.objects.filter(action="audit.read", data__what="evaluators.roster_export").count() == 1


def test_typed_number_is_not_given_back_after_an_error(body, admin):
    client, _ = admin
    answer = client.post(at("staff_add"), {"name": "", "title": "senior", "id_number": fictional_id(2)})
    page = answer.content.decode()
    assert answer.status_code == 400
    assert fictional_id(2) not in page
    assert "selected" in page


def test_roster_is_masked_until_a_reason_is_given(body, admin, city):
    make_staff(body, name="赵大试验", certificate_no="试验证99881")
    for client, url in ((admin[0], at("staff")), (city, at("roster", body.pk))):
        page = client.get(url).content.decode()
        assert "赵大试验" not in page
        assert "99881" not in page
        full = client.post(url, {"reason": "核对职称证书"}).content.decode()
        assert "赵大试验" in full
        assert "试验证99881" in full
    assert AuditEntry.objects.filter(action="audit.read", data__what="evaluators.roster").count() == 2


def test_handler_sees_the_masked_roster_only(body):
    make_staff(body, name="赵大试验")
    client, _ = client_of(Role.EVALUATOR, body.organisation)
    assert "查看完整信息" not in client.get(at("staff")).content.decode()
    assert client.post(at("staff"), {"reason": "想看"}).status_code == 403


@pytest.mark.parametrize("size", [1, 3])
def test_roster_page_takes_constant_queries(size, body, admin, django_assert_num_queries):
    make_roster(body, senior=size, intermediate=0)
    admin[0].get(at("staff"))
    with django_assert_num_queries(9):
        admin[0].get(at("staff"))


def test_pages_of_a_body_that_is_not_on_file_are_absent(round_2022):
    organisation = make_organisation(uscc=fictional_uscc(5), name="新试验评价公司")
    client, _ = client_of(Role.EVALUATOR_ADMIN, organisation)
    assert client.get(at("staff")).status_code == 404
    assert client.post(at("case_begin")).status_code == 302
    assert client.get(at("staff")).status_code == 200
