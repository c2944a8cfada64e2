"""Forms of registration, roster, annual report and project leads."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.forms import BaseFormSet, formset_factory
from django.http import QueryDict

from evaluators.forms.evaluators import RegistrationForm
from evaluators.models import CaseEvidence
from evaluators.services.moving import Remark
from evaluators.services.registration import RegistrationFields
from evaluators.services.roster import StaffFields
from greenportal import clock
from greenportal.directory.forms import DateField, ServiceForm
from greenportal.filings.models import FieldComment
from greenportal.sheets import Sheet
from greenportal.sheets.forms import PortalForm

PREFIX = "c"
_ROWS, _MOST = 3, 60
_TYPED = ("path", "kind", "text", "clause")
#: Postgres' integer; a longer number in a hidden field was not written by our page.
_DIGITS = 9


def whole(text: object) -> int:
    """Return the whole number of ours that a client sent back; 0, stale for every service, for anything else."""
    typed = str(text or "").strip()
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= _DIGITS else 0


class EvidenceForm(ServiceForm):
    """One proof of one condition."""

    condition = forms.ChoiceField(label="证明哪一项基本条件", choices=[("", "选择"), *CaseEvidence.Condition.choices])
    file = forms.FileField(
        label="文件", help_text="PDF或图片。含身份证件号码的，先遮盖号码；人员材料按含个人信息保管。"
    )
    title = forms.CharField(label="材料名称", max_length=160, required=False, help_text="不填则用文件名。")


class SendBackForm(ServiceForm):
    """A return: its overall words and when the answer is due."""

    reason = forms.CharField(label="总体意见", max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))
    due_on = DateField(label="修改期限", help_text="当日24:00止。")
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["due_on"].initial = clock.today() + timedelta(days=5)


class RemarkForm(PortalForm):
    """One remark at one place; rows left without a place are passed over."""

    path = forms.ChoiceField(label="位置", required=False)
    kind = forms.ChoiceField(label="类别", choices=FieldComment.Kind.choices, required=False)
    text = forms.CharField(label="意见", required=False, widget=forms.Textarea(attrs={"rows": 2}), max_length=1000)
    clause = forms.CharField(label="依据", required=False, max_length=120)

    def __init__(self, *args: Any, places: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        place = self.fields["path"]
        if isinstance(place, forms.ChoiceField):
            place.choices = [("", "选择位置"), *places]

    def clean(self) -> dict[str, Any]:
        """A remark needs both its place and its words."""
        data = super().clean() or {}
        if data.get("path") and not str(data.get("text") or "").strip():
            self.add_error("text", "填写这一处需要怎样修改。")
        if not data.get("path") and str(data.get("text") or "").strip():
            self.add_error("path", "选择这条意见针对的位置。")
        return data


def remark_rows(data: QueryDict | None, places: list[tuple[str, str]]) -> BaseFormSet[RemarkForm]:
    """Return the rows of remarks, bound to what was posted; a spoilt hidden count costs nobody his text."""
    made = formset_factory(RemarkForm, extra=_ROWS, max_num=_MOST, validate_max=True)
    if data is None:
        return made(prefix=PREFIX, form_kwargs={"places": places})
    sound = data.copy()
    sound[f"{PREFIX}-TOTAL_FORMS"] = str(_count(data))
    sound[f"{PREFIX}-INITIAL_FORMS"] = "0"
    return made(sound, prefix=PREFIX, form_kwargs={"places": places})


def more_rows(data: QueryDict, places: list[tuple[str, str]]) -> BaseFormSet[RemarkForm]:
    """Return the same rows, not judged yet, with three empty ones more."""
    rows = [{name: data.get(f"{PREFIX}-{at}-{name}", "") for name in _TYPED} for at in range(_count(data))]
    made = formset_factory(RemarkForm, extra=_ROWS, max_num=_MOST, validate_max=True)
    return made(initial=rows, prefix=PREFIX, form_kwargs={"places": places})


def _count(data: QueryDict) -> int:
    text = data.get(f"{PREFIX}-TOTAL_FORMS", "")
    return min(int(text), _MOST) if text.isascii() and text.isdigit() and len(text) <= 3 else _ROWS


def remarks_in(rows: BaseFormSet[RemarkForm], labels: dict[str, str]) -> list[Remark]:
    """Return the remarks of valid rows. Only after `is_valid()`."""
    given = (row.cleaned_data for row in rows)
    return [
        Remark(data["path"], labels[data["path"]], data["kind"], data["text"], data["clause"])
        for data in given
        if data.get("path")
    ]


class ExplainForm(ServiceForm):
    """The reason for not changing what a remark asks."""

    text = forms.CharField(label="不修改的理由", max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))


class WhyForm(ServiceForm):
    """An act that needs its written reason, about a row that was shown in some version."""

    reason = forms.CharField(label="理由", max_length=300, widget=forms.Textarea(attrs={"rows": 3}))
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


class AcknowledgeForm(RegistrationForm):
    """What the officer found proved, begun with what was declared."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("source", "seen_number"):
            del self.fields[name]

    @classmethod
    def proposing(cls, data: QueryDict | None, proposed: RegistrationFields, version: int) -> AcknowledgeForm:
        """Return the form filled with what an unchanged acknowledgement records."""
        initial: dict[str, Any] = {"version": version}
        for name in RegistrationFields.__dataclass_fields__:
            value = getattr(proposed, name)
            initial[name] = {True: "yes", False: "no"}[value] if isinstance(value, bool) else value
        return cls(data, initial=initial)


class StaffForm(ServiceForm):
    """One person of the roster, with the columns of the rulebook's sheet."""

    def __init__(self, *args: Any, sheet: Sheet, has_print: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for column in sheet.table("staff").columns:
            self.fields[column.key] = self._field(column, has_print=has_print)

    @staticmethod
    def _field(column: Any, *, has_print: bool) -> forms.Field:
        words = {"label": column.label, "required": False, "help_text": column.help}
        if column.choices:
            return forms.ChoiceField(choices=[("", "选择"), *((c.value, c.label) for c in column.choices)], **words)
        if str(column.type) == "yesno":
            return forms.ChoiceField(choices=[("", "选择"), ("yes", "是"), ("no", "否")], **words)
        if column.key == "id_number":
            if has_print:
                words["help_text"] = f"已登记。{column.help}"
            # Not given back after an error: the number stands in no page that we make.
            widget = forms.PasswordInput(attrs={"autocomplete": "off"}, render_value=False)
            return forms.CharField(max_length=40, widget=widget, **words)
        return forms.CharField(max_length=max(column.max_length, 4), **words)

    @classmethod
    def started(cls, data: QueryDict | None, sheet: Sheet, stored: StaffFields | None, *, has_print: bool) -> StaffForm:
        """Return the form filled with what is stored; the number's field is always empty."""
        initial = {}
        if stored is not None:
            initial = {name: getattr(stored, name) for name in StaffFields.__dataclass_fields__}
            initial["full_time"] = "yes" if stored.full_time else "no"
        return cls(data, sheet=sheet, has_print=has_print, initial=initial)


class LeadForm(ServiceForm):
    """Who leads an evaluation: any number of the body's own people."""

    people = forms.MultipleChoiceField(label="项目负责人", required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, people: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["people"]
        if isinstance(field, forms.MultipleChoiceField):
            field.choices = [(str(pk), name) for pk, name in people]


class LateForm(ServiceForm):
    """The city's leave to file after the clock."""

    until_on = DateField(label="补报期限", help_text="当日24:00止。补报的报告仍标明迟报。")
    reason = forms.CharField(label="理由", max_length=300, widget=forms.Textarea(attrs={"rows": 3}))


class SealForm(ServiceForm):
    """The sealed scan of a filed report."""

    file = forms.FileField(label="盖章扫描件", help_text="打印已报送的版本，签字盖章后扫描。PDF或图片。")
    declared = forms.CharField(
        label="核对情况",
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="读不出二维码时填写：已核对为当前版本的说明。",
    )
