"""Who may stop the background work of nominations: seeing it is not enough."""

from __future__ import annotations

import pytest

from greenportal.findings.types import NotVisible, Refused
from greenportal.jobs import registry, services
from greenportal.jobs.models import Job
from nominations.constants import JOB_CHANGED, JOB_PACKET, JOB_RECHECK, SCOPE_LIST, SCOPE_NOMINATION
from tests.factories import nominations as make
from tests.factories.jobs import make_job

pytestmark = pytest.mark.django_db


@pytest.fixture
def submitted():
    """A submitted list and the open job of its packet, asked for by its district's officer."""
    ready = make.ready_list(stage="submitted")
    job = make_job(JOB_PACKET, created_by_id=ready.district.officer.user_id, scope=SCOPE_LIST, scope_id=ready.list.pk)
    return ready, job


def test_the_city_watches_a_districts_packet_and_cannot_stop_it(submitted):
    _, job = submitted
    with pytest.raises(Refused, match="由发起单位决定"):
        services.cancel(actor=make.make_city(), job_id=job.pk)
    job.refresh_from_db()
    assert (job.state, job.cancel_requested) == (Job.State.DUE, False)


def test_control_the_lead_of_the_same_district_stops_what_the_officer_asked_for(submitted):
    ready, job = submitted
    assert services.cancel(actor=ready.district.lead, job_id=job.pk).state == Job.State.CANCELLED


def test_another_district_does_not_even_see_it(submitted):
    ready, job = submitted
    other = make.make_district("庄河市", year=ready.district.round)
    with pytest.raises(NotVisible):
        services.cancel(actor=other.officer, job_id=job.pk)


@pytest.mark.parametrize("kind", [JOB_RECHECK, JOB_CHANGED])
def test_nobody_stops_a_recheck_not_even_who_caused_it(kind):
    nomination = make.make_draft(make.make_district())
    applicant = make.applicant_of(nomination)
    job = make_job(kind, created_by_id=applicant.user_id, scope=SCOPE_NOMINATION, scope_id=nomination.pk)
    with pytest.raises(Refused):
        services.cancel(actor=applicant, job_id=job.pk)
    assert registry.kind_of(JOB_PACKET).stoppable
