"""Forms of the directory, and the form that shows what a service refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar

from django import forms
from django.http import HttpRequest, QueryDict

from greenportal import clock
from greenportal.directory.models import Authority, Territory
from greenportal.findings.types import DomainError, Invalid, NotVisible, Refused
from greenportal.sheets.forms import PortalForm

Result = TypeVar("Result")


def posted(request: HttpRequest) -> QueryDict | None:
    """Return what was posted, even if nothing was filled in; None for a page that is only looked at."""
    return request.POST if request.method == "POST" else None


class DateField(forms.DateField):
    """A day, typed or picked; accepts the ways people write it. A day further than `years` from today is a slip of the pen."""

    def __init__(self, *, years: int = 50, **kwargs: Any) -> None:
        formats = ["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日"]
        kwargs.setdefault("widget", forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
        kwargs.setdefault("error_messages", {"invalid": "填写日期，如2022-10-15。"})
        super().__init__(input_formats=formats, **kwargs)
        self.years = years

    def clean(self, value: Any) -> date | None:
        """Return the day. Refuses what lies too far off: the calendar ends there, and a deadline counts the next day."""
        day: date | None = super().clean(value)
        if day is not None and abs((day - clock.today()).days) > self.years * 366:
            raise forms.ValidationError(f"{self.label or '日期'}离今天超过{self.years}年。核对后填写，如2022-10-15。")
        return day


class YesNoField(forms.TypedChoiceField):
    """Yes, no, or not known: what nobody has seen stays unknown."""

    def __init__(self, **kwargs: Any) -> None:
        choices = [("", "未核实"), ("yes", "是"), ("no", "否")]
        super().__init__(choices=choices, coerce=lambda v: v == "yes", empty_value=None, required=False, **kwargs)


class ServiceForm(PortalForm):
    """A form in front of one service call: what the service refuses is shown here and nothing typed is lost."""

    def run(self, verb: Callable[[], Result]) -> Result | None:
        """Return what `verb` returns, or None after putting its refusal beside the field that it names.

        Refusals of permission and visibility pass through: they are pages of their own.
        """
        try:
            return verb()
        except (Refused, NotVisible):
            raise
        except Invalid as error:
            self._take(error)
        except DomainError as error:
            self.add_error(None, error.message)
        return None

    def _take(self, error: Invalid) -> None:
        for name, messages in (error.errors or {"": [error.message]}).items():
            for message in messages:
                self.add_error(name if name in self.fields else None, message)


class AuthorityForm(ServiceForm):
    """What the city lead knows of a unit."""

    name = forms.CharField(label="名称", max_length=60)
    bureau_name = forms.CharField(label="主管部门全称", max_length=80, required=False)
    kind = forms.ChoiceField(label="类别", choices=Authority.Kind.choices)
    territories = forms.MultipleChoiceField(label="所辖区划", required=False, widget=forms.CheckboxSelectMultiple)
    starts_on = DateField(label="设立日期", required=False, years=150)
    ends_on = DateField(label="撤并日期", required=False, years=150)
    note = forms.CharField(label="说明", max_length=200, required=False)
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = Territory.objects.values_list("code", "name")
        choices = self.fields["territories"]
        if isinstance(choices, forms.MultipleChoiceField):
            choices.choices = [(code, f"{name}（{code}）") for code, name in rows]


class UploadForm(ServiceForm):
    """A workbook to look through before anything is stored."""

    file = forms.FileField(label="Excel文件（.xlsx）", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Not asked again when what was looked through is confirmed; 选填 beside it would be untrue.
        self.fields["file"].optional = False  # type: ignore[attr-defined]
