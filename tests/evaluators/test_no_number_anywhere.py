"""Dump and scan: no full identity number stands in anything the portal writes. The control plants one and finds it."""

from __future__ import annotations

import json
import logging
import re
import zipfile

import pytest
from django.test import Client
from django.urls import reverse

from evaluators.models import StaffMember
from evaluators.services import reporting
from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.filings.services import save
from tests.factories.accounts import actor_for, make_user, sign_in
from tests.factories.dumping import body_of, scanned
from tests.factories.evaluators import make_evaluator
from tests.factories.files import make_upload
from tests.factories.registering import complete as complete_case
from tests.factories.registering import make_case
from tests.factories.reporting import complete, make_report
from tests.factories.roster import fictional_id, make_staff
from tests.factories.rounds import DURING
from tests.factories.workbooks import workbook_upload

pytestmark = pytest.mark.django_db
#: Every number that the journey types, uploads or puts into a name.
NUMBERS = [fictional_id(n) for n in range(31, 39)]
HEADS = ["姓名", "职称级别", "职称专业", "是否专职", "职称证书编号", "身份证件号码"]


@pytest.fixture
def during_the_round():
    """Pages take the running clock: sessions and second factors are of today."""


def journey(round_2022, city, client, actor) -> list[str]:
    """Type and upload numbers in every way the pages offer; return every answer."""
    pages = []

    def keep(response):
        pages.append(body_of(response))
        return response

    def at(name, *args):
        return reverse(f"evaluators:{name}", args=args)

    person = {"name": "张试验", "title": "senior", "field": "energy", "full_time": "yes"}
    keep(client.post(at("staff_add"), {**person, "id_number": NUMBERS[0]}))
    keep(client.post(at("staff_add"), {**person, "name": "", "id_number": NUMBERS[1]}))
    # A number in a wrong place is refused; what was typed is given back to who typed it, once, and kept nowhere.
    assert client.post(at("staff_add"), {**person, "certificate_no": NUMBERS[2], "id_number": ""}).status_code == 400
    member = StaffMember.objects.get()
    keep(client.post(at("staff_change", member.pk), {**person, "title": "intermediate", "id_number": NUMBERS[3]}))
    rows = [["李试验", "高级职称", "环境", "是", "乙0002", NUMBERS[4]], ["王试验", "中级职称", "生态", "是", "丙3", ""]]
    book = workbook_upload(HEADS, *rows, name=f"名册{NUMBERS[5]}.xlsx")
    answer = keep(client.post(at("staff_import"), {"file": book}))
    batch = re.search(r'name="batch" value="(\d+)"', answer.content.decode()).group(1)
    keep(client.post(at("staff_import"), {"confirm": "1", "batch": batch}))
    wrong = workbook_upload(HEADS, ["李试验", "院士", "环境", "是", NUMBERS[6], NUMBERS[4]])
    keep(client.post(at("staff_import"), {"file": wrong}))
    assert client.post(at("staff"), {"reason": f"核对{NUMBERS[6]}"}).status_code == 400
    for name in ("staff", "staff_export"):
        keep(client.get(at(name)))
    with clock.fixed(DURING):
        case = make_case(actor, round_2022)
        complete_case(case, actor)
        typed = {"experience_text": f"负责人{NUMBERS[1]}", "records[a].name": f"试验项目 {NUMBERS[2]}"}
        saved = save(filing_id=case.filing_id, seen_version=99, changes=typed, actor=actor)
        assert {problem.label for problem in saved.problems if "身份证件号码" in problem.message}
    scan = make_upload(f"社保证明{NUMBERS[7]}.pdf")
    keep(client.post(at("evidence", case.pk), {"condition": "staff", "file": scan, "title": "社保证明"}))
    for row in StaffMember.objects.filter(removed_at=None):
        keep(client.get(at("staff_change", row.pk)))
    with clock.fixed(DURING):
        report = make_report(actor, round_2022)
        complete(report, actor)
        reporting.file(actor=actor, report_id=report.pk, seen_version=report.version)
    for form in ("pdf", "xlsx"):
        keep(client.get(at("report_paper", report.pk, form)))
        keep(city.get(at("report_paper", report.pk, form)))
    evaluator = member.evaluator
    for url in (at("roster", evaluator.pk), at("staff_shared"), at("reports"), at("report_desk", report.pk)):
        keep(city.get(url))
    keep(city.post(at("roster", evaluator.pk), {"reason": "核对职称证书"}))
    keep(city.get(at("index"), {"q": NUMBERS[0][-4:]}))
    return pages


@pytest.fixture
def played(round_2022, private_storage, caplog, django_capture_on_commit_callbacks):
    caplog.set_level(logging.DEBUG)
    evaluator = make_evaluator("甲试验评价所")
    user = make_user(Role.EVALUATOR_ADMIN, organisation=evaluator.organisation)
    city = sign_in(Client(), make_user(Role.CITY_REVIEWER))
    with django_capture_on_commit_callbacks(execute=True):
        pages = journey(round_2022, city, sign_in(Client(), user), actor_for(user))
    return private_storage, caplog, pages


def test_no_full_number_stands_in_anything_the_portal_writes(played):
    storage, caplog, pages = played
    logs = "\n".join(str(record.__dict__) for record in caplog.records)
    assert StaffMember.objects.exclude(id_print="").filter(removed_at=None).count() == 2
    assert len(pages) > 20
    assert scanned(storage, logs, pages) == {}


def test_control_a_planted_number_is_found_wherever_it_lies(round_2022, private_storage):
    storage, number = private_storage, NUMBERS[0]
    member = make_staff(make_evaluator())
    StaffMember.objects.filter(pk=member.pk).update(major=f"编号{number}")
    (storage / "planted").mkdir(parents=True)
    with zipfile.ZipFile(storage / "planted" / "册.xlsx", "w") as package:
        package.writestr("xl/sharedStrings.xml", json.dumps({"t": number}))
    found = scanned(storage, f"event={number}", [f"<td>{number}</td>"])
    assert set(found) == {"table evaluators_staffmember", "file 册.xlsx", "logs", "page 0"}
    assert {value for numbers in found.values() for value in numbers} == {number}
