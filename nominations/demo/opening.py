"""Stage `opened`: directory, register, people, and the 2022 round opened by the city lead from the real rulebook."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from dynamic_mgmt.demo import peers, register
from dynamic_mgmt.models import RemovalProposal
from dynamic_mgmt.parsing import HEADINGS, REQUIRED
from dynamic_mgmt.services import decide_removal, import_listed
from dynamic_mgmt.services.importing import shipped_list
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.directory.services import load_directory
from greenportal.directory.tables import read_csv
from greenportal.directory.workbooks import read_table
from greenportal.documents.xlsx import Column, Row, Table, write_table
from greenportal.files.services import receive
from greenportal.rounds.models import Round
from greenportal.rounds.services import import_standards, open_round, prepare_round, revise
from greenportal.rounds.services.standards import KIND
from nominations.constants import Category
from nominations.demo import people
from nominations.demo.fiction import Applicant
from nominations.demo.scripts import LISTED_STANDARD

RULEBOOK = "2022"
Say = Callable[[str], None]
#: Of the demonstration only: neither the notice nor the city has set days for confirming an evaluation.
CLAIM_DAYS = Decimal(10)
#: How a fictional firm came to stand in the register: national, of a batch that ended, removed or not.
_REMOVED = {"listed": "", "removed": "2021-04-20"}


def at(month: int, day: int, hour: int = 9, minute: int = 0) -> datetime:
    """Return an instant of 2022 on Dalian's wall clock."""
    return datetime(2022, month, day, hour, minute, tzinfo=clock.LOCAL)


def the_round() -> Round | None:
    """Return the demonstration's round once it is open."""
    return Round.objects.filter(rulebook_key=RULEBOOK, state=Round.State.OPEN).first()


def opened(cast: Sequence[Applicant], say: Say) -> Round:
    """Bring in what lies around a round and open it; safe to repeat. All of it or nothing."""
    with transaction.atomic(), clock.fixed(at(9, 1)):
        say("载入行政区划、主管部门和行业代码 …")
        load_directory(actor=people.SYSTEM)
        say("载入绿色制造名单（公开名单作为背景，另加演示单位） …")
        listed = read_table(shipped_list(), headings=HEADINGS, required=REQUIRED)
        import_listed(actor=people.SYSTEM, rows=listed, source=shipped_list().name)
        say("建立市局和区市县的演示账户 …")
        people.appoint(people.officials())
        _fictional(cast, people.actor_named("dl-reviewer"), people.actor_named("dl-lead"))
        say("登记名录的更名、变更、事故上报和待确认的匹配（演示） …")
        register.fill(
            system=people.SYSTEM,
            officer=people.actor_named("gjz-officer"),
            reviewer=people.actor_named("dl-reviewer"),
            lead=people.actor_named("dl-lead"),
        )
        peers.fill(system=people.SYSTEM)
    known = the_round()
    if known is not None:
        return known
    say("市局负责人按2022年规则书启动年度批次 …")
    return _open(people.actor_named("dl-lead"))


def _fictional(cast: Sequence[Applicant], reviewer: Actor, lead: Actor) -> None:
    """Bring fictional firms into the register; the city lead confirms the removal that their list tells."""
    rows = read_csv(_listed(cast), headings=HEADINGS, required=REQUIRED)
    import_listed(actor=reviewer, rows=rows, source="演示")
    for proposal in RemovalProposal.objects.filter(
        unit__name_as_listed__in=[row.values["name"] for row in rows], decided_at=None
    ).order_by("pk"):
        decide_removal(actor=lead, proposal_id=proposal.pk, confirm=True)


def _open(lead: Actor) -> Round:
    with transaction.atomic(), clock.fixed(at(9, 5)):
        row = prepare_round(actor=lead, rulebook_key=RULEBOOK)
        file = receive(
            actor=lead,
            upload=SimpleUploadedFile("演示产品标准清单.xlsx", _standards()),
            kind=KIND,
            accept=["xlsx"],
        )
        import_standards(
            actor=lead,
            round_id=row.pk,
            seen_version=row.version,
            file_id=str(file.pk),
            complete=True,
            reason="演示用标准清单，非官方内容",
        )
        row.refresh_from_db()
        revise(
            actor=lead,
            round_id=row.pk,
            seen_version=row.version,
            changes={"numbers|claim_days|value": CLAIM_DAYS},
            reason="演示用天数，非市局规定：使评价项目有确认期限",
        )
        row.refresh_from_db()
        return open_round(actor=lead, round_id=row.pk, seen_version=row.version)


def _standards() -> bytes:
    """A short list of standards that do not exist, so that both answers of the rule can be seen."""
    columns = (Column("number", "标准编号", kind="text"), Column("name", "标准名称", kind="text"))
    rows = [{"number": LISTED_STANDARD, "name": "演示清单：绿色设计产品评价技术规范（演示）"}]
    rows += [{"number": f"DEMO {n}-2022", "name": f"演示清单：第{n}项（演示）"} for n in range(1002, 1006)]
    return write_table(Table("标准清单", "演示用绿色设计产品标准清单", columns, [Row(values) for values in rows]))


def _listed(cast: Sequence[Applicant]) -> str:
    """The rows of fictional firms that the register already holds, as a published list writes them."""
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow(
        ["类别", "批次", "年度", "名称", "省份", "城市", "公布日期", "移出日期", "移出原因", "移出文号", "来源"]
    )
    for applicant in cast:
        if applicant.script.listed and applicant.category == Category.FACTORY:
            removed = _REMOVED[applicant.script.listed]
            gone = (removed, "演示：未通过复核", "演示文号〔2021〕4号") if removed else ("", "", "")
            where = ("辽宁省", "大连市", "2020-10-10")
            writer.writerow(["绿色工厂(国家级)", "第5批", "2020", applicant.organisation, *where, *gone, "演示"])
    return target.getvalue()
