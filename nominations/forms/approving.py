"""What the city types about its own 汇总表."""

from __future__ import annotations

from typing import Any

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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The service asks for it, in the table's order of refusals; the page does not call it optional.
        self.fields["reason"].optional = False  # type: ignore[attr-defined]
