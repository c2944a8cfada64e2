from __future__ import annotations

import pytest

from greenportal.filings import registry, services
from greenportal.filings.services import following
from greenportal.findings.types import ALLOWED, NotVisible
from greenportal.jobs import registry as jobs
from tests.factories import filings


def test_every_registered_owner_follows_changes_by_a_job_that_exists():
    followed = {scope.changed for scope in registry._scopes.values() if scope.changed}
    assert followed
    assert followed <= set(jobs.kinds())


def test_unknown_scope_is_invisible():
    with pytest.raises(NotVisible):
        registry.scope("no.such")


def test_a_change_asks_for_the_owners_job_once_while_it_waits(applicant, monkeypatch):
    asked = []
    monkeypatch.setattr(following, "enqueue", lambda kind, **values: asked.append((kind, values)))
    registry.register(
        filings.SCOPE,
        view=lambda *_a: ALLOWED,
        edit=lambda *_a: ALLOWED,
        back_url=lambda _id: "/",
        changed="test.changed",
    )
    filing = filings.make_filing(applicant)
    services.save(filing_id=filing.pk, seen_version=1, changes={"name": "甲"}, actor=applicant)
    services.save(filing_id=filing.pk, seen_version=2, changes={"name": "甲"}, actor=applicant)
    [(kind, values)] = asked
    assert (kind, values["payload"], values["dedupe_key"]) == (
        "test.changed",
        {"scope": filings.SCOPE, "scope_id": 1},
        "test.thing:1",
    )
