"""The cap at approval: 5,000 evaluations of 400 affiliate groups locked, counted and judged; beside the bare SQL."""

from __future__ import annotations

import itertools

from django.db import connection, transaction

from evaluators.models import AffiliateGroup, AffiliateMember, Engagement, Evaluator
from evaluators.services.counting import lock_groups_of
from greenportal import clock
from greenportal.directory.fictional import fictional_uscc
from greenportal.directory.models import Organisation, Subject
from greenportal.rounds.models import Round
from greenportal.rounds.selectors import rulebook_at
from nominations.models import CityListEntry, Nomination
from nominations.selectors.approval import examine
from tests.bench.counting import queries
from tests.bench.harness import measure, note, scale
from tests.bench.seed import fresh_numbers, the_round
from tests.factories.directory import make_subject
from tests.factories.rounds import DURING

GROUPS, ENGAGEMENTS, PER_GROUP = 400, 5_000, 2
_USCC_FROM = 900_000
_NAME = "试验上限"


def fill() -> None:
    """Entry point: 400 groups of two agencies each, 5,000 evaluations over them; a few groups lie beyond the cap."""
    fresh_numbers()
    groups, total = scale(GROUPS, least=8), scale(ENGAGEMENTS, least=100)
    with clock.fixed(DURING):
        now = clock.now()
        year = the_round()
        cap = rulebook_at(year.pk)[0].cap
        firms = Organisation.objects.bulk_create(
            Organisation(uscc=fictional_uscc(_USCC_FROM + n), name=f"{_NAME}机构{n}", created_at=now)
            for n in range(groups * PER_GROUP)
        )
        bodies = Evaluator.objects.bulk_create(Evaluator(organisation=firm, created_at=now) for firm in firms)
        rows = AffiliateGroup.objects.bulk_create(
            AffiliateGroup(name=f"{_NAME}组{n}", created_at=now) for n in range(groups)
        )
        AffiliateMember.objects.bulk_create(
            AffiliateMember(group=rows[n // PER_GROUP], evaluator=body, created_at=now) for n, body in enumerate(bodies)
        )
        template = make_subject()
        subjects = Subject.objects.bulk_create(
            Subject(
                organisation_id=template.organisation_id,
                kind=template.kind,
                name=f"{_NAME}厂区{n}",
                authority_id=template.authority_id,
                created_at=now,
            )
            for n in range(total)
        )
        # The first groups get one more than their share in turn, so that some lie beyond the cap.
        places = itertools.chain(
            itertools.islice(itertools.cycle(range(4)), min(80, total)), itertools.cycle(range(groups))
        )
        ordinals: dict[int, int] = {}
        engagements = []
        for subject, place in zip(subjects, places, strict=False):
            ordinal = ordinals[place] = ordinals.get(place, 0) + 1
            engagements.append(
                Engagement(
                    evaluator=bodies[place * PER_GROUP + ordinal % PER_GROUP],
                    group=rows[place],
                    round=year,
                    subject=subject,
                    category="factory",
                    state="confirmed",
                    ordinal=ordinal,
                    over_cap=ordinal > cap,
                    claimed_at=now,
                )
            )
        Engagement.objects.bulk_create(engagements, batch_size=1_000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def ours() -> None:
    """Lock the groups, load what is on the list and judge it as `services.approving` does, without the rules."""
    year = Round.objects.get()
    book, _ = rulebook_at(year.pk)
    mine = list(Engagement.objects.filter(subject__name__startswith=_NAME).values_list("pk", "evaluator_id"))
    nominations = {
        pk: Nomination(
            pk=pk, engagement_id=pk, evaluator_id=body, state="accepted", category="factory", subject=Subject()
        )
        for pk, body in mine
    }
    entries = [CityListEntry(nomination=row, category="factory", position=pk) for pk, row in nominations.items()]
    with measure(), transaction.atomic(), queries() as counter:
        lock_groups_of(body for _, body in mine)
        found = examine(entries, nominations=nominations, findings={}, book=book)
    over = sum(line.over for line in found.groups)
    note(f"{len(mine)} evaluations, {len(found.groups)} groups, {over} beyond the cap, {counter.count} queries")


def bare() -> None:
    """The same locks and counts in two statements of SQL."""
    year = Round.objects.get()
    cap = rulebook_at(year.pk)[0].cap
    with connection.cursor() as cursor, measure(), transaction.atomic():
        cursor.execute(
            "SELECT id FROM evaluators_affiliategroup WHERE id IN (SELECT group_id FROM evaluators_engagement"
            " WHERE round_id = %s AND ordinal IS NOT NULL) ORDER BY id FOR UPDATE",
            [year.pk],
        )
        cursor.fetchall()
        cursor.execute(
            "SELECT group_id, count(*), array_agg(id) FILTER (WHERE over_cap) FROM evaluators_engagement"
            " WHERE round_id = %s AND ordinal IS NOT NULL GROUP BY group_id",
            [year.pk],
        )
        [row for row in cursor.fetchall() if row[1] > cap]
