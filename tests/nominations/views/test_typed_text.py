"""What was typed stays when a page refuses it, and the page says where to mend it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from greenportal import clock
from greenportal.filings.models import Filing
from greenportal.filings.selectors import sheet_of
from greenportal.sheets.paths import rows_of
from nominations.forms.base import FILE_LOST
from nominations.models import Consultation, Nomination
from nominations.services import consulting, rechecking
from tests.factories.nominations import District, make_complete, make_district, make_handed_in, make_pdf
from tests.factories.rounds import DURING
from tests.nominations.views.browsing import browser, dangling, title

pytestmark = pytest.mark.django_db

WORDS = "经核对不属于重点用能行业（演示）"


@pytest.fixture
def district() -> District:
    return make_district()


@pytest.fixture
def nomination(district: District) -> Nomination:
    with clock.fixed(DURING):
        return make_complete(district)


def asked(district: District) -> Consultation:
    with clock.fixed(DURING):
        make_handed_in(district)
        make_handed_in(district, "product")
        made = consulting.ask(
            actor=district.officer,
            round_id=district.round.pk,
            authority_id=district.authority.pk,
            departments=["生态环境部门"],
            due_on=clock.today(),
        )
    return made[0].consultation


@pytest.mark.parametrize("version", ["", "1", "-1", "九", "99999999999999999999"])
def test_spoilt_or_old_version_is_a_conflict_page_that_keeps_the_text(
    district: District, nomination: Nomination, version: str
) -> None:
    client = browser(district.officer)
    url = reverse("nominations:key_energy", args=[nomination.pk])
    answer = client.post(url, {"version": version, "value": "no", "reason": WORDS})
    html = answer.content.decode()
    assert answer.status_code == 409
    assert WORDS in html
    assert title(html).startswith("错误：")
    assert f'name="version" value="{nomination.version}"' in html


def test_after_a_conflict_the_shown_page_can_be_sent_again(district: District, nomination: Nomination) -> None:
    client = browser(district.officer)
    url = reverse("nominations:key_energy", args=[nomination.pk])
    html = client.post(url, {"version": "1", "value": "yes", "reason": WORDS}).content.decode()
    shown = re.search(r'name="version" value="(\d+)"', html)
    assert shown is not None
    answer = client.post(url, {"version": shown.group(1), "value": "yes", "reason": WORDS})
    nomination.refresh_from_db()
    assert (answer.status_code, nomination.key_energy_reason) == (302, WORDS)


def remarks(**more: str) -> dict[str, str]:
    """A return whose second remark has words and no place."""
    return {
        "reason": "请核对单位简介（演示）",
        "due_on": "2022-10-20",
        "c-TOTAL_FORMS": "3",
        "c-INITIAL_FORMS": "0",
        "c-1-text": "补充产能（演示）",
        "c-1-clause": "通知 一",
        **more,
    }


def test_return_keeps_every_remark_and_leads_to_the_one_without_a_place(district: District) -> None:
    with clock.fixed(DURING):
        nomination = make_handed_in(district)
    url = reverse("nominations:return", args=[nomination.pk])
    answer = browser(district.officer).post(url, remarks(version=str(nomination.version)))
    html = answer.content.decode()
    assert answer.status_code == 400
    assert [word in html for word in ("请核对单位简介（演示）", "补充产能（演示）", 'value="通知 一"')] == [True] * 3
    assert 'href="#id_c-1-path"' in html
    assert dangling(html) == set()
    assert title(html).startswith("错误：")


def test_more_rows_judge_nothing_and_keep_everything(district: District, nomination: Nomination) -> None:
    url = reverse("nominations:return", args=[nomination.pk])
    answer = browser(district.officer).post(url, remarks(version="7", reason="", more="1"))
    html = answer.content.decode()
    assert answer.status_code == 200
    assert "补充产能（演示）" in html
    assert "data-error-summary" not in html
    assert html.count('<fieldset class="gp-slot') == 6


@pytest.mark.parametrize("count", ["", "三", "-1", "99999"])
def test_spoilt_count_of_remarks_is_no_breakdown(district: District, nomination: Nomination, count: str) -> None:
    url = reverse("nominations:return", args=[nomination.pk])
    client = browser(district.officer)
    for more in ({}, {"more": "1"}):
        answer = client.post(url, {**remarks(version="1"), "c-TOTAL_FORMS": count, **more})
        assert answer.status_code in {200, 400}
        assert "补充产能（演示）" in answer.content.decode()


def test_reply_keeps_opinions_and_says_that_the_file_is_lost(district: District) -> None:
    row = asked(district)
    first, second = row.items.order_by("nomination__category", "pk")
    data: dict[str, Any] = {
        f"i{first.pk}-opinion": "no_objection",
        f"i{second.pk}-opinion": "objection",
        f"i{second.pk}-text": "",
        "name": "王五试",
        "file": SimpleUploadedFile("复函.pdf", make_pdf("reply"), "application/pdf"),
    }
    answer = browser(district.officer).post(reverse("nominations:reply", args=[row.pk]), data)
    html = answer.content.decode()
    assert answer.status_code == 400
    assert 'value="王五试"' in html
    assert FILE_LOST in html
    assert f"#id_i{second.pk}-text" in html
    assert dangling(html) == set()
    assert re.search(rf'name="i{first.pk}-opinion" value="no_objection"[^>]*checked', html)


def test_empty_reply_names_each_nominee_that_has_no_opinion(district: District) -> None:
    row = asked(district)
    html = browser(district.officer).post(reverse("nominations:reply", args=[row.pk]), {}).content.decode()
    assert html.count("选择“无意见”或“有意见”。</a>") == 2
    assert FILE_LOST not in html
    assert dangling(html) == set()


def test_refused_upload_stands_at_the_file_and_keeps_the_title(district: District, nomination: Nomination) -> None:
    url = reverse("nominations:upload", args=[nomination.pk, "self_report"])
    file = SimpleUploadedFile("报告.pdf", b"not a pdf at all", "application/pdf")
    answer = browser(district.officer).post(url, {"file": file, "title": "自评价报告（演示）"})
    html = answer.content.decode()
    assert answer.status_code == 400
    assert 'value="自评价报告（演示）"' in html
    assert 'href="#id_file"' in html
    assert FILE_LOST in html
    assert dangling(html) == set()


ERRORS: dict[str, dict[str, str]] = {
    "key_energy": {},
    "withdraw": {},
    "invite": {"email": "不是邮箱"},
    "standard": {"industry": "ABCD"},
    "evaluator": {"evaluator": "999999"},
    "national": {"filed_on": "昨天"},
    "confirm": {"sha256": "0"},
    "return": {},
}


@pytest.mark.parametrize("name", ERRORS)
def test_form_with_errors_has_no_dangling_reference_and_says_so(
    district: District, nomination: Nomination, name: str
) -> None:
    data = {"version": str(nomination.version), **ERRORS[name]}
    answer = browser(district.officer).post(reverse(f"nominations:{name}", args=[nomination.pk]), data)
    html = answer.content.decode()
    assert answer.status_code == 400
    assert dangling(html) == set()
    assert title(html).startswith("错误：")
    assert "data-error-summary" in html


@pytest.mark.parametrize("name", ["create", "bulk", "opinions"])
def test_desk_form_with_errors_has_no_dangling_reference(district: District, name: str) -> None:
    html = browser(district.officer).post(reverse(f"nominations:{name}"), {}).content.decode()
    assert dangling(html) == set()
    assert title(html).startswith("错误：")


@pytest.mark.parametrize("word", ["无效", "非法", "抱歉"])
def test_no_form_scolds(word: str) -> None:
    root = Path(__file__).resolve().parents[3]
    places = [*(root / "templates/nominations").glob("*.html"), *(root / "nominations").rglob("*.py")]
    assert [place.name for place in places if word in place.read_text(encoding="utf-8")] == []


@pytest.mark.parametrize("typed", ["9" * 30, "0." + "0" * 28 + "1"])
def test_the_longest_number_in_every_field_opens_every_section_and_is_checked(
    district: District, nomination: Nomination, typed: str
) -> None:
    """The most digits that are read: every page of the forms, the overview, findings and the check itself."""
    for filing in Filing.objects.filter(scope_id=nomination.pk):
        answers = dict(filing.answers) | {f.key: typed for f in sheet_of(filing).fields() if f.is_number}
        for table in sheet_of(filing).tables():
            numbers = {column.key: typed for column in table.columns if column.is_number}
            answers[table.key] = [dict(row) | numbers for row in rows_of(table, answers) or [{"_id": "r1"}]]
        Filing.objects.filter(pk=filing.pk).update(answers=answers)
    with clock.fixed(DURING):
        assert rechecking.recheck(nomination_ids=[nomination.pk]) == 1
    client = browser(district.officer)
    for filing in Filing.objects.filter(scope_id=nomination.pk):
        for section in sheet_of(filing).sections:
            answer = client.get(reverse("filings:section", args=[filing.pk, section.key]))
            assert answer.status_code in {200, 302}, (filing.sheet_key, section.key)
    for page in ("detail", "findings", "scores", "peers"):
        assert client.get(reverse(f"nominations:{page}", args=[nomination.pk])).status_code == 200, page
