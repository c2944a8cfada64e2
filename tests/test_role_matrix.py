"""Every address of the portal × every role and nobody, with things that are somebody else's.

One table says who may come to an address and how it answers about a thing that is not theirs. An address that is
not in the table fails the test, so that a new page is thought about.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from dynamic_mgmt.models import DynamicTable
from dynamic_mgmt.services.filing import begin
from dynamic_mgmt.services.periods import make_due, open_yearly
from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.filings.models import FieldComment
from greenportal.jobs.services import enqueue
from nominations.constants import JOB_RECHECK, SCOPE_NOMINATION
from nominations.models import (
    Consultation,
    Correction,
    ListVersion,
    Nomination,
    NominationDocument,
    NominationVersion,
    RecommendationList,
    StateChange,
)
from nominations.selectors.content import contents
from nominations.services import consulting
from tests.factories.accounts import make_user, sign_in
from tests.factories.dynamic_mgmt import make_listed
from tests.factories.nominations import District, finalise, make_checked, make_complete, make_district, make_handed_in
from tests.factories.rounds import DURING

pytestmark = pytest.mark.django_db

DISTRICT = {Role.DISTRICT_OFFICER, Role.DISTRICT_LEAD}
CITY = {Role.CITY_REVIEWER, Role.CITY_LEAD}
LEAD = {Role.CITY_LEAD}
OWNERS = {Role.APPLICANT, *DISTRICT}
EVALUATORS = {Role.EVALUATOR, Role.EVALUATOR_ADMIN}
ADMIN = {Role.EVALUATOR_ADMIN}
SIGNED_IN = set(Role) - {Role.SYSTEM, Role.ANONYMOUS}
ROLES = sorted(SIGNED_IN)

#: How an address answers those who may come: its page; 404 for what is foreign or absent; or, when it is a button,
#: 404 to the press and 405 to a look. FREE: rules of its own (sign-in, links, health), never a foreign name.
PAGE, ABSENT, BUTTON, FREE = "page", "absent", "button", "free"

TABLE: tuple[tuple[str, set[Role], str], ...] = (
    ("nominations: own", OWNERS, PAGE),
    (
        "nominations: findings findings_part own_pages documents upload evaluator standard confirm hand_in correct"
        " withdraw national answer",
        OWNERS,
        ABSENT,
    ),
    ("nominations: reuse_document remove_document take_back", OWNERS, BUTTON),
    ("nominations: history", OWNERS | CITY, ABSENT),
    ("nominations: correction_page return peers peers_pdf", DISTRICT | CITY, ABSENT),
    ("nominations: board create earlier bulk candidates_template opinions", DISTRICT, PAGE),
    ("nominations: my_list", DISTRICT, FREE),
    (
        "nominations: seal_correction key_energy signatures independence decide invite reply request_paper list finalise reopen list_preview"
        " packet_part seal submit receipt receipt_pdf",
        DISTRICT,
        ABSENT,
    ),
    ("nominations: copy check uncheck cancel_opinion rank build", DISTRICT, BUTTON),
    ("nominations: named", EVALUATORS, PAGE),
    ("nominations: detail report", OWNERS | EVALUATORS, ABSENT),
    ("nominations: inbox summary submissions city_lists city_prepare", CITY, PAGE),
    (
        "nominations: city_list city_nomination version version_scores city_approval city_publish city_decide",
        CITY,
        ABSENT,
    ),
    ("nominations: scores", OWNERS | EVALUATORS, ABSENT),
    ("nominations: accept_list accept", CITY, BUTTON),
    ("nominations: return_many", CITY, FREE),
    ("nominations: index confirm_link confirm_document opinion_link", set(), FREE),
    ("precheck precheck_template", SIGNED_IN, PAGE),
    ("filings: sheet check section workbook workbook_file workbook_checked workbook_annotated", SIGNED_IN, ABSENT),
    ("filings: comment autosave", SIGNED_IN, FREE),
    ("files: download", SIGNED_IN, FREE),
    ("jobs: progress part", SIGNED_IN, ABSENT),
    ("jobs: cancel", SIGNED_IN, BUTTON),
    ("jobs: dead", {Role.SYSTEM_ADMIN}, PAGE),
    ("jobs: decide", {Role.SYSTEM_ADMIN}, FREE),
    ("evaluators: mine", EVALUATORS, FREE),
    ("evaluators: confirm dispute work", EVALUATORS, ABSENT),
    ("evaluators: detail relation sanction_detail", EVALUATORS | CITY, ABSENT),
    ("evaluators: engagement", EVALUATORS | CITY, FREE),
    ("evaluators: index create import cases staff_shared", CITY, PAGE),
    ("evaluators: case", EVALUATORS, ABSENT),
    ("evaluators: evidence case_explain case_file case_amend", ADMIN, ABSENT),
    ("evaluators: evidence_remove case_take_back staff_remove", ADMIN, BUTTON),
    ("evaluators: case_desk case_return case_acknowledge", CITY, ABSENT),
    ("evaluators: staff", EVALUATORS, ABSENT),
    ("evaluators: staff_add staff_export staff_import staff_change", ADMIN, ABSENT),
    ("evaluators: case_begin report_begin", ADMIN, FREE),
    ("evaluators: report", EVALUATORS, ABSENT),
    ("evaluators: report_file report_seal", ADMIN, ABSENT),
    ("evaluators: report_take_in", ADMIN, BUTTON),
    ("evaluators: reports", CITY, PAGE),
    ("evaluators: report_desk report_return report_late", CITY, ABSENT),
    ("evaluators: report_accept", CITY, BUTTON),
    ("evaluators: report_paper", ADMIN | CITY, ABSENT),
    ("evaluators: years", EVALUATORS, ABSENT),
    ("evaluators: lead", ADMIN, ABSENT),
    ("evaluators: roster", CITY, ABSENT),
    ("evaluators: registration affiliates sanction second lift decide group appeal outcome", CITY, FREE),
    ("dynamic_mgmt: index", OWNERS | CITY, PAGE),
    ("dynamic_mgmt: unit", OWNERS | CITY, ABSENT),
    ("dynamic_mgmt: import figures_import paste published removals matches", CITY, PAGE),
    ("dynamic_mgmt: remove link match_seek", CITY, FREE),
    ("dynamic_mgmt: place match", CITY, ABSENT),
    ("dynamic_mgmt: decide confirm_changes", LEAD, FREE),
    ("dynamic_mgmt: changes", OWNERS | CITY, PAGE),
    ("dynamic_mgmt: change change_propose", OWNERS | CITY, ABSENT),
    ("dynamic_mgmt: incidents incident_report", DISTRICT | CITY, PAGE),
    ("dynamic_mgmt: incident incident_correct unit_incident", DISTRICT | CITY, ABSENT),
    ("dynamic_mgmt: tables experiences", OWNERS | CITY, PAGE),
    ("dynamic_mgmt: table table_pdf experience", OWNERS | CITY, FREE),
    ("dynamic_mgmt: table_begin table_file evidence_remove", OWNERS, BUTTON),
    ("dynamic_mgmt: evidence experience_revise", OWNERS, ABSENT),
    ("dynamic_mgmt: table_act notice", DISTRICT | CITY, FREE),
    ("dynamic_mgmt: table_settle", LEAD, FREE),
    ("dynamic_mgmt: table_send_link", DISTRICT, BUTTON),
    ("dynamic_mgmt: experience_move", OWNERS | CITY, FREE),
    ("dynamic_mgmt: periods", CITY, PAGE),
    ("dynamic_mgmt: open_yearly archive export", CITY, FREE),
    ("dynamic_mgmt: add_period extend", LEAD, PAGE),
    ("dynamic_mgmt: exports columns year_report", CITY, PAGE),
    ("dynamic_mgmt: workbook workbook_import", DISTRICT, FREE),
    ("dynamic_mgmt: table_link table_link_section table_link_evidence", set(), FREE),
    ("dynamic_mgmt: trends counts register_export", DISTRICT | CITY, PAGE),
    ("dynamic_mgmt: unit_trend", OWNERS | CITY, ABSENT),
    ("dynamic_mgmt: guidance", DISTRICT | CITY, ABSENT),
    ("dynamic_mgmt: statement_withdraw", OWNERS, ABSENT),
    ("dynamic_mgmt: experience_add statement_add", OWNERS, PAGE),
    ("rounds: index detail rulebook", SIGNED_IN, PAGE),
    ("rounds: revision", SIGNED_IN, FREE),
    ("rounds: standards_template evaluation_template", LEAD, PAGE),
    ("rounds: prepare revoke revise open close extend standards standards_take evaluation_tables", LEAD, FREE),
    ("rounds: cut_off", DISTRICT, FREE),
    ("directory: authorities industries import_industries", CITY, PAGE),
    ("directory: authority", LEAD, ABSENT),
    ("directory: industry_search", SIGNED_IN, PAGE),
    ("accounts: colleagues", {Role.APPLICANT, *EVALUATORS}, PAGE),
    ("accounts: colleague_end colleague_hand_over", {Role.APPLICANT, Role.EVALUATOR_ADMIN}, FREE),
    ("accounts: people people_invite", {Role.SECURITY_ADMIN}, PAGE),
    (
        "accounts: person person_grant person_switch person_second_factor membership_end",
        {Role.SECURITY_ADMIN},
        FREE,
    ),
    ("accounts: membership_delegate", DISTRICT | CITY | {Role.SECURITY_ADMIN}, FREE),
    ("accounts: resume switch invitation", set(), FREE),
    ("audit: entries export verify", {Role.AUDITOR}, PAGE),
    ("mail: troubled", {Role.SYSTEM_ADMIN}, PAGE),
    ("mail: retry abandon", {Role.SYSTEM_ADMIN}, FREE),
    ("home appearance healthz readyz", set(), FREE),
    (
        "account_login account_logout account_inactive account_signup account_reauthenticate account_change_password"
        " account_set_password account_reset_password account_reset_password_done account_reset_password_from_key"
        " account_reset_password_from_key_done mfa_index mfa_authenticate mfa_reauthenticate mfa_activate_totp"
        " mfa_deactivate_totp mfa_view_recovery_codes mfa_generate_recovery_codes mfa_download_recovery_codes",
        set(),
        FREE,
    ),
)
#: What nobody else may ever read in an answer.
SECRET = "秘不示人演示"
#: The city decides disputes over every engagement of the round, so it reads what is evaluated there.
TOLD = {
    "evaluators:decide": CITY,
    "evaluators:engagement": CITY,
    **dict.fromkeys(("dynamic_mgmt:index", "dynamic_mgmt:tables", "dynamic_mgmt:table", "dynamic_mgmt:notice"), CITY),
}
#: Without a broker, as in this test, health says 503.
HEALTH = {"healthz", "readyz"}
NO_SUCH = 987_654_321
NO_UUID = uuid.UUID(int=7)


@dataclass(frozen=True)
class Address:
    """One address: its name, the parameters of its path, who may come, how it answers."""

    name: str
    parameters: tuple[str, ...]
    allowed: frozenset[Role]
    manner: str


def declared() -> dict[str, tuple[frozenset[Role], str]]:
    found = {}
    for words, allowed, manner in TABLE:
        first, *rest = words.split()
        names = [first + name for name in rest] if first.endswith(":") else [first, *rest]
        found.update({name: (frozenset(allowed), manner) for name in names})
    return found


def patterns(resolver: URLResolver, space: str = "") -> Iterator[tuple[str, tuple[str, ...]]]:
    """Name and path parameters of every address of the urlconf."""
    for item in resolver.url_patterns:
        if isinstance(item, URLPattern):
            yield f"{space}{item.name}", tuple(item.pattern.converters) or tuple(item.pattern.regex.groupindex)
        else:
            yield from patterns(item, f"{space}{item.namespace}:" if item.namespace else space)


def addresses() -> list[Address]:
    table = declared()
    return [Address(name, parameters, *table[name]) for name, parameters in patterns(get_resolver())]


def test_every_address_of_the_portal_is_in_the_table_and_nothing_else() -> None:
    assert {name for name, _ in patterns(get_resolver())} == set(declared())


@pytest.fixture
def foreign() -> dict[str, object]:
    """A district's whole work, none of it sent to the city: ids by the names of path parameters."""
    district = make_district("庄河市")
    with clock.fixed(DURING):
        return _work(district)


def _work(district: District) -> dict[str, object]:
    draft = make_complete(district)
    for row in (draft.subject, draft.applicant):
        row.name = SECRET + row.name
        row.save(update_fields=["name"])
    make_handed_in(district, "product")
    asked = consulting.ask(
        actor=district.officer,
        round_id=district.round.pk,
        authority_id=district.authority.pk,
        departments=["生态环境部门"],
        due_on=clock.today(),
    )
    make_checked(district, "park")
    row = finalise(district)
    version = NominationVersion.objects.get()
    correction = Correction.objects.create(
        nomination=version.nomination,
        stage=Correction.Stage.DISTRICT,
        answered_version=version,
        reason=SECRET,
        due_at=DURING,
        needs_seal_page=True,
        opened_by_id=district.officer.user_id,
        opened_at=DURING,
        closed_at=DURING,
    )
    comment = FieldComment.objects.create(
        scope=SCOPE_NOMINATION,
        scope_id=draft.pk,
        path="document:self_report",
        label=SECRET,
        text=SECRET,
        kind=FieldComment.Kind.values[0],
        created_by_id=district.officer.user_id,
        created_at=DURING,
    )
    filing = contents([draft.pk])[draft.pk].sheets[0]
    job = enqueue(JOB_RECHECK, payload={}, scope=SCOPE_NOMINATION, scope_id=draft.pk, actor=district.officer)
    table = _table(district)
    document = NominationDocument.objects.filter(nomination=draft).first()
    assert document is not None and Consultation.objects.count() == 1 and ListVersion.objects.count() == 1
    return {
        "nomination_id": draft.pk,
        "list_id": row.pk,
        "version_id": version.pk,
        "correction_id": correction.pk,
        "consultation_id": asked[0].consultation.pk,
        "comment_id": comment.pk,
        "document_id": document.pk,
        "file_id": document.file_id,
        "filing_id": filing.filing_id,
        "section": filing.sheet.sections[0].key,
        "job_id": job.pk,
        "round_id": district.round.pk,
        "number": 1,
        "engagement_id": draft.engagement_id,
        "slot": "self_report",
        "rule": "ENERGY",
        "form": "xlsx",
        "table_id": table.pk,
        "period_id": table.period_id,
        "verb": "opinion",
        "kind": "urge",
        "category": "factory",
        "token": "no-such-token",
        "uidb36": "1",
        "key": "no-such-key",
    }


def _table(district: District) -> DynamicTable:
    """A unit's table that its district has not filed."""
    unit = make_listed(SECRET, authority=district.authority)
    period = open_yearly(actor=Actor.system("试验"), round_id=district.round.pk)
    make_due(period_id=period.pk, unit_ids=[unit.pk])
    return begin(actor=district.officer, table_id=DynamicTable.objects.get(unit=unit).pk)


def url_of(address: Address, things: dict[str, object], *, absent: bool = False) -> str:
    """The address for the foreign things; with `absent`, for things that never were."""
    kwargs: dict[str, object] = {}
    for name in address.parameters:
        value = things.get(name, NO_SUCH)
        if absent and isinstance(value, int) and name not in {"number", "round_id"}:
            value = NO_SUCH
        if absent and isinstance(value, uuid.UUID):
            value = NO_UUID
        kwargs[name] = value
    return reverse(address.name, kwargs=kwargs)


def ask(client: Client, address: Address, url: str) -> HttpResponse:
    return client.post(url) if address.manner == BUTTON else client.get(url)


def alike(client: Client, address: Address, told: str, foreign: str, absent: str) -> bool:
    """Whether absent answers with the body `told` by foreign. Else foreign is asked anew: a message left by an earlier
    page is shown once, by whichever page comes first.
    """
    there = plain(ask(client, address, absent))
    return told == there or plain(ask(client, address, foreign)) == there


def plain(response: HttpResponse) -> str:
    """The body without what differs between any two answers: tokens, and the number in the address itself."""
    body = b"".join(response) if response.streaming else response.content
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"|"X-CSRFToken": "[^"]*"', "", body.decode(errors="replace"))
    # What an earlier page of the walk had to say shows on the next one.
    text = re.sub(r'<div class="gp-banner" role="status".*?</div>', "", text, flags=re.DOTALL)
    return re.sub(r"/[0-9a-f-]+/", "/#/", text)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_reaches_its_addresses_and_learns_nothing_of_what_is_foreign(
    role: Role, foreign: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "running", lambda: DURING)
    client = sign_in(Client(raise_request_exception=False), make_user(role))
    wrong: dict[str, object] = {}
    for address in addresses():
        if address.name == "account_logout":
            continue
        url = url_of(address, foreign)
        response = ask(client, address, url)
        body = plain(response)
        if address.name in HEALTH:
            continue
        if SECRET in body and role not in TOLD.get(address.name, set()):
            wrong[address.name] = "tells a foreign name"
        elif address.manner == FREE:
            may = role in address.allowed or not address.allowed
            fine = {200, 302, 400, 403, 404, 405, 409} if may else {403, 404, 405}
            if response.status_code not in fine:
                wrong[address.name] = response.status_code
        elif response.status_code != expected(address, role):
            wrong[address.name] = (response.status_code, expected(address, role))
        elif response.status_code == 404 and not alike(
            client, address, body, url, url_of(address, foreign, absent=True)
        ):
            wrong[address.name] = "foreign and absent differ"
    assert wrong == {}


@pytest.mark.parametrize("role", ROLES)
def test_nothing_foreign_is_changed_by_posting_to_its_address(
    role: Role, foreign: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A form is posted without looking at it first: whoever may not see the thing may not change it either."""
    monkeypatch.setattr(clock, "running", lambda: DURING)
    client = sign_in(Client(raise_request_exception=False), make_user(role))
    before, wrong = standing(), {}
    for address in addresses():
        if address.manner not in {ABSENT, BUTTON}:
            continue
        response = client.post(url_of(address, foreign), POSTED)
        refused = {403} if role not in address.allowed else {404, 405}
        if response.status_code not in refused or SECRET in plain(response):
            wrong[address.name] = response.status_code
    assert wrong == {}
    assert standing() == before


#: What forms of nominations commonly carry, so that a post would be taken where nothing else stops it.
POSTED = {"version": "1", "reason": "事由", "value": "yes", "keep": "yes", "confirmed": "on", "number": "1"}


def standing() -> list[tuple[object, ...]]:
    """What a change of anything foreign would leave behind in nominations and lists."""
    rows = Nomination.objects.order_by("pk").values_list("pk", "state", "version", "rank", "evaluator_id")
    lists = RecommendationList.objects.order_by("pk").values_list("pk", "state", "version")
    return [*rows, *lists, (NominationDocument.objects.filter(removed_at=None).count(), StateChange.objects.count())]


def expected(address: Address, role: Role) -> int:
    if role not in address.allowed:
        return 403
    return 200 if address.manner == PAGE else 404


def test_nobody_is_sent_to_the_sign_in_page_from_every_guarded_address(foreign: dict[str, object]) -> None:
    client = Client(raise_request_exception=False)
    wrong: dict[str, object] = {}
    for address in addresses():
        url = url_of(address, foreign)
        response = ask(client, address, url)
        if SECRET in plain(response):
            wrong[address.name] = "tells a foreign name"
        elif address.name in HEALTH:
            continue
        elif address.manner == FREE or address.name.startswith(("jobs:", "filings:")):
            if response.status_code not in {200, 302, 403, 404, 405}:
                wrong[address.name] = response.status_code
        elif address.manner == BUTTON and response.status_code == 401:
            # What was posted is kept, and the page of 401 leads to the sign-in.
            continue
        elif response.status_code != 302 or not response["Location"].startswith(reverse("account_login")):
            wrong[address.name] = response.status_code
    assert wrong == {}


def test_buttons_are_not_pressed_by_looking(foreign: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "running", lambda: DURING)
    wrong = {}
    for address in addresses():
        if address.manner == BUTTON:
            client = sign_in(Client(), make_user(min(address.allowed)))
            status = client.get(url_of(address, foreign)).status_code
            if status != 405:
                wrong[address.name] = status
    assert wrong == {}


def test_the_foreign_name_is_told_to_its_own_district(
    foreign: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: the walk above would see a leak, since the owner does see the name."""

    monkeypatch.setattr(clock, "running", lambda: DURING)
    authority = Nomination.objects.get(pk=foreign["nomination_id"]).authority
    client = sign_in(Client(), make_user(Role.DISTRICT_OFFICER, authority=authority))
    address = next(a for a in addresses() if a.name == "nominations:detail")
    assert SECRET in plain(ask(client, address, url_of(address, foreign)))
