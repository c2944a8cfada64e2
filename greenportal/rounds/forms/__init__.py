"""Forms of rounds: HTTP text to checked values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms

from greenportal import clock
from greenportal.directory.models import Authority
from greenportal.findings.types import DomainError, Invalid
from greenportal.rounds import rulebook
from greenportal.rounds.bookchanges import Editable, Value
from greenportal.rounds.bookcodec import canonical_decimal
from greenportal.sheets.forms import PortalForm

END_HELP = "该时刻起不再接收。“10月15日24:00”请填写10月16日 00:00。"


class Instant(forms.DateTimeField):
    """A moment of Dalian's wall clock; cleaned to an aware instant."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault(
            "error_messages", {"required": "填写日期和时间。", "invalid": "日期和时间写作 2022-10-16 00:00。"}
        )
        kwargs.setdefault(
            "input_formats", ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"]
        )
        super().__init__(
            widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"), **kwargs
        )

    def prepare_value(self, value: Any) -> Any:
        """Show an instant on the local clock."""
        return clock.local(value).replace(tzinfo=None) if isinstance(value, datetime) else value


class ServiceForm(PortalForm):
    """A form that can show what a service refused and keeps what was typed."""

    def take(self, error: DomainError) -> None:
        """Put a service's refusal on the fields that it names, else on the whole form."""
        fields = error.errors if isinstance(error, Invalid) else {}
        placed = False
        for name, told in fields.items():
            if name in self.fields:
                placed = True
                for message in told:
                    self.add_error(name, message)
        if not placed:
            self.add_error(None, error.message)


class PrepareForm(ServiceForm):
    """Which rulebook a new round is prepared from."""

    rulebook_key = forms.ChoiceField(
        label="规则书", help_text="规则书是一个年度通知的全部规定，准备后可以修改日期和数值。"
    )
    name = forms.CharField(label="批次名称", max_length=80, required=False, help_text="不填时用规则书的名称。")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        available = rulebook.keys()
        choices = [(key, f"{key}　{rulebook.load(key).title}") for key in available]
        field = self.fields["rulebook_key"]
        if isinstance(field, forms.ChoiceField):
            field.choices = choices


class ReviseForm(ServiceForm):
    """The dates and numbers of a round; in force it also asks for the document and the reason."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, editables: Sequence[Editable], in_force: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.editables = {f"v{index}": item for index, item in enumerate(editables)}
        for name, item in self.editables.items():
            self.fields[name] = _field(item)
        self.fields["reason"] = forms.CharField(
            label="修改理由",
            max_length=300,
            required=in_force,
            widget=forms.Textarea(attrs={"rows": 2}),
            error_messages={"required": "写明修改理由。"},
        )
        if in_force:
            self.fields["document_title"] = forms.CharField(
                label="补充通知文号或名称", max_length=80, error_messages={"required": "填写补充通知文号或名称。"}
            )
            self.fields["document"] = forms.FileField(
                label="补充通知（PDF）", error_messages={"required": "上传补充通知（PDF）。"}
            )

    def take(self, error: DomainError) -> None:
        """Services name rulebook paths; find the fields that bear them."""
        if isinstance(error, Invalid):
            names = {item.path: name for name, item in self.editables.items()}
            error = Invalid(error.message, errors={names.get(k, k): v for k, v in error.errors.items()})
        super().take(error)

    def changes(self) -> Mapping[str, Value]:
        """Return what differs from the rulebook: path → value."""
        found: dict[str, Value] = {}
        for name, item in self.editables.items():
            value = self.cleaned_data[name]
            if value is not None and value != item.value:
                found[item.path] = value
        return found


def _field(item: Editable) -> forms.Field:
    hint = f"依据：{item.clause}"
    if item.kind == "instant":
        return Instant(
            label=item.label, initial=item.value, help_text=f"{hint}。{END_HELP}" if "截止" in item.label else hint
        )
    if item.kind == "choice":
        return forms.ChoiceField(
            label=item.label,
            initial=item.value,
            choices=list(item.choices.items()),
            help_text=f"{hint}。现有来源没有确认采用哪一种，由市局设定",
            error_messages={"required": "从列出的方式中选择。", "invalid_choice": "从列出的方式中选择。"},
        )
    messages = {"required": "填写数值。", "invalid": "填写数字，不带单位。", "min_value": "不能是负数。"}
    label = f"{item.label}（{item.unit}）"
    if item.kind == "count":
        return forms.IntegerField(label=label, initial=item.value, min_value=1, help_text=hint, error_messages=messages)
    initial = canonical_decimal(item.value) if isinstance(item.value, Decimal) else item.value
    return forms.DecimalField(
        label=label, initial=initial, min_value=Decimal(0), help_text=hint, error_messages=messages
    )


class VersionForm(ServiceForm):
    """An act on a round as the actor saw it."""

    version = forms.IntegerField(widget=forms.HiddenInput)


class CloseForm(VersionForm):
    """Ending a round needs a reason."""

    reason = forms.CharField(
        label="结束理由",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "写明结束理由。"},
    )


class ExtensionForm(ServiceForm):
    """Longer time for one district on one clock."""

    key = forms.ChoiceField(label="事项")
    authority = forms.ModelChoiceField(
        label="区市县、先导区", queryset=Authority.objects.none(), error_messages={"required": "选择区市县或先导区。"}
    )
    until = Instant(label="延至", help_text=END_HELP)
    document_no = forms.CharField(label="文号", max_length=80, error_messages={"required": "填写批准延期的文号。"})
    reason = forms.CharField(
        label="理由",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "写明延期理由。"},
    )

    def __init__(self, *args: Any, keys: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        key, authority = self.fields["key"], self.fields["authority"]
        if isinstance(key, forms.ChoiceField):
            key.choices = list(keys)
        if isinstance(authority, forms.ModelChoiceField):
            authority.queryset = Authority.objects.filter(kind__in=[Authority.Kind.DISTRICT, Authority.Kind.ZONE])


class RevokeForm(ServiceForm):
    """Taking an extension back needs a reason."""

    reason = forms.CharField(
        label="撤销理由",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "写明撤销理由。"},
    )


class CutoffForm(ServiceForm):
    """A district's own end for its applicants."""

    closes_at = Instant(label="本地区申报截止时间", help_text=END_HELP)


class StandardsForm(ServiceForm):
    """The workbook with the list of product standards."""

    file = forms.FileField(label="标准清单（.xlsx）", error_messages={"required": "选择标准清单文件。"})


class ConfirmStandardsForm(VersionForm):
    """Taking a previewed list: which file, whether it is whole, why."""

    file_id = forms.UUIDField(widget=forms.HiddenInput)
    complete = forms.BooleanField(label="这是完整的清单（不在清单中的标准不得申报）", required=False)
    reason = forms.CharField(
        label="说明",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "写明清单来源。"},
    )
