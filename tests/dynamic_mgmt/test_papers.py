"""The table for 存档 as PDF: its text, its fonts, its marks; and the tables of a category as one ZIP."""

from __future__ import annotations

import io
import zipfile
from decimal import Decimal

import pikepdf
import pypdfium2
import pytest
from django.test import Client
from django.urls import reverse

from dynamic_mgmt.constants import FILE_ARCHIVE, JOB_ARCHIVE
from dynamic_mgmt.packets.papers import paper_of, table_pdf
from dynamic_mgmt.packets.year import year_paper, year_pdf
from dynamic_mgmt.services import experiences, judging
from dynamic_mgmt.services.archiving import ask_archive, newest
from dynamic_mgmt.services.figures import FigureValue, record_figures
from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.files.selectors import visible_to
from greenportal.findings.types import NotVisible, Refused
from greenportal.jobs.models import Job
from tests.factories.accounts import make_user, sign_in
from tests.factories.jobs import run_due_jobs
from tests.factories.rounds import DURING
from tests.factories.tables import Stage, actor, make_filed, make_stage

pytestmark = pytest.mark.django_db


def paper(stage: Stage) -> bytes:
    table = make_filed(stage, energy_total_y1="3000")
    judging.give_opinion(
        actor=stage.officer, table_id=table.pk, seen_version=table.version, opinion="on_site", reason="虚构：能耗待核实"
    )
    table = stage.table()
    receipt = table.receipts.get()
    return table_pdf(paper_of(table, receipt), issued_at=receipt.received_at)


def text_of(content: bytes) -> str:
    document = pypdfium2.PdfDocument(content)
    return "".join("".join(page.get_textpage().get_text_bounded() for page in document).split())


def assert_fonts_embedded(content: bytes) -> None:
    with pikepdf.open(io.BytesIO(content)) as file:
        fonts = {font.objgen: font for page in file.pages for font in page.resources.get("/Font", {}).values()}
        assert fonts
        for font in fonts.values():
            described = font.DescendantFonts[0].FontDescriptor
            assert "/FontFile3" in described or "/FontFile2" in described


def test_the_paper_says_what_was_filed_and_what_was_said_of_it():
    stage = make_stage()
    content = paper(stage)
    text = text_of(content)
    for words in (stage.unit.current_name, "非官方样式", "2021", "3120", "3000", "+4.0%", "现场评估：虚构：能耗待核实"):
        assert words in text, words
    assert "�" not in text
    assert_fonts_embedded(content)
    with pikepdf.open(io.BytesIO(content)) as file:
        assert str(file.Root.Lang) == "zh-CN"


def outline(content: bytes) -> list[tuple[str, list[str]]]:
    """Return the bookmarks of a PDF, which also has to be tagged."""
    with pikepdf.open(io.BytesIO(content)) as file, file.open_outline() as found:
        assert "/StructTreeRoot" in file.Root, "tags"
        return [(item.title, [child.title for child in item.children]) for item in found.root]


def test_papers_have_tags_and_bookmarks():
    ((title, parts),) = outline(paper(make_stage()))
    assert title == "绿色工厂动态管理表" and parts[0] == "基本情况" and parts[-1] == "三年指标"


def test_the_yearly_report_adds_up_by_district_and_industry_and_names_what_was_published():
    one, two = make_stage(), make_stage("庄河市", industry_code="3620")
    make_stage("长海县")
    for number, stage in enumerate((one, two)):
        before = Decimal(3000 + 120 * number)
        value = FigureValue(stage.unit.pk, 2020, "energy_total", "tce", before, "虚构")
        record_figures(actor=Actor.system("试验"), values=[value])
        make_filed(stage)
    told = {"title": "虚构承诺书", "issued_on": clock.today(), "link": "https://example.com/commitment"}
    experiences.add_statement(actor=one.officer, unit_id=one.unit.pk, kind="commitment", **told)
    lead = actor(Role.CITY_LEAD)
    made = year_paper(lead, one.period)
    assert made.summary.startswith("应报3家，已报2家，占66.7%；")
    places = {row.name: (row.units, row.cells[0]) for row in made.groups[0][2]}
    assert places == {"瓦房店市": (1, ("3,120", "+4.0%")), "庄河市": (1, ("3,120", "0.0%"))}
    assert {row.name[:2] for row in made.groups[1][2]} == {"34", "36"}
    ((_, _, of_districts), (_, _, of_industries)) = made.trends
    energy = of_districts[0]
    assert (energy.label, energy.years) == ("年综合能源消费量", (2020, 2021))
    assert {row.name: row.texts for row in energy.rows} == {
        "瓦房店市": ("3,000", "3,120"),
        "庄河市": ("3,120", "3,120"),
    }
    # 3000 and 3120 of a scale to 4000, on 20 points of height: 22 − 15 and 22 − 15.6.
    assert next(row.line for row in energy.rows if row.name == "瓦房店市") == "0.0,7.0 96.0,6.4"
    assert {row.name[:2] for row in of_industries[0].rows} == {"34", "36"}
    assert sum(numbers[0] for _, numbers in made.districts) == 3
    content = year_pdf(made, issued_at=clock.now())
    ((title, parts),) = outline(content)
    assert title == made.title and {"概况", "各区市县指标", "各行业指标", "各区市县历年变化", "各行业历年变化"} <= set(
        parts
    )
    text = text_of(content)
    assert "不足5家单位的合计，不对外提供" in text
    assert "绿色发展承诺" in text and "虚构承诺书" in text and "�" not in text
    assert_fonts_embedded(content)


@pytest.mark.parametrize("count", [1, 3])
def test_the_yearly_report_takes_the_same_queries_for_any_number(count, django_assert_num_queries):
    stages = [make_stage(name) for name in ("瓦房店市", "庄河市", "长海县")[:count]]
    for stage in stages:
        make_filed(stage)
    lead = actor(Role.CITY_LEAD)
    with django_assert_num_queries(14):
        year_paper(lead, stages[0].period)


def test_a_category_comes_as_one_zip_for_the_city_only(monkeypatch):
    monkeypatch.setattr(clock, "running", lambda: DURING)
    stage = make_stage()
    other = make_stage("庄河市", period=stage.period)
    make_stage("长海县", period=stage.period)  # not received: not among them
    for one in (stage, other):
        make_filed(one)
    city = actor(Role.CITY_REVIEWER)
    for _ in range(2):
        ask_archive(actor=city, period_id=stage.period.pk, category="factory")
    assert Job.objects.filter(kind=JOB_ARCHIVE).count() == 1, "two presses are one job"
    assert run_due_jobs(JOB_ARCHIVE) == ["done"]
    file = newest(city, stage.period, "factory")
    assert file is not None and newest(city, stage.period, "park") is None
    for outsider in (stage.officer, stage.unit_actor):
        assert not visible_to(outsider, kind=FILE_ARCHIVE).exists()
    client = sign_in(Client(), make_user(Role.CITY_LEAD))
    content = b"".join(client.get(reverse("files:download", args=[file.pk])))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        assert {name.split("/")[0] for name in names} == {"瓦房店市", "庄河市"} and len(names) == 2
        wanted = {one.authority.name: one.unit.current_name for one in (stage, other)}
        for name in names:
            assert wanted[name.split("/")[0]] in text_of(archive.read(name))


def test_who_may_ask_for_an_archive():
    stage = make_stage()
    with pytest.raises(Refused):
        ask_archive(actor=stage.officer, period_id=stage.period.pk, category="factory")
    with pytest.raises(NotVisible):
        ask_archive(actor=actor(Role.CITY_LEAD), period_id=stage.period.pk, category="castle")


def test_the_page_asks_and_then_offers_the_archive(monkeypatch):
    monkeypatch.setattr(clock, "running", lambda: DURING)
    stage = make_stage()
    make_filed(stage)
    city = sign_in(Client(), make_user(Role.CITY_REVIEWER))
    page = city.post(reverse("dynamic_mgmt:archive", args=[stage.period.pk, "factory"]), follow=True).content.decode()
    assert "正在生成存档" in page and "正在处理" in page
    run_due_jobs(JOB_ARCHIVE)
    progress = reverse("jobs:progress", args=[Job.objects.get(kind=JOB_ARCHIVE).pk])
    colleague = sign_in(Client(), make_user(Role.CITY_LEAD))
    assert "处理结果" in colleague.get(progress).content.decode(), "whoever of the city asked"
    district = sign_in(Client(), make_user(Role.DISTRICT_OFFICER, authority=stage.authority))
    assert district.get(progress).status_code == 404
    page = city.get(reverse("dynamic_mgmt:exports", args=[stage.period.pk])).content.decode()
    assert "动态管理表存档_" in page and "重新生成" in page
