"""Registrations from an Excel that the city keeps: preview with row errors, then all or nothing."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from evaluators.models import EvaluatorRegistration
from evaluators.rules import may_record
from evaluators.services.registration import (
    RegistrationFields,
    record_registration,
    register_evaluator,
    same_fields,
)
from greenportal.accounts.actors import Actor
from greenportal.directory.models import Organisation
from greenportal.directory.services.organisations import same_name
from greenportal.directory.tables import Row, RowProblem, parse_date
from greenportal.directory.validators import validate_uscc
from greenportal.findings.types import Invalid

REQUIRED = ("uscc", "name")
HEADINGS: Mapping[str, tuple[str, ...]] = {
    "uscc": ("统一社会信用代码", "信用代码"),
    "name": ("机构名称", "单位名称", "名称"),
    "registered_in_china": ("境内注册独立法人",),
    "has_experience": ("具有评价经验和能力",),
    "has_office": ("固定办公场所和条件",),
    "has_finance_system": ("健全的财务管理制度",),
    "staff_intermediate": ("中级职称以上专职人员",),
    "staff_senior": ("其中相关专业高级职称",),
    "knows_rules": ("熟悉政策和标准规范",),
    "latest_record_on": ("近五年业绩最近日期",),
    "covers_three_fields": ("具备工厂、园区、供应链评价能力", "三领域评价能力"),
    "declared_elsewhere": ("本系统外评价项目数",),
    "source": ("来源",),
}
_YES_NO = {"是": True, "有": True, "具备": True, "否": False, "无": False, "不具备": False, "": None}


@dataclass(frozen=True, slots=True)
class EvaluatorRow:
    """One readable row: who, what was proved, and whether it is new, changed or the same as stored."""

    number: int
    uscc: str
    name: str
    entered: RegistrationFields
    source: str
    status: str


@dataclass(frozen=True, slots=True)
class EvaluatorPreview:
    """What an import would do, and the rows that must be mended first."""

    rows: tuple[EvaluatorRow, ...]
    problems: tuple[RowProblem, ...]

    def count(self, status: str) -> int:
        """Return how many rows are `new`, `changed` or `same`."""
        return sum(row.status == status for row in self.rows)


def _yes_no(text: str) -> bool | None:
    return _YES_NO[unicodedata.normalize("NFKC", text).strip()]


def _whole(text: str) -> int | None:
    cleaned = unicodedata.normalize("NFKC", text).strip()
    return int(cleaned) if cleaned else None


_READ: dict[str, tuple[Callable[[str], Any], str]] = {
    "registered_in_china": (_yes_no, "填写“是”或“否”，不清楚的留空"),
    "has_experience": (_yes_no, "填写“是”或“否”，不清楚的留空"),
    "has_office": (_yes_no, "填写“是”或“否”，不清楚的留空"),
    "has_finance_system": (_yes_no, "填写“是”或“否”，不清楚的留空"),
    "staff_intermediate": (_whole, "填写整数人数，不清楚的留空"),
    "staff_senior": (_whole, "填写整数人数，不清楚的留空"),
    "knows_rules": (_yes_no, "填写“是”或“否”，不清楚的留空"),
    "latest_record_on": (parse_date, "填写日期，如2022-06-30，不清楚的留空"),
    "covers_three_fields": (_yes_no, "填写“是”或“否”，不清楚的留空"),
    "declared_elsewhere": (_whole, "填写整数项数，不清楚的留空"),
}


def _entered(row: Row) -> tuple[RegistrationFields, list[str]]:
    """Return what the row proves and a message for each cell that cannot be read."""
    values: dict[str, Any] = {}
    messages: list[str] = []
    for key, (read, hint) in _READ.items():
        try:
            values[key] = read(row[key])
        except (ValueError, KeyError):
            messages.append(f"“{HEADINGS[key][0]}”是“{row[key]}”，{hint}。")
    entered = RegistrationFields(**values)
    for key, found in entered.problems().items():
        messages.extend(f"“{HEADINGS[key][0]}”：{message}" for message in found)
    return entered, messages


def _stored(round_id: int) -> dict[str, EvaluatorRegistration]:
    """Return code → last registration of the round. One query."""
    rows = (
        EvaluatorRegistration.objects.filter(round_id=round_id)
        .select_related("evaluator__organisation")
        .order_by("evaluator_id", "-number")
        .distinct("evaluator_id")
    )
    return {row.evaluator.organisation.uscc: row for row in rows}


def preview_evaluators(rows: Iterable[Row], *, round_id: int) -> EvaluatorPreview:
    """Compare rows of an Excel with what is stored for the round; stores nothing. Two queries."""
    stored = _stored(round_id)
    names = dict(Organisation.objects.filter(evaluator__isnull=False).values_list("uscc", "name"))
    good: list[EvaluatorRow] = []
    problems: list[RowProblem] = []
    seen: dict[str, int] = {}
    for row in rows:
        entered, messages = _entered(row)
        uscc = ""
        try:
            uscc = validate_uscc(row["uscc"])
        except Invalid as error:
            messages.insert(0, error.message)
        if not row["name"].strip():
            messages.append("填写机构名称。")
        elif uscc in names and not same_name(names[uscc], row["name"]):
            messages.append(f"代码{uscc}已登记为“{names[uscc]}”，核对机构名称。")
        if uscc and uscc in seen:
            messages.append(f"与第{seen[uscc]}行重复，保留一行。")
        seen.setdefault(uscc, row.number)
        if messages:
            problems.extend(RowProblem(row.number, f"第{row.number}行：{message}") for message in messages)
            continue
        before = stored.get(uscc)
        status = "new" if before is None else "same" if same_fields(before, entered) else "changed"
        good.append(EvaluatorRow(row.number, uscc, row["name"].strip(), entered, row["source"].strip(), status))
    return EvaluatorPreview(tuple(good), tuple(problems))


def apply_evaluators(*, actor: Actor, rows: Iterable[Row], round_id: int, source: str) -> EvaluatorPreview:
    """Store every new or changed row, or nothing: a row with a problem refuses the whole. Repeatable."""
    may_record(actor).require()
    with transaction.atomic():
        preview = preview_evaluators(rows, round_id=round_id)
        if preview.problems:
            raise Invalid("先更正下列各行，再导入。", errors={"rows": [p.message for p in preview.problems]})
        for row in preview.rows:
            if row.status != "same":
                evaluator = register_evaluator(actor=actor, uscc=row.uscc, name=row.name)
                record_registration(
                    actor=actor,
                    evaluator_id=evaluator.pk,
                    round_id=round_id,
                    entered=row.entered,
                    source=row.source or source,
                )
    return preview
