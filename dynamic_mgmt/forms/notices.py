"""The text of a notice as the officer edits it."""

from __future__ import annotations

from django import forms

from dynamic_mgmt.notices import NoticeText
from greenportal.directory.forms import ServiceForm


class NoticeForm(ServiceForm):
    """Every part of the letter; blanks (　　年　　月　　日) are for the office to fill, here or in the file."""

    title = forms.CharField(label="标题", max_length=80)
    addressee = forms.CharField(label="主送单位", max_length=120)
    body = forms.CharField(
        label="正文",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 12}),
        help_text="每行一段。空白的日期请按实际安排填写。",
    )
    signed = forms.CharField(label="落款", max_length=80)
    day = forms.CharField(label="成文日期", max_length=20)

    def text(self) -> NoticeText:
        """Return what was typed."""
        return NoticeText(**self.cleaned_data)
