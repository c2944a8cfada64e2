"""Names of the people who evaluated: starred for the city until it says why, like the roster; statements that lack."""

import pytest
from django.test import Client
from django.urls import reverse

from evaluators.models import Engagement, EngagementStep
from evaluators.selectors import working
from evaluators.selectors.reporting import unsigned
from evaluators.services import reporting
from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.audit.models import AuditEntry
from tests.factories.accounts import actor_for, make_user, sign_in
from tests.factories.evaluators import make_engagement, make_evaluator
from tests.factories.files import make_stored
from tests.factories.reporting import complete, make_report
from tests.factories.rounds import DURING

pytestmark = pytest.mark.django_db
NAMES = ("张试验", "欧阳试")
WHY = "核对内部技术审核人员"


@pytest.fixture
def during_the_round():
    """Pages take the running clock: sessions and second factors are of today."""


@pytest.fixture
def project(round_2022):
    row = make_engagement(make_evaluator(), round_2022, state="confirmed")
    EngagementStep.objects.create(engagement=row, step="team", people="\n".join(NAMES), updated_at=clock.now())
    return row


def page(project, user, **posted):
    client = sign_in(Client(), user)
    url = reverse("evaluators:engagement", args=[project.pk])
    return client.post(url, posted) if posted else client.get(url)


def shown(answer):
    return [name in answer.content.decode() for name in NAMES]


def reads():
    return AuditEntry.objects.filter(action="audit.read", data__what="evaluators.team")


def test_the_city_reads_names_only_for_a_reason_that_is_kept(project):
    city = make_user(Role.CITY_REVIEWER)
    masked = page(project, city)
    assert shown(masked) == [False, False]
    assert "张**" in masked.content.decode()
    assert page(project, city, reason=" ").status_code == 400
    assert not reads().exists()
    answer = page(project, city, reason=WHY)
    assert shown(answer) == [True, True]
    assert "no-store" in answer["Cache-Control"]
    assert reads().get().data["reason"] == WHY
    assert shown(page(project, city)) == [False, False]


def test_its_own_people_read_what_they_wrote(project):
    own = make_user(Role.EVALUATOR_ADMIN, organisation=project.evaluator.organisation)
    assert shown(page(project, own)) == [True, True]
    assert not reads().exists()


def test_a_reason_of_anybody_else_opens_nothing(project):
    for user in (
        make_user(Role.EVALUATOR_ADMIN, organisation=make_evaluator().organisation),
        make_user(Role.DISTRICT_OFFICER),
        make_user(Role.APPLICANT),
    ):
        answer = page(project, user, reason=WHY)
        assert answer.status_code in {403, 404}
        assert shown(answer) == [False, False]
    assert not reads().exists()


def test_control_without_the_mask_the_city_reads_them_unasked(project, monkeypatch):
    monkeypatch.setattr(working.masking, "name", lambda text: text)
    assert shown(page(project, make_user(Role.CITY_REVIEWER))) == [True, True]


def test_a_missing_statement_is_told_to_the_body_and_to_the_city(round_2022):
    body = make_evaluator("甲试验评价所")
    own, city = make_user(Role.EVALUATOR_ADMIN, organisation=body.organisation), make_user(Role.CITY_REVIEWER)
    lacking, signed = (make_engagement(body, round_2022, state="confirmed") for _ in range(2))
    Engagement.objects.filter(pk=signed.pk).update(statement=make_stored(kind="evaluators.statement"))
    make_engagement(body, round_2022)
    assert unsigned(body.pk, round_2022.pk) == [(lacking.pk, lacking.subject.name)]
    actor = actor_for(own)
    with clock.fixed(DURING):
        report = make_report(actor, round_2022)
        complete(report, actor)
        reporting.file(actor=actor, report_id=report.pk, seen_version=report.version)
    for user, name in ((own, "report"), (city, "report_desk")):
        shown = sign_in(Client(), user).get(reverse(f"evaluators:{name}", args=[report.pk])).content.decode()
        assert "缺少签字承诺" in shown
        assert reverse("evaluators:engagement", args=[lacking.pk]) in shown
        assert reverse("evaluators:engagement", args=[signed.pk]) not in shown
