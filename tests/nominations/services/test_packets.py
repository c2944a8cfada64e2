"""Parts made once, counted, offered behind the fence. The kitchen here makes the smallest pages there are."""

from __future__ import annotations

import io
import json
import zipfile
from contextlib import nullcontext
from datetime import timedelta
from pathlib import PurePosixPath

import pypdfium2
import pytest

from greenportal.files.services import open_path
from greenportal.filings.models import Filing
from greenportal.jobs.models import Job
from nominations.models import Nomination, Packet, PacketPart
from nominations.packets.kitchen import PacketKitchen
from nominations.selectors.content import contents
from nominations.selectors.packet_data import packet_data
from nominations.services import finalising, freezing, packets, producing
from nominations.services.producing import CountMismatch, Piece
from tests.factories import nominations as make

pytestmark = pytest.mark.django_db


class Kitchen:
    """Counts what it makes."""

    version = "test-1"

    def __init__(self) -> None:
        self.made: list[str] = []

    def _piece(self, name, inputs):
        def cook() -> bytes:
            self.made.append(name)
            return make.make_pdf(json.dumps([self.version, inputs], ensure_ascii=False))

        return Piece(name, "application/pdf", inputs, cook)

    def list_pieces(self, data):
        return [self._piece("推荐汇总表.pdf", [data.sha256])]

    def nominee_piece(self, data, nominee):
        return self._piece(f"own-{nominee.name}", [nominee.sha256])


class Context:
    """A job run without a lease: steps are kept, the fence is a plain block."""

    def __init__(self, stop_at: str = "") -> None:
        self.stages: list[str] = []
        self.stop_at = stop_at
        self.result = None

    def step(self, done, total, stage):
        self.stages.append(f"{done}/{total} {stage}")
        if self.stop_at and self.stop_at in stage:
            raise InterruptedError(stage)

    def fenced(self):
        return nullcontext()

    def finish(self, result):
        self.result = result


@pytest.fixture
def ready():
    return make.ready_list(categories=["factory", "product"], stage="finalised")


def packet_of(ready) -> Packet:
    return Packet.objects.get(list_version__list=ready.list, list_version__voided_at=None)


def produce(ready, kitchen=None, context=None):
    context = context or Context()
    producing.produce(context, packet_id=packet_of(ready).pk, kitchen=kitchen or Kitchen())
    return context


def names_in(packet: Packet) -> list[str]:
    with open_path(packet.file) as path, zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        return archive.namelist()


def test_a_packet_holds_the_list_and_one_pdf_per_nominee(ready):
    context = produce(ready)
    packet = packet_of(ready)
    factory, product = ready.nominations
    assert names_in(packet) == [
        "推荐汇总表.pdf",
        f"绿色工厂/01-{factory.subject.name}.pdf",
        f"绿色设计产品/01-{product.subject.name}.pdf",
        "清单.json",
    ]
    assert [f["pages"] for f in packet.manifest["files"]] == [1, 3, 2]
    assert packet.manifest["list_version"]["sha256"] == packet.list_version.sha256
    assert context.result == {"file": str(packet.file_id), "pages": 6}
    assert context.stages[0] == "0/4 正在生成推荐汇总表"


def test_uploaded_pages_bear_their_number_and_the_hash_of_their_file(ready):
    produce(ready)
    packet = packet_of(ready)
    with open_path(packet.file) as path, zipfile.ZipFile(path) as archive:
        name = next(n for n in archive.namelist() if PurePosixPath(n).parent.name == "绿色工厂")
        book = pypdfium2.PdfDocument(archive.read(name))
    pages = [book[index].get_textpage().get_text_bounded() for index in range(len(book))]
    version = ready.nominations[0].versions.get()
    shas = [d["sha256"] for d in version.payload["documents"]]
    assert len(shas) == 2
    assert not any(label in pages[0] for label in ("A01", "A02"))
    assert [f"A{n:02d} {sha[:8]}" in pages[n] for n, sha in enumerate(shas, start=1)] == [True, True]
    assert "A02" not in pages[1]


def test_made_again_it_is_a_no_op(ready):
    kitchen = Kitchen()
    produce(ready, kitchen)
    first = packet_of(ready).file_id
    produce(ready, kitchen)
    assert packet_of(ready).file_id == first
    assert len(kitchen.made) == 3


def test_the_same_version_gives_the_same_bytes(ready):
    produce(ready)
    first = packet_of(ready).file.sha256
    PacketPart.objects.all().delete()
    Packet.objects.update(ready_at=None, file=None)
    produce(ready)
    assert packet_of(ready).file.sha256 == first


def test_made_again_of_the_same_version_its_parts_are_found_by_their_content(ready):
    kitchen = Kitchen()
    produce(ready, kitchen)
    known = set(PacketPart.objects.values_list("content_key", flat=True))
    Packet.objects.update(ready_at=None, file=None)
    produce(ready, kitchen)
    assert set(PacketPart.objects.values_list("content_key", flat=True)) == known
    assert len(kitchen.made) == 3


def final_again(ready, *, changed: bool, at=make.DURING + timedelta(days=1)) -> None:
    """定稿 undone, the first nominee changed and confirmed or not, 定稿 again the day after."""
    with make.clock.fixed(at):
        officer, row = ready.district.officer, make.the_list(ready.district)
        finalising.reopen(actor=officer, list_id=row.pk, seen_version=row.version, reason="更正")
        if changed:
            nomination = ready.nominations[0]
            held = nomination.sheets.select_related("filing").get(sheet_key="factory_basic").filing
            Filing.objects.filter(pk=held.pk).update(answers={**held.answers, "address": "大连市试验路2号"})
            sha = contents([nomination.pk])[nomination.pk].digest
            Nomination.objects.filter(pk=nomination.pk).update(confirmed_sha256=sha)
        make.finalise(ready.district)


@pytest.mark.parametrize(("changed", "made", "parts"), [(False, [], 1), (True, [0], 3)])
def test_after_a_reopening_only_what_changed_is_made(ready, changed, made, parts):
    kitchen = Kitchen()
    produce(ready, kitchen)
    before, kitchen.made = PacketPart.objects.count(), []
    first = packet_data(packet_of(ready).list_version_id)
    final_again(ready, changed=changed)
    produce(ready, kitchen)
    assert kitchen.made == ["推荐汇总表.pdf", *(f"own-{ready.nominations[i].subject.name}" for i in made)]
    assert PacketPart.objects.count() - before == parts
    now = packet_data(packet_of(ready).list_version_id)
    pairs = list(zip(first.nominees, now.nominees, strict=True))
    assert [a.code == b.code for a, b in pairs] == [0 not in made, True]
    real = PacketKitchen()
    same = [real.nominee_piece(first, a).inputs == real.nominee_piece(now, b).inputs for a, b in pairs]
    assert same == [0 not in made, True], "the real pages too hang on nothing of the list"
    assert now.number == 2 and packet_of(ready).ready_at is not None
    run = Nomination.objects.get(pk=ready.nominations[1].pk).last_check
    assert now.payload["entries"][1]["check_run"] == run.pk, "the run then current is named by the list"


def test_without_the_comparison_every_nominee_is_made_again(ready, monkeypatch):
    """The control of the test above."""
    kitchen = Kitchen()
    produce(ready, kitchen)
    before = PacketPart.objects.count()
    monkeypatch.setattr(freezing, "_lasting", lambda payload: object())
    final_again(ready, changed=False)
    produce(ready, kitchen)
    assert PacketPart.objects.count() - before == 5


def test_a_verdict_that_moved_is_another_version(ready):
    nomination = ready.nominations[1]
    version = nomination.versions.get()
    moved = json.loads(json.dumps(version.payload))
    moved["check"]["findings"][0]["outcome"] = "manual"
    assert freezing._lasting(moved) != freezing._lasting(version.payload)


def test_a_new_version_of_the_kitchen_makes_everything_anew(ready):
    kitchen = Kitchen()
    produce(ready, kitchen)
    Packet.objects.update(ready_at=None, file=None)
    kitchen.version = "test-2"
    produce(ready, kitchen)
    assert len(kitchen.made) == 6


def test_pages_that_do_not_add_up_are_not_offered(ready, monkeypatch):
    data = packet_data(packet_of(ready).list_version_id)
    data.nominees[0].payload["documents"][0]["pages"] = 7
    monkeypatch.setattr(producing, "packet_data", lambda pk: data)
    with pytest.raises(CountMismatch, match="3 pages, expected 9"):
        produce(ready)
    assert packet_of(ready).ready_at is None


def test_a_cancel_between_parts_offers_nothing_and_keeps_what_was_made(ready):
    with pytest.raises(InterruptedError):
        produce(ready, context=Context(stop_at="正在打包"))
    assert packet_of(ready).ready_at is None
    assert PacketPart.objects.count() == 5


def test_a_voided_version_gets_no_packet(ready):
    packet = packet_of(ready)
    finalising.reopen(
        actor=ready.district.officer, list_id=ready.list.pk, seen_version=ready.list.version, reason="重排"
    )
    context = Context()
    producing.produce(context, packet_id=packet.pk, kitchen=Kitchen())
    packet.refresh_from_db()
    assert (packet.ready_at, context.result) == (None, {"ready": False})


def test_asking_again_while_it_is_made_joins_the_job(ready):
    packets.request_packet(actor=ready.district.officer, list_id=ready.list.pk)
    assert Job.objects.filter(kind="nominations.build_packet").count() == 1


def test_pictures_are_laid_beside_the_merged_file():
    with make.clock.fixed(make.DURING):
        district = make.make_district()
        nomination = make.make_complete(district)
        file = make.make_file(district.officer, name="营业执照.jpg")
        make.StoredFile.objects.filter(pk=file.pk).update(content_type="image/jpeg", pages=None)
        make.documents.attach(actor=district.officer, nomination_id=nomination.pk, slot="licence", file_id=file.pk)
        nomination.refresh_from_db()
        actor = make.applicant_of(nomination)
        nomination = make.confirm(nomination, actor=actor)
        done = make.handing_in.hand_in(actor=actor, nomination_id=nomination.pk, seen_version=nomination.version)
        make.checking.check(actor=district.officer, nomination_id=nomination.pk, seen_version=done.nomination.version)
        row = make.finalise(district)
    ready = make.Ready(district, row, [nomination])
    produce(ready)
    assert f"绿色工厂/01-{nomination.subject.name}-附件/01-营业执照.jpg" in names_in(packet_of(ready))
