"""Eligibility: facts of ten thousand nominations from the database and all rules; beside the same rows read bare."""

from __future__ import annotations

import time

from greenportal import clock
from greenportal.rounds.models import Round
from greenportal.rounds.selectors import rulebook_at
from nominations.eligibility.engine import evaluate
from nominations.models import ConsultationItem, Nomination, NominationDocument, NominationSheet
from nominations.selectors import facts
from tests.bench.counting import queries
from tests.bench.harness import measure, note
from tests.bench.seed import BASE
from tests.factories.rounds import DURING

CHUNK = 1_000
#: How many are read once before the time runs, on both sides alike.
WARM = 8
COLUMNS = ["pk", "category", "standard", "industry_standard", "key_energy_user", "key_energy_reason"]
COLUMNS += ["subject__name", "applicant__name", "applicant__uscc", "applicant__legal_representative"]
COLUMNS += ["authority__name", "industry_id", "evaluator_id", "engagement__state", "engagement__ordinal"]


def _chunks() -> list[list[int]]:
    ids = list(Nomination.objects.filter(pk__gt=BASE).order_by("pk").values_list("pk", flat=True))
    return [ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK)]


def ours() -> None:
    """Facts by the selectors, rules by the engine, a thousand at a time."""
    chunks = _chunks()
    rulebook, _ = rulebook_at(Round.objects.get().pk)
    # The first eight once before, on both sides; definitions are then in memory, as in a worker that runs since yesterday.
    facts.load(chunks[0][:WARM], as_of=DURING)
    asked: set[int] = set()
    found = 0
    with clock.fixed(DURING), measure():
        for ids in chunks:
            with queries() as counter:
                for fact in facts.load(ids, as_of=DURING):
                    found += len(evaluate(fact, rulebook))
            asked.add(counter.count)
    if len(asked) != 1:
        raise RuntimeError(f"the number of queries per {CHUNK} is not constant: {sorted(asked)}")
    note(f"{sum(map(len, chunks))} nominations, {found} findings, {asked.pop()} queries per {CHUNK}")


def bare() -> None:
    """The same rows by values_list: nominations with their joins, answers, documents with files, opinions."""
    chunks = _chunks()
    _read(chunks[0][:WARM])
    with measure():
        for ids in chunks:
            _read(ids)


def _read(ids: list[int]) -> None:
    list(Nomination.objects.filter(pk__in=ids).values_list(*COLUMNS))
    list(NominationSheet.objects.filter(nomination__in=ids).values_list("nomination", "filing__answers"))
    live = NominationDocument.objects.filter(nomination__in=ids, removed_at=None)
    list(live.values_list("nomination", "slot", "issued_on", "file__sha256", "file__pages"))
    list(ConsultationItem.objects.filter(nomination__in=ids).values_list("nomination", "opinion"))


def rules_only() -> None:
    """The rules alone, facts at hand; the rate is of processor time, as other work shares the machine."""
    rulebook, _ = rulebook_at(Round.objects.get().pk)
    loaded = [fact for ids in _chunks() for fact in facts.load(ids, as_of=DURING)]
    evaluate(loaded[0], rulebook)
    began = time.process_time()
    with measure():
        for fact in loaded:
            evaluate(fact, rulebook)
    spent = time.process_time() - began
    note(f"{len(loaded)} nominations, {len(loaded) / spent:.0f} per second of one core")
