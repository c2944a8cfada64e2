"""The later stages, played once with the applicants of the three districts that submit."""

from __future__ import annotations

import pytest
from django.db.models import Q

from greenportal.audit.services import verify
from greenportal.filings.models import FieldComment
from greenportal.rounds.models import Round
from nominations.demo.sending import corrected, submitted
from nominations.models import Correction, Nomination, Packet, PaperCount, SealScan, Submission

pytestmark = [pytest.mark.slow, pytest.mark.django_db, pytest.mark.xdist_group("demo")]


def test_three_lists_are_submitted_with_receipts(sent):
    receipts = Submission.objects.order_by("serial").values_list("receipt_no", "submitted_by__username")
    assert list(receipts) == [("DL2022-0001", "wfd-lead"), ("DL2022-0002", "jz-lead"), ("DL2022-0003", "zh-lead")]
    assert SealScan.objects.filter(correction=None).count() == 3
    assert Packet.objects.count() == 3


def test_packets_are_ready_and_their_printed_list_is_read_as_the_seal(sent):
    assert not Packet.objects.filter(ready_at=None).exists()
    assert set(SealScan.objects.values_list("method", flat=True)) == {SealScan.Method.CODE}


def test_one_return_is_answered_by_a_change_and_by_a_reason(sent):
    correction = Correction.objects.get(stage=Correction.Stage.CITY)
    assert correction.answered_version.number == 2
    assert correction.nomination.state == "corrected"
    answers = FieldComment.objects.filter(correction_id=correction.pk).values_list("answer", flat=True)
    assert sorted(answers) == ["changed", "explained"]


def test_one_list_is_accepted_with_its_paper_counted(sent):
    count = PaperCount.objects.get()
    assert (count.copies, count.matches, count.list.state) == (2, True, "accepted")
    assert set(
        count.list.nominations.filter(Q(entries__list_version__submission__isnull=False)).values_list(
            "state", flat=True
        )
    ) == {"accepted"}


def test_audit_trail_is_whole_after_all_stages(sent):
    assert verify() == []


def test_later_stages_again_change_nothing(sent):
    year = Round.objects.get()
    before = list(Nomination.objects.order_by("pk").values_list("pk", "state", "version"))
    lines: list[str] = []
    submitted(year, lines.append)
    corrected(year, lines.append)
    assert lines == ["补正已载入，不再重复。"]
    assert list(Nomination.objects.order_by("pk").values_list("pk", "state", "version")) == before
