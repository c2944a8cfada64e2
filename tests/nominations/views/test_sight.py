"""What the reviewers of the code found in side rooms: living drafts, foreign names, odd numbers, kept uploads."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.models import User
from greenportal.files.models import StoredFile
from greenportal.filings.models import Filing
from greenportal.filings.services import save
from nominations import rules
from nominations.models import Nomination
from nominations.services import handing_in, rechecking, returning
from tests.factories import nominations as make
from tests.factories.accounts import actor_for, make_membership, make_user, sign_in
from tests.factories.rounds import DURING

pytestmark = pytest.mark.django_db
SECRET = "尚未提交的内容"


@pytest.fixture(autouse=True)
def _open_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "running", lambda: DURING)


def browser(actor: Actor) -> Client:
    client = Client()
    sign_in(client, User.objects.get(pk=actor.user_id))
    return client


def city() -> tuple[Actor, Client]:
    user = make_user(Role.CITY_REVIEWER)
    client = Client()
    sign_in(client, user)
    return actor_for(user), client


def being_corrected(reviewer: Actor) -> tuple[Nomination, Filing]:
    """A nomination that the city returned and whose applicant is typing its answer."""
    ready = make.ready_list(stage="submitted")
    nomination = ready.nominations[0]
    nomination.refresh_from_db()
    returning.return_by_city(
        actor=reviewer,
        nomination_id=nomination.pk,
        seen_version=nomination.version,
        reason="请补正",
        due_at=clock.now() + timedelta(days=3),
    )
    filing = Filing.objects.get(scope_id=nomination.pk, sheet_key="factory_basic")
    owner = make.applicant_of(nomination)
    save(filing_id=filing.pk, seen_version=filing.version, changes={"profile": SECRET}, actor=owner)
    return nomination, filing


@pytest.mark.parametrize("name", ["sheet", "check"])
def test_city_does_not_read_what_is_being_typed_and_the_applicant_does(name: str) -> None:
    reviewer, client = city()
    nomination, filing = being_corrected(reviewer)
    url = reverse(f"filings:{name}", args=[filing.pk])
    assert client.get(url).status_code == 404
    assert browser(make.applicant_of(nomination)).get(url).status_code == 200


def test_city_reads_no_verdict_on_living_answers() -> None:
    reviewer, client = city()
    nomination, _ = being_corrected(reviewer)
    rechecking.recheck(nomination_ids=[nomination.pk], cause="answers")
    assert client.get(reverse("nominations:findings", args=[nomination.pk])).status_code == 403
    assert client.get(reverse("nominations:return", args=[nomination.pk])).status_code == 409


def test_batch_return_names_nothing_that_was_not_sent() -> None:
    nomination = make.make_draft(make.make_district())
    _, client = city()
    form = {"pick": [f"{nomination.pk}:0"], "reason": "请补正", "due_on": "2022-09-25"}
    assert nomination.subject.name not in client.post(reverse("nominations:return_many"), form).content.decode()


@pytest.mark.parametrize(
    ("left_out", "told"), [("reason", "填写总体意见"), ("due_on", "填写补正期限"), ("pick", "勾选要退回的申报。")]
)
def test_batch_return_that_lacks_something_keeps_what_was_typed_and_ticked(left_out: str, told: str) -> None:
    ready = make.ready_list(stage="submitted", categories=("factory", "product"))
    first, second = ready.nominations
    _, client = city()
    form = {"pick": [f"{first.pk}:{first.version}"], "reason": "请补正能耗数据", "due_on": "2022-09-25"}
    form[left_out] = [] if left_out == "pick" else ""
    answer = client.post(reverse("nominations:return_many"), form)
    page = answer.content.decode()
    assert answer.status_code == 400
    assert told in page
    assert ("请补正能耗数据" in page, "2022-09-25" in page) == (left_out != "reason", left_out != "due_on")
    ticked = [row.pk for row, _, chosen in answer.context["rows"] if chosen]
    assert ticked == ([] if left_out == "pick" else [first.pk])
    assert (second.subject.name in page) == (left_out == "pick"), "nothing ticked: what could be is offered"


@pytest.mark.parametrize("odd", ["²", "9" * 5000, "-1", "1e3", " "])
def test_numbers_that_are_none_of_ours_are_stale_and_never_an_error(odd: str) -> None:
    district = make.make_district()
    nomination = make.make_handed_in(district)
    client = browser(district.officer)
    answer = client.post(reverse("nominations:check", args=[nomination.pk]), {"version": odd})
    assert answer.status_code == 409
    assert client.get(reverse("nominations:history", args=[nomination.pk]), {"from": odd}).status_code == 200


def test_upload_that_may_not_be_attached_is_not_kept_and_one_that_may_is() -> None:
    district = make.make_district()
    locked, open_one = make.make_handed_in(district), make.make_complete(district)
    before = StoredFile.objects.count()
    for nomination, kept in ((locked, 0), (open_one, 1)):
        form = {"file": SimpleUploadedFile("报告.pdf", make.make_pdf("其他"), "application/pdf")}
        url = reverse("nominations:upload", args=[nomination.pk, "self_report"])
        browser(make.applicant_of(nomination)).post(url, form)
        assert StoredFile.objects.count() == before + kept


def test_confirmation_link_opens_the_documents_it_speaks_of_until_they_change() -> None:
    district = make.make_district()
    nomination = make.make_complete(district)
    _, token = handing_in.ask_confirmation(actor=make.applicant_of(nomination), nomination_id=nomination.pk)
    document = nomination.documents.first()
    assert document is not None
    page = reverse("nominations:confirm_link", args=[token])
    paper = reverse("nominations:confirm_document", args=[token, document.pk])
    client = Client()
    assert paper in client.get(page).content.decode()
    assert b"".join(client.get(paper).streaming_content).startswith(b"%PDF")
    filing = Filing.objects.get(scope_id=nomination.pk, sheet_key="factory_basic")
    owner = make.applicant_of(nomination)
    save(filing_id=filing.pk, seen_version=filing.version, changes={"profile": SECRET}, actor=owner)
    assert SECRET not in client.get(page).content.decode()
    assert client.get(page).status_code == 409
    assert client.get(paper).status_code == 409


def test_a_reviewer_who_also_works_for_the_applicant_reads_but_is_offered_no_act() -> None:
    nomination = make.ready_list(stage="submitted").nominations[0]
    page = reverse("nominations:city_nomination", args=[nomination.pk])
    offered = [reverse(f"nominations:{name}", args=[nomination.pk]) for name in ("accept", "return")]
    actor, client = city()
    before = client.get(page).content.decode()
    assert all(url in before for url in offered) and rules.TWO_HATS not in before
    user = User.objects.get(pk=actor.user_id)
    make_membership(user, Role.APPLICANT, organisation=nomination.applicant)
    after = client.get(page).content.decode()
    assert not any(url in after for url in offered) and rules.TWO_HATS in after
    answer = client.post(offered[0], {"version": nomination.version})
    assert answer.status_code == 403 and rules.TWO_HATS in answer.content.decode()
