"""Merged volumes of nominees with all their report forms (附件2–5): cover, contents, sheets, index, uploads bound in.

Bare: every volume's HTML at once in WeasyPrint with the same style sheet, and the same files put together by pikepdf;
no page numbers, contents, bookmarks, tags.
"""

from __future__ import annotations

import io
from dataclasses import replace
from functools import cache

import pikepdf
import weasyprint
from django.template.loader import render_to_string

from greenportal.documents import formpages, merge, pdf
from greenportal.rounds import rulebook
from greenportal.sheets import load
from greenportal.sheets.printing import Printed, printed
from nominations.constants import Category
from nominations.packets.nominee_pdf import nominee_pdf
from tests.bench.harness import measure, note, scale
from tests.bench.packet import report
from tests.factories.nominations import complete_answers
from tests.factories.reports import report_answers
from tests.nominations.packets import samples

NOMINEES, UPLOADED = 60, 60


def fill() -> None:
    """Entry point of the seed: nothing of the database is asked."""


@cache
def _sheets(category: str) -> tuple[Printed, ...]:
    found = [load(rulebook.sheet_file("2022", key)) for key in rulebook.load("2022").categories[category].sheets]
    return tuple(printed(sheet, complete_answers(sheet) | report_answers(sheet, category)) for sheet in found)


def _nominees() -> list[tuple[str, Category, tuple[Printed, ...]]]:
    """Fictional firms, the four categories in turn; each with a name of its own, so that no volume equals another."""
    categories = list(Category)
    found = []
    for number in range(scale(NOMINEES, least=4)):
        category = categories[number % len(categories)]
        sheets = tuple(replace(s, title=f"{s.title}（{number}）") for s in _sheets(category.value))
        found.append((f"示例单位{number}", category, sheets))
    return found


def ours() -> None:
    """Every volume as the packet prints it, the uploaded report bound behind."""
    nominees, upload = _nominees(), report(UPLOADED, "reports")
    pages = 0
    with measure():
        for name, category, sheets in nominees:
            own = nominee_pdf(samples.nominee(subject=name, sheets=sheets, category=str(category.label)))
            pages += merge.page_count(merge.join([own, upload], title=name))
    note(f"{len(nominees)} volumes, {pages} pages, {pages - len(nominees) * UPLOADED} of them our own")


def bare() -> None:
    """The same sheets in one go each, pikepdf behind."""
    nominees, upload = _nominees(), report(UPLOADED, "reports")
    css_file = str(pdf.stylesheet_path("official.css"))
    with measure():
        for name, _, sheets in nominees:
            context = {"sheets": [formpages.whole(sheet) for sheet in sheets], "dated": "", "title": name}
            html = render_to_string("documents/nominee_sheets.html", context)
            made = weasyprint.HTML(string=html).write_pdf(stylesheets=[weasyprint.CSS(filename=css_file)])
            with pikepdf.new() as whole:
                for content in (made, upload):
                    with pikepdf.open(io.BytesIO(content)) as part:
                        whole.pages.extend(part.pages)
                whole.save(io.BytesIO())
