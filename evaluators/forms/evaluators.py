"""What the city types about evaluators, and what an evaluator types about its engagements."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms

from evaluators.models import EvaluatorRegistration
from evaluators.services import RegistrationFields
from greenportal import clock
from greenportal.directory.forms import DateField, ServiceForm, YesNoField
from greenportal.sheets.forms import PortalForm


class EvaluatorForm(ServiceForm):
    """A body that is not on file yet."""

    uscc = forms.CharField(label="统一社会信用代码（18位）", max_length=40)
    name = forms.CharField(label="机构名称", max_length=120, help_text="与营业执照或法人证书一致。")


class RegistrationForm(ServiceForm):
    """The five basic conditions as proved; what nobody has seen stays 未核实."""

    registered_in_china = YesNoField(label="境内注册的独立法人")
    has_experience = YesNoField(label="具有评价经验和能力")
    has_office = YesNoField(label="固定办公场所和办公条件")
    has_finance_system = YesNoField(label="健全的财务管理制度")
    staff_intermediate = forms.IntegerField(label="中级职称以上专职人员（人）", required=False)
    staff_senior = forms.IntegerField(label="其中相关专业高级职称（人）", required=False)
    knows_rules = YesNoField(label="熟悉政策和标准规范")
    covers_three_fields = YesNoField(label="具备工厂、园区、供应链评价能力")
    latest_record_on = DateField(label="近五年业绩的最近日期", required=False)
    declared_elsewhere = forms.IntegerField(label="本系统以外的评价项目（项）", required=False)
    source = forms.CharField(label="来源", max_length=120, help_text="如“机构提交的证明材料，2022年10月8日”。")
    seen_number = forms.IntegerField(widget=forms.HiddenInput)

    @classmethod
    def started(cls, data: Any, stored: EvaluatorRegistration | None) -> RegistrationForm:
        """Return the form filled with what is stored; the source is asked anew each time."""
        initial: dict[str, Any] = {"seen_number": stored.number if stored else 0}
        for name in RegistrationFields.__dataclass_fields__:
            value = getattr(stored, name) if stored else None
            initial[name] = {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value
        return cls(data, initial=initial)

    def entered(self) -> RegistrationFields:
        """Return the facts typed. Only after `is_valid()`."""
        return RegistrationFields(**{n: self.cleaned_data[n] for n in RegistrationFields.__dataclass_fields__})


class AsOfForm(PortalForm):
    """The day that a page is asked about, in its address (`?as_of=`); empty for now."""

    as_of = DateField(label="截至日期", required=False)

    @property
    def day(self) -> date | None:
        """Return the day asked about; None for now, and for what is no day."""
        return self.cleaned_data.get("as_of") if self.is_bound and self.is_valid() else None

    @property
    def told(self) -> str:
        """Return the day as heading and export say it; "" for now."""
        return f"截至{clock.spoken_date(self.day)}" if self.day else ""


class IndexFilter(AsOfForm):
    """The city's list: by name or code, as of a day."""

    q = forms.CharField(label="名称或信用代码", max_length=60, required=False)
    field_order = ("q", "as_of")


class ReasonForm(ServiceForm):
    """A written reason, with the version of the row that was shown.

    The service asks for the reason, in the table's order of refusals; the page does not call it optional.
    label: says when it is needed where only some of the page's buttons need it.
    """

    reason = forms.CharField(label="理由", max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 3}))
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, label: str = "理由", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = label
        self.fields["reason"].optional = False  # type: ignore[attr-defined]


class ConfirmForm(ServiceForm):
    """The evaluator's word that it does this evaluation."""

    report_on = DateField(label="评价报告日期", required=False, help_text="报告尚未出具的留空。")
    independent = forms.TypedChoiceField(
        label="独立性声明",
        choices=[
            ("yes", "本机构与受评价方的自我评价活动保持独立，没有参与自评价报告编写"),
            ("no", "本机构或本机构人员参与了自评价报告编写"),
        ],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        error_messages={"required": "选择独立性声明。"},
    )
    cap_seen = forms.BooleanField(label="已知悉评价项目数将达到或超过上限", required=False)
    version = forms.IntegerField(widget=forms.HiddenInput)
