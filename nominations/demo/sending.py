"""Stages `submitted` and `corrected`: three districts finalise, seal and submit; the city returns, receives, accepts."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.files.models import StoredFile
from greenportal.files.services import open_path, receive
from greenportal.filings.models import FieldComment
from greenportal.filings.services import answer_comment
from greenportal.findings.types import Finding
from greenportal.jobs import runner
from greenportal.rounds.models import Round
from nominations.constants import FILE_SCAN
from nominations.demo import people, playing
from nominations.demo.fiction import DISTRICT_NAMES
from nominations.demo.opening import Say, at
from nominations.demo.reports import ReportSpec, make_reports
from nominations.models import CityList, Correction, Nomination, Packet, RecommendationList, Submission
from nominations.selectors.decisions import latest_decisions, seen_of, undecided
from nominations.services import (
    accepting,
    approving,
    correcting,
    deciding,
    finalising,
    rechecking,
    returning,
    sealing,
    submitting,
)
from nominations.services.returning import CommentDraft
from nominations.states import NominationState

#: Who submits: the tutorial's district waits for review, the second gets a return, the third is accepted.
SENDERS = ("210281", "210213", "210283")
RETURNED, ACCEPTED = "210213", "210283"
_LIST_PDF = "01-附件1-推荐汇总表.pdf"


def the_list(year: Round, district: str) -> RecommendationList | None:
    """Return the list of a district as stored now."""
    return RecommendationList.objects.filter(round=year, authority__code=people.authority_code(district)).first()


def submitted(year: Round, say: Say, districts: Sequence[str] = SENDERS) -> None:
    """Bring the lists of the districts to the city, each with packet, sealed scan and receipt; safe to repeat."""
    for number, district in enumerate(districts):
        row = the_list(year, district)
        if row is None or Submission.objects.filter(list=row).exists():
            continue
        officer, lead = (people.actor_named(f"{people.PREFIXES[district]}-{who}") for who in ("officer", "lead"))
        say(f"{DISTRICT_NAMES[district]}：定稿、生成申报材料、上传盖章件、报送 …")
        with clock.fixed(at(10, 9, 9, number)):
            _decide(row, officer)
            row.refresh_from_db()
            version = finalising.finalise(
                actor=officer, list_id=row.pk, seen_version=row.version, contact="示例·经办人", phone="0411-85550100"
            )
        _make_packet(version.pk)
        with clock.fixed(at(10, 9, 14, number)):
            _seal(row, officer)
            row.refresh_from_db()
        with clock.fixed(at(10, 9, 16, number)), _unbounded_skew():
            receipt = submitting.submit(actor=lead, list_id=row.pk, seen_version=row.version)
        say(f"  回执编号{receipt.receipt_no}")


class _unbounded_skew:  # noqa: N801 - used like a function
    """Let the receipt of a replayed round be years away from the database's clock, on this connection only."""

    def __enter__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('greenportal.max_skew', 'off', false)")

    def __exit__(self, *_: object) -> None:
        """Leave it: the connection ends with the command."""


def _decide(row: RecommendationList, officer: Actor) -> None:
    """Keep, in writing, every checked nomination that a 原则上 finding asks about."""
    mine = Nomination.objects.filter(round_id=row.round_id, authority_id=row.authority_id)
    ids = list(mine.filter(state=NominationState.CHECKED).order_by("pk").values_list("pk", flat=True))
    rechecking.recheck(nomination_ids=ids)
    for nomination in Nomination.objects.filter(pk__in=ids).select_related("last_check").order_by("pk"):
        run = nomination.last_check
        found = [Finding.from_json(finding) for finding in run.findings] if run else []
        for finding in undecided(found, latest_decisions([nomination.pk]).get(nomination.pk, {})):
            nomination.refresh_from_db()
            deciding.decide(
                actor=officer,
                nomination_id=nomination.pk,
                seen_version=nomination.version,
                seen_facts=seen_of(finding),
                rule=finding.rule,
                keep=True,
                reason="演示：已现场核实，企业承诺整改并提交证明，同意推荐。",
            )


def _make_packet(list_version_id: int) -> None:
    """Run the packet's job here; a worker that was faster has it already."""
    packet = Packet.objects.get(list_version_id=list_version_id)
    if packet.job_id is not None and packet.ready_at is None:
        runner.run(packet.job_id, heartbeat=not connection.in_atomic_block)


def _seal(row: RecommendationList, officer: Actor) -> None:
    """Upload the list as if printed, sealed and scanned: its code is read; without a packet the officer's word stands."""
    row.refresh_from_db()
    file = receive(
        actor=officer,
        upload=SimpleUploadedFile("推荐汇总表（盖章）.pdf", _scan(row), "application/pdf"),
        kind=FILE_SCAN,
        accept=["pdf", "image"],
        owner_authority_id=officer.authority_id,
    )
    sealing.seal(
        actor=officer,
        list_id=row.pk,
        seen_version=row.version,
        file_id=file.pk,
        declared_reason="演示：已逐页核对，与当前版本一致",
    )


def _scan(row: RecommendationList) -> bytes:
    """Return the pages of 附件1 from the packet, else a stand-in that bears no code."""
    packet = Packet.objects.filter(list_version=row.current, ready_at__isnull=False).first()
    listed = next((f for f in packet.manifest["files"] if f["name"] == _LIST_PDF), None) if packet else None
    if listed is not None:
        stored = StoredFile.objects.filter(served_sha256=listed["sha256"]).order_by("created_at").first()
        if stored is not None:
            with open_path(stored) as path:
                return path.read_bytes()
    spec = ReportSpec("scan", "推荐汇总表", row.authority.name, "演示盖章件", pages=2)
    _, pdf = next(make_reports([spec]))
    return pdf


def corrected(year: Round, say: Say) -> None:
    """One return answered, one nomination accepted, one list accepted and its paper counted; safe to repeat."""
    if Correction.objects.filter(nomination__round=year, stage=Correction.Stage.CITY).exists():
        say("补正已载入，不再重复。")
        return
    reviewer = people.actor_named("dl-reviewer")
    returned, accepted = the_list(year, RETURNED), the_list(year, ACCEPTED)
    if returned is not None:
        say("市局退回一项申报，申报单位补正；接收另一项 …")
        _return_and_correct(returned, reviewer)
    if accepted is not None:
        say("市局接收一份推荐汇总表并清点纸质材料 …")
        _accept_all(accepted, reviewer)


def _sent(row: RecommendationList) -> list[Nomination]:
    return list(row.nominations.filter(state=NominationState.SUBMITTED).order_by("category", "rank", "pk"))


def _return_and_correct(row: RecommendationList, reviewer: Actor) -> None:
    first, *others = _sent(row)
    officer = people.actor_named(f"{people.PREFIXES[RETURNED]}-officer")
    with clock.fixed(at(10, 10, 8)):
        correction = returning.return_by_city(
            actor=reviewer,
            nomination_id=first.pk,
            seen_version=first.version,
            reason="部分内容需要补充说明，请按意见补正。",
            due_at=clock.end_of(at(10, 17).date()),
            comments=_city_comments(first),
        )
    with clock.fixed(at(10, 10, 8, 20)):
        playing.change_profile(first, officer, "补充：节能改造项目三项，均已通过验收（演示）。")
        _explain(correction, officer)
        playing.confirm_content(first, officer)
        first.refresh_from_db()
        correcting.correct(actor=officer, nomination_id=first.pk, seen_version=first.version)
    if others:
        with clock.fixed(at(10, 10, 8, 30)):
            accepting.accept(actor=reviewer, nomination_id=others[0].pk, seen_version=others[0].version)


def _city_comments(nomination: Nomination) -> list[CommentDraft]:
    evidence = CommentDraft(
        path="document:self_report",
        label="自评价报告",
        kind=FieldComment.Kind.values[0],
        text="请说明附表中计量器具配备率的统计口径。",
        clause="通知 一、末段",
    )
    return [playing.profile_comment(nomination.category, "请列出近三年节能改造项目。"), evidence]


def _explain(correction: Correction, actor: Actor) -> None:
    """Answer the remark at the document by a reason; the one at the text is answered by its change."""
    comment = FieldComment.objects.get(correction_id=correction.pk, path="document:self_report")
    answer_comment(
        comment_id=comment.pk,
        answer=FieldComment.Answer.EXPLAINED,
        text="口径为次级用能单位应配台数，报告第3章已列明，未作修改（演示）。",
        actor=actor,
    )


def _accept_all(row: RecommendationList, reviewer: Actor) -> None:
    with clock.fixed(at(10, 10, 8, 40)):
        for nomination in _sent(row):
            accepting.accept(actor=reviewer, nomination_id=nomination.pk, seen_version=nomination.version)
        row.refresh_from_db()
        sha = row.submission.list_version.sha256
        accepting.count_paper(actor=reviewer, list_id=row.pk, copies=2, hash_seen=sha[:16], note="演示：一式两份")
        accepting.accept_list(actor=reviewer, list_id=row.pk, seen_version=row.version)
        if not CityList.objects.filter(round=row.round_id).exists():
            # It waits for the city lead, who approves it or sees what stands in the way.
            approving.prepare(actor=reviewer, round_id=row.round_id, left_out={})
