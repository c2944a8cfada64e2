"""Filters of the board and what officers type about a table."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms

from dynamic_mgmt.models import ListedUnit, TablePeriod, UnitVisit
from dynamic_mgmt.selectors.tables import TableFilters
from dynamic_mgmt.services.table_majors import KINDS
from dynamic_mgmt.table_states import Opinion, states_of
from greenportal import clock
from greenportal.accounts.actors import CITY_ROLES, Role
from greenportal.directory.forms import DateField, ServiceForm
from greenportal.directory.models import Authority
from greenportal.findings.types import Invalid

ANY = ("", "全部")
#: What the city's reviewer has still to do; a filter by it would tell others of the proposals.
UNPROPOSED = ("unproposed", "待提出处理建议")
EXTRA_STATES = [("overdue", "已逾期"), ("late", "逾期补报"), ("refused", "曾登记拒不填报")]


class TableFilter(forms.Form):
    """Filters that stand in the address; what cannot be read does not filter."""

    period = forms.ChoiceField(label="填报期", required=False)
    q = forms.CharField(label="名称或代码", max_length=60, required=False)
    authority = forms.ChoiceField(label="区市县", required=False)
    category = forms.ChoiceField(label="类别", choices=[ANY, *ListedUnit.Category.choices], required=False)
    state = forms.ChoiceField(label="状态", required=False)
    opinion = forms.ChoiceField(label="区县意见", choices=[ANY, *Opinion.choices], required=False)

    def __init__(self, data: Any, *, role: Role, periods: list[TablePeriod], authorities: list[Authority]) -> None:
        super().__init__(data)
        extra = [*EXTRA_STATES, UNPROPOSED] if role in CITY_ROLES else EXTRA_STATES
        for name, choices in (
            ("state", [ANY, *((s.value, s.label) for s in states_of(role)), *extra]),
            ("period", [(str(p.pk), p.label) for p in periods]),
            ("authority", [ANY, *((str(a.pk), a.name) for a in authorities)]),
        ):
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField):
                field.choices = choices
        if len(authorities) < 2:
            del self.fields["authority"]

    def filters(self) -> TableFilters:
        """Return the filters typed; a field that does not validate counts as empty."""
        self.is_valid()
        values = {key: value for key, value in self.cleaned_data.items() if key != "period" and value}
        return TableFilters(**values)

    def chosen_period(self) -> int | None:
        """Return the period asked for, None for none."""
        self.is_valid()
        text = self.cleaned_data.get("period") or ""
        return int(text) if text.isascii() and text.isdigit() else None


class TableForm(ServiceForm):
    """A form about one table: it posts back the version that was shown."""

    version = forms.IntegerField(widget=forms.HiddenInput)


class ReasonForm(TableForm):
    """A verb that needs a reason."""

    reason = forms.CharField(label="理由", max_length=500, widget=forms.Textarea(attrs={"rows": 4}))


class ReturnForm(ReasonForm):
    """What is to be mended, and by when."""

    due_on = DateField(label="修改期限", help_text="按当日24:00计；到期未改好的计为已逾期。")


class RenameForm(TableForm):
    """What 变更名称 needs; blank fields are taken from the unit's filed table."""

    new_name = forms.CharField(
        label="变更后的名称", max_length=120, required=False, help_text="选“变更名称”时填写；留空按单位填报的现名称。"
    )
    changed_on = DateField(
        label="更名或变更日期", required=False, help_text="选“变更名称”或“重大变更”时填写；留空按单位填报的日期。"
    )
    document_no = forms.CharField(
        label="证明文件名称或文号",
        max_length=120,
        required=False,
        help_text="选“变更名称”或“重大变更”时填写；留空按单位填报的证明。",
    )
    change_kind = forms.ChoiceField(
        label="重大变更类别",
        choices=[("", "请选择"), *KINDS],
        required=False,
        help_text="选“重大变更”时填写；区县没有填写的，由市局决定时填写。",
    )
    #: Each says when it is needed: 选填 beside it would be untrue.
    needed_at_times = ("reason", "new_name", "changed_on", "document_no", "change_kind")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.needed_at_times:
            self.fields[name].optional = False  # type: ignore[attr-defined]


class OpinionForm(RenameForm):
    """The district's 动态调整意见."""

    opinion = forms.ChoiceField(label="动态调整意见", choices=Opinion.choices, widget=forms.RadioSelect)
    reason = forms.CharField(
        label="理由",
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="除“保留”外须写明理由。",
    )
    clause = forms.CharField(label="依据", max_length=120, required=False, initial="通知 三")
    field_order = ("opinion", "reason", "clause", "new_name", "change_kind", "changed_on", "document_no")


#: What is decided at once; re-check, visit and removal have their own verbs.
SETTLED = [(o.value, o.label) for o in (Opinion.KEEP, Opinion.RENAMED, Opinion.MAJOR)]


def _reason() -> forms.CharField:
    """Why the city proposes or decides so: asked for where it differs from the district."""
    return forms.CharField(
        label="理由",
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="与区县意见不同的，须写明理由。",
    )


class ProposalForm(TableForm):
    """What the reviewer proposes to the lead."""

    proposal = forms.ChoiceField(label="建议", choices=SETTLED, widget=forms.RadioSelect)
    reason = _reason()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].optional = False  # type: ignore[attr-defined]


class DecisionForm(RenameForm):
    """The city's decision, all but removal."""

    decision = forms.ChoiceField(label="决定", choices=SETTLED, widget=forms.RadioSelect)
    reason = _reason()
    field_order = ("decision", "reason", "new_name", "change_kind", "changed_on", "document_no")


class UnitRemovalForm(TableForm):
    """A removal proposed by the city; another person confirms it."""

    removed_on = DateField(label="移出日期")
    reason = forms.CharField(label="移出原因", max_length=200)
    document_no = forms.CharField(label="移出文号", max_length=120)


class VisitForm(ServiceForm):
    """A guidance visit."""

    done_on = DateField(label="日期")
    people = forms.CharField(label="参加人员", max_length=200)
    text = forms.CharField(label="情况", max_length=4000, widget=forms.Textarea(attrs={"rows": 6}))


class ConcludeForm(VisitForm):
    """The result of a re-check or an evaluation on site."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    result = forms.ChoiceField(label="结果", choices=UnitVisit.Result.choices, widget=forms.RadioSelect)


class PeriodForm(ServiceForm):
    """A further period of 定期报送."""

    label = forms.CharField(label="名称", max_length=80, help_text="如2022年上半年关键指标报送")
    key = forms.CharField(label="代号", max_length=20, help_text="小写字母和数字，如2022h1，设定后不变")
    data_year = forms.IntegerField(label="数据年度")
    opens_on = DateField(label="开始日期")
    closes_on = DateField(label="截止日期", help_text="按当日24:00计")

    def times(self) -> dict[str, datetime]:
        """Return opening and (exclusive) closing instants."""
        values = self.cleaned_data
        return {"opens_at": clock.local_instant(values["opens_on"]), "closes_at": clock.end_of(values["closes_on"])}


class ExtendForm(ServiceForm):
    """Longer time for one district."""

    authority = forms.ChoiceField(label="区市县")
    until_on = DateField(label="延至", help_text="按当日24:00计")
    document_no = forms.CharField(label="批准延期的文号", max_length=80)
    reason = forms.CharField(label="理由", max_length=300)

    def __init__(self, *args: Any, authorities: list[Authority], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["authority"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(str(a.pk), a.name) for a in authorities]

    def _take(self, error: Invalid) -> None:
        """Put what the service says of the instant beside the day that was typed."""
        errors = {("until_on" if name == "until" else name): texts for name, texts in error.errors.items()}
        super()._take(Invalid(error.message, errors=errors))

    def until(self) -> datetime:
        """Return the exclusive end."""
        return clock.end_of(self.cleaned_data["until_on"])
