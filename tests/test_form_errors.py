"""Every form of the portal, sent empty by those who may: what its errors point at stands on the page."""

from __future__ import annotations

import pytest
from django.test import Client

from greenportal import clock
from greenportal.accounts.actors import Role
from nominations.models import Nomination
from tests.factories.accounts import make_user, sign_in
from tests.factories.rounds import DURING
from tests.nominations.views.browsing import dangling, title
from tests.test_role_matrix import BUTTON, FREE, addresses, foreign, url_of

__all__ = ["foreign"]
pytestmark = pytest.mark.django_db
#: Role → at least so many forms come back with errors. The count keeps the sweep from finding nothing.
SENDERS = {Role.DISTRICT_LEAD: 12, Role.CITY_LEAD: 8, Role.SECURITY_ADMIN: 1, Role.EVALUATOR_ADMIN: 1}


@pytest.mark.parametrize("role", SENDERS)
def test_errors_of_every_form_point_at_what_is_there(
    role: Role,
    foreign: dict[str, object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clock, "running", lambda: DURING)
    authority = Nomination.objects.get(pk=foreign["nomination_id"]).authority
    user = make_user(role, authority=authority) if role == Role.DISTRICT_LEAD else make_user(role)
    client = sign_in(Client(), user)
    seen, wrong = set(), {}
    for address in addresses():
        if address.manner == BUTTON or (address.manner != FREE and role not in address.allowed):
            continue
        if address.name.startswith(("account_", "mfa_")) or address.name in {"accounts:switch", "nominations:withdraw"}:
            continue
        response = client.post(url_of(address, foreign), {})
        html = "" if response.streaming else response.content.decode(errors="replace")
        assert response.status_code < 500, address.name
        if "data-error-summary" not in html:
            continue
        seen.add(address.name)
        lost = dangling(html)
        if lost or not title(html).startswith("错误："):
            wrong[address.name] = (lost, title(html))
    assert wrong == {}
    assert len(seen) >= SENDERS[role], sorted(seen)
