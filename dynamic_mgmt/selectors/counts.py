"""How many units stand on the lists: by level, category and list year; and the register as rows of its export."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Count, Q

from dynamic_mgmt.constants import NOT_FINAL
from dynamic_mgmt.models import ListedUnit
from dynamic_mgmt.selectors.lists import Filters, filtered, visible_to
from greenportal.accounts.actors import Actor

#: States of a row of the register as its export writes them.
STANDS, GONE, NOT_YET = "在名单", "已移出", "公示阶段"
COLUMNS = (
    ("level", "级别", 10),
    ("category", "类别", 22),
    ("batch", "批次", 10),
    ("list_year", "名单年度", 10),
    ("publication_year", "公布年份", 10),
    ("name_as_listed", "列入时名称", 36),
    ("current_name", "现名称", 36),
    ("product_model", "产品型号", 24),
    ("uscc", "统一社会信用代码", 22),
    ("province", "省份", 10),
    ("city", "城市", 10),
    ("authority", "管理单位", 16),
    ("territory", "所在行政区划", 16),
    ("state", "状态", 10),
    ("removed_on", "移出日期", 12),
    ("removal_document", "移出文号", 28),
    ("source", "来源", 40),
)


@dataclass(frozen=True, slots=True)
class CountRow:
    """One list: how many were listed, how many of them were removed, how many stand."""

    level: str
    category: str
    year: str
    listed: int
    removed: int

    @property
    def standing(self) -> int:
        """Return how many stand on the list today."""
        return self.listed - self.removed


def counts(actor: Actor) -> list[CountRow]:
    """Return the lists that the actor sees, by level, category and list year, the newest year first. One query.

    A rename changes nothing, a removal lowers what stands; rows known from 公示 stage alone are no list yet.
    """
    rows = (
        visible_to(actor)
        .select_related(None)
        .exclude(unmatched_reason=NOT_FINAL)
        .order_by()
        .values("level", "category", "list_year")
        .annotate(listed=Count("pk"), removed=Count("pk", filter=Q(removed_on__isnull=False)))
    )
    levels, kinds = list(ListedUnit.Level.values), list(ListedUnit.Category.values)
    ordered = sorted(rows, key=lambda r: (levels.index(r["level"]), kinds.index(r["category"]), -(r["list_year"] or 0)))
    return [
        CountRow(
            ListedUnit.Level(r["level"]).label,
            ListedUnit.Category(r["category"]).label,
            str(r["list_year"] or "未公布"),
            r["listed"],
            r["removed"],
        )
        for r in ordered
    ]


def register_rows(actor: Actor, filters: Filters) -> Iterator[dict[str, str]]:
    """Yield the units that the actor sees and the filters leave, as texts by column, by sound of name. Streams."""
    rows = filtered(visible_to(actor), filters).select_related("organisation", "authority", "territory")
    for unit in rows.iterator(chunk_size=2000):
        yield {
            "level": unit.get_level_display(),
            "category": unit.get_category_display(),
            "batch": unit.batch,
            "list_year": str(unit.list_year or "未公布"),
            "publication_year": str(unit.publication_year or ""),
            "name_as_listed": unit.name_as_listed,
            "current_name": unit.current_name,
            "product_model": unit.product_model,
            "uscc": unit.organisation.uscc if unit.organisation else unit.uscc,
            "province": unit.province,
            "city": unit.city,
            "authority": unit.authority.name if unit.authority else "",
            "territory": unit.territory.name if unit.territory else "",
            "state": NOT_YET if unit.unmatched_reason == NOT_FINAL else GONE if unit.removed_on else STANDS,
            "removed_on": unit.removed_on.isoformat() if unit.removed_on else "",
            "removal_document": unit.removal_document,
            "source": unit.source,
        }
