"""Reports of the demonstration: real PDFs of several pages, three of them large, all of them with --heavy."""

from __future__ import annotations

import io
from dataclasses import replace

import pikepdf
import pypdfium2
import pytest
from django.core.management import call_command

from greenportal.accounts.actors import Actor
from greenportal.rounds import rulebook
from nominations.demo import uploading
from nominations.demo.fiction import cast
from nominations.demo.reports import ReportSpec, make_reports
from nominations.demo.uploading import Wanted, slots_of
from nominations.management.commands import demo
from nominations.models import NominationDocument
from tests.nominations.demo.conftest import played

BOOK = rulebook.load("2022")
MAIN = ("self_report", "third_party_report")
SMALL = ReportSpec(key="1/self_report", title="自评价报告", applicant="演示工厂", issuer="演示公司")


def specs(*, heavy: bool) -> dict[str, ReportSpec]:
    """What the whole cast's reports are to be, by applicant and slot."""
    wanted = [
        Wanted(applicant, slot, label, Actor.system("演示"))
        for applicant in cast()
        for slot, label in slots_of(applicant, BOOK)
    ]
    return {item.key: uploading._spec(item, heavy=heavy) for item in wanted}


def test_three_reports_are_to_hold_five_to_twenty_megabytes_of_scans_and_no_other_any() -> None:
    large = {key: spec.megabytes for key, spec in specs(heavy=False).items() if spec.megabytes}
    assert large == {"1/self_report": 5.5, "35/self_report": 8.0, "49/self_report": 14.0}


def test_heavy_makes_every_report_of_an_applicant_and_of_an_evaluator_large() -> None:
    sizes = {(key.split("/")[1] in MAIN, spec.megabytes) for key, spec in specs(heavy=True).items()}
    assert sizes == {(True, 8.0), (False, 0.0)}


def test_a_large_report_is_a_real_pdf_of_its_size_with_text_and_scans() -> None:
    large = replace(SMALL, megabytes=5.5)
    ((key, pdf),) = make_reports([large])
    assert key == "1/self_report"
    assert 5_500_000 <= len(pdf) < 7_000_000
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        pictures = [page for page in opened.pages if len(page.get_images())]
        assert (len(opened.pages) - len(pictures), len(pictures) >= 4) == (6, True)
    document = pypdfium2.PdfDocument(pdf)
    text = document[0].get_textpage().get_text_bounded()
    document.close()
    assert "自评价报告" in text


def test_other_reports_are_small_of_several_pages_and_the_same_each_time() -> None:
    batch = [replace(SMALL, key=f"{n}/self_report", applicant=f"演示工厂{n}") for n in range(4)]
    made = dict(make_reports(batch))
    assert made == dict(make_reports(batch))
    assert len({*made.values()}) == 4
    assert max(map(len, made.values())) <= 300_000
    for pdf in made.values():
        with pikepdf.open(io.BytesIO(pdf)) as opened:
            assert len(opened.pages) == 6


def test_the_command_hands_heavy_on(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(demo, "load", lambda stage, say, **values: asked.append((stage, values["heavy"])))
    monkeypatch.setattr(demo, "summary", lambda: "")
    for flags in ([], ["--heavy"]):
        call_command("demo", "--stage", "opened", *flags)
    assert asked == [("opened", False), ("opened", True)]


@pytest.mark.slow
@pytest.mark.django_db
def test_heavy_loads_every_report_large(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real way through the upload pipeline, with one megabyte instead of eight."""
    monkeypatch.setattr(uploading, "HEAVY_MEGABYTES", 1.0)
    with played("collecting", tmp_path, limit=4, heavy=True):
        reports = NominationDocument.objects.filter(slot__in=MAIN).values_list("file__size", "file__pages")
        assert len(reports) >= 7
        assert all(size > 1_000_000 and pages >= 7 for size, pages in reports)
        others = NominationDocument.objects.exclude(slot__in=MAIN).values_list("file__size", flat=True)
        assert max(others, default=0) <= 300_000
