"""The city lead's page of evaluation tables: shown, template, added from Excel, refused beside the field."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.documents.xlsx import Column, Row, Table, write_table
from greenportal.rounds import selectors
from greenportal.rounds.services.evaluation import HEADINGS
from tests.factories.accounts import make_user, sign_in
from tests.factories.nominations import make_district
from tests.factories.rounds import DURING

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(monkeypatch):
    """The lead's client and an open round."""
    monkeypatch.setattr(clock, "running", lambda: DURING)
    with clock.fixed(DURING):
        yield sign_in(Client(), make_user(Role.CITY_LEAD)), make_district().round


def workbook(*rows):
    columns = tuple(Column(name, name, kind="text") for name in HEADINGS)
    content = write_table(
        Table("评价指标表", "评价指标表", columns, [Row(dict(zip(HEADINGS, r, strict=True))) for r in rows])
    )
    return SimpleUploadedFile("指标表.xlsx", content)


def posted(client, year, **changed):
    year.refresh_from_db()
    values = {
        "version": year.version,
        "label": "轴承行业评价指标表",
        "category": "factory",
        "standard": "JB/T 1-2020",
        "system": "",
        "groups": "",
        "source": "标准第6章",
        "reason": "录入行业标准",
    }
    return client.post(reverse("rounds:evaluation_tables", args=[year.pk]), {**values, **changed})


def test_the_page_shows_what_is_held_and_offers_the_template(desk):
    client, year = desk
    text = client.get(reverse("rounds:evaluation_tables", args=[year.pk])).content.decode()
    assert "绿色工厂评价指标表（工信部2016年评价要求）" in text
    assert "基础设施20、管理体系15" in text
    answer = client.get(reverse("rounds:evaluation_template"))
    assert answer.content[:2] == b"PK"


def test_a_workbook_becomes_the_table_of_its_standard(desk):
    client, year = desk
    row = ("产品", "", "P1", "轴承减重", "必选", "", "100", "定性")
    answer = posted(client, year, file=workbook(row))
    assert answer.status_code == 302, answer.content.decode()[:3000]
    table = selectors.rulebook_at(year.pk)[0].evaluation_table("factory", standard="JB/T 1-2020")
    assert [(item.code, item.name, str(item.max_score)) for item in table.items] == [("P1", "轴承减重", "100")]


def test_what_cannot_be_taken_is_said_and_what_was_typed_stays(desk):
    client, year = desk
    row = ("产品", "", "P1", "轴承减重", "必选", "", "很多", "定性")
    answer = posted(client, year, file=workbook(row))
    text = answer.content.decode()
    assert "最高分值填写数字" in text
    assert "轴承行业评价指标表" in text
    before = selectors.rulebook_at(year.pk)[1].number
    assert "选择" not in posted(client, year).context["form"].errors.get("file", [""])[0]
    assert selectors.rulebook_at(year.pk)[1].number == before
