"""Last year's nominations of the same subjects, for rules that hold figures against the year before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nominations.constants import Category
from nominations.models import Nomination
from nominations.selectors.content import Content, contents
from nominations.states import NominationState

#: Factories state the year before in their report, parks three years: only these have no such place.
_ASKED = (Category.PRODUCT, Category.SUPPLY_CHAIN)


def last_years(rows: Sequence[Nomination], *, year: int) -> Mapping[int, Content]:
    """Return nomination id → content of the same subject's nomination in the year before `year`.

    No query without a product or a supply chain; one where none was nominated, four where some were.
    """
    asked = {(n.subject_id, n.category): n.pk for n in rows if n.category in _ASKED}
    if not asked:
        return {}
    subjects = {subject for subject, _ in asked}
    earlier = Nomination.objects.filter(round__year=year - 1, subject_id__in=subjects).exclude(
        state=NominationState.WITHDRAWN
    )
    found = {
        asked[subject, category]: pk
        for pk, subject, category in earlier.order_by("pk").values_list("pk", "subject_id", "category")
        if (subject, category) in asked
    }
    held = contents(sorted(found.values())) if found else {}
    return {pk: held[before] for pk, before in found.items()}
