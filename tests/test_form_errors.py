"""Every form of the portal, sent empty and sent wrong by those who may: what its errors point at stands on the page.

A form that an address shows and that never comes back with errors is named in NEVER, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from dynamic_mgmt.models import ListedUnit
from evaluators.models import Engagement, Evaluator, ProjectLead
from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.accounts.models import Membership, User
from greenportal.filings.models import FieldComment
from nominations.models import Nomination
from nominations.services import accepting, returning
from tests.factories.accounts import make_user, sign_in
from tests.factories.nominations import make_city, make_district, ready_list
from tests.factories.rounds import DURING, open_round_2022
from tests.nominations.views.browsing import Fields, dangling, title, undone
from tests.test_foreign_objects import make_things
from tests.test_role_matrix import BUTTON, FREE, NO_UUID, Address, addresses, foreign, url_of

__all__ = ["foreign"]
pytestmark = pytest.mark.django_db
DISTRICT = (Role.DISTRICT_OFFICER, Role.DISTRICT_LEAD)
CITY = (Role.CITY_REVIEWER, Role.CITY_LEAD)
BODIES = (Role.EVALUATOR, Role.EVALUATOR_ADMIN)
ADMINISTRATORS = (Role.SECURITY_ADMIN, Role.SYSTEM_ADMIN, Role.AUDITOR)
#: Longer than any field holds, no number, no date, no code.
WRONG = "错" * 3000
#: Forms that an address shows and that no text makes wrong.
NEVER = {
    "accounts:switch": "a button for each of one's own memberships",
    "dynamic_mgmt:removals": "boxes to tick: that none is ticked is said as a message above the page",
    "audit:verify": "any seal is an answer: it is the stored one or it is not",
}
#: So many forms came back with errors at least: the count keeps the sweep from finding nothing.
FLOOR = {
    "drafts": {
        **dict.fromkeys(DISTRICT, 30),
        Role.APPLICANT: 13,
        Role.EVALUATOR_ADMIN: 10,
        Role.EVALUATOR: 4,
        Role.SECURITY_ADMIN: 7,
        Role.SYSTEM_ADMIN: 1,
        Role.AUDITOR: 1,
    },
    "sent": {**dict.fromkeys(DISTRICT, 17), Role.APPLICANT: 10, **dict.fromkeys(CITY, 2)},
    "bodies": {
        **dict.fromkeys(DISTRICT, 18),
        Role.APPLICANT: 7,
        Role.EVALUATOR_ADMIN: 13,
        Role.EVALUATOR: 4,
        Role.CITY_REVIEWER: 29,
        Role.CITY_LEAD: 36,
    },
}
#: Addresses that draw a paper or write a workbook: no page, and slow.
PAPERS = {
    *(
        f"nominations:{name}"
        for name in ("own_pages", "peers_pdf", "list_preview", "receipt_pdf", "correction_page", "request_paper")
    ),
    "dynamic_mgmt:table_pdf",
    "evaluators:report_paper",
    "dynamic_mgmt:export",
    "dynamic_mgmt:workbook",
}
#: What names a part of a list that was sent; the rest of the portal is walked with a draft.
SENT = {"nomination_id", "list_id", "version_id", "correction_id", "comment_id", "filing_id"}
Things = dict[str, object]
Place = Callable[[pytest.FixtureRequest], list[Things]]


def drafts(request: pytest.FixtureRequest) -> list[Things]:
    """What a district has not sent, as `foreign` made it; and an account to grant rights to."""
    things = request.getfixturevalue("foreign")
    held = make_user(Role.DISTRICT_OFFICER)
    more = {"user_id": held.pk, "membership_id": Membership.objects.get(user=held).pk}
    return [{**things, **more, "authority_id": Nomination.objects.get(pk=things["nomination_id"]).authority_id}]


def sent(request: pytest.FixtureRequest) -> list[Things]:
    """A submitted list: one nomination returned with a comment at a field, one accepted."""
    with clock.fixed(DURING):
        ready = ready_list(make_district("庄河市"), categories=["factory", "product", "park"], stage="submitted")
        returned, waiting, accepted = ready.nominations
        correction = returning.return_by_city(
            actor=make_city(),
            nomination_id=returned.pk,
            seen_version=returned.version,
            reason="请补正",
            due_at=DURING + timedelta(days=3),
            comments=[
                returning.CommentDraft("factory_basic.profile", "单位简介", "incomplete", "补充主要产品", "附件2")
            ],
        )
        accepting.accept(actor=make_city(), nomination_id=accepted.pk, seen_version=accepted.version)
    comment = FieldComment.objects.get(correction_id=correction.pk)
    common = {
        "list_id": ready.list.pk,
        "correction_id": correction.pk,
        "comment_id": comment.pk,
        "section": "profile",
        "slot": "self_report",
        "rule": "ENERGY",
        "round_id": ready.district.round.pk,
        "file_id": NO_UUID,
        "job_id": NO_UUID,
    }
    return [
        {**common, "nomination_id": row.pk, "version_id": row.versions.get().pk, "filing_id": sheet.filing_id}
        for row in (returned, waiting, accepted)
        if (sheet := row.sheets.order_by("position").first())
    ]


def bodies(request: pytest.FixtureRequest) -> list[Things]:
    """What evaluators and listed units have under way."""
    year = open_round_2022()
    return [
        {
            "round_id": year.pk,
            "job_id": NO_UUID,
            "file_id": NO_UUID,
            "form": "xlsx",
            "verb": "opinion",
            "kind": "urge",
            **make_things(year),
        }
    ]


def person(role: Role, things: Things) -> User:
    """Somebody of that role to whom the things belong."""
    nomination = Nomination.objects.filter(pk=things.get("nomination_id")).first()
    unit = ListedUnit.objects.filter(pk=things.get("unit_id")).first()
    if role in DISTRICT:
        return make_user(role, authority=(unit or nomination).authority)
    if role == Role.APPLICANT:
        return make_user(role, organisation=unit.organisation if unit else nomination.applicant)
    if role in BODIES:
        wanted = things.get("evaluator_id") or nomination.evaluator_id
        user = make_user(role, organisation=Evaluator.objects.get(pk=wanted).organisation)
        # A handler is offered forms for those evaluations only that it leads.
        led = Engagement.objects.filter(evaluator_id=wanted) if role == Role.EVALUATOR else Engagement.objects.none()
        ProjectLead.objects.bulk_create(ProjectLead(engagement=e, user=user, assigned_at=clock.now()) for e in led)
        return user
    return make_user(role)


#: The other role of a pair comes to the same pages; it is walked by `make slow`.
TWINS = {
    (drafts, Role.DISTRICT_LEAD),
    (sent, Role.DISTRICT_OFFICER),
    (sent, Role.CITY_REVIEWER),
    (bodies, Role.DISTRICT_OFFICER),
    (bodies, Role.CITY_REVIEWER),
}
CASES = [
    pytest.param(place, role, marks=[pytest.mark.slow] if (place, role) in TWINS else [])
    for place in (drafts, sent, bodies)
    for role in FLOOR[place.__name__]
]


@pytest.mark.parametrize(("place", "role"), CASES, ids=lambda value: getattr(value, "__name__", str(value)))
def test_errors_of_every_form_point_at_what_is_there(
    place: Place, role: Role, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "running", lambda: DURING)
    variants = place(request)
    client = sign_in(Client(), person(role, variants[0]))
    shown, seen, wrong = set(), set(), {}
    for address in wanted(place, role):
        for url in dict.fromkeys(url_of(address, things) for things in variants):
            fields = Fields(_get(client, url))
            if not fields.typed and not fields.chosen:
                continue
            shown.add(address.name)
            html = errors_of(client, url, fields)
            if not html:
                continue
            seen.add(address.name)
            lost = dangling(html)
            if lost or not title(html).startswith("错误："):
                wrong[address.name] = (lost, title(html))
    assert wrong == {}
    assert shown - seen - NEVER.keys() == set()
    assert len(seen) >= FLOOR[place.__name__][role], sorted(seen)


def wanted(place: Place, role: Role) -> list[Address]:
    """The addresses that a role may come to; of what is sent only those that name a part of it."""
    return [
        address
        for address in addresses()
        if address.manner != BUTTON
        and (address.manner == FREE or role in address.allowed)
        and not address.name.startswith(("account_", "mfa_"))
        and address.name not in PAPERS
        and (place is not sent or set(address.parameters) & SENT)
    ]


def errors_of(client: Client, url: str, fields: Fields) -> str:
    """The page with errors: of the form sent empty, else of the same with a text in every field that none can hold."""
    bad = {**fields.given, **dict.fromkeys([*fields.typed, *fields.chosen], WRONG), "_done": "yes"}
    for data in ({}, bad):
        with undone():
            response = client.post(url, data)
        assert response.status_code < 500, url
        html = b"".join(response).decode(errors="replace")
        if "data-error-summary" in html:
            return html
    return ""


def _get(client: Client, url: str) -> str:
    with undone():
        answer = client.get(url)
    # Read to its end, which closes a file; `close()` would close the database connection too.
    body = b"".join(answer)
    return body.decode() if answer.status_code == 200 and "text/html" in answer["Content-Type"] else ""


def test_control_a_note_that_lost_its_id_and_a_title_without_its_word_are_seen() -> None:
    page = '<title>登录</title><input id="a" aria-describedby="a_hint a_error"><p id="a_hint"></p>'
    assert (dangling(page), title(page).startswith("错误：")) == ({"a_error"}, False)
