"""Dynamic tables for tests: a period of the 2022 round, units under a district, complete answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from dynamic_mgmt.models import DynamicTable, ListedUnit, TablePeriod
from dynamic_mgmt.services import filing, periods
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.models import User
from greenportal.directory.models import Authority, Organisation
from greenportal.filings.services import save
from greenportal.rounds.models import Round
from tests.factories.directory import make_authority, make_industry, make_organisation
from tests.factories.dynamic_mgmt import make_listed
from tests.factories.rounds import open_round_2022


@dataclass
class Stage:
    """A district with one unit, its people, and the yearly period."""

    period: TablePeriod
    authority: Authority
    organisation: Organisation
    unit: ListedUnit
    officer: Actor
    unit_actor: Actor

    def table(self) -> DynamicTable:
        return DynamicTable.objects.get(period=self.period, unit=self.unit)


def actor(role: Role, **values: int) -> Actor:
    """Return an actor with a real user behind it."""
    name = f"{role.label}{'-'.join(str(v) for v in values.values())}"
    user, _ = User.objects.get_or_create(username=name, defaults={"name": name[:20]})
    return Actor(role=role, user_id=user.pk, name=name[:20], **values)


def make_stage(district: str = "瓦房店市", *, period: TablePeriod | None = None, **values: Any) -> Stage:
    """Return a district with a listed factory whose table is due."""
    authority = make_authority(district)
    organisation = make_organisation()
    make_industry(str(values.get("industry_code") or "3451"))
    defaults = {"industry_code": "3451", "authority": authority, "organisation": organisation}
    unit = make_listed(organisation.name, **{**defaults, **values})
    if period is None:
        period = TablePeriod.objects.first()
    if period is None:
        lead = actor(Role.CITY_LEAD)
        year = Round.objects.filter(year=2022, state=Round.State.OPEN).first() or open_round_2022()
        period = periods.open_yearly(actor=lead, round_id=year.pk)
    periods.make_due(period_id=period.pk, unit_ids=[unit.pk])
    return Stage(
        period=period,
        authority=authority,
        organisation=organisation,
        unit=unit,
        officer=actor(Role.DISTRICT_OFFICER, authority_id=authority.pk),
        unit_actor=actor(Role.APPLICANT, organisation_id=organisation.pk),
    )


ANSWERS: dict[str, str] = {
    "address": "示例路1号",
    "renamed": "no",
    "major_change": "no",
    "in_production": "yes",
    **{
        f"{key}_exists": "no"
        for key in ("safety", "quality", "environment", "tax", "dishonest", "abnormal", "inspection", "supervision")
    },
    "product_unit": "万套",
    "output_value_y0": "52000",
    "product_output_y0": "260",
    "energy_total_y0": "3120",
    "carbon_total_y0": "8100",
    "water_total_y0": "90000",
    "solid_waste_total_y0": "800",
    "solid_waste_used_y0": "720",
    "solid_waste_stock_y0": "0",
    "land_area_y0": "60000",
    "evidence_energy": "2021年能源统计报表",
    "evidence_carbon": "核算报告",
    "evidence_water": "水费台账",
    "evidence_waste": "固废台账",
}


def fill(who: Actor, table: DynamicTable, **answers: str) -> DynamicTable:
    """Begin a table and type complete answers; `answers` replace some."""
    with transaction.atomic():
        begun = filing.begin(actor=who, table_id=table.pk)
        assert begun.filing is not None
        known = {f.key for f in filing.sheet_of_table(begun).fields()}
        wanted = {key: value for key, value in {**ANSWERS, **answers}.items() if key in known}
        save(filing_id=begun.filing.pk, seen_version=begun.filing.version, changes=wanted, actor=who)
    return DynamicTable.objects.get(pk=table.pk)


def make_filed(stage: Stage, **answers: str) -> DynamicTable:
    """Return the stage's table filed by its unit."""
    table = fill(stage.unit_actor, stage.table(), **answers)
    filing.file_table(actor=stage.unit_actor, table_id=table.pk, seen_version=table.version)
    return stage.table()
