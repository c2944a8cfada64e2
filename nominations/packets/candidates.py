"""The empty workbook of candidates that a district fills and uploads to begin many nominations at once."""

from __future__ import annotations

from collections.abc import Iterable

from greenportal.documents.xlsx import Column, Identity, Table, TableBook
from nominations.constants import Category

TEMPLATE_KEY = "nominations.candidates"
TEMPLATE_VERSION = "1"


def candidates_template(columns: Iterable[tuple[str, str]], *, blank_rows: int = 60) -> bytes:
    """Return the template: columns are (heading, key) in order; codes are text columns, categories a list."""
    codes = {"uscc", "industry", "evaluator_uscc"}
    table = Table(
        name="候选名单",
        title="绿色制造名单候选名单",
        columns=tuple(
            Column(
                key=key,
                label=head,
                width=26 if key in {"uscc", "organisation", "subject", "evaluator_uscc"} else 16,
                kind="code" if key in codes else "choice" if key == "category" else "text",
                choices=tuple(str(label) for label in Category.labels) if key == "category" else (),
            )
            for head, key in columns
        ),
        rows=(),
        blank_rows=blank_rows,
        notes=("一行一项申报；同一单位有多个厂区或产品的分行填写。", "代码列为文本格式，直接填写18位代码。"),
    )
    book = TableBook(identity=Identity(template=TEMPLATE_KEY, version=TEMPLATE_VERSION))
    book.add(table)
    return book.to_bytes(title="绿色制造名单候选名单")
