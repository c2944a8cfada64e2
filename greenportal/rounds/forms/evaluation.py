"""The form of an evaluation table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from greenportal.rounds.forms import VersionForm


class EvaluationTableForm(VersionForm):
    """Which standard or system, its first-level weights, and the document or workbook."""

    label = forms.CharField(
        label="评价指标表名称",
        max_length=120,
        help_text="如：轴承行业绿色工厂评价指标表",
        error_messages={"required": "填写评价指标表名称。"},
    )
    category = forms.ChoiceField(
        label="适用类别", choices=[("factory", "绿色工厂"), ("supply_chain", "绿色供应链管理企业")]
    )
    standard = forms.CharField(
        label="标准编号", max_length=60, required=False, help_text="绿色工厂填写，照标准原文，如 JB/T 14407-2023"
    )
    system = forms.ChoiceField(label="评价指标体系", required=False, help_text="绿色供应链管理企业选择")
    groups = forms.CharField(
        label="一级指标和权重",
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="每行一个，名称和权重之间空一格，如：基础设施 20。上传按模板填写的指标表时不用填",
    )
    source = forms.CharField(
        label="来源", max_length=200, help_text="标准或文件的名称和条款", error_messages={"required": "填写来源。"}
    )
    file = forms.FileField(
        label="指标表（.xlsx，按模板填写）或标准文本（PDF）",
        error_messages={"required": "上传指标表或标准文本。"},
    )
    reason = forms.CharField(
        label="修改理由",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "写明修改理由。"},
    )

    def __init__(self, *args: Any, systems: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["system"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [("", "选择"), *systems]
