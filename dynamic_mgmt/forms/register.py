"""Filters of the register and what the city types about one unit."""

from __future__ import annotations

from django import forms

from dynamic_mgmt.models import ListedUnit
from dynamic_mgmt.selectors import Filters
from greenportal.directory.forms import DateField, ServiceForm

ANY = ("", "全部")


class RegisterFilter(forms.Form):
    """Filters that stand in the address; what cannot be read does not filter."""

    q = forms.CharField(label="名称、代码或型号", max_length=60, required=False)
    category = forms.ChoiceField(label="类别", choices=[ANY, *ListedUnit.Category.choices], required=False)
    level = forms.ChoiceField(label="级别", choices=[ANY, *ListedUnit.Level.choices], required=False)
    batch = forms.CharField(label="批次", max_length=20, required=False)
    year = forms.IntegerField(label="名单年度", required=False, min_value=1, max_value=9999)
    published = forms.IntegerField(label="公布年份", required=False, min_value=1, max_value=9999)
    state = forms.ChoiceField(label="状态", choices=[ANY, ("active", "在名单"), ("removed", "已移出")], required=False)
    province = forms.CharField(label="省份", max_length=20, required=False)
    managed = forms.ChoiceField(label="管理单位", choices=[ANY, ("none", "管理单位未确定")], required=False)

    def filters(self) -> Filters:
        """Return the filters typed; a field that does not validate counts as empty."""
        self.is_valid()
        return Filters(**{name: value for name, value in self.cleaned_data.items() if value not in (None, "")})


class RemovalForm(ServiceForm):
    """A removal as published."""

    removed_on = DateField(label="移出日期")
    reason = forms.CharField(label="移出原因", max_length=200)
    document_no = forms.CharField(label="移出文号", max_length=120)


class LinkForm(ServiceForm):
    """Which legal person a listed name belongs to."""

    uscc = forms.CharField(
        label="统一社会信用代码（18位）",
        max_length=40,
        required=False,
        help_text="单位须已在系统登记。留空则取消对应。",
    )
    reason = forms.CharField(label="依据", max_length=200, help_text="如名单附件、更名证明。")
    version = forms.IntegerField(widget=forms.HiddenInput)
