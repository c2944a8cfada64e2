"""Sheets, scopes and filings for tests. The scope `test.thing` is owned by whom the test says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from greenportal.accounts.actors import Actor, Role
from greenportal.filings import registry, services
from greenportal.filings.models import Filing
from greenportal.findings.types import ALLOWED, Verdict, denied
from greenportal.sheets import Sheet, from_json
from tests.factories import accounts

SCOPE = "test.thing"


def definition(**values: Any) -> dict[str, Any]:
    """A small sheet with every shape: fields, a condition, a formula, free and fixed rows."""
    return {
        "key": "demo",
        "title": "示例表",
        "source": "测试",
        "confidence": "high",
        "sections": [
            {
                "key": "identity",
                "title": "基本情况",
                "fields": [
                    {"key": "name", "label": "名称", "max_length": 20},
                    {"key": "uscc", "label": "统一社会信用代码", "type": "uscc"},
                    {"key": "note", "label": "说明", "type": "longtext", "required": "no", "max_length": 50},
                ],
            },
            {
                "key": "energy",
                "title": "能耗",
                "fields": [
                    {"key": "output", "label": "产量", "type": "decimal", "unit": "吨", "decimals": 2, "min": 0},
                    {
                        "key": "used",
                        "label": "综合能耗",
                        "type": "decimal",
                        "unit": "吨标准煤",
                        "decimals": 2,
                        "required": "soft",
                    },
                    {
                        "key": "ratio",
                        "label": "单耗",
                        "type": "decimal",
                        "decimals": 3,
                        "formula": "used / output",
                        "required": "no",
                    },
                    {"key": "key_user", "label": "是否重点用能", "type": "yesno"},
                    {"key": "reason", "label": "认定理由", "show_if": "key_user == 'yes'"},
                    {
                        "key": "kinds",
                        "label": "能源种类",
                        "type": "multichoice",
                        "required": "no",
                        "choices": ["电", "煤", "天然气"],
                    },
                ],
            },
            {
                "key": "tables",
                "title": "明细",
                "after": "identity",
                "tables": [
                    {
                        "key": "models",
                        "label": "产品型号",
                        "min_rows": 1,
                        "max_rows": 3,
                        "columns": [
                            {"key": "model", "label": "型号"},
                            {"key": "amount", "label": "数量", "type": "integer", "unit": "台", "required": "no"},
                        ],
                    },
                    {
                        "key": "basic",
                        "label": "基本要求",
                        "columns": [
                            {"key": "text", "label": "要求"},
                            {"key": "met", "label": "是否符合", "type": "yesno"},
                        ],
                        "fixed": [{"id": "1", "text": "第一条"}, {"id": "2", "text": "第二条"}],
                    },
                ],
            },
        ],
        **values,
    }


def demo_sheet(**values: Any) -> Sheet:
    """The small sheet."""
    return from_json(definition(**values))


COMPLETE: dict[str, Any] = {
    "name": "示例单位",
    "uscc": "91210202MA0TE5T16A",
    "output": "100",
    "used": "25",
    "key_user": "no",
    "models": [{"_id": "r1", "model": "甲"}],
    "basic": [{"_id": "1", "met": "yes"}, {"_id": "2", "met": "no"}],
}


@contextmanager
def thing_scope(owner_role: Role = Role.APPLICANT, *, organisation_id: int | None = None) -> Iterator[dict[str, Any]]:
    """Register `test.thing` for the block: district and city see all, an applicant its own; `open` allows editing."""
    rules: dict[str, Any] = {"open": True, "reason": "已过截止时间，不能修改。", "parties": set()}

    def view(actor: Actor, _scope_id: int) -> Verdict:
        mine = organisation_id is None or actor.organisation_id == organisation_id
        return ALLOWED if mine or actor.is_district or actor.is_city else denied("看不到。")

    def edit(actor: Actor, _scope_id: int, _sheet: str) -> Verdict:
        if actor.role != owner_role:
            return denied("由申报单位填写，您可以查看。")
        return ALLOWED if rules["open"] else denied(rules["reason"])

    def fill(actor: Actor, _scope_id: int, who: str) -> Verdict:
        return ALLOWED if who in rules["parties"] else denied("由主管部门填写。")

    registry.register(SCOPE, view=view, edit=edit, back_url=lambda _id: "/", title=lambda _id: "示例申报", fill=fill)
    try:
        yield rules
    finally:
        registry._scopes.pop(SCOPE, None)


def make_filing(
    actor: Actor | None = None, *, sheet: Sheet | None = None, scope_id: int = 1, answers: dict[str, Any] | None = None
) -> Filing:
    """A filing of the small sheet."""
    who = actor or accounts.make_actor(Role.APPLICANT)
    return services.start(scope=SCOPE, scope_id=scope_id, sheet=sheet or demo_sheet(), actor=who, answers=answers)
