"""Notices to a unit: what the text says and leaves blank, who may write one, the page and its two files."""

import io
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import product

import docx
import pypdfium2
import pytest
from django.test import Client
from django.urls import reverse

from dynamic_mgmt.models import DynamicTable
from dynamic_mgmt.notices import BLANK_DAY, NoticeFacts, NoticeKind, draft, kinds_for
from dynamic_mgmt.selectors.notices import notice_facts, signer
from dynamic_mgmt.selectors.tables import visible_to
from dynamic_mgmt.services import filing, judging, notifying
from dynamic_mgmt.table_states import Opinion, TableState
from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.audit.models import AuditEntry
from greenportal.findings.types import Invalid, NotVisible, Refused
from tests.factories.accounts import make_user, sign_in
from tests.factories.rounds import DURING
from tests.factories.tables import actor, make_filed, make_stage

DAY = date(2022, 9, 20)
AFTER = datetime.fromisoformat("2022-11-20T10:00:00+08:00")
FACTS = NoticeFacts(
    unit="示例轴承有限公司",
    category="绿色工厂",
    batch="5",
    listed_as="示例轴承有限公司",
    notice="《关于示例的通知》",
    clause="通知 三",
    table="绿色工厂动态管理表",
    period="2022年度动态管理表",
    state="due",
    district="示例区工信局",
    closes="2022年11月15日（星期二）24:00",
    filed=True,
)


def body(kind: NoticeKind, **values) -> str:
    return draft(kind, replace(FACTS, **values), signed="示例局", today=DAY).body


# --- the text ----------------------------------------------------------------------------------------------------


def test_urging_names_the_clause_the_end_and_what_is_missing():
    text = body(NoticeKind.URGE)
    assert "《关于示例的通知》第三项要求" in text
    assert "报送截止时间为2022年11月15日（星期二）24:00。截至2022年9月20日" in text
    assert "尚未开始填报。" in text
    assert "期限已过" not in text
    assert BLANK_DAY not in text


def test_urging_after_the_end_leaves_the_new_day_to_the_office():
    text = body(NoticeKind.URGE, closed=True, extension="大工信〔2022〕9号")
    assert "（已延期，依据大工信〔2022〕9号）" in text
    assert f"请于{BLANK_DAY}前与示例区工信局联系补报" in text


def test_urging_a_returned_table_repeats_the_reason():
    assert "尚未重新提交。退回原因：用水量有误。" in body(NoticeKind.URGE, state="returned", reason="用水量有误。")


def test_urging_a_returned_table_asks_to_mend_it_by_its_own_day():
    returned = {"state": "returned", "reason": "用水量有误", "mends": True}
    text = body(NoticeKind.URGE, **returned)
    assert "你单位的绿色工厂动态管理表（2022年度动态管理表）已退回修改，尚未重新提交。" in text
    assert "请于2022年11月15日（星期二）24:00前修改并重新提交。" in text
    assert "报送截止" not in text and "补报" not in text
    late = body(NoticeKind.URGE, **returned, closed=True)
    assert f"修改期限2022年11月15日（星期二）24:00已过。请于{BLANK_DAY}前修改并重新提交" in late


@pytest.mark.parametrize("kind", [NoticeKind.RECHECK, NoticeKind.ON_SITE])
def test_what_nobody_recorded_stays_blank(kind):
    text = body(kind, reason="能耗数据存疑")
    assert "的原因：能耗数据存疑。" in text
    assert text.count(BLANK_DAY) == 1
    assert "经审核你单位报送的" in text
    assert "经审核" not in body(kind, filed=False)  # a unit that refused has sent nothing


def test_removal_names_day_document_reason_and_the_name_on_the_list():
    text = body(NoticeKind.REMOVAL, removed_on=DAY, document_no="1号", reason="拒不填报", listed_as="旧名有限公司")
    assert "列入第5批绿色工厂名单，列入时名称为旧名有限公司。" in text
    assert "自2022年9月20日起移出绿色制造名单（1号）。\n移出原因：拒不填报。" in text


# --- who may, when -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", TableState)
def test_every_role_and_decision(state):
    for role, decision in product(set(Role) - {Role.ANONYMOUS}, ["", *Opinion.values]):
        found = {k.value for k in kinds_for(role=role, state=state, decision=decision)}
        city = role in {Role.CITY_LEAD, Role.CITY_REVIEWER}
        officer = city or role in {Role.DISTRICT_OFFICER, Role.DISTRICT_LEAD}
        wanted = set()
        if officer and state in {"due", "draft", "returned"}:
            wanted = {"urge"}
        elif officer and state in {"recheck", "on_site"}:
            wanted = {state.value.replace("_", "-")}
        elif city and state == "decided" and decision == "remove":
            wanted = {"removal"}
        assert found == wanted, (role, decision)


# --- facts from the table ----------------------------------------------------------------------------------------

db = pytest.mark.django_db


def in_recheck(stage) -> DynamicTable:
    table = make_filed(stage)
    judging.give_opinion(
        actor=stage.officer, table_id=table.pk, seen_version=table.version, opinion="on_site", reason="数据存疑"
    )
    judging.open_recheck(
        actor=actor(Role.CITY_REVIEWER), table_id=table.pk, seen_version=table.version + 1, reason="用水量核实"
    )
    return stage.table()


@db
def test_facts_come_from_the_table_and_its_history(django_assert_num_queries):
    stage = make_stage()
    table = visible_to(stage.officer).select_related("removal").get(pk=in_recheck(stage).pk)
    with django_assert_num_queries(4):
        facts = notice_facts(table, NoticeKind.RECHECK)
    assert (facts.reason, facts.unit, facts.table) == ("用水量核实", stage.unit.current_name, "绿色工厂动态管理表")
    assert facts.notice.startswith("《大连市工业和信息化局")
    assert signer(actor(Role.CITY_REVIEWER), table) == "大连市工业和信息化局"
    assert signer(stage.officer, table) == (stage.authority.bureau_name or stage.authority.name)


@db
def test_removal_is_told_once_it_is_confirmed():
    stage = make_stage()
    table = make_filed(stage)
    judging.give_opinion(
        actor=stage.officer, table_id=table.pk, seen_version=table.version, opinion="remove", reason="停产"
    )
    city = actor(Role.CITY_REVIEWER)
    judging.propose_unit_removal(
        actor=city,
        table_id=table.pk,
        seen_version=table.version + 1,
        removed_on=DAY,
        reason="长期停产",
        document_no="7号",
    )
    table = stage.table()
    assert kinds_for(role=city.role, state=table.state, decision=table.decision) == []
    judging.settle_removal(actor=actor(Role.CITY_LEAD), table_id=table.pk, seen_version=table.version, confirm=True)
    table = stage.table()
    text = draft(NoticeKind.REMOVAL, notice_facts(table, NoticeKind.REMOVAL), signed="局", today=DAY).body
    assert "自2022年9月20日起移出绿色制造名单（7号）。\n移出原因：长期停产。" in text


@db
def test_returned_table_and_closed_clock_are_known():
    stage = make_stage()
    table = make_filed(stage)
    filing.return_table(actor=stage.officer, table_id=table.pk, seen_version=table.version, reason="缺用水台账")
    table = stage.table()
    assert notice_facts(table, NoticeKind.URGE).reason == "缺用水台账"
    assert notice_facts(table, NoticeKind.URGE).closed is False
    with clock.fixed(AFTER):
        assert notice_facts(table, NoticeKind.URGE).closed is True


@db
def test_the_end_of_a_returned_table_is_its_own_day():
    stage = make_stage()
    table = make_filed(stage)
    values = {"actor": stage.officer, "table_id": table.pk, "reason": "缺用水台账"}
    filing.return_table(seen_version=table.version, due_on=date(2022, 11, 22), **values)
    table = stage.table()
    for at, closed in ((AFTER, False), (clock.end_of(date(2022, 11, 22)), True)):
        with clock.fixed(at):
            facts = notice_facts(table, NoticeKind.URGE)
        assert (facts.closes, facts.closed, facts.mends) == ("2022年11月22日（星期二）24:00", closed, True)
    # control: one never filed has the period's end
    with clock.fixed(AFTER):
        facts = notice_facts(make_stage(period=stage.period).table(), NoticeKind.URGE)
    assert (facts.closes, facts.closed, facts.mends) == ("2022年11月15日（星期二）24:00", True, False)


# --- the letter --------------------------------------------------------------------------------------------------


def letter(stage, table, who, **values):
    kind = values.pop("kind", NoticeKind.URGE)
    text = replace(draft(kind, FACTS, signed="示例局", today=DAY), **values)
    return notifying.make_notice(actor=who, table_id=table.pk, kind=kind, text=text, form="docx")


@db
def test_letter_says_what_was_typed_and_the_audit_keeps_who_made_it():
    stage = make_stage()
    content = letter(stage, stage.table(), stage.officer, body="第一段\n\n第二段")
    words = [p.text for p in docx.Document(io.BytesIO(content)).paragraphs]
    assert [w for w in words if w in {"第一段", "第二段"}] == ["第一段", "第二段"]
    assert {"（发文字号）", "示例轴承有限公司：", "示例局", "2022年9月20日"} <= set(words)
    entry = AuditEntry.objects.filter(action="dynamic_mgmt.notice").get()
    assert (entry.data["kind"], entry.data["form"]) == ("urge", "docx")


@db
def test_guards_hold_without_the_page():
    stage = make_stage()
    table = stage.table()
    foreign = actor(Role.DISTRICT_OFFICER, authority_id=make_stage("庄河市").authority.pk)
    with pytest.raises(NotVisible):
        letter(stage, table, foreign)
    with pytest.raises(Refused, match="催报通知由市局或区市县主管部门起草"):
        letter(stage, table, stage.unit_actor)
    with pytest.raises(Refused, match="当前状态为“待填报”，没有需要起草的复核通知"):
        letter(stage, table, stage.officer, kind=NoticeKind.RECHECK)
    with pytest.raises(Invalid):
        letter(stage, table, stage.officer, body="长" * 4001)
    assert letter(stage, table, stage.officer)  # control


@db
def test_page_is_prefilled_keeps_what_was_typed_and_gives_both_files(monkeypatch):
    monkeypatch.setattr(clock, "running", lambda: DURING + timedelta(hours=1))
    stage = make_stage()
    table = stage.table()
    client = sign_in(Client(), make_user(Role.DISTRICT_OFFICER, authority=stage.authority))
    url = reverse("dynamic_mgmt:notice", args=[table.pk, "urge"])
    assert "起草催报通知" in client.get(reverse("dynamic_mgmt:table", args=[table.pk])).content.decode()
    page = client.get(url)
    assert "关于抓紧报送绿色制造动态管理表的通知" in page.content.decode()
    values = page.context["form"].initial
    kept = client.post(url, {**values, "title": "", "body": "只改了这一句"}).content.decode()
    assert "只改了这一句" in kept
    pdf = client.post(url, {**values, "body": "只改了这一句", "pdf": "1"})
    text = pypdfium2.PdfDocument(pdf.content)[0].get_textpage().get_text_range()
    assert "只改了这一句" in text.replace("\r\n", "")
    assert client.post(url, values)["Content-Type"].endswith("wordprocessingml.document")
    assert client.get(reverse("dynamic_mgmt:notice", args=[table.pk, "recheck"])).status_code == 409
