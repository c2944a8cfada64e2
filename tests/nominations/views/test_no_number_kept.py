"""Dump and scan over a nomination's way: typed everywhere, kept nowhere, whatever paper is taken afterwards."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from evaluators.services.registration import RegistrationFields, record_registration
from greenportal import clock
from greenportal.accounts import identity
from greenportal.accounts.actors import Role
from greenportal.filings.models import Filing
from greenportal.filings.selectors import sheet_of
from greenportal.filings.services import save
from greenportal.findings.types import Invalid
from greenportal.sheets.types import FieldType
from nominations.constants import FILE_SCAN
from nominations.services import documents, returning, sealing
from nominations.services.returning import CommentDraft
from tests.factories.accounts import make_user, sign_in
from tests.factories.dumping import body_of, scanned
from tests.factories.files import make_upload
from tests.factories.nominations import make_city, make_complete, make_file, make_handed_in, ready_list
from tests.factories.roster import fictional_id
from tests.factories.rounds import DURING
from tests.nominations.views.browsing import browser

pytestmark = pytest.mark.django_db
NUMBER = fictional_id(57)
TEXT = f"经办人{NUMBER}已核实"


def refused(verb):
    """Run a verb that must refuse the number, at a field and without repeating it."""
    with pytest.raises(Invalid) as caught:
        verb()
    assert identity.NO_NUMBERS in str(caught.value.errors)
    assert NUMBER not in str(caught.value.errors)


def type_into_a_sheet(draft, officer):
    """A number in every text of a sheet but one, which is kept; the others are named."""
    filing = draft.sheets.select_related("filing").first().filing
    kinds = {FieldType.TEXT, FieldType.LONGTEXT}
    kept, *texts = [f.key for f in sheet_of(filing).fields() if f.type in kinds and not f.who and not f.formula]
    changes = {kept: "改过的内容", **dict.fromkeys(texts, TEXT)}
    saved = save(filing_id=filing.pk, seen_version=filing.version, changes=changes, actor=officer)
    told = [problem.path for problem in saved.problems if identity.NO_NUMBERS in problem.message]
    assert sorted(told) == sorted(f"{filing.sheet_key}.{key}" for key in texts)
    assert Filing.objects.get(pk=filing.pk).answers[kept] == "改过的内容"


def type_into_services(ready, draft, city):
    """A number in a title, a seal's declaration, a department's opinion, a remark, a reason and a source."""
    officer = ready.district.officer
    later = clock.now() + timedelta(days=5)
    file = make_file(officer)
    title = {"actor": officer, "nomination_id": draft.pk, "slot": "self_report", "file_id": file.pk, "title": TEXT}
    refused(lambda: documents.attach(**title))
    scan = make_file(officer, kind=FILE_SCAN)
    place = {"actor": officer, "list_id": ready.list.pk, "seen_version": ready.list.version, "file_id": scan.pk}
    refused(lambda: sealing.seal(**place, declared_reason=TEXT))
    other = make_handed_in(ready.district)
    back = {"actor": officer, "nomination_id": other.pk, "seen_version": other.version, "due_at": later}
    remark = CommentDraft(path="document:self_report", label="自评价报告", kind="wrong", text=TEXT)
    refused(lambda: returning.return_by_district(**back, reason="请补正", comments=[remark]))
    refused(lambda: returning.return_by_district(**back, reason=TEXT))
    round_id = ready.district.round.pk
    body = {"actor": city, "evaluator_id": draft.evaluator_id, "round_id": round_id}
    refused(lambda: record_registration(**body, entered=RegistrationFields(has_office=True), source=TEXT))


def type_on_pages(client, draft):
    """The upload's page: a number in the name of the file and in the title; what was typed comes back."""
    url = reverse("nominations:upload", args=[draft.pk, "self_report"])
    again = client.post(url, {"file": make_upload(f"报告{NUMBER}.pdf"), "title": TEXT})
    assert again.status_code == 400
    assert identity.NO_NUMBERS in again.content.decode()
    assert client.post(url, {"file": make_upload(f"报告{NUMBER}.pdf"), "title": "自评价报告"}).status_code == 302


def papers(district, city, ready, draft):
    """Take every paper of the list and the nomination, and search for the number."""
    row, rows = ready.list, []
    for url in (
        reverse("nominations:list", args=[row.pk]),
        reverse("nominations:own_pages", args=[draft.pk]),
        reverse("nominations:detail", args=[draft.pk]),
        reverse("nominations:documents", args=[draft.pk]),
    ):
        answer = district.get(url)
        assert answer.status_code == 200, url
        rows.append(body_of(answer))
    assert city.get(reverse("nominations:inbox"), {"q": NUMBER}).status_code == 200
    return rows


@pytest.fixture
def played(private_storage, caplog, django_capture_on_commit_callbacks):
    caplog.set_level(logging.DEBUG)
    with django_capture_on_commit_callbacks(execute=True), clock.fixed(DURING):
        ready = ready_list(stage="finalised")
        draft = make_complete(ready.district)
        type_into_a_sheet(draft, ready.district.officer)
        type_into_services(ready, draft, make_city())
        district, city = browser(ready.district.officer), sign_in(Client(), make_user(Role.CITY_REVIEWER))
        type_on_pages(district, draft)
        pages = papers(district, city, ready, draft)
    return private_storage, "\n".join(str(record.__dict__) for record in caplog.records), pages


def test_no_number_of_a_nomination_stands_in_what_the_portal_writes(played):
    storage, logs, pages = played
    assert len(pages) == 4
    assert scanned(storage, logs, pages) == {}
