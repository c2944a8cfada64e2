"""The city's 汇总表 over accepted lists, as a workbook that equals the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from greenportal.documents.xlsx import Column, Row, Table, TableBook


class PartLike(Protocol):
    """One category of the summary."""

    @property
    def label(self) -> str: ...
    @property
    def columns(self) -> tuple[tuple[str, str], ...]: ...
    @property
    def rows(self) -> Sequence[RowLike]: ...


class RowLike(Protocol):
    """One numbered row of the summary."""

    @property
    def number(self) -> int: ...
    @property
    def cells(self) -> tuple[str, ...]: ...


def summary_workbook(parts: Sequence[PartLike], *, year: int) -> bytes:
    """Return the workbook: a sheet per category with 序号 and the printed columns."""
    book = TableBook()
    for part in parts:
        columns = (
            Column("number", "序号", width=6, kind="int"),
            *(Column(key, label, width=24) for key, label in part.columns),
        )
        book.add(
            Table(
                name=part.label,
                title=f"{year}年度绿色制造名单推荐汇总表（{part.label}）",
                columns=columns,
                rows=[
                    Row({"number": row.number, **dict(zip((k for k, _ in part.columns), row.cells, strict=True))})
                    for row in part.rows
                ],
                notes=("按已接收的区市县推荐汇总表汇总，接收情况变化后重新导出。",),
            )
        )
    return book.to_bytes(title=f"{year}年度绿色制造名单推荐汇总表")
