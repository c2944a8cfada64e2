"""The same questions to every address of nominations: does it work, who else gets in, what of a bad id, a wrong verb.

One row per address: the path's parameters, who may come, which verbs it knows.
"""

from __future__ import annotations

from dataclasses import dataclass

import pgtrigger
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from nominations.models import Consultation, Correction, ListEntry, Nomination, NominationVersion
from nominations.services import consulting
from nominations.urls import urlpatterns
from tests.factories.accounts import make_actor
from tests.factories.nominations import (
    District,
    Ready,
    decide_all,
    make_complete,
    make_district,
    make_handed_in,
    ready_list,
)
from tests.factories.rounds import DURING
from tests.nominations.views.browsing import browser, city_browser

pytestmark = pytest.mark.django_db

OWN, DESK, LIST, PAPER, CITY = "own", "desk", "list", "paper", "city"
#: Address → whose it is. Buttons (POST only) are marked with a star.
ROWS = {
    OWN: "detail scores findings findings_part own_pages history documents upload evaluator standard confirm hand_in withdraw"
    " national take_back* remove_document* reuse_document*",
    DESK: "board create earlier bulk candidates_template opinions my_list return key_energy signatures independence invite check* uncheck*"
    " copy*",
    LIST: "list finalise reopen seal submit receipt receipt_pdf list_preview packet_part rank* build*",
    PAPER: "reply request_paper correction_page seal_correction cancel_opinion*",
    CITY: "inbox summary submissions city_list city_nomination version version_scores accept* accept_list* return_many*",
}
#: Asked elsewhere: they need a state of their own, or a token, or are of another actor.
ELSEWHERE = {
    *("index", "own", "named", "correct", "answer", "decide", "confirm_link", "confirm_document", "opinion_link"),
    *("report", "peers", "peers_pdf", "city_lists", "city_prepare", "city_approval", "city_decide", "city_publish"),
}
LOOKS = [name for words in ROWS.values() for name in words.split() if not name.endswith("*")]
BUTTONS = [name[:-1] for words in ROWS.values() for name in words.split() if name.endswith("*")]
KIND = {name.rstrip("*"): kind for kind, words in ROWS.items() for name in words.split()}


def test_every_address_of_nominations_has_its_row() -> None:
    assert {path.name for path in urlpatterns} == {*LOOKS, *BUTTONS} | ELSEWHERE


@dataclass(frozen=True)
class World:
    """A district at work, and the same district's list of before that the city has."""

    district: District
    draft: Nomination
    ready: Ready
    consultation: Consultation
    correction: Correction


@pytest.fixture
def world() -> World:
    ready = ready_list(stage="submitted")
    with clock.fixed(DURING):
        draft = make_complete(ready.district, "product")
        asking = make_handed_in(ready.district, "park")
        assert asking.pk
        made = consulting.ask(
            actor=ready.district.officer,
            round_id=ready.district.round.pk,
            authority_id=ready.district.authority.pk,
            departments=["生态环境部门"],
            due_on=clock.today(),
        )
    return World(ready.district, draft, ready, made[0].consultation, sealable(ready))


def sealable(ready: Ready) -> Correction:
    """An answered correction whose printed row differs from the sealed one."""
    entry = ListEntry.objects.get(nomination=ready.nominations[0])
    key = next(iter(entry.printed))
    # As if another value had been sealed: the row itself may never be rewritten.
    with pgtrigger.ignore("nominations.ListEntry:list_entry_immutable"):
        ListEntry.objects.filter(pk=entry.pk).update(printed={**entry.printed, key: "原报送内容（演示）"})
    return Correction.objects.create(
        nomination=ready.nominations[0],
        stage=Correction.Stage.CITY,
        answered_version=NominationVersion.objects.get(nomination=ready.nominations[0]),
        reason="请核对名称",
        due_at=DURING,
        needs_seal_page=True,
        opened_by_id=ready.district.officer.user_id,
        opened_at=DURING,
        closed_at=DURING,
    )


def url_of(name: str, world: World, *, bad: bool = False) -> str:
    """The address for the world's own things; with `bad`, for things that never were."""
    no = 987_654_321
    nomination = world.ready.nominations[0].pk if KIND[name] == CITY else world.draft.pk
    document = world.draft.documents.values_list("pk", flat=True).first()
    known: dict[str, object] = {
        "nomination_id": nomination,
        "list_id": world.ready.list.pk,
        "consultation_id": world.consultation.pk,
        "correction_id": world.correction.pk,
        "version_id": world.correction.answered_version_id,
        "document_id": document,
    }
    values = dict.fromkeys(known, no) if bad else known
    values |= {"slot": "self_report", "form": "docx" if name == "request_paper" else "pdf"}
    path = next(p for p in urlpatterns if p.name == name)
    return reverse(f"nominations:{name}", kwargs={key: values[key] for key in path.pattern.converters})


def client_for(name: str, world: World) -> Client:
    return city_browser() if KIND[name] == CITY else browser(world.district.lead)


def takes_id(name: str) -> bool:
    return bool(next(p for p in urlpatterns if p.name == name).pattern.converters)


def test_every_page_opens_for_its_own_actor(world: World) -> None:
    # A submitted list has nothing to preview: its own test is in test_papers.
    wrong = {}
    for name in LOOKS:
        status = client_for(name, world).get(url_of(name, world), follow=True).status_code
        if status != (400 if name == "list_preview" else 200):
            wrong[name] = status
    assert wrong == {}


def test_another_district_finds_nothing(world: World) -> None:
    foreign = browser(make_district("庄河市", year=world.district.round).lead)
    wrong = {}
    for name in [*LOOKS, *BUTTONS]:
        if KIND[name] != CITY and takes_id(name):
            answer = foreign.post(url_of(name, world)) if name in BUTTONS else foreign.get(url_of(name, world))
            if answer.status_code != 404:
                wrong[name] = answer.status_code
    assert wrong == {}


def test_wrong_role_is_refused(world: World) -> None:
    reviewer, officer = city_browser(), browser(world.district.officer)
    auditor = city_browser(Role.AUDITOR)
    wrong = {}
    for name in [*LOOKS, *BUTTONS]:
        strangers = [auditor, officer if KIND[name] == CITY else reviewer]
        if name in {"findings", "scores", "history", "return", "correction_page"}:
            strangers = [auditor]
        for stranger in strangers:
            answer = stranger.post(url_of(name, world)) if name in BUTTONS else stranger.get(url_of(name, world))
            if answer.status_code != 403:
                wrong[name] = answer.status_code
    assert wrong == {}


def test_unknown_id_is_not_found(world: World) -> None:
    wrong = {}
    for name in [*LOOKS, *BUTTONS]:
        if takes_id(name):
            client = client_for(name, world)
            answer = (client.post if name in BUTTONS else client.get)(url_of(name, world, bad=True))
            if answer.status_code != 404:
                wrong[name] = answer.status_code
    assert wrong == {}


def test_buttons_do_nothing_when_looked_at(world: World) -> None:
    found = {name: client_for(name, world).get(url_of(name, world)).status_code for name in BUTTONS}
    assert found == dict.fromkeys(BUTTONS, 405)


def test_typed_text_is_trimmed_before_it_is_stored(world: World) -> None:
    client = browser(world.district.officer)
    data = {"version": world.draft.version, "value": "yes", "reason": "  列入重点用能单位名单（演示）  "}
    client.post(url_of("key_energy", world), data)
    world.draft.refresh_from_db()
    assert world.draft.key_energy_reason == "列入重点用能单位名单（演示）"


def test_applicant_reaches_its_own_pages_and_no_desk(world: World) -> None:
    applicant: Actor = make_actor(Role.APPLICANT, organisation=world.draft.applicant)
    client = browser(applicant)
    own = {name: client.get(url_of(name, world)).status_code for name in LOOKS if KIND[name] == OWN}
    desk = {name: client.get(url_of(name, world)).status_code for name in LOOKS if KIND[name] in {DESK, LIST, PAPER}}
    assert own == dict.fromkeys(own, 200)
    assert desk == dict.fromkeys(desk, 403)


def test_sealed_page_of_a_correction_comes_back(world: World) -> None:
    client = browser(world.district.officer)
    page = client.get(url_of("correction_page", world))
    assert page.content[:5] == b"%PDF-"
    assert "需要盖章的补正页" in client.get(url_of_detail(world)).content.decode()
    upload = SimpleUploadedFile("补正页.pdf", page.content, "application/pdf")
    answer = client.post(url_of("seal_correction", world), {"file": upload}, follow=True)
    assert "二维码核对一致" in answer.content.decode()
    assert "盖章补正页已上传" in client.get(url_of_detail(world)).content.decode()


def url_of_detail(world: World) -> str:
    return reverse("nominations:detail", args=[world.ready.nominations[0].pk])


def test_evaluator_reads_the_nominations_that_name_it_and_no_other(world: World) -> None:
    named = world.ready.nominations[0]
    assert named.evaluator is not None
    mine = browser(make_actor(Role.EVALUATOR, organisation=named.evaluator.organisation))
    other = browser(make_actor(Role.EVALUATOR))
    url = reverse("nominations:named")
    assert named.subject.name in mine.get(url).content.decode()
    assert named.subject.name not in other.get(url).content.decode()
    assert mine.get(url_of_detail(world)).headers["Location"] == reverse("nominations:report", args=[named.pk])
    assert other.get(url_of_detail(world)).status_code in {403, 404}


def test_decision_page_opens_while_a_finding_asks_for_it() -> None:
    ready = ready_list(stage="checked")
    with clock.fixed(DURING):
        decide_all(ready.district)
    url = reverse("nominations:decide", args=[ready.nominations[0].pk, "NO_SUCH_RULE"])
    assert browser(ready.district.officer).get(url).status_code == 409
