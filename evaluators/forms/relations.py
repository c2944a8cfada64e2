"""What is typed about relations of legal persons."""

from __future__ import annotations

from typing import Any

from django import forms

from evaluators.models import AffiliateRelation
from evaluators.services import RelationFields
from greenportal.directory.forms import ServiceForm


class RelationForm(ServiceForm):
    """Another legal person, the relation, and what shows it; the evidence file stands beside the form."""

    other = forms.ChoiceField(label="关联的评价机构", required=False, help_text="不是评价机构的单位，填写下面两项。")
    uscc = forms.CharField(label="其他单位的统一社会信用代码", max_length=40, required=False)
    name = forms.CharField(label="其他单位的名称", max_length=120, required=False)
    kind = forms.ChoiceField(
        label="关联关系", choices=[("", "选择关联关系"), *AffiliateRelation.Kind.choices], required=False
    )
    text = forms.CharField(
        label="说明",
        max_length=300,
        required=False,
        help_text="选“其他”的必须写明，如“同一集团的子公司”。",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    basis = forms.CharField(
        label="依据材料", max_length=300, required=False, help_text="如“国家企业信用信息公示系统2022年9月1日查询件”。"
    )

    evidence = forms.FileField(label="证明文件（PDF或图片）", required=False)

    def __init__(self, *args: Any, others: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["other"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [("", "选择评价机构"), *((str(pk), name) for pk, name in others)]

    def clean(self) -> dict[str, Any]:
        """One other legal person, by either way."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if not values.get("other") and not (values.get("uscc") and values.get("name")):
            self.add_error("other", "选择关联的评价机构，或填写其他单位的代码和名称。")
        return values

    def told(self) -> RelationFields:
        """Return what is told of the relation. Only after `is_valid()`."""
        values = self.cleaned_data
        return RelationFields(kind=values["kind"], text=values["text"], basis=values["basis"])
