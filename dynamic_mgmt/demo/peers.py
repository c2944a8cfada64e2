"""Listed factories of one industry with their figures of 2021, so that a comparison has somebody to compare with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from dynamic_mgmt.models import ListedUnit
from dynamic_mgmt.services import EnrolItem, enrol
from dynamic_mgmt.services.figures import import_figures
from greenportal.accounts.actors import Actor
from greenportal.directory.fictional import fictional_uscc
from greenportal.directory.models import Authority
from greenportal.directory.services import register_organisation
from greenportal.directory.tables import Row

#: Class of GB/T 4754: 制冷、空调设备制造.
INDUSTRY = "3464"
YEAR = 2021
PROOF = "演示：2021年动态管理表"
#: Label of the unit of product, as the nominee to compare gives it; the last peer counts in another one.
PRODUCT, OTHER_PRODUCT = "套", "台"
#: Key of the indicator → its unit of measure, {} for the unit of product.
MEASURES: Mapping[str, str] = {
    "energy_per_product": "tce/{}",
    "energy_per_value": "tce/万元",
    "carbon_per_product": "tCO2/{}",
    "carbon_per_value": "tCO2/万元",
    "waste_gas_per_product": "m³/{}",
    "land_output": "万元/㎡",
    "solid_waste_rate": "%",
    "wastewater_reuse_rate": "%",
}


@dataclass(frozen=True, slots=True)
class Peer:
    """One fictional unit: its name, district (code of the directory), level of its list, figures in the order above."""

    name: str
    district: str
    level: str
    figures: tuple[str, ...]
    product: str = PRODUCT


PEERS = (
    Peer(
        "瓦房店霁岚演示制冷设备有限公司",
        "210281",
        "national",
        ("0.3515", "0.1622", "0.9480", "0.4391", "5410", "0.583", "88.6", "47.5"),
    ),
    Peer(
        "大连汀屿演示冷机制造有限公司",
        "210213",
        "national",
        ("0.3692", "0.1708", "0.9876", "0.4510", "5630", "0.541", "87.2", "43.8"),
    ),
    Peer(
        "大连澹川演示压缩机有限公司",
        "210213",
        "national",
        ("0.3740", "0.1795", "1.0155", "0.4822", "5585", "0.566", "85.9", "45.2"),
    ),
    Peer(
        "庄河朗汐演示冷链装备有限公司",
        "210283",
        "provincial",
        ("0.4018", "0.1881", "1.0734", "0.4975", "6120", "0.497", "83.0", "38.6"),
    ),
    Peer(
        "普兰店禾渚演示空调设备有限公司",
        "210214",
        "provincial",
        ("0.4265", "0.1934", "1.1402", "0.5240", "5980", "0.472", "80.4", "41.0"),
    ),
    Peer(
        "瓦房店砚汀演示换热器有限公司",
        "210281",
        "provincial",
        ("0.4591", "0.2105", "1.2210", "0.5563", "6475", "0.455", "78.7", "35.9"),
    ),
    Peer(
        "旅顺沅舟演示冷冻设备有限公司",
        "210212",
        "provincial",
        ("0.2870", "0.1760", "0.7914", "0.4688", "4920", "0.528", "84.5", "40.3"),
        OTHER_PRODUCT,
    ),
)


def fill(*, system: Actor) -> None:
    """Enrol the units on their lists and import their figures; done once."""
    if ListedUnit.objects.filter(name_as_listed=PEERS[0].name).exists():
        return
    for level, batch, year in (("national", "5", 2020), ("provincial", "3", 2021)):
        _enrol([(n, peer) for n, peer in enumerate(PEERS) if peer.level == level], system, level, batch, year)
    rows = [
        _row(peer, key, measure, value)
        for peer in PEERS
        for (key, measure), value in zip(MEASURES.items(), peer.figures, strict=True)
    ]
    import_figures(actor=system, rows=[Row(n, values) for n, values in enumerate(rows, start=2)], source=PROOF)


def _enrol(peers: Sequence[tuple[int, Peer]], system: Actor, level: str, batch: str, year: int) -> None:
    codes = {peer.district: f"DL-{peer.district}" for _, peer in peers}
    places = dict(Authority.objects.filter(code__in=codes.values()).values_list("code", "pk"))
    items = []
    for number, peer in peers:
        uscc = fictional_uscc(7000 + number, prefix="91", region=peer.district)
        organisation = register_organisation(
            actor=system, uscc=uscc, name=peer.name, ownership="private", legal_representative="示例"
        )
        items.append(
            EnrolItem(
                organisation.pk,
                str(ListedUnit.Category.FACTORY),
                peer.name,
                authority_id=places[codes[peer.district]],
                industry_code=INDUSTRY,
            )
        )
    enrol(
        actor=system,
        items=items,
        level=level,
        batch=batch,
        list_year=year,
        listed_on=date(year, 10, 16),
        document_no="演示",
    )


def _row(peer: Peer, key: str, measure: str, value: str) -> dict[str, str]:
    """One line as a workbook of figures has it."""
    return {
        "name": peer.name,
        "category": "绿色工厂",
        "level": "国家级" if peer.level == "national" else "省级",
        "year": str(YEAR),
        "indicator": key,
        "unit": measure.format(peer.product),
        "value": value,
    }
