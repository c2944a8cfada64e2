"""Figures of listed units from Excel: upload, look through, confirm (the house's import page)."""

from __future__ import annotations

from decimal import Decimal

from django.http import HttpRequest, HttpResponse

from dynamic_mgmt.constants import FILE_FIGURES
from dynamic_mgmt.selectors.catalogue import indicators
from dynamic_mgmt.services.figures import HEADINGS, REQUIRED, import_figures, preview_figures
from dynamic_mgmt.views.tables import CITY
from greenportal.accounts.actors import Actor
from greenportal.accounts.http import roles
from greenportal.directory.tables import Row
from greenportal.directory.views import imports

HEADS = ("单位", "数据年度", "指标", "计量单位", "现有数值", "导入数值", "来源")
#: What a row without a source would be stored under; the file's real name is known when it is stored.
_FILE = "导入的文件"


def _shown(rows: list[Row]) -> imports.Shown:
    found = preview_figures(rows, source=_FILE)
    known = indicators()
    lines = [
        (
            found.names[new.unit_id],
            str(new.data_year),
            known[new.indicator].label,
            new.unit_of_measure,
            _plain(old.value) if old else "",
            _plain(new.value),
            new.source,
        )
        for new, old in found.changes
    ]
    counts = (("新增", found.new), ("更新（原数值留存）", found.replaced), ("没有变化", found.same))
    return imports.Shown(counts, HEADS, lines, found.problems, len(found.changes))


def _apply(actor: Actor, rows: list[Row], name: str) -> str:
    done = import_figures(actor=actor, rows=rows, source=name[:200])
    return f"已导入：新增{done.new}项，更新{done.replaced}项。"


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


PAGE = imports.ImportPage(
    title="导入历年指标数据",
    kind=FILE_FIGURES,
    headings=HEADINGS,
    required=REQUIRED,
    preview=_shown,
    apply=_apply,
    back="dynamic_mgmt:trends",
    parent="绿色制造水平趋势",
    hints=(
        "每行一家单位一个年度的一项指标。类别写明级别，如“绿色工厂(国家级)”；同名的补充批次或产品型号。",
        "指标和计量单位按动态管理表所列填写；以产品计的写明产品单位，如tce/台。没有来源的，以文件名为来源。同一文件可重复导入。",
    ),
)


@roles(*CITY)
def bring_in(request: HttpRequest) -> HttpResponse:
    """Import figures of former years, with a look through first."""
    return imports.run(request, PAGE)
