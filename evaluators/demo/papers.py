"""Registrations, rosters and annual reports of the demonstration, one at each state; people and numbers are nobody's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from evaluators.constants import FILE_REPORT_SCAN
from evaluators.models import AnnualReport, Evaluator, RegistrationCase, StaffMember
from evaluators.packets.report import report_pdf
from evaluators.services import registering, report_seal, reporting
from evaluators.services.moving import Remark
from evaluators.services.roster import StaffFields, add_staff
from evaluators.views.reporting import paper_of, seen_report
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.directory.fictional import fictional_id_number
from greenportal.files.services import store_issued
from greenportal.filings.models import Filing
from greenportal.filings.selectors import sheet_of
from greenportal.filings.services import confirm_section, save

_SURNAMES = "甲乙丙丁戊己庚辛壬癸子丑寅卯"
_FIELDS = ("energy", "environment", "ecology", "low_carbon", "lca")
#: The person that two of the bodies count: what the city finds under 跨机构重复人员.
_SHARED = 900
_ANSWERS: dict[str, Any] = {
    "legal_representative": "甲演示",
    "registered_address": "大连市演示路1号",
    "contact": "乙演示",
    "contact_phone": "0411-00000000",
    "registered_in_china": "yes",
    "has_experience": "yes",
    "experience_text": "演示：2018年以来开展绿色工厂、绿色工业园区评价。",
    "has_office": "yes",
    "office_address": "大连市演示路1号",
    "office_area": "260",
    "has_finance_system": "yes",
    "knows_rules": "yes",
    "covers_factory": "yes",
    "covers_park": "yes",
    "covers_supply_chain": "yes",
    "declared_elsewhere": "0",
    "records[d1].kind": "evaluation",
    "records[d1].name": "演示：绿色工厂评价",
    "records[d1].client": "演示委托单位",
    "records[d1].started_on": "2021-06-01",
    "records[d1].ended_on": "2021-11-18",
    "records[d1].part": "lead",
}
_REPORT: dict[str, Any] = {
    "legal_representative": "甲演示",
    "registered_address": "大连市演示路1号",
    "office_address": "大连市演示路1号",
    "procedure": "演示：按参考程序开展合同评审、文件评审、现场评价、报告编写和内部技术复核。",
    "internal_review": "演示：由未参加评价组的人员复核。",
    "no_self_report": "yes",
    "no_interest": "yes",
    "problems_text": "演示：建议统一能耗数据的统计口径。",
    "elsewhere[d1].subject": "演示外市工厂",
    "elsewhere[d1].province": "辽宁省",
    "elsewhere[d1].city": "沈阳市",
    "elsewhere[d1].category": "factory",
    "elsewhere[d1].level": "provincial",
}


def roster(admin: Actor, evaluator: Evaluator, *, first: int, seniors: int = 6, others: int = 8) -> None:
    """Put people on a roster. Numbers are given for a few and, like every number, not kept."""
    if StaffMember.objects.filter(evaluator=evaluator).exists():
        return
    for index in range(seniors + others):
        senior = index < seniors
        number = _SHARED if index == 0 else first + index
        add_staff(
            actor=admin,
            evaluator_id=evaluator.pk,
            entered=StaffFields(
                name=f"{_SURNAMES[index]}演示",
                title="senior" if senior else "intermediate",
                title_name="高级工程师" if senior else "工程师",
                field=_FIELDS[index % len(_FIELDS)],
                full_time=True,
                years=3 + index,
                certificate_no=f"演示证{first + index:05d}",
            ),
            id_number=fictional_id_number(number) if index < 3 else "",
        )


def _fill(filing: Filing | None, actor: Actor, changes: Mapping[str, Any]) -> None:
    if filing is None:
        return
    filing.refresh_from_db()
    save(filing_id=filing.pk, seen_version=filing.version, changes=changes, actor=actor)
    for section in sheet_of(filing).sections:
        confirm_section(filing_id=filing.pk, section=section.key, done=True, actor=actor)


def registration(admin: Actor, round_id: int, *, filed: bool) -> RegistrationCase:
    """Begin the body's registration, filled in; filed with the city or left as a draft."""
    case = registering.begin(actor=admin, round_id=round_id)
    _fill(case.filing, admin, _ANSWERS)
    return registering.file(actor=admin, case_id=case.pk, seen_version=case.version) if filed else case


def report(admin: Actor, round_id: int, *, filed: bool) -> AnnualReport:
    """Begin the body's annual report, filled in; filed with the city or left as a draft."""
    row = reporting.begin(actor=admin, round_id=round_id)
    changes = dict(_REPORT)
    if row.filing is not None:
        changes |= {f"projects[{r['_id']}].ours": "yes" for r in row.filing.answers.get("projects") or []}
    _fill(row.filing, admin, changes)
    if filed:
        reporting.file(actor=admin, report_id=row.pk, seen_version=row.version)
        row.refresh_from_db()
    return row


def sealed(admin: Actor, row: AnnualReport) -> None:
    """Bring back the printed version as its own scan, so that its code is read as from paper."""
    content = report_pdf(paper_of(seen_report(admin, row.pk), masked=False))
    scan = store_issued(
        source=content,
        name="年度报告盖章件（演示）.pdf",
        kind=FILE_REPORT_SCAN,
        content_type="application/pdf",
        data_class="restricted",
        owner_organisation_id=admin.organisation_id,
    )
    report_seal.seal(actor=admin, report_id=row.pk, file_id=scan.pk)


def play(
    bodies: Mapping[str, Evaluator], *, round_id: int, reviewer: Actor, admin_of: Callable[[str], Actor], at: datetime
) -> None:
    """Registrations acknowledged, filed, returned, drafted and missing; annual reports at every state."""
    beichen, haiyan, songtao, boxin = (admin_of(key) for key in ("beichen", "haiyan", "songtao", "boxin"))
    with clock.fixed(at):
        roster(beichen, bodies["beichen"], first=100)
        roster(songtao, bodies["songtao"], first=200, seniors=4, others=5)
        first = registration(beichen, round_id, filed=True)
        registration(haiyan, round_id, filed=True)
        third = registration(songtao, round_id, filed=True)
        registration(boxin, round_id, filed=False)
    with clock.fixed(at + timedelta(days=1)):
        registering.acknowledge(actor=reviewer, case_id=first.pk, seen_version=first.version)
        registering.return_registration(
            actor=reviewer,
            case_id=third.pk,
            seen_version=third.version,
            reason="人员名册不足10人，请补充证明材料。",
            due_at=at + timedelta(days=15),
            remarks=[
                Remark(
                    "document:staff",
                    "证明材料／（三）专职人员",
                    "incomplete",
                    "补充职称证书和社保证明。",
                    "通知二（三）",
                )
            ],
        )
    with clock.fixed(at + timedelta(days=2)):
        accepted, returned = report(beichen, round_id, filed=True), report(songtao, round_id, filed=True)
        report(haiyan, round_id, filed=True)
        report(boxin, round_id, filed=False)
        sealed(beichen, accepted)
    with clock.fixed(at + timedelta(days=3)):
        reporting.accept(actor=reviewer, report_id=accepted.pk, seen_version=accepted.version)
        reporting.return_report(
            actor=reviewer,
            report_id=returned.pk,
            seen_version=returned.version,
            reason="请补充评价程序的说明。",
            due_at=at + timedelta(days=15),
            remarks=[
                Remark("evaluator_report.procedure", "E 质量控制／评价程序", "incomplete", "写明内部技术复核人。")
            ],
        )
