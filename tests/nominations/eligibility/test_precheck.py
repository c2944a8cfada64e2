"""Precheck as command and page: workbook in, findings out, facts as JSON; no account, nothing stored."""

from __future__ import annotations

import io
import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.documents.xlsx import Column, Row, Table, write_table
from greenportal.files import jail
from greenportal.files.jail import Worksheet
from greenportal.files.models import StoredFile
from greenportal.findings.models import CheckRun
from greenportal.findings.types import Invalid
from greenportal.rounds import rulebook
from nominations.eligibility import candidates, engine, factsjson, precheck, report
from tests.factories.accounts import make_user, sign_in
from tests.nominations.eligibility.base import AS_OF, BOOK, base

LABELS = [fact.label for fact in candidates.FACTS]
PARK = {"类别": "绿色工业园区", "申报对象名称": "试验园区", "工业增加值占比": 50, "园区级别": "省级"}
SCHEMA = Path(settings.BASE_DIR) / "docs" / "reference" / "facts.schema.json"


def sheet(*rows, labels=LABELS):
    """Return worksheets as the jail reads them: a title, the headings, the rows."""
    cells = [[row.get(label) for label in labels] for row in rows]
    return [Worksheet("候选名单", [["申报条件预核查名单"], list(labels), *cells])]


def workbook(*rows):
    columns = tuple(Column(label, label) for label in LABELS)
    made = [Row({label: str(v) for label, v in row.items()}) for row in rows]
    return write_table(Table("候选名单", "申报条件预核查名单", columns, made))


def one(**values):
    found = candidates.parse(sheet({"类别": "绿色工厂", "申报对象名称": "试验厂"} | values), as_of=AS_OF)
    assert found.problems == ()
    return found.rows[0][1]


def test_template_can_be_read_back_by_the_jail(tmp_path):
    path = tmp_path / "t.xlsx"
    path.write_bytes(candidates.template())
    rows = jail.read_workbook(path)[0].rows
    heading = next(row for row in rows if "类别" in row)
    assert [str(cell).split("\n")[0] for cell in heading] == LABELS


def test_template_bears_a_drop_down_for_each_choice():
    book = load_workbook(io.BytesIO(candidates.template()))
    lists = book.worksheets[0].data_validations.dataValidation
    assert sum(v.type == "list" for v in lists) >= sum(fact.kind == "choice" for fact in candidates.FACTS)


def test_empty_cells_are_unknown():
    assert one() == type(base())(ref="第3行", category="factory", as_of=AS_OF, name="试验厂")


@pytest.mark.parametrize(
    ("column", "text", "read"),
    [
        ("近三年有事故或违法违规", "否", lambda f: f.statements.ex2.exists is False),
        ("已按要求完成整改", "是", lambda f: f.statements.ex5.finished is True),
        ("信用中国查询日期", "2022-09-20", lambda f: f.credit[0].queried_on == date(2022, 9, 20)),
        ("公示系统无不良记录", "是", lambda f: (f.credit[0].source, f.credit[0].clean) == ("gsxt", True)),
        ("已发布的行业评价标准（没有填“无”）", "无", lambda f: f.industry_standard == ""),
        ("能耗数值", "1,770.5", lambda f: f.energy[0].value == Decimal("1770.5")),
        ("能耗数值", "１，７７０．５", lambda f: f.energy[0].value == Decimal("1770.5")),
        ("能耗数值", 0.00001, lambda f: f.energy[0].value == Decimal("0.00001")),
        ("工业增加值占比", "50.01%", lambda f: f.park.industrial_share == Decimal("50.01")),
        ("园区级别", "省级以下", lambda f: f.park.level == "below"),
        ("适用评价指标体系", "汽车", lambda f: f.supply_chain.system == "automobile"),
        ("自评价报告", "否", lambda f: (f.documents[0].slot, f.documents[0].count) == ("self_report", 0)),
        ("中级职称以上专职人员", 10.0, lambda f: f.evaluator.staff_intermediate == 10),
        ("市场监管部门意见", "有意见", lambda f: f.opinions[0].opinion == "objection"),
    ],
)
def test_cell_becomes_a_fact(column, text, read):
    assert read(one(**{column: text}))


@pytest.mark.parametrize(
    ("column", "text", "told"),
    [
        ("类别", "绿色企业", "应从下拉列表中选择：绿色工厂、绿色设计产品、绿色工业园区、绿色供应链管理企业。"),
        ("近三年有事故或违法违规", "没有", "应从下拉列表中选择：是、否。"),
        ("信用中国查询日期", "上周", "日期写作 2022-10-15。"),
        ("能耗数值", "约50", "填写数字，不带单位。"),
        ("能耗数值", "NaN", "填写数字，不带单位。"),
        ("能耗数值", "1e999999", "填写数字，不带单位。"),
        ("能耗数值", "1e1000000000", "填写数字，不带单位。"),
        ("能耗数值", "9" * 31, "填写数字，不带单位。"),
        ("能耗数值", "9" * 30, None),
        ("中级职称以上专职人员", "1e1000000", "填写数字，不带单位。"),
        ("中级职称以上专职人员", "NaN", "填写数字，不带单位。"),
        ("中级职称以上专职人员", "10.5", "填写整数。"),
    ],
)
def test_cell_that_cannot_be_read_is_told_with_row_and_column(column, text, told):
    rows = ({"类别": "绿色工厂", "申报对象名称": "甲"}, {"类别": "绿色工厂", "申报对象名称": "乙"} | {column: text})
    found = candidates.parse(sheet(*rows), as_of=AS_OF)
    if told is None:
        assert found.problems == ()
        return
    assert found.problems == (candidates.RowProblem(4, column, told),)
    assert [facts.name for _, facts in found.rows] == ["甲"]


def test_row_without_category_is_told():
    found = candidates.parse(sheet({"申报对象名称": "甲"}), as_of=AS_OF)
    assert [(p.row, p.column) for p in found.problems] == [(3, "类别")]


@pytest.mark.parametrize(
    ("sheets", "told"),
    [([], "没有找到表头"), ([Worksheet("a", [["名称"], ["甲"]])], "没有找到表头"), (sheet(), "没有候选对象")],
)
def test_workbook_without_heading_or_rows_is_refused(sheets, told):
    with pytest.raises(Invalid) as caught:
        candidates.parse(sheets, as_of=AS_OF)
    assert told in caught.value.message


def test_report_holds_a_line_per_candidate_and_per_finding():
    found = candidates.parse(sheet(PARK, {"类别": "绿色工厂", "能耗数值": "x"}), as_of=AS_OF)
    checked, problems = report.check(found, BOOK)
    book = load_workbook(io.BytesIO(report.workbook(checked, problems, BOOK, as_of=AS_OF)))
    assert book.sheetnames == ["汇总", "核查结论", "未能读取"]
    cells = [[c for c in row if c is not None] for row in book["汇总"].iter_rows(values_only=True)]
    assert any(row[:2] == [3, "绿色工业园区"] and "不得报送" in row for row in cells)
    told = [c for row in book["核查结论"].iter_rows(values_only=True) for c in row]
    assert "工业增加值占比50%，未超过50%。" in told
    assert checked[0].shown[0].rule == "PARK_SHARE"


def test_report_tells_a_category_that_the_year_does_not_have():
    book = rulebook.load("2023")
    found = candidates.parse(sheet({"类别": "绿色设计产品", "申报对象名称": "甲"}), as_of=AS_OF)
    checked, problems = report.check(found, book)
    assert (checked, [p.message for p in problems]) == ([], ["2023年度没有这个类别，请核对。"])


@pytest.mark.parametrize(
    ("now", "want"), [(clock.date(2022, 9, 1), date(2022, 9, 1)), (clock.date(2026, 1, 1), date(2022, 10, 15))]
)
def test_default_day_is_today_until_submission_is_over(now, want):
    with clock.fixed(clock.local_instant(now)):
        assert precheck.default_day(BOOK) == want


# --- JSON -------------------------------------------------------------------------------------------------------------


def document(**values):
    return json.dumps({"rulebook": "2022", "as_of": "2022-10-10", "nominations": [{"category": "park"} | values]})


@pytest.mark.parametrize("category", ["factory", "product", "park", "supply_chain"])
def test_facts_written_as_json_read_back_equal(category):
    facts = base(category)
    key, rows = factsjson.read(json.dumps({"rulebook": "2022", "nominations": [engine.as_json(facts)]}))
    assert (key, rows) == ("2022", [facts])
    assert factsjson.result(rows[0], BOOK)["facts_sha256"] == engine.facts_hash(facts)


def test_decimals_of_json_keep_every_digit():
    text = document().replace('"category"', '"park": {"industrial_share": 50.000000000000000000001}, "category"')
    facts = factsjson.read(text)[1][0]
    assert facts.park.industrial_share == Decimal("50.000000000000000000001")
    assert engine.check_one("PARK_SHARE", facts, BOOK).outcome == "met"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "第1行第2列：不是JSON"),
        ("[]", "最外层应为对象"),
        ('{"nominations": [], "x": 1}', "不认识的键：x"),
        (document(uscd="x"), "nominations.0.uscd: 不认识的键“uscd”"),
        (document(park={"industrial_share": "many"}), "nominations.0.park.industrial_share: “many”不是数值"),
        (document(park={"industrial_share": "1e1000000"}), "nominations.0.park.industrial_share: 数值不超过30位数字"),
        (document(park={"industrial_share": "1e-30"}), "nominations.0.park.industrial_share: 数值不超过30位数字"),
        (
            '{"nominations": [{"as_of": "2022-10-10", "category": "park", "park": {"industrial_share": 1e1000000}}]}',
            "数值不超过30位数字",
        ),
        ('{"nominations": [{"evaluator": {"staff_senior": ' + "9" * 5000 + "}}]}", "数值不超过30位数字"),
        (document(park={"one_body": "yes"}), "nominations.0.park.one_body: 应为是或否"),
        (document(as_of="10月1日"), "nominations.0.as_of"),
        (document(category="企业"), "nominations.0.category：“企业”不在可选值中"),
        (document(opinions=[{"department": "market", "opinion": "同意"}]), "nominations.0.opinions.0.opinion"),
        ('{"nominations": [{"as_of": "2022-10-10"}]}', "缺少键“category”"),
        ('{"nominations": [{"category": "park"}]}', "缺少键“as_of”"),
        ('{"nominations": [7]}', "nominations.0: 应为一组键值"),
    ],
)
def test_facts_that_cannot_be_read_are_told_with_their_place(text, told):
    with pytest.raises(factsjson.FactsError) as caught:
        factsjson.read(text)
    assert told in str(caught.value)


def test_schema_in_the_documentation_is_that_of_the_code():
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == factsjson.schema()


def test_schema_names_every_fact_and_choice():
    definitions = factsjson.schema()["$defs"]
    assert definitions["ParkFacts"]["properties"]["level"] == {
        "anyOf": [{"type": "string", "enum": ["national", "provincial", "below"]}, {"type": "null"}]
    }
    assert definitions["NominationFacts"]["required"] == ["category"]
    assert set(definitions) == {
        "BasicAnswer",
        "CreditQuery",
        "DocumentFact",
        "EnergyEntry",
        "EngagementFacts",
        "EvaluatorFacts",
        "Event",
        "IncidentRecord",
        "IndependenceFacts",
        "Listing",
        "NominationFacts",
        "Opinion",
        "ParkFacts",
        "PeerFigure",
        "ProductFacts",
        "ReportFigures",
        "ShareFigure",
        "StatedScore",
        "VerifiedFigure",
        "YearFigure",
        "ReportHands",
        "RequirementAnswer",
        "SanctionFact",
        "Statement",
        "Statements",
        "SupplyChainFacts",
    }


# --- the command: no database mark, so a query would fail the test ----------------------------------------------------


def test_command_prints_findings_of_facts_without_a_database(tmp_path, capsys):
    path = tmp_path / "facts.json"
    path.write_text(document(park={"industrial_share": 50}), encoding="utf-8")
    call_command("precheck", facts=path)
    answer = json.loads(capsys.readouterr().out)
    findings = {row["rule"]: row for row in answer["results"][0]["findings"]}
    assert (answer["rulebook"], answer["rulebook_sha256"]) == ("2022", BOOK.sha256)
    assert (findings["PARK_SHARE"]["outcome"], findings["PARK_SHARE"]["clause"]) == ("not_met", "通知 一、（三）")
    assert list(findings) == list(BOOK.rules)


def test_command_writes_a_report_without_a_database(tmp_path):
    source, out = tmp_path / "c.xlsx", tmp_path / "r.xlsx"
    source.write_bytes(workbook(PARK))
    call_command("precheck", source, rulebook="2022", out=out, stderr=io.StringIO())
    assert load_workbook(out).sheetnames == ["汇总", "核查结论"]


def test_command_writes_the_template(tmp_path):
    out = tmp_path / "t.xlsx"
    call_command("precheck", template=out, stderr=io.StringIO())
    assert out.read_bytes() == candidates.template()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, "用法"),
        ({"facts": "missing.json"}, "文件不能读写"),
        ({"facts": "bad.json"}, "最外层应为对象"),
        ({"facts": "good.json", "rulebook": "1999"}, "没有规则书“1999”"),
        ({"candidates": "good.json", "out": "x.xlsx", "rulebook": "2022"}, ""),
    ],
)
def test_command_that_cannot_work_says_why(tmp_path, options, told):
    (tmp_path / "bad.json").write_text("[]")
    (tmp_path / "good.json").write_text(document())
    paths = {k: tmp_path / v if k in {"facts", "out", "candidates"} else v for k, v in options.items()}
    source = paths.pop("candidates", None)
    with pytest.raises(CommandError) as caught:
        call_command("precheck", *([str(source)] if source else []), **paths)
    assert told in str(caught.value)
    assert str(caught.value)


# --- the page ---------------------------------------------------------------------------------------------------------


def _client(role):
    """Sign somebody in whose password is fresh today: pages run on the real clock."""
    with clock.fixed(clock.running()):
        return sign_in(Client(), make_user(role))


def _upload(content, name="候选.xlsx"):
    return SimpleUploadedFile(name, content)


@pytest.mark.django_db
def test_page_answers_with_findings_and_stores_nothing():
    client = _client(Role.DISTRICT_OFFICER)
    values = {"file": _upload(workbook(PARK, PARK | {"能耗数值": "约5"})), "rulebook": "2022", "as_of": "2022-10-10"}
    page = client.post(reverse("precheck"), values).content.decode()
    assert "工业增加值占比50%，未超过50%。" in page
    assert "依据：通知 一、（三）" in page
    assert "填写数字，不带单位。" in page
    assert (StoredFile.objects.count(), CheckRun.objects.count()) == (0, 0)


@pytest.mark.django_db
def test_page_gives_the_report_to_download():
    client = _client(Role.APPLICANT)
    values = {"file": _upload(workbook(PARK)), "rulebook": "2022", "download": "1"}
    response = client.post(reverse("precheck"), values)
    assert load_workbook(io.BytesIO(response.content)).sheetnames == ["汇总", "核查结论"]
    template = client.get(reverse("precheck_template"))
    assert template.content == candidates.template()


@pytest.mark.django_db
def test_page_says_what_is_wrong_with_a_file():
    client = _client(Role.CITY_REVIEWER)
    empty = client.post(reverse("precheck"), {"rulebook": "2022"})
    assert "选择候选名单文件。" in empty.content.decode()
    broken = client.post(reverse("precheck"), {"rulebook": "2022", "file": _upload(b"not a workbook")})
    assert (broken.status_code, bool(broken.context["form"].errors["file"])) == (200, True)


@pytest.mark.django_db
def test_page_sends_strangers_to_sign_in():
    assert Client().get(reverse("precheck")).status_code == 302
