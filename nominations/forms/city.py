"""Forms of the city's desk."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from nominations.constants import Category
from nominations.forms.base import PlainForm
from nominations.states import NominationState


class InboxFilter(forms.Form):
    """Filters of what arrived, in the address."""

    authority = forms.ChoiceField(label="区市县", required=False)
    category = forms.ChoiceField(label="类别", required=False, choices=[("", "全部"), *Category.choices])
    state = forms.ChoiceField(
        label="状态",
        required=False,
        choices=[
            ("", "全部"),
            *[
                (s.value, s.label)
                for s in (
                    NominationState.SUBMITTED,
                    NominationState.RETURNED_BY_CITY,
                    NominationState.CORRECTED,
                    NominationState.ACCEPTED,
                    NominationState.WITHDRAWN,
                )
            ],
        ],
    )
    q = forms.CharField(label="名称", required=False, max_length=60)

    def __init__(self, *args: Any, authorities: Iterable[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["authority"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - narrows the type for the checker
        field.choices = [("", "全部"), *[(str(pk), name) for pk, name in authorities]]


class PaperForm(PlainForm):
    """Paper copies as counted at the bureau's desk."""

    copies = forms.IntegerField(label="收到份数", min_value=0, max_value=99, help_text="通知要求一式两份。")
    hash_seen = forms.CharField(
        label="页脚校验码",
        required=False,
        max_length=80,
        help_text="照纸面页脚填写，至少16位，用于核对与报送版本一致。",
    )
    note = forms.CharField(label="说明", required=False, max_length=300)
