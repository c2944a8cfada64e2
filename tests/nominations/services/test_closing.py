"""What the clock does by itself: reminders once each, and at closing every district hears how it stands."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.jobs.models import Job
from greenportal.mail.models import OutboxMail
from greenportal.mail.services import rendered
from greenportal.rounds import services as rounds
from nominations.models import DeadlineMark
from nominations.services import (
    closing,
)
from tests.factories import nominations as make
from tests.factories.accounts import make_actor

pytestmark = pytest.mark.django_db
CLOSES = clock.local_instant(date(2022, 10, 16))


@pytest.mark.parametrize(
    ("before", "mark"),
    [
        (timedelta(days=14, seconds=1), ""),
        (timedelta(days=14), "T-14d"),
        (timedelta(days=7), "T-7d"),
        (timedelta(days=3), "T-3d"),
        (timedelta(days=1), "T-1d"),
        (timedelta(hours=2, seconds=1), "T-1d"),
        (timedelta(hours=2), "T-2h"),
        (timedelta(0), "closed"),
        (timedelta(days=-1), "closed"),
        (timedelta(days=-2), ""),
    ],
)
def test_the_mark_of_an_instant(before, mark):
    assert closing.due_mark(CLOSES, CLOSES - before) == mark


def test_each_reminder_is_sent_once_and_rechecks(district):
    make.make_draft(district)
    with clock.fixed(CLOSES - timedelta(days=3)):
        assert [closing.keep_time(), closing.keep_time()] == [1, 0]
    assert DeadlineMark.objects.get().mark == "T-3d"
    assert Job.objects.filter(kind=closing.JOB_RECHECK, dedupe_key__startswith="T-3d:").count() == 1
    mails = OutboxMail.objects.filter(template="list_reminder")
    assert mails.count() == 2
    assert mails[0].context["count"] == 1


def test_at_closing_the_district_hears_what_it_left_out(district):
    make.ready_list(district, stage="submitted")
    left = make.make_draft(district)
    with clock.fixed(CLOSES):
        closing.keep_time()
        closing.keep_time()
    mail = OutboxMail.objects.filter(template="list_closed")
    assert mail.count() == 2
    assert [i["subject"] for i in mail[0].context["items"]] == [left.subject.name]


def test_every_district_hears_at_closing_how_it_stands(district):
    make.ready_list(district, stage="submitted")
    idle = make.make_district("庄河市", year=district.round)
    with clock.fixed(CLOSES):
        assert [closing.keep_time(), closing.keep_time()] == [2, 0]
    mails = OutboxMail.objects.filter(template="list_closed")
    heard = {authority: [] for authority in (district.authority.pk, idle.authority.pk)}
    for mail in mails:
        heard[int(mail.event.split(":")[2])].append(rendered(mail))
    assert [len(texts) for texts in heard.values()] == [2, 2]
    assert {text.subject for text in heard[district.authority.pk]} == {"报送已截止：1项申报已全部报送"}
    assert {text.subject for text in heard[idle.authority.pk]} == {"报送已截止：本区市县未报送"}
    assert "请联系市局办理延期" in heard[idle.authority.pk][0].body


def test_an_extension_starts_its_own_marks(district):
    make.make_draft(district)
    with clock.fixed(CLOSES - timedelta(hours=1)):
        assert closing.keep_time() == 1
    rounds.grant_extension(
        actor=make_actor(Role.CITY_LEAD),
        round_id=district.round.pk,
        key="nominations.submit",
        authority_id=district.authority.pk,
        until=CLOSES + timedelta(days=1),
        document_no="大工信函〔2022〕88号",
        reason="停电",
    )
    with clock.fixed(CLOSES):
        assert closing.keep_time() == 1
    assert sorted(DeadlineMark.objects.values_list("mark", flat=True)) == ["T-1d", "T-2h"]
