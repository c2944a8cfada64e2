"""The kitchen with rows of the database: a finalised list becomes a packet."""

from __future__ import annotations

import io
import json
import zipfile
from contextlib import nullcontext
from datetime import date

import openpyxl
import pypdfium2
import pytest

from greenportal.files.services import open_path
from nominations.models import Packet, PacketPart
from nominations.packets.kitchen import PacketKitchen, plain
from nominations.selectors.packet_data import packet_data
from nominations.services import producing
from tests.factories import nominations as make

pytestmark = pytest.mark.django_db


class Context:
    def __init__(self):
        self.result = None

    def step(self, done, total, stage):
        pass

    def fenced(self):
        return nullcontext()

    def finish(self, result):
        self.result = result


@pytest.fixture
def packet():
    ready = make.ready_list(categories=["factory", "product"], stage="finalised")
    return Packet.objects.get(list_version__list=ready.list, list_version__voided_at=None)


def text_of(content):
    document = pypdfium2.PdfDocument(content)
    try:
        return "".join("".join(page.get_textpage().get_text_bounded().split()) for page in document)
    finally:
        document.close()


def test_a_finalised_list_becomes_a_whole_packet(packet):
    producing.produce(Context(), packet_id=packet.pk, kitchen=PacketKitchen())
    packet.refresh_from_db()
    with open_path(packet.file) as path, zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        content = {name: archive.read(name) for name in names}
    own = [name for name in names if name[:2].isdigit()]
    assert own == [
        "00-推荐函.pdf",
        "00-推荐函（可编辑）.docx",
        "01-附件1-推荐汇总表.pdf",
        "01-附件1-推荐汇总表.xlsx",
        "03-申报条件核查情况.pdf",
        "04-签字盖章清单.pdf",
        "05-纸质材料交接单.pdf",
    ]
    data = packet_data(packet.list_version_id)
    manifest = json.loads(content["清单.json"])
    annex = text_of(content["01-附件1-推荐汇总表.pdf"])
    book = openpyxl.load_workbook(io.BytesIO(content["01-附件1-推荐汇总表.xlsx"]))
    assert manifest["list_version"]["sha256"] == data.sha256
    for nominee in data.nominees:
        merged = next(
            name
            for name in names
            if name.startswith(nominee.payload["nomination"]["category_label"]) and name.endswith(".pdf")
        )
        words = text_of(content[merged])
        pages = next(row["pages"] for row in manifest["files"] if row["name"] == merged)
        assert nominee.sha256[:16] in words
        assert f"第{pages}页共{pages}页" in words
        assert "".join(nominee.name.split()) in annex
    assert book.sheetnames == ["绿色工厂", "绿色设计产品", "_meta"]


def test_pieces_are_the_same_for_the_same_version(packet):
    kitchen = PacketKitchen()
    data = packet_data(packet.list_version_id)
    first, second = ([(p.name, json.dumps(p.inputs)) for p in kitchen.list_pieces(data)] for _ in range(2))
    assert first == second
    piece = kitchen.nominee_piece(data, data.nominees[0])
    assert piece.make() == piece.make()


def test_a_second_run_makes_no_part_again(packet, monkeypatch):
    producing.produce(Context(), packet_id=packet.pk, kitchen=PacketKitchen())
    before = PacketPart.objects.count()
    Packet.objects.filter(pk=packet.pk).update(ready_at=None)
    monkeypatch.setattr("greenportal.documents.pdf.render_pdf", _never)
    producing.produce(Context(), packet_id=packet.pk, kitchen=PacketKitchen())
    assert PacketPart.objects.count() == before


def _never(*args, **kwargs):
    raise AssertionError("rendered again")


def test_nothing_of_the_list_is_in_a_nominees_own_pages(packet):
    data = packet_data(packet.list_version_id)
    piece = PacketKitchen().nominee_piece(data, data.nominees[0])
    said = json.dumps(piece.inputs, ensure_ascii=False)
    assert data.sha256 not in said
    assert data.nominees[0].name in said


def test_version_of_the_kitchen_follows_engine_and_templates(monkeypatch):
    kitchen = PacketKitchen()
    before = kitchen.version
    monkeypatch.setattr("nominations.packets.kitchen.templates_key", lambda: "x" * 64)
    assert kitchen.version != before
    assert len(before) == 64


def test_plain_values_are_json():
    assert json.dumps(plain({"a": (1, date(2022, 10, 9), ["x"])})) == '{"a": [1, "2022-10-09", ["x"]]}'
