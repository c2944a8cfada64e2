"""绿色设计产品标准清单 from Excel: template and back, row errors, preview, taking it as a revision."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from greenportal.accounts.actors import Role
from greenportal.documents.xlsx import Column, Row, Table, write_table
from greenportal.files import jail
from greenportal.files import services as files
from greenportal.files.jail import Worksheet
from greenportal.findings.types import Invalid, NotVisible, Refused, Stale
from greenportal.rounds import selectors, services
from greenportal.rounds.rulebook import ProductStandard
from greenportal.rounds.services.standards import KIND, RowError, parse
from tests.factories.accounts import make_actor, make_user, sign_in
from tests.factories.rounds import make_lead, open_round_2022, prepare_round_2022

HEADS = ["标准编号", "标准名称", "产品种类", "批次"]
GOOD = ["GB/T 32163.1-2015", "生态设计产品评价规范 第1部分", "家用洗涤剂", "1"]


def sheet(*rows, heads=HEADS):
    return [Worksheet("清单", [["绿色设计产品标准清单"], list(heads), *[list(r) for r in rows]])]


def workbook(*rows):
    columns = tuple(Column(head, head) for head in HEADS)
    return write_table(Table("清单", "清单", columns, [Row(dict(zip(HEADS, row, strict=True))) for row in rows]))


def upload(actor, *rows):
    content = SimpleUploadedFile("清单.xlsx", workbook(*rows))
    return str(files.receive(actor=actor, upload=content, kind=KIND, accept={"xlsx"}).pk)


def test_rows_become_standards():
    assert parse(sheet(GOOD, [None, None, None, None])) == (
        (ProductStandard(number=GOOD[0], name=GOOD[1], product=GOOD[2], batch="1"),),
        (),
    )


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (["", "名称", "", ""], "填写标准编号。"),
        (["T/X 1-2020", None, "", ""], "填写标准名称。"),
        (["gb/t32163.1—2015", "另一写法", "", ""], "标准编号与第3行重复，只保留一行。"),
        (["T/X 1-2020", "长" * 201, "", ""], "每格不超过200字。"),
    ],
)
def test_row_that_cannot_be_taken_is_told_with_its_number(row, told):
    items, errors = parse(sheet(GOOD, row))
    assert (len(items), errors) == (1, (RowError(4, told),))


@pytest.mark.parametrize(
    ("sheets", "told"),
    [([], "没有找到表头"), (sheet(GOOD, heads=["甲", "乙", "丙", "丁"]), "没有找到表头"), (sheet(), "没有标准")],
)
def test_workbook_without_heads_or_rows_is_refused(sheets, told):
    with pytest.raises(Invalid) as caught:
        parse(sheets)
    assert told in caught.value.message


def test_template_has_the_heads_that_are_read(tmp_path):
    path = tmp_path / "t.xlsx"
    path.write_bytes(services.template())
    rows = jail.read_workbook(path)[0].rows
    assert any(row[:4] == HEADS for row in rows)


@pytest.mark.django_db
def test_import_is_a_revision_with_the_workbook_as_its_document():
    lead = make_lead()
    row = open_round_2022(actor=lead)
    file_id = upload(lead, GOOD)
    preview = services.preview_standards(actor=lead, round_id=row.pk, file_id=file_id)
    assert (preview.added, preview.removed, preview.errors) == (1, 0, ())
    assert selectors.rulebook_at(row.pk)[1].number == 1
    revision = services.import_standards(
        actor=lead, round_id=row.pk, seen_version=row.version, file_id=file_id, complete=True, reason="工信部网站"
    )
    book = selectors.rulebook_at(row.pk)[0]
    assert (revision.number, str(revision.document_id)) == (2, file_id)
    assert (book.product_standards.complete, book.standard_numbers) == (True, {"GB/T32163.1-2015"})
    with pytest.raises(Stale):
        services.import_standards(
            actor=lead, round_id=row.pk, seen_version=row.version, file_id=file_id, complete=True, reason="再次"
        )


@pytest.mark.django_db
def test_import_with_a_bad_row_takes_nothing():
    lead = make_lead()
    row = prepare_round_2022(actor=lead)
    file_id = upload(lead, GOOD, ["", "无编号", "", ""])
    with pytest.raises(Invalid) as caught:
        services.import_standards(
            actor=lead, round_id=row.pk, seen_version=row.version, file_id=file_id, complete=False, reason="x"
        )
    assert list(caught.value.errors.values()) == [["填写标准编号。"]]
    assert selectors.rulebook_at(row.pk)[1].number == 1


@pytest.mark.django_db
def test_import_of_somebody_elses_file_or_by_another_role_is_refused():
    lead = make_lead()
    row = prepare_round_2022(actor=lead)
    file_id = upload(lead, GOOD)
    with pytest.raises(NotVisible):
        services.preview_standards(actor=make_lead(), round_id=row.pk, file_id=file_id)
    with pytest.raises(Refused):
        services.preview_standards(actor=make_actor(Role.CITY_REVIEWER), round_id=row.pk, file_id=file_id)


@pytest.mark.django_db
def test_pages_preview_and_take_a_list():
    user = make_user(Role.CITY_LEAD)
    client = sign_in(Client(), user)
    row = open_round_2022()
    url = reverse("rounds:standards", args=[row.pk])
    assert "选择标准清单文件。" in client.post(url, {}).content.decode()
    bad = client.post(url, {"file": SimpleUploadedFile("x.xlsx", workbook(["", "无编号", "", ""]))})
    assert "填写标准编号。" in bad.content.decode()
    assert "导入清单" not in bad.content.decode()
    good = client.post(url, {"file": SimpleUploadedFile("x.xlsx", workbook(GOOD))})
    assert "新增1项" in good.content.decode()
    form = good.context["form"]
    values = {name: form[name].value() or "" for name in ("version", "file_id")}
    take = reverse("rounds:standards_take", args=[row.pk])
    assert "写明清单来源。" in client.post(take, values).content.decode()
    assert selectors.rulebook_at(row.pk)[1].number == 1
    done = client.post(take, values | {"reason": "工信部网站"}, follow=True)
    assert "标准清单已导入" in done.content.decode()
    book = selectors.rulebook_at(row.pk)[0]
    assert (len(book.product_standards.items), book.product_standards.complete) == (1, False)
    assert client.post(take, {"file_id": "x"}).status_code == 302
    assert client.get(reverse("rounds:standards_template")).content == services.template()
