"""The upload of precheck."""

from __future__ import annotations

from typing import Any

from django import forms

from greenportal.directory.forms import DateField
from greenportal.findings.types import DomainError
from greenportal.rounds import rulebook


class PrecheckForm(forms.Form):
    """Candidates workbook, the year's rulebook, and the day to ask about."""

    file = forms.FileField(
        label="候选名单（.xlsx）",
        help_text="按模板填写，每行一个申报对象。",
        error_messages={"required": "选择候选名单文件。"},
    )
    rulebook = forms.ChoiceField(label="年度", error_messages={"required": "选择年度。"})
    as_of = DateField(
        label="核查日期",
        required=False,
        help_text="不填时为今天；报送期限已过的年度为截止当日。",
        error_messages={"invalid": "日期写作 2022-10-15。"},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["rulebook"]
        available = rulebook.keys()
        if isinstance(field, forms.ChoiceField):
            field.choices = [(key, f"{rulebook.load(key).year}年度") for key in available]

    def take(self, error: DomainError) -> None:
        """Show on the file field why the workbook cannot be read."""
        self.add_error("file", error.message)
