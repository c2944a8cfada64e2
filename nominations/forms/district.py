"""Forms of a district's desk."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django import forms

from greenportal import clock
from nominations.constants import Category
from nominations.forms.base import DateField, PlainForm, SeenForm, UploadField
from nominations.models import ConsultationItem
from nominations.states import NominationState


class BoardFilter(forms.Form):
    """Filters of the board; in the address, kept by export and by every act."""

    category = forms.ChoiceField(label="类别", required=False, choices=[("", "全部"), *Category.choices])
    state = forms.ChoiceField(label="状态", required=False, choices=[("", "全部"), *NominationState.choices[:11]])
    stopped = forms.ChoiceField(
        label="办理情况", required=False, choices=[("", "全部"), ("yes", "有待解决"), ("no", "可以定稿")]
    )
    q = forms.CharField(label="名称", required=False, max_length=60)


class CreateForm(PlainForm):
    """A new nomination: the firm by its code, and what of it is proposed."""

    category = forms.ChoiceField(label="申报类别", choices=[("", "选择类别"), *Category.choices])
    uscc = forms.CharField(label="统一社会信用代码", max_length=40, help_text="18位，营业执照上的代码。")
    organisation = forms.CharField(label="单位名称", max_length=120, help_text="与营业执照一致的全称。")
    subject = forms.CharField(
        label="工厂、产品、园区或供应链名称",
        max_length=120,
        required=False,
        help_text="与单位名称相同时不填。一个单位有多个厂区或产品的，逐个建立。",
    )
    industry = forms.CharField(
        label="所属行业代码", max_length=4, required=False, help_text="GB/T 4754-2017 四位小类代码。"
    )


class WorkbookForm(PlainForm):
    """An Excel file of candidates."""

    file = UploadField(label="候选名单（Excel）", help_text="使用本页模板，.xlsx 格式，不超过 10 MB。")


class AskForm(PlainForm):
    """Ask the departments at once for all nominees."""

    departments = forms.MultipleChoiceField(label="征求意见的部门", widget=forms.CheckboxSelectMultiple, required=False)
    other = forms.CharField(
        label="其他部门", required=False, max_length=60, help_text="通知列明的部门之外需要征求意见的，填写部门名称。"
    )
    due_on = DateField(label="答复期限", help_text="当日24:00止。")

    def __init__(self, *args: Any, departments: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["departments"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101 - narrows the type for the checker
        names = list(departments)
        field.choices = [(name, name) for name in names]
        field.initial = names
        field.optional = False  # type: ignore[attr-defined]
        self.fields["due_on"].initial = clock.today() + timedelta(days=5)


class OpinionForm(PlainForm):
    """One department's word on one nominee."""

    opinion = forms.ChoiceField(
        label="意见",
        choices=[
            (ConsultationItem.Opinion.NO_OBJECTION, "无意见"),
            (ConsultationItem.Opinion.OBJECTION, "有意见"),
        ],
        widget=forms.RadioSelect,
    )
    text = forms.CharField(
        label="意见内容和依据", required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["opinion"].error_messages["required"] = "选择“无意见”或“有意见”。"

    def clean(self) -> dict[str, Any]:
        """An objection needs its words."""
        data = super().clean() or {}
        if data.get("opinion") == ConsultationItem.Opinion.OBJECTION and not str(data.get("text") or "").strip():
            self.add_error("text", "写明意见的内容和依据。")
        return data


class ReplyForm(PlainForm):
    """Who answered, and on paper the scan of the sealed reply."""

    name = forms.CharField(label="答复人", max_length=60)
    file = UploadField(label="盖章复函扫描件", help_text="PDF，不超过 50 MB。")

    def __init__(self, *args: Any, on_paper: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not on_paper:
            del self.fields["file"]


class FinaliseForm(SeenForm):
    """The head of 附件1."""

    contact = forms.CharField(label="联系人", max_length=40)
    phone = forms.CharField(label="联系电话", max_length=30)
    filled_on = DateField(label="填报日期", required=False)


class PageScanForm(PlainForm):
    """A sealed scan that comes back, of a page whose code says what it is."""

    file = UploadField(label="盖章件扫描件", help_text="PDF（不超过 50 MB）或手机拍照的 JPG（不超过 10 MB）。")
    declared_reason = forms.CharField(
        label="二维码无法识别时的说明",
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="系统先读取页面上的二维码核对版本。读不出时，由经办人对照页脚校验码确认一致并在此说明。",
    )


class ScanForm(PageScanForm, SeenForm):
    """The sealed scan of the list."""
