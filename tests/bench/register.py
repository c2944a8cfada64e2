"""Bringing 10,000 units into the register: a workbook read, understood, compared and stored."""

from __future__ import annotations

import os
from pathlib import Path

from openpyxl import Workbook
from python_calamine import CalamineWorkbook

from dynamic_mgmt.models import ListedUnit
from dynamic_mgmt.parsing import HEADINGS, MAX_ROWS, REQUIRED
from dynamic_mgmt.services import import_listed
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.directory.workbooks import read_table
from tests.bench.counting import queries
from tests.bench.harness import measure, note, scale

FULL = 10_000
HEADS = ("类别", "批次", "年度", "名称", "省份", "城市")
_SYLLABLES = "安宝昌诚达德鼎东方丰福富光广国海汉浩恒宏华辉汇吉佳嘉建江金锦京晶景久巨凯康科乐利联亮林隆龙明铭"


def _book() -> Path:
    return Path(os.environ["BENCH_FOLDER"]) / "register.xlsx"


def _name(number: int) -> str:
    said = ""
    for _ in range(4):
        number, digit = divmod(number, len(_SYLLABLES))
        said += _SYLLABLES[digit] * 2
    return f"虚构{said}有限公司"


def fill() -> None:
    """Write the workbook that both sides read."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("名单")
    sheet.append(HEADS)
    for number in range(scale(FULL)):
        batch = 1 + number % 6
        sheet.append(["绿色工厂(国家级)", f"第{batch}批", 2016 + batch, _name(number), "辽宁省", "沈阳市"])
    book.save(_book())


def ours() -> None:
    """Read in the jailed child, understood, compared with the register, stored, audited."""
    actor = Actor.system("bench")
    with queries() as counter, measure():
        rows = read_table(_book(), headings=HEADINGS, required=REQUIRED, max_rows=MAX_ROWS)
        done = import_listed(actor=actor, rows=rows, source=f"bench {os.getpid()}")
    note(f"{len(rows)} rows, {done.new} new, {done.same} the same, {counter.count} queries")


def bare() -> None:
    """calamine and one bulk_create of the same columns: no names compared, no rules, no audit."""
    with measure():
        sheet = CalamineWorkbook.from_path(str(_book())).get_sheet_by_index(0).to_python()
        ListedUnit.objects.bulk_create(
            [
                ListedUnit(
                    category="factory",
                    level="national",
                    batch=str(row[1]),
                    list_year=int(row[2]),
                    name_as_listed=row[3],
                    name_key=f"{row[3]}{os.getpid()}",
                    province=row[4],
                    city=row[5],
                    created_at=clock.now(),
                )
                for row in sheet[1:]
            ],
            batch_size=1000,
        )
