"""The filter of the audit list."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator

from greenportal.audit.models import AuditEntry
from greenportal.audit.selectors import filters_of


class AuditFilter(forms.Form):
    """All fields are optional and stand in the address."""

    person = forms.CharField(label="操作人或用户编号", required=False, max_length=60)
    action = forms.CharField(label="动作名称或代码", required=False, max_length=60)
    target = forms.CharField(label="对象", required=False, max_length=80)
    result = forms.ChoiceField(label="结果", required=False, choices=[("", "全部"), *AuditEntry.Result.choices])
    first = forms.DateField(
        label="起",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"invalid": "填写日期，例如 2022-09-01。"},
    )
    last = forms.DateField(
        label="止",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"invalid": "填写日期，例如 2022-10-15。"},
        # The calendar's last day has no next one, at which a list until that day would end.
        validators=[MaxValueValidator(date(9998, 12, 31), "填写日期，例如 2022-10-15。")],
    )

    def chosen(self) -> dict[str, Any]:
        """Return the filters that validate; others are left out."""
        self.is_valid()
        return filters_of(self.cleaned_data)
