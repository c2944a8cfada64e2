"""Beginning a nomination, its industry and standard: a refused press leaves nothing behind."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace

import pytest
from django.urls import reverse

from greenportal import clock
from greenportal.directory.fictional import fictional_uscc
from greenportal.directory.models import Organisation, Subject
from greenportal.findings.types import Invalid
from nominations.models import Nomination
from nominations.services import drafting
from nominations.views import applying
from tests.factories.directory import make_industry
from tests.factories.nominations import District, make_complete, make_district
from tests.factories.rounds import DURING
from tests.nominations.views.browsing import browser

pytestmark = pytest.mark.django_db
CODE = fictional_uscc(777001)
WRONG = {"category": "factory", "uscc": CODE, "organisation": "写错的名称有限公司", "industry": "0000"}
REFUSED = "从标准清单中选用。"


@pytest.fixture(autouse=True)
def _during_the_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "running", lambda: DURING)


@pytest.fixture
def district() -> District:
    return make_district()


def test_a_refused_beginning_registers_nobody_and_the_next_press_bears_the_right_name(district: District) -> None:
    client, url = browser(district.officer), reverse("nominations:create")
    refused = client.post(url, WRONG)
    assert refused.status_code == 400 and WRONG["organisation"] in refused.content.decode()
    assert not Organisation.objects.filter(uscc=CODE).exists()
    assert not Subject.objects.filter(organisation__uscc=CODE).exists()
    right = {**WRONG, "organisation": "试验正名有限公司", "industry": "3451"}
    assert client.post(url, right).status_code == 302
    made = Nomination.objects.get(applicant__uscc=CODE)
    assert (made.applicant.name, made.subject.name, made.industry_id) == (
        "试验正名有限公司",
        "试验正名有限公司",
        "3451",
    )


def test_control_without_the_transaction_the_wrong_name_stays(
    district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafting, "transaction", SimpleNamespace(atomic=nullcontext))
    browser(district.officer).post(reverse("nominations:create"), WRONG)
    assert Organisation.objects.get(uscc=CODE).name == WRONG["organisation"]


def described(district: District, monkeypatch: pytest.MonkeyPatch) -> tuple[Nomination, int]:
    """Post a known industry with a standard that the service refuses; return the nomination and the status."""

    def refuse(**_: object) -> None:
        raise Invalid(REFUSED, errors={"standard": [REFUSED]})

    monkeypatch.setattr(drafting, "choose_standard", refuse)
    make_industry("3110")
    with clock.fixed(DURING):
        nomination = make_complete(district)
    data = {"version": nomination.version, "industry": "3110", "standard": "试验标准"}
    answer = browser(district.officer).post(reverse("nominations:standard", args=[nomination.pk]), data)
    assert REFUSED in answer.content.decode()
    nomination.refresh_from_db()
    return nomination, answer.status_code


def test_a_refused_standard_leaves_the_industry_as_it_was(district: District, monkeypatch: pytest.MonkeyPatch) -> None:
    nomination, status = described(district, monkeypatch)
    assert (status, nomination.industry_id) == (400, "3451")


def test_control_without_the_transaction_the_industry_is_changed(
    district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applying, "_classed", applying._classed.__wrapped__)
    assert described(district, monkeypatch)[0].industry_id == "3110"
