"""Papers made on request: drafts of live rows, the receipt, a department's request, lists as Excel."""

from __future__ import annotations

import io
from typing import Any

import pypdfium2
import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.filings.models import FilingVersion
from greenportal.jobs.models import Job
from nominations.constants import JOB_CHANGED, SCOPE_NOMINATION
from nominations.models import ListVersion, NominationVersion, Packet
from nominations.selectors.board import nominations_of
from nominations.services import consulting, finalising
from tests.factories.accounts import make_actor
from tests.factories.nominations import (
    decide_all,
    make_checked,
    make_complete,
    make_district,
    make_file,
    make_handed_in,
    ready_list,
    the_list,
)
from tests.factories.rounds import DURING
from tests.nominations.views.browsing import browser, city_browser

pytestmark = pytest.mark.django_db


def words_of(response: HttpResponse) -> str:
    """All text of a PDF answer."""
    document = pypdfium2.PdfDocument(response.content)
    return "".join(page.get_textpage().get_text_range() for page in document)


def rows_of(response: HttpResponse, heading: str) -> list[Any]:
    """The cells of the first sheet below a heading, in order."""
    sheet = load_workbook(io.BytesIO(response.content)).worksheets[0]
    cells = list(sheet.iter_rows(values_only=True))
    top = next(at for at, row in enumerate(cells) if heading in row)
    column = cells[top].index(heading)
    return [row[column] for row in cells[top + 1 :] if isinstance(row[0], int)]


def stored() -> tuple[int, int, int]:
    return NominationVersion.objects.count(), FilingVersion.objects.count(), ListVersion.objects.count()


def test_draft_of_the_list_says_so_and_keeps_nothing() -> None:
    ready = ready_list(stage="checked", categories=("factory", "park"))
    client = browser(ready.district.officer)
    before = stored()
    answer = client.get(reverse("nominations:list_preview", args=[ready.list.pk, "pdf"]))
    words = words_of(answer)
    assert "草稿" in words
    assert ready.nominations[0].subject.name[:6] in words.replace("\r\n", "")
    assert stored() == before
    assert not ListVersion.objects.exists()


def test_draft_of_the_list_has_the_rows_that_finalising_freezes() -> None:
    ready = ready_list(stage="checked", categories=("factory", "factory", "park"))
    client = browser(ready.district.officer)
    with clock.fixed(DURING):
        decide_all(ready.district)
    draft = client.get(reverse("nominations:list_preview", args=[ready.list.pk, "xlsx"]))
    with clock.fixed(DURING):
        row = the_list(ready.district)
        made = finalising.finalise(
            actor=ready.district.officer, list_id=row.pk, seen_version=row.version, contact="李四试", phone="85550100"
        )
    heading = made.payload["columns"]["factory"][1]
    frozen = [e["printed"][heading[0]] for e in made.payload["entries"] if e["category"] == "factory"]
    assert rows_of(draft, heading[1]) == frozen
    assert len(frozen) == 2


def test_draft_of_a_list_without_checked_nominations_says_what_to_do() -> None:
    district = make_district()
    with clock.fixed(DURING):
        make_handed_in(district)
    answer = browser(district.officer).get(reverse("nominations:list_preview", args=[the_list(district).pk, "pdf"]))
    assert answer.status_code == 400
    assert "核对后再预览汇总表" in answer.content.decode()


def test_own_pages_of_a_nomination_are_a_draft_for_its_applicant() -> None:
    district = make_district()
    with clock.fixed(DURING):
        nomination = make_complete(district)
    client = browser(make_actor(Role.APPLICANT, organisation=nomination.applicant))
    answer = client.get(reverse("nominations:own_pages", args=[nomination.pk]))
    assert "草稿" in words_of(answer)
    assert stored() == (0, 0, 0)


def test_receipt_is_the_same_file_each_time_and_bears_its_number() -> None:
    ready = ready_list(stage="submitted")
    assert ready.submission is not None
    client = browser(ready.district.officer)
    first, second = (client.get(reverse("nominations:receipt_pdf", args=[ready.list.pk])) for _ in range(2))
    assert first.content == second.content
    assert ready.submission.receipt_no in words_of(first)
    assert reverse("nominations:receipt_pdf", args=[ready.list.pk]) in page(client, "receipt", ready.list.pk)


def page(client: Client, name: str, *args: object) -> str:
    return client.get(reverse(f"nominations:{name}", args=args)).content.decode()


def test_request_of_a_department_names_every_nominee() -> None:
    district = make_district()
    with clock.fixed(DURING):
        names = {make_handed_in(district, category).subject.name for category in ("factory", "product")}
        made = consulting.ask(
            actor=district.officer,
            round_id=district.round.pk,
            authority_id=district.authority.pk,
            departments=["应急管理部门"],
            due_on=clock.today(),
        )
    client = browser(district.officer)
    book = client.get(reverse("nominations:request_paper", args=[made[0].consultation.pk, "xlsx"]))
    letter = client.get(reverse("nominations:request_paper", args=[made[0].consultation.pk, "docx"]))
    assert set(rows_of(book, "申报对象")) == names
    assert letter.content[:2] == b"PK"
    assert client.get(reverse("nominations:request_paper", args=[made[0].consultation.pk, "exe"])).status_code == 404


@pytest.mark.parametrize("query", ["", "category=park", "state=checked", "stopped=yes", "q=没有这个名字"])
def test_board_workbook_has_the_rows_of_the_screen(query: str) -> None:
    district = make_district()
    with clock.fixed(DURING):
        made = [make_checked(district, "park"), make_handed_in(district), make_complete(district, "product")]
    client = browser(district.officer)
    url = reverse("nominations:board")
    screen = client.get(f"{url}?{query}").content.decode()
    names = rows_of(client.get(f"{url}?{query}&format=xlsx"), "申报对象")
    assert set(names) == {n.subject.name for n in made if reverse("nominations:detail", args=[n.pk]) in screen}
    with clock.fixed(DURING):
        whole = nominations_of(district.officer, round_id=district.round.pk, authority_id=district.authority.pk)
    if not query:
        assert names == [row.subject.name for row in whole]


@pytest.mark.parametrize("query", ["", "category=park", "state=accepted"])
def test_inbox_workbook_has_the_rows_of_the_screen(query: str) -> None:
    ready = ready_list(stage="submitted", categories=("factory", "park"))
    client = city_browser()
    url = reverse("nominations:inbox")
    screen = client.get(f"{url}?{query}").content.decode()
    names = rows_of(client.get(f"{url}?{query}&format=xlsx"), "申报对象")
    shown = [n for n in ready.nominations if reverse("nominations:city_nomination", args=[n.pk]) in screen]
    assert sorted(names) == sorted(n.subject.name for n in shown)


def test_list_page_asks_again_while_the_packet_is_made_and_ends_with_the_zip() -> None:
    ready = ready_list(stage="finalised")
    client = browser(ready.district.officer)
    part = reverse("nominations:packet_part", args=[ready.list.pk])
    asking = f'hx-get="{part}"'
    html = page(client, "list", ready.list.pk)
    assert (asking in html, "刷新进度" in html) == (True, True)
    packet = Packet.objects.get()
    Job.objects.filter(pk=packet.job_id).update(state=Job.State.CANCELLED, finished_at=DURING)
    stopped = client.get(part).content.decode()
    assert (asking in stopped, "重新生成" in stopped) == (False, True)
    file = ready_file(ready)
    Packet.objects.filter(pk=packet.pk).update(file_id=file, ready_at=DURING)
    ended = client.get(part).content.decode()
    assert (asking in ended, "下载申报材料（ZIP）" in ended) == (False, True)


def ready_file(ready: Any) -> object:
    return make_file(ready.district.officer, kind="nominations.packet", name="申报材料.zip").pk


def test_findings_say_that_a_check_is_under_way_and_stop_asking_after_it() -> None:
    district = make_district()
    with clock.fixed(DURING):
        nomination = make_complete(district)
    client = browser(district.officer)
    part = reverse("nominations:findings_part", args=[nomination.pk])
    jobs = Job.objects.filter(scope=SCOPE_NOMINATION, scope_id=nomination.pk)
    assert jobs.exclude(kind=JOB_CHANGED).exists()
    assert "核查中" in page(client, "detail", nomination.pk)
    assert f'hx-get="{part}"' in client.get(part).content.decode()
    jobs.update(state=Job.State.DONE, finished_at=DURING)
    assert "核查中" not in page(client, "detail", nomination.pk)
    assert "hx-get" not in client.get(part).content.decode()


def test_last_years_nomination_is_begun_again_with_its_answers() -> None:
    district = make_district()
    with clock.fixed(DURING):
        made = make_complete(district)
    client = browser(district.officer)
    url = reverse("nominations:copy", args=[made.pk])
    # This round's own is no source, and is not offered.
    assert client.post(url).status_code == 400
    assert made.subject.name not in page(client, "earlier")
