"""The packet of sixty nominations of a hundred pages each, whole and again after one of them changed.

Bare: the same HTML in WeasyPrint with the same style sheet, and the same files put together by pikepdf, without
page numbers, codes, bookmarks, hashes, Excel, Word, ZIP and manifest. What HTML that is, our first run writes down.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import weasyprint

from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.documents import pdf
from greenportal.files.models import StoredFile
from greenportal.files.services import open_path, store_issued
from greenportal.filings.models import Filing
from greenportal.jobs import runner
from greenportal.jobs.models import Job
from greenportal.rounds.models import Round
from nominations.constants import FILE_DOCUMENT, JOB_PACKET
from nominations.models import Nomination, NominationDocument, Packet, PacketPart
from nominations.selectors.content import contents
from nominations.services import finalising
from tests.bench.harness import measure, note, scale
from tests.bench.seed import fresh_numbers, the_round
from tests.factories import nominations as make
from tests.factories.accounts import make_actor
from tests.factories.directory import make_authority
from tests.factories.rounds import DURING

DISTRICT = "普兰店区"
NOMINEES = 60
#: Pages of the two reports: ninety together.
PAGES = {"self_report": 30, "third_party_report": 60}


def report(pages: int, mark: str) -> bytes:
    """A PDF of text-like pages, each with its own stream of about 3 KB; different for every `mark`."""
    document = pikepdf.new()
    font = document.make_indirect(
        pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
    )
    for number in range(pages):
        page = document.add_blank_page(page_size=(595, 842))
        lines = [hashlib.sha512(f"{mark} {number} {line}".encode()).hexdigest()[:80] for line in range(45)]
        body = "BT /F1 9 Tf 60 780 Td 15 TL " + " ".join(f"({line}) Tj T*" for line in lines) + " ET"
        stream = pikepdf.Stream(document, zlib.compress(body.encode()))
        stream.Filter = pikepdf.Name.FlateDecode
        page.Contents = stream
        page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def fill() -> None:
    """Entry point: a district whose list is final and waits for its packet."""
    fresh_numbers()
    year = the_round()
    with clock.fixed(DURING):
        district = make.make_district(DISTRICT, year=year)
        for _ in range(scale(NOMINEES, least=2)):
            nomination = make.make_checked(district)
            for document in nomination.documents.all():
                _enlarge(document, f"{nomination.pk} {document.slot}")
            _confirm_again(nomination)
        make.finalise(district)


def _enlarge(document: NominationDocument, mark: str) -> None:
    pages = PAGES[document.slot]
    file = store_issued(
        source=report(pages, mark), name="报告.pdf", kind=FILE_DOCUMENT, content_type="application/pdf", pages=pages
    )
    NominationDocument.objects.filter(pk=document.pk).update(file=file)


def _confirm_again(nomination: Nomination) -> None:
    digest = contents([nomination.pk])[nomination.pk].digest
    Nomination.objects.filter(pk=nomination.pk).update(confirmed_sha256=digest)


def _folder() -> Path:
    folder = Path(os.environ["BENCH_FOLDER"]) / "html"
    folder.mkdir(exist_ok=True)
    return folder


def _recording(render: Callable[..., bytes]) -> Callable[..., bytes]:
    """Wrap `render_pdf` so that every HTML it is given is kept in a file."""

    def kept(html: str, **options: Any) -> bytes:
        folder = _folder()
        (folder / f"{len(list(folder.iterdir())):05d}.html").write_text(html, encoding="utf-8")
        return render(html, **options)

    return kept


def _run() -> Packet:
    """Run the job that 定稿 asked for; raises RuntimeError when it does not end well."""
    job = Job.objects.filter(kind=JOB_PACKET, state=Job.State.DUE).order_by("-created_at")[0]
    before = PacketPart.objects.count()
    with measure():
        ended = runner.run(job.pk, heartbeat=False)
    packet = Packet.objects.get(job_id=job.pk)
    if ended != "done" or packet.ready_at is None or packet.file is None:
        raise RuntimeError(f"the job ended as {ended}: {Job.objects.get(pk=job.pk).error}")
    total = len(packet.manifest["files"])
    made = PacketPart.objects.count() - before
    note(f"{packet.manifest['pages']} pages, {total} files, {made} parts made, ZIP {packet.file.size >> 20} MB")
    return packet


def whole() -> None:
    """Every part for the first time."""
    render = pdf.render_pdf
    pdf.render_pdf = _recording(render)
    with clock.fixed(DURING):
        _run()


def changed() -> None:
    """定稿 undone, one answer of one nomination changed and confirmed, 定稿 again: what is made anew?"""
    authority = make_authority(DISTRICT)
    year = Round.objects.get()
    fresh_numbers()
    with clock.fixed(DURING):
        officer = make_actor(Role.DISTRICT_OFFICER, authority=authority)
        lead = make_actor(Role.DISTRICT_LEAD, authority=authority)
        district = make.District(year, authority, officer, lead)
        row = make.the_list(district)
        finalising.reopen(actor=officer, list_id=row.pk, seen_version=row.version, reason="更正一处内容")
        nomination = Nomination.objects.filter(authority=authority).order_by("pk")[0]
        filing = nomination.sheets.get(sheet_key="factory_basic").filing
        Filing.objects.filter(pk=filing.pk).update(answers={**filing.answers, "address": "大连市试验路2号"})
        _confirm_again(nomination)
        make.finalise(district)
        _run()


def bare() -> None:
    """WeasyPrint for every HTML once, pikepdf for the nominees' files."""
    pages: dict[tuple[str, str], str] = {}
    for path in sorted(_folder().iterdir()):
        html = path.read_text(encoding="utf-8")
        title = re.search(r"<title>(.*?)</title>", html, re.DOTALL)
        # A contents page that had to be set twice counts once.
        pages[(title[1].strip() if title else "", html[:1500])] = html
    nominations = Nomination.objects.filter(authority__name=DISTRICT).select_related("subject").order_by("pk")
    uploads = {n.subject.name: [d.file for d in n.documents.filter(removed_at=None)] for n in nominations}
    sheet = pdf.stylesheet_path("official.css")
    with measure():
        made: dict[str, list[bytes]] = {}
        for (title, _), html in pages.items():
            css = weasyprint.CSS(filename=str(sheet))
            made.setdefault(title, []).append(weasyprint.HTML(string=html).write_pdf(stylesheets=[css]))
        for name, files in uploads.items():
            _together(made.get(name, []), files)


def _together(own: list[bytes], files: list[StoredFile]) -> None:
    with pikepdf.new() as whole:
        for content in own:
            with pikepdf.open(io.BytesIO(content)) as part:
                whole.pages.extend(part.pages)
        for file in files:
            with open_path(file) as path, pikepdf.open(path) as part:
                whole.pages.extend(part.pages)
        whole.save(_folder().parent / "bare.pdf")
