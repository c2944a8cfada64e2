"""Naughty texts through save, page, version and print: stored as normalised, shown escaped, never a 5xx."""

from __future__ import annotations

import pytest
from django.urls import reverse

from greenportal.accounts.actors import Role
from greenportal.filings import services
from greenportal.filings.models import Filing
from greenportal.sheets import printed
from greenportal.sheets.values import normalise
from tests.factories import accounts, filings
from tests.sheets.naughty import NAUGHTY

PATHS = ["name", "uscc", "note", "output", "key_user", "kinds", "models[r1].model", "models[r1].amount", "basic[1].met"]


@pytest.mark.parametrize("text", NAUGHTY, ids=lambda text: ascii(text)[:24])
def test_text_survives_save_version_and_print(applicant, text):
    filing = filings.make_filing(applicant, answers={"name": "原有内容"})
    services.save(filing_id=filing.pk, seen_version=1, changes=dict.fromkeys(PATHS[1:], text), actor=applicant)
    kept = Filing.objects.get(pk=filing.pk)
    sheet = filings.demo_sheet()
    assert kept.answers["name"] == "原有内容"
    assert kept.answers.get("note", "") == normalise(sheet.field("note"), text)
    version = services.freeze(filing_id=filing.pk, cause="test", actor=applicant)
    rows = {row.path: row.text for section in printed(sheet, version.answers).sections for row in section.rows}
    assert rows["demo.note"] == normalise(sheet.field("note"), text)


@pytest.mark.parametrize("text", NAUGHTY, ids=lambda text: ascii(text)[:24])
def test_text_survives_the_browsers_way(client, db, text):
    owner = accounts.make_user(Role.APPLICANT)
    with filings.thing_scope():
        filing = filings.make_filing(accounts.actor_for(owner))
        accounts.sign_in(client, owner)
        sent = text.encode("utf-8", "replace").decode()
        answer = client.post(
            reverse("filings:section", args=[filing.pk, "identity"]),
            {"name": sent, "note": sent, "_version": sent, "_base": sent},
        )
        assert answer.status_code in {302, 422}
        page = client.get(reverse("filings:check", args=[filing.pk])).content.decode()
        assert "<script>alert" not in page
        assert "<img" not in page
        assert Filing.objects.get(pk=filing.pk).answers.get("note", "") == normalise(
            filings.demo_sheet().field("note"), sent
        )
