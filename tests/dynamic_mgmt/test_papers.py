"""The table for 存档 as PDF: its text, its fonts, its marks; and the tables of a category as one ZIP."""

from __future__ import annotations

import io
import zipfile

import pikepdf
import pypdfium2
import pytest
from django.test import Client
from django.urls import reverse

from dynamic_mgmt.constants import FILE_ARCHIVE, JOB_ARCHIVE
from dynamic_mgmt.packets.papers import paper_of, table_pdf
from dynamic_mgmt.services import judging
from dynamic_mgmt.services.archiving import ask_archive, newest
from greenportal import clock
from greenportal.accounts.actors import Role
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
    assert "正在生成存档" in page and "重新生成" not in page
    run_due_jobs(JOB_ARCHIVE)
    page = city.get(reverse("dynamic_mgmt:exports", args=[stage.period.pk])).content.decode()
    assert "动态管理表存档_" in page and "重新生成" in page
