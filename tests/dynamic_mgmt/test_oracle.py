"""The national totals as published, reached by pushing fictional units through the services, batch by batch.

Oracle: counts per batch (reference_data.md §5.1) and removals and renames per yearly list
(evaluators_dynamic.md §2.3), kept in dynamic_mgmt/data. What does not add up is kept as a note.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date

import pytest

from dynamic_mgmt.models import ListedUnit, UnitName
from dynamic_mgmt.selectors.lists import totals
from dynamic_mgmt.services import import_listed
from dynamic_mgmt.services.importing import DATA
from dynamic_mgmt.services.removing import confirm_removals, propose_removals
from dynamic_mgmt.services.renaming import confirm_renames, propose_published_renames
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.directory.tables import Row

pytestmark = pytest.mark.django_db
COLUMNS = {"factory": "factories", "product": "products", "park": "parks", "supply_chain": "supply_chains"}
WORDS = {
    "factory": "绿色工厂",
    "product": "绿色设计产品",
    "park": "绿色工业园区",
    "supply_chain": "绿色供应链管理企业",
}
#: Sums of the batches less the removals; of factories and supply chains they equal the published totals.
SUMS = {
    "7": {"factory": 3616, "product": 3730, "park": 268, "supply_chain": 403},
    "8": {"factory": 5095, "product": 3730, "park": 372, "supply_chain": 605},
    "9": {"factory": 6430, "product": 3730, "park": 492, "supply_chain": 727},
    "10": {"factory": 8336, "product": 3730, "park": 617, "supply_chain": 727},
}


def table(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


BATCHES = table("national_batches.csv")
CHANGES = {row["batch"]: row for row in table("national_totals.csv")}
_SYLLABLES = "安宝昌诚达德鼎东方丰福富光广国海汉浩恒宏华辉汇吉佳嘉建江金锦京晶景久巨凯康科乐利联亮林隆龙明铭"


def spelled(number: int) -> str:
    """Return a fictional name in which no two numbers look alike: four syllables, each said twice."""
    said = ""
    for _ in range(4):
        number, digit = divmod(number, len(_SYLLABLES))
        said += _SYLLABLES[digit] * 2
    return f"虚构{said}有限公司"


def rows_of(batch: dict[str, str], category: str, count: int) -> Iterator[Row]:
    start = int(batch["batch"]) * 10_000 + list(COLUMNS).index(category) * 2_500
    for number in range(count):
        yield Row(
            number + 2,
            {
                "category": f"{WORDS[category]}(国家级)",
                "batch": f"第{batch['batch']}批",
                "year": batch["list_year"],
                "name": spelled(start + number),
                "model": "虚构型号A、虚构型号B" if category == "product" else "",
                "province": "辽宁省",
            },
        )


def scaled(text: str, divisor: int) -> int:
    return -(-int(text or 0) // divisor)


def walk(officer: Actor, lead: Actor, divisor: int) -> Iterator[tuple[str, dict[str, int]]]:
    """Bring in batch after batch with what each yearly document removed and renamed; yield the totals after each."""
    expected = dict.fromkeys(COLUMNS, 0)
    for batch in BATCHES:
        for category, column in COLUMNS.items():
            count = scaled(batch[column], divisor)
            expected[category] += count
            done = import_listed(actor=officer, rows=rows_of(batch, category, count), source="虚构名单")
            assert (done.new, done.doubts, done.problems) == (count, (), ())
        if change := CHANGES.get(batch["batch"]):
            before = totals(level="national")
            rename(officer, lead, change, divisor)
            assert totals(level="national") == before, "a rename keeps the count"
            for category, column in COLUMNS.items():
                gone = scaled(change[f"removed_{column}"], divisor)
                remove(officer, lead, change, category, gone)
                expected[category] -= gone
        yield batch["batch"], dict(expected)


def active(category: str | None = None) -> list[int]:
    rows = ListedUnit.objects.filter(removed_on=None, renamed_to="")
    return list((rows.filter(category=category) if category else rows).order_by("pk").values_list("pk", flat=True))


def rename(officer: Actor, lead: Actor, change: dict[str, str], divisor: int) -> None:
    ids = active()[:: max(1, divisor // 4)][: scaled(change["renamed"], divisor)]
    start = 300_000 + int(change["batch"]) * 1_000
    made = propose_published_renames(
        actor=officer,
        items={pk: spelled(start + number) for number, pk in enumerate(ids)},
        changed_on=date.fromisoformat(change["decided_on"]),
        document_no=change["document_no"],
    )
    confirm_renames(actor=lead, change_ids=[row.pk for row in made])


def remove(officer: Actor, lead: Actor, change: dict[str, str], category: str, count: int) -> None:
    if not count:
        return
    made = propose_removals(
        actor=officer,
        unit_ids=active(category)[-count:],
        removed_on=date.fromisoformat(change["decided_on"]),
        reason="虚构：不再符合要求",
        document_no=change["document_no"],
    )
    confirm_removals(actor=lead, proposal_ids=[row.pk for row in made])


@pytest.fixture(autouse=True)
def long_after() -> Iterator[None]:
    with clock.fixed(clock.local_instant(date(2026, 11, 25))):
        yield


def test_a_scaled_register_follows_its_batches_removals_and_renames(reviewer, lead):
    for batch, expected in walk(reviewer, lead, 100):
        assert totals(level="national") == expected, batch
    assert UnitName.objects.count() == sum(scaled(row["renamed"], 100) for row in CHANGES.values())
    assert ListedUnit.objects.exclude(renamed_to="").filter(list_year=None).count() == 0


@pytest.mark.slow
def test_the_published_national_totals_come_out_of_the_register(reviewer, lead):
    days = {}
    for batch, expected in walk(reviewer, lead, 1):
        if batch in SUMS:
            assert totals(level="national") == expected == SUMS[batch]
            days[batch] = date.fromisoformat(CHANGES[batch]["decided_on"])
    for batch, day in days.items():
        assert totals(level="national", as_of=day) == SUMS[batch], "the past is still there"
    assert UnitName.objects.count() == 104 + 46 + 230 + 104


def test_what_does_not_add_up_is_a_note():
    for batch, row in CHANGES.items():
        assert row["official_factories"] in {"", str(SUMS[batch]["factory"])}
        assert row["official_supply_chains"] in {"", str(SUMS[batch]["supply_chain"])}
        if row["official_parks"]:
            assert SUMS[batch]["park"] - int(row["official_parks"]) == 1 and "多1" in row["note"]
    assert sum(int(row["products"]) for row in BATCHES[:2]) == 246 and "247" in BATCHES[1]["note"]


def test_the_publication_year_is_not_the_list_year(reviewer):
    import_listed(actor=reviewer, rows=[*rows_of(BATCHES[5], "factory", 1), *rows_of(BATCHES[1], "park", 1)], source="")
    units = {unit.batch: unit for unit in ListedUnit.objects.all()}
    assert (units["6"].list_year, units["6"].publication_year) == (2021, 2022)
    assert (units["2"].list_year, units["2"].publication_year, units["2"].listed_on) == (2018, 2018, None)
    assert units["6"].product_models == ()
