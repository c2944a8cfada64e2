"""What was refused is recorded although the business transaction rolled back."""

import uuid

import pytest
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import override_settings
from django.urls import include, path, reverse
from structlog.testing import capture_logs

from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.http import actor_of, roles
from greenportal.accounts.services import invite
from greenportal.audit import services
from greenportal.audit.models import AuditEntry
from greenportal.findings.types import Invalid, NotVisible, Refused, WindowClosed, WrongState
from tests.factories.accounts import make_actor, make_user, sign_in
from tests.factories.directory import make_authority

KINDS = {"refused": Refused, "window": WindowClosed, "state": WrongState, "invalid": Invalid}


def acting(request, kind, token=""):
    """A view whose service records what it did, and then is refused."""
    with transaction.atomic():
        services.record(actor=actor_of(request), action="tests.done", target="tests.thing:1")
        raise NotVisible if kind == "absent" else KINDS[kind]("不能办理，请联系市局。")


@roles(Role.CITY_LEAD)
def for_leads(request):
    return HttpResponse("ok")


urlpatterns = [
    path("acting/<str:kind>/", acting, name="acting"),
    path("linked/<str:kind>/<str:token>/", acting, name="linked"),
    path("leads/", for_leads, name="leads"),
    path("", include("greenportal.urls")),
]


@pytest.fixture
def officer(client, db):
    user = make_user(Role.DISTRICT_OFFICER)
    sign_in(client, user)
    return user


@override_settings(ROOT_URLCONF=__name__)
@pytest.mark.parametrize(("kind", "status"), [("refused", 403), ("window", 403), ("absent", 404)])
def test_a_refusal_stands_though_the_transaction_rolled_back(client, officer, kind, status):
    answer = client.post(f"/acting/{kind}/", REMOTE_ADDR="192.0.2.7")
    assert answer.status_code == status
    rows = list(AuditEntry.objects.all())
    assert [(row.action, row.target, row.result, row.user_id, row.address) for row in rows] == [
        ("http.refused", "view:acting", "refused", officer.pk, "192.0.2.7")
    ]
    assert rows[0].data["path"] == f"/acting/{kind}/"


@override_settings(ROOT_URLCONF=__name__)
@pytest.mark.parametrize(("kind", "status"), [("state", 409), ("invalid", 400)])
def test_a_mistake_is_no_refusal(client, officer, kind, status):
    assert client.post(f"/acting/{kind}/").status_code == status
    assert AuditEntry.objects.count() == 0


@override_settings(ROOT_URLCONF=__name__)
def test_a_page_for_other_roles_is_refused_and_recorded(client, officer):
    answer = client.get("/leads/")
    assert answer.status_code == 403
    assert "本页面供市局负责人使用，您当前的身份是区市县经办人。" in answer.content.decode()
    assert AuditEntry.objects.get().target == "view:leads"


@override_settings(ROOT_URLCONF=__name__)
def test_what_somebody_unknown_did_not_find_is_logged_and_not_kept_for_ever(client, db):
    with capture_logs() as lines:
        for number in range(3):
            assert client.get(f"/nominations/confirm/x{number}/", REMOTE_ADDR="192.0.2.7").status_code == 404
        assert client.get("/acting/absent/").status_code == 404
    counted = [(line["view"], line["address"]) for line in lines if line["event"] == "not_found_anonymous"]
    assert counted == [("nominations:confirm_link", "192.0.2.7")] * 3 + [("acting", "127.0.0.1")]
    assert AuditEntry.objects.count() == 0


@override_settings(ROOT_URLCONF=__name__)
def test_control_the_same_of_somebody_signed_in_and_a_refusal_of_anybody_are_kept(client, officer):
    client.get("/nominations/confirm/x/")
    client.logout()
    client.get("/acting/refused/")
    kept = AuditEntry.objects.filter(action="http.refused").order_by("pk")
    assert [(row.target, row.user_id) for row in kept] == [
        ("view:nominations:confirm_link", officer.pk),
        ("view:acting", None),
    ]


@pytest.mark.django_db(transaction=True)
def test_control_a_refusal_inside_the_business_transaction_would_be_lost_and_is_forbidden():
    with pytest.raises(RuntimeError), transaction.atomic():
        services.record_refusal(actor=Actor.system(), action="x", target="tests.thing:1", reason="x")
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        services.record(actor=Actor.system(), action="x", target="tests.thing:1", result="refused")
        raise ZeroDivisionError
    assert AuditEntry.objects.count() == 0
    services.record_refusal(actor=Actor.system(), action="x", target="tests.thing:1", reason="x")
    assert AuditEntry.objects.count() == 1
    assert not connection.in_atomic_block


class TestTokensOfLinks:
    """A refused link can still be used: whoever reads trail or logs must not find it there."""

    TOKEN = "kJ8_x-" + "Q2v" * 12 + "Z"

    @override_settings(ROOT_URLCONF=__name__)
    @pytest.mark.parametrize("kind", ["refused", "window", "absent"])
    def test_no_entry_of_a_refusal_holds_one(self, client, officer, kind):
        client.post(f"/linked/{kind}/{self.TOKEN}/")
        entry = AuditEntry.objects.get()
        assert (entry.target, entry.data["path"]) == ("view:linked", f"/linked/{kind}/<token>/")
        assert self.TOKEN not in str(AuditEntry.objects.values().get())

    @override_settings(ROOT_URLCONF=__name__)
    def test_control_the_same_entry_holds_what_names_a_thing(self, client, officer):
        client.post(f"/linked/refused/{uuid.UUID(int=7)}/")
        assert AuditEntry.objects.get().data["path"] == f"/linked/refused/{uuid.UUID(int=7)}/"

    def test_an_invitation_refused_to_another_person_stays_out_of_the_trail(self, client, officer):
        city = make_authority("大连市工业和信息化局", kind="city")
        giver = make_actor(Role.SECURITY_ADMIN)
        _, token = invite(
            actor=giver, role=Role.CITY_REVIEWER, email="new@example.com", name="王试", authority_id=city.pk
        )
        typed = {"password": "Abcdef-123456x", "again": "Abcdef-123456x"}
        answer = client.post(reverse("accounts:invitation", args=[token]), typed)
        assert answer.status_code == 403
        entries = list(AuditEntry.objects.filter(action="http.refused"))
        assert [entry.data["path"] for entry in entries] == ["/accounts/invitation/<token>/"]
        assert not [entry for entry in AuditEntry.objects.all() if token in str(entry.data)]
