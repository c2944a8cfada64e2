"""What is forgotten with time, after the days that the city sets: prints of people who left, proofs with personal data."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from evaluators.constants import CLOCK_REPORT, SCOPE_EVALUATOR
from evaluators.models import CaseEvidence, StaffMember
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.files.services import forget
from greenportal.rounds.models import Round
from greenportal.rounds.selectors import open_round, rulebook_at, window

_ACTOR = Actor.system("人员名册")
#: Of the newest round's rulebook: the days a print is kept after its person left; 0 or absent: nobody has set it.
DAYS = "staff_print_days"
#: The days a registration's proof is kept after it was taken out, or after its closed round's last clock.
FILE_DAYS = "restricted_file_days"


def keep_days(key: str = DAYS) -> int:
    """Return for how many days the things of `key` are kept; 0 while no officer has set it. At most two queries."""
    found = open_round() or Round.objects.order_by("-year", "-id").first()
    number = rulebook_at(found.pk)[0].numbers.get(key) if found is not None else None
    return int(number.value) if number is not None else 0


def forget_prints() -> int:
    """Empty print and last four of the rows of people who left before the period; returns how many rows.

    A person who is still in the same body's roster has not left: earlier rows of the same print stay with it.
    One audit entry per body; unset (`keep_days` 0) forgets nothing. The rows themselves stay: counts of any
    instant rest on them.
    """
    days = keep_days()
    if days <= 0:
        return 0
    before = clock.now() - timedelta(days=days)
    stayed = Q(removed_at=None) | Q(removed_at__gte=before)
    here = StaffMember.objects.filter(stayed, evaluator=OuterRef("evaluator"), id_print=OuterRef("id_print"))
    with transaction.atomic():
        rows = StaffMember.objects.filter(removed_at__lt=before).exclude(id_print="")
        left = rows.exclude(Exists(here))
        by_body: dict[int, list[int]] = {}
        for pk, body in left.order_by("evaluator_id", "pk").values_list("pk", "evaluator_id"):
            by_body.setdefault(body, []).append(pk)
        for body, ids in by_body.items():
            StaffMember.objects.filter(pk__in=ids).update(id_print="", id_tail="")
            record(
                actor=_ACTOR,
                action="evaluators.forget_prints",
                target=f"{SCOPE_EVALUATOR}:{body}",
                data={"count": len(ids), "days": days, "before": before.isoformat()},
            )
    return sum(map(len, by_body.values()))


def forget_proofs() -> int:
    """Remove the bytes of registration proofs whose time is over; returns how many files.

    Over is a proof taken out more than the days ago, and every proof of a closed round whose last clock (the annual
    report's) ended more than the days ago. Names and hashes stay: what was filed cites them. Unset forgets nothing.
    """
    days = keep_days(FILE_DAYS)
    if days <= 0:
        return 0
    now = clock.now()
    before = now - timedelta(days=days)
    rounds = Round.objects.filter(state=Round.State.CLOSED).values_list("pk", flat=True)
    ends = {pk: window(round_id=pk, key=CLOCK_REPORT, authority_id=None, at=now).closes_at for pk in rounds}
    ended = [pk for pk, end in ends.items() if end is not None and end < before]
    over = Q(removed_at__lt=before) | Q(case__round__in=ended)
    rows = CaseEvidence.objects.filter(over, file__expires_at=None).select_related("file").order_by("pk")
    files = {row.file_id: row.file for row in rows}
    for file in files.values():
        forget(actor=Actor.system("证明材料"), file=file, data={"days": days, "before": before.isoformat()})
    return len(files)
