"""Columns of the export, what was sent up, experiences and statements."""

from __future__ import annotations

from typing import Any

from django import forms

from dynamic_mgmt.models import ListedUnit, Statement, TableExport
from greenportal import clock
from greenportal.directory.forms import DateField, ServiceForm

LINE_MARK = "="


class ColumnsForm(ServiceForm):
    """The order of columns: a line each, 列名=键."""

    columns = forms.CharField(
        label="列序",
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 16}),
        help_text="每行一列，写作“列名=键”。顺序按行。",
    )
    note = forms.CharField(label="依据", max_length=200, required=False, help_text="如国家平台导入模板的版本和日期")
    version = forms.IntegerField(widget=forms.HiddenInput)

    def pairs(self) -> list[tuple[str, str]]:
        """Return (heading, key) of each line; a line without the mark has an empty key."""
        found = []
        for line in self.cleaned_data["columns"].splitlines():
            heading, _, key = line.replace("＝", LINE_MARK).rpartition(LINE_MARK)
            if line.strip():
                found.append((heading.strip(), key.strip()))
        return found


class DispatchForm(ServiceForm):
    """What was sent up, when and under which number."""

    export = forms.ChoiceField(label="导出的文件", error_messages={"required": "先导出Excel，再选择上报的那一份。"})
    sent_on = DateField(label="上报日期")
    document_no = forms.CharField(label="文号或平台回执", max_length=120)

    def choose(self, exports: list[TableExport]) -> None:
        """Offer these exports."""
        field = self.fields["export"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [
                (str(row.pk), f"{row.get_category_display()}，{clock.local(row.at):%Y-%m-%d %H:%M}导出")
                for row in exports
            ]


class ExperienceForm(ServiceForm):
    """A typical experience of one of the writer's units."""

    unit = forms.ChoiceField(label="名单单位")
    title = forms.CharField(label="题目", max_length=80)
    text = forms.CharField(label="做法和成效", max_length=4000, widget=forms.Textarea(attrs={"rows": 10}))

    def choose(self, units: list[ListedUnit]) -> None:
        """Offer these units."""
        field = self.fields["unit"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(str(u.pk), f"{u.current_name}（{u.get_category_display()}）") for u in units]


class RevisionForm(ServiceForm):
    """What is mended of an experience that was not taken."""

    title = forms.CharField(label="题目", max_length=80)
    text = forms.CharField(label="做法和成效", max_length=4000, widget=forms.Textarea(attrs={"rows": 10}))
    version = forms.IntegerField(widget=forms.HiddenInput)


class StatementForm(ExperienceForm):
    """A report or commitment with date and link."""

    kind = forms.ChoiceField(label="类别", choices=Statement.Kind.choices, widget=forms.RadioSelect)
    issued_on = DateField(label="发布日期")
    link = forms.CharField(label="公开链接", max_length=300, required=False, help_text="可不填；系统不访问这个网址。")
    field_order = ("unit", "kind", "title", "issued_on", "link")

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["text"]


class WithdrawForm(ServiceForm):
    """Why a statement is taken back."""

    reason = forms.CharField(label="撤回理由", max_length=300, widget=forms.Textarea(attrs={"rows": 3}))


class MoveForm(ServiceForm):
    """The district's summary or the reason."""

    text = forms.CharField(
        label="区县总结或理由",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4}),
        required=False,
        help_text="区县推荐时写总结；不推荐、不采用或撤下时写理由。",
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].optional = False  # type: ignore[attr-defined]
