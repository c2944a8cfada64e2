"""What the city types about its own 汇总表."""

from __future__ import annotations

from typing import Any

from django import forms

from nominations.forms.base import DateField, PlainForm


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


class PublishForm(PlainForm):
    """Day and document of the 公示 of exactly the list shown."""

    published_on = DateField(label="公示日期")
    document = forms.CharField(label="公示文件的标题或文号", max_length=120)
    note = forms.CharField(
        label="批准后新出现的需人工判断事项的处理意见",
        required=False,
        max_length=2000,
        help_text="批准时已写明意见的不必重写；没有新事项的留空。",
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
