"""The register at its stages: a rename decided and one that waits, a re-check, incidents, a doubtful match, a removal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from dynamic_mgmt.constants import HOME_CITY, HOME_PROVINCE
from dynamic_mgmt.models import Incident, ListedUnit, UnitChange
from dynamic_mgmt.services import import_listed, propose_removal
from dynamic_mgmt.services.incidents import Told, correct_incident, decide_incident, report_incident
from dynamic_mgmt.services.renaming import ChangeTold, decide_change, propose_change
from greenportal.accounts.actors import Actor
from greenportal.directory.models import Authority
from greenportal.directory.tables import Row

PROOF = "演示证明（虚构）"
NAMES = (
    "大连演示澜沧机床有限公司",
    "大连演示砚山电机有限公司",
    "大连演示屏南化工有限公司",
    "大连演示若水制药有限公司",
    "大连演示云帆船舶配件有限公司",
)


def fill(*, system: Actor, officer: Actor, reviewer: Actor, lead: Actor) -> None:
    """Put the fictional units under the officer's district and carry them to their stages; done once."""
    if ListedUnit.objects.filter(name_as_listed=NAMES[0]).exists():
        return
    district = Authority.objects.get(pk=officer.authority_id or 0)
    import_listed(
        actor=system, rows=[_row(n, name, district.name) for n, name in enumerate(NAMES, start=2)], source=PROOF
    )
    units = [ListedUnit.objects.get(name_as_listed=name) for name in NAMES]
    _changes(units, officer, lead)
    _incidents(units, officer, reviewer)
    propose_removal(
        actor=reviewer, unit_id=units[4].pk, removed_on=date(2022, 9, 1), reason="演示：不再符合要求", document_no=PROOF
    )
    # A second look at the list prints one name otherwise: a person is asked whether it is the same unit.
    again = _row(2, "大连演示屏南化工股份有限公司", district.name)
    import_listed(actor=system, rows=[again], source="演示：另一来源的名单")


def _row(number: int, name: str, district: str) -> Row:
    return Row(
        number,
        {
            "category": "绿色工厂(国家级)",
            "batch": "第4批",
            "year": "2019",
            "name": name,
            "province": HOME_PROVINCE,
            "city": HOME_CITY,
            "district": district,
            "source": "演示",
        },
    )


def _changes(units: Sequence[ListedUnit], officer: Actor, lead: Actor) -> None:
    """One rename confirmed, one that waits, one merger that waits for its re-check."""
    done = _propose(officer, units[0], kind="rename", new_name="大连演示澜沧智能机床有限公司")
    decide_change(actor=lead, change_id=done.pk, seen_version=done.version, accept=True)
    _propose(officer, units[1], kind="rename", new_name="大连演示砚山动力有限公司")
    merger = _propose(officer, units[3], kind="merger", text="演示：吸收合并同城另一虚构企业，新增一条生产线。")
    decide_change(actor=lead, change_id=merger.pk, seen_version=merger.version, accept=True)


def _propose(actor: Actor, unit: ListedUnit, *, kind: str, new_name: str = "", text: str = "") -> UnitChange:
    told = ChangeTold(kind=kind, changed_on=date(2022, 6, 1), new_name=new_name, text=text, document_no=PROOF)
    return propose_change(actor=actor, unit_id=unit.pk, told=told)


def _incidents(units: Sequence[ListedUnit], officer: Actor, reviewer: Actor) -> None:
    """One verified and corrected since, one that the city has just been told of."""
    told = Told(
        kind="environment",
        severity="ungraded",
        source="gsxt",
        happened_on=date(2022, 5, 20),
        text="演示：虚构的环境行政处罚，已整改。",
        document_no=PROOF,
    )
    first: Incident = report_incident(actor=officer, told=told, unit_id=units[2].pk)
    first = decide_incident(actor=reviewer, incident_id=first.pk, seen_version=first.version, verify=True)
    graded = Told(
        kind="environment",
        severity="ordinary",
        source="gsxt",
        happened_on=date(2022, 5, 20),
        text="演示：虚构的环境行政处罚，已整改，认定为一般。",
        document_no=PROOF,
    )
    first = correct_incident(
        actor=officer, incident_id=first.pk, seen_version=first.version, told=graded, reason="演示：等级已认定"
    )
    decide_incident(actor=reviewer, incident_id=first.pk, seen_version=first.version, verify=True)
    fresh = Told(
        kind="safety",
        severity="ungraded",
        source="other",
        source_text="演示：当地应急管理部门通报",
        happened_on=date(2022, 8, 30),
        text="演示：虚构的设备起火，无人员伤亡，正在调查。",
        document_no=PROOF,
    )
    report_incident(actor=officer, told=fresh, unit_id=units[1].pk)
