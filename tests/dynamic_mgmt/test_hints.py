"""The check page of a table shows the unit its own odd numbers before it files, and lets it file all the same."""

import pytest
from django.test import Client
from django.urls import reverse

from dynamic_mgmt.services import filing
from greenportal import clock
from greenportal.accounts.actors import Role
from tests.factories.accounts import make_user, sign_in
from tests.factories.rounds import DURING
from tests.factories.tables import fill, make_stage

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("before", "told"), [("1800", True), ("3000", False)])
def test_unit_is_told_before_filing_and_files_all_the_same(before, told, monkeypatch):
    monkeypatch.setattr(clock, "running", lambda: DURING)
    stage = make_stage()
    table = fill(stage.unit_actor, stage.table(), energy_total_y1=before)
    client = sign_in(Client(), make_user(Role.APPLICANT, organisation=stage.organisation))
    page = client.get(reverse("filings:check", args=[table.filing_id])).content.decode()
    assert ("请核对的数据" in page) is told
    assert ("同比增加73.3%（1800→3120）" in page) is told
    filing.file_table(actor=stage.unit_actor, table_id=table.pk, seen_version=table.version)
    page = client.get(reverse("filings:check", args=[table.filing_id])).content.decode()
    assert "请核对的数据" not in page
