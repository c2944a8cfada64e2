"""What the city types about its own 汇总表."""

from __future__ import annotations

from django import forms

from nominations.forms.base import PlainForm


class ApproveForm(PlainForm):
    """The lead's approval of exactly the list shown; the opinion is needed where a person must judge."""

    note = forms.CharField(
        label="对需人工判断事项的处理意见",
        required=False,
        max_length=2000,
        help_text="没有需人工判断事项的留空。",
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    sha256 = forms.CharField(widget=forms.HiddenInput)


class EndForm(PlainForm):
    """Why a list is dropped, or its approval taken back."""

    reason = forms.CharField(label="理由", required=False, max_length=300, widget=forms.Textarea(attrs={"rows": 2}))
