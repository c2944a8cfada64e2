"""同行业对标: officers see peers on page and paper; applicants and evaluators never see them, nor what it came to."""

from __future__ import annotations

import io
import zipfile
from decimal import Decimal

import pypdfium2
import pytest
from django.urls import reverse

from dynamic_mgmt.services import figures
from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.filings.models import Filing
from greenportal.filings.services import save
from greenportal.findings.types import Finding, Invalid
from nominations.selectors import comparison, facts
from nominations.services import rechecking
from tests.factories import nominations as make
from tests.factories.accounts import make_actor
from tests.factories.dynamic_mgmt import make_listed
from tests.nominations.views.browsing import browser

pytestmark = pytest.mark.django_db
#: Figures that nobody but an officer may read anywhere.
VALUES = ("0.2013", "0.2417", "0.3011", "0.3617", "0.4019")
NAMES = tuple(f"保密轴承{n}有限公司" for n in range(1, 6))


def listed(values=VALUES, **place):
    rows = []
    for name, value in zip(NAMES, values, strict=False):
        unit = make_listed(name, **{"industry_code": "3451", **place})
        rows.append(figures.FigureValue(unit.pk, 2021, "energy_per_product", "tce/台", Decimal(value), "动态管理表"))
    figures.record_figures(actor=Actor.system("试验"), values=rows)


def factory(district, *, energy="1300", output="4000"):
    """A handed-in factory whose self-evaluation says energy / output tce per 台: 0.325 by default."""
    nomination = make.make_handed_in(district)
    held = nomination.sheets.get(sheet_key="factory_self")
    answers = {**held.filing.answers, "energy_total": energy, "output": output, "product_unit": "台"}
    Filing.objects.filter(pk=held.filing_id).update(answers=answers)
    rechecking.recheck(nomination_ids=[nomination.pk])
    nomination.refresh_from_db()
    return nomination


def told(nomination) -> Finding:
    rows = [Finding.from_json(row) for row in nomination.last_check.findings]
    return next(row for row in rows if row.rule == "PEERS")


def test_an_officer_sees_place_chart_and_table():
    district = make.make_district()
    listed()
    nomination = factory(district)
    html = browser(district.officer).get(reverse("nominations:peers", args=[nomination.pk])).content.decode()
    assert "本市、同一小类、全部级别" in html
    assert "已有绿色工厂5家" in html
    assert "第4位（共6家，含本单位）" in html
    assert "未优于最好的可比工厂" in html
    assert html.count("<circle") == 5
    assert all(name in html for name in NAMES)
    assert all(value in html for value in VALUES)


def test_the_paper_shows_the_same():
    district = make.make_district()
    listed()
    nomination = factory(district)
    client = browser(district.officer)
    content = b"".join(client.get(reverse("nominations:peers_pdf", args=[nomination.pk])))
    text = _text(content)
    assert "未优于最好的可比工厂" in text
    assert ("第4位（共6家，含本单位）" in text, "少于5家" in text) == (True, False)
    assert all(name in text for name in NAMES)


def test_below_five_the_page_shows_the_officer_what_the_paper_keeps_back():
    district = make.make_district()
    listed(VALUES[:4])
    nomination = factory(district)
    client = browser(district.officer)
    page = client.get(reverse("nominations:peers", args=[nomination.pk])).content.decode()
    assert all(value in page for value in VALUES[:4])
    text = _text(b"".join(client.get(reverse("nominations:peers_pdf", args=[nomination.pk]))))
    assert not [told for told in (*VALUES, *NAMES, "0.2714", "第4位") if told in text]  # 0.2714: their median
    assert ("少于5家" in text, "未优于最好的可比工厂" in text) == (True, True)


def test_area_industry_and_level_are_parameters():
    district = make.make_district()
    listed(city="沈阳市", industry_code="3459", level="provincial")
    nomination = factory(district)
    url = reverse("nominations:peers", args=[nomination.pk])
    client = browser(district.officer)
    assert "已有绿色工厂0家" in client.get(url).content.decode()
    wide = client.get(url, {"area": "everywhere", "digits": "3", "level": "provincial"}).content.decode()
    assert "已有绿色工厂5家" in wide
    assert (
        "已有绿色工厂0家"
        in client.get(url, {"area": "everywhere", "digits": "3", "level": "national"}).content.decode()
    )


def test_the_nominee_itself_is_no_peer_and_a_firm_listed_twice_counts_once():
    district = make.make_district()
    nomination = factory(district)
    other = make.make_organisation()
    units = [
        make_listed(nomination.applicant.name, industry_code="3451", organisation=nomination.applicant),
        make_listed(other.name, industry_code="3451", organisation=other),
        make_listed(other.name, industry_code="3451", organisation=other, level="provincial"),
    ]
    rows = [
        figures.FigureValue(u.pk, 2020 + n, "energy_per_product", "tce/台", Decimal("0.1") + n, "试验")
        for n, u in enumerate(units)
    ]
    figures.record_figures(actor=Actor.system("试验"), values=rows)
    _, found, _ = comparison.comparison(
        actor=district.officer, nomination_id=nomination.pk, as_of=clock.now(), wanted={}
    )
    assert found.units == 1
    assert [(p.value, p.data_year) for p in found.positions[0].peers] == [(Decimal("2.1"), 2022)]


def test_the_finding_asks_for_a_decision_and_tells_a_place_only_among_five():
    district = make.make_district()
    listed()
    finding = told(factory(district))
    assert (finding.outcome, finding.severity) == ("not_met", "decision")
    assert "单位产品综合能耗0.325tce/台（与5家可比工厂相比居第4位）" in finding.because


def test_below_five_the_finding_holds_no_statistic():
    district = make.make_district()
    listed(VALUES[:4])
    finding = told(factory(district))
    assert "可比工厂不足5家，数值见同行业对标" in finding.because
    assert "4家" not in finding.because
    assert not any(value in str(finding.as_json()) for value in VALUES)


@pytest.mark.parametrize(("units", "words"), [(0, "没有查到"), (2, "没有可比数据")])
def test_no_peer_and_no_figure_are_said_and_never_refuse(units, words):
    district = make.make_district()
    for n in range(units):
        make_listed(NAMES[n], industry_code="3451")
    finding = told(factory(district))
    assert (finding.outcome, finding.severity) == ("manual", "info")
    assert words in finding.because


def test_only_factories_are_compared():
    district = make.make_district()
    park = make.make_handed_in(district, "park")
    assert browser(district.officer).get(reverse("nominations:peers", args=[park.pk])).status_code == 403


@pytest.mark.parametrize("rows", [1, 3])
def test_comparing_costs_the_same_for_any_number(rows, django_assert_num_queries):
    district = make.make_district()
    listed()
    ids = [make.make_handed_in(district).pk for _ in range(rows)]
    facts.load(ids, as_of=clock.now())
    with django_assert_num_queries(27):
        assert len(facts.load(ids, as_of=clock.now())) == rows


def test_applicant_and_evaluator_never_see_peers_nor_what_it_came_to():
    district = make.make_district()
    listed()
    nomination = factory(district)
    applicant = make.applicant_of(nomination)
    evaluator = make_actor(Role.EVALUATOR, organisation=nomination.evaluator.organisation)
    pages = []
    for actor in (applicant, evaluator):
        client = browser(actor)
        for name in ("peers", "peers_pdf"):
            assert client.get(reverse(f"nominations:{name}", args=[nomination.pk])).status_code in {403, 404}
        for name in ("detail", "findings", "findings_part", "history", "own_pages"):
            answer = client.get(reverse(f"nominations:{name}", args=[nomination.pk]))
            if answer.status_code == 200:
                pages.append(_read(answer))
        for held in nomination.sheets.all():
            pages.append(_read(client.get(reverse("filings:check", args=[held.filing_id]))))
            pages += [content.decode("utf-8", "replace") for content in _workbook(client, held.filing_id)]
    whole = "\n".join(pages)
    # The control: the same reading finds the secrets on the officer's paper, and the applicant's own PDF is read too.
    paper = _read(browser(district.officer).get(reverse("nominations:peers_pdf", args=[nomination.pk])))
    assert all(secret in paper for secret in (*VALUES, *NAMES, "未优于"))
    assert "绿色工厂" in _read(browser(applicant).get(reverse("nominations:own_pages", args=[nomination.pk])))
    assert "由区市县和市工信局核对，不需要申报单位填写" in whole
    for secret in (*VALUES, *NAMES, "居第4位", "未优于"):
        assert secret not in whole


def _read(answer):
    """Return what a person reads of an answer: of a PDF the text of all its pages, which its bytes hide."""
    content = b"".join(answer) if answer.streaming else answer.content
    return _text(content) if content.startswith(b"%PDF") else content.decode("utf-8", "replace")


def _text(content):
    document = pypdfium2.PdfDocument(content)
    text = "".join("".join(page.get_textpage().get_text_bounded().split()) for page in document)
    document.close()
    return text


def _workbook(client, filing_id):
    """The XML of the sheet's workbook as this client gets it; nothing where it has none."""
    answer = client.get(reverse("filings:workbook_file", args=[filing_id]))
    if answer.status_code != 200:
        return []
    with zipfile.ZipFile(io.BytesIO(b"".join(answer) if answer.streaming else answer.content)) as book:
        return [book.read(name) for name in book.namelist()]


def test_the_energy_sheet_has_no_place_for_a_peers_figure_not_even_for_the_officer():
    district = make.make_district()
    nomination = make.make_draft(district)
    filing = nomination.sheets.get(sheet_key="energy").filing
    changes = {"peers[r1].peer": "0.2013", "applies": "yes"}
    with pytest.raises(Invalid):
        save(filing_id=filing.pk, seen_version=filing.version, changes=changes, actor=district.officer)
    filing.refresh_from_db()
    assert "0.2013" not in str(filing.answers)


def test_the_officer_reads_the_verdict_that_the_applicant_does_not():
    district = make.make_district()
    listed()
    nomination = factory(district)
    officer = browser(district.officer).get(reverse("nominations:findings", args=[nomination.pk])).content.decode()
    assert "居第4位" in officer


def test_another_district_sees_nothing():
    district = make.make_district()
    nomination = factory(district)
    stranger = make.make_district("普兰店区", year=district.round)
    assert browser(stranger.officer).get(reverse("nominations:peers", args=[nomination.pk])).status_code == 404
