"""Forms of one nomination: what its applicant and its district type beside the sheets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django import forms

from greenportal import clock
from greenportal.filings.models import FieldComment
from nominations.constants import RETURN_PHRASES
from nominations.forms.base import DateField, PlainForm, SeenForm, UploadField


class ReasonForm(SeenForm):
    """An act that needs its written reason."""

    reason = forms.CharField(
        label="理由", max_length=300, widget=forms.Textarea(attrs={"rows": 4}), help_text="300字以内，会记入办理过程。"
    )


class DocumentForm(PlainForm):
    """One upload for one slot."""

    file = UploadField(label="文件")
    title = forms.CharField(label="材料名称", max_length=160, required=False, help_text="不填则用文件名。")
    issued_on = DateField(
        label="出具日期",
        required=False,
        help_text="例如 2022-09-30。信用查询截图填写查询日期。",
    )


class EvaluatorForm(SeenForm):
    """The evaluator that the applicant chose and hired itself."""

    evaluator = forms.TypedChoiceField(
        label="第三方评价机构",
        coerce=int,
        required=False,
        empty_value=None,
        help_text="由申报单位自主选择和委托（通知 二）。列表按名称排序，不代表推荐。",
    )

    independent = forms.TypedChoiceField(
        label="独立性声明",
        choices=[
            ("yes", "评价机构与本单位的自我评价活动保持独立，没有参与自评价报告编写"),
            ("no", "评价机构或其人员参与了自评价报告编写"),
        ],
        coerce=lambda text: text == "yes",
        empty_value=None,
        required=False,
        widget=forms.RadioSelect,
        help_text="通知要求评价机构与自我评价活动保持独立（通知 二、第1段）。更换评价机构后重新声明。",
    )
    authors = forms.CharField(
        label="自评价报告编写人",
        required=False,
        max_length=500,
        help_text="每行一名，供与评价机构人员比对，不对外公开。",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, evaluators: Iterable[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["evaluator"]
        assert isinstance(choice, forms.ChoiceField)  # noqa: S101 - narrows the type for the checker
        choice.choices = [("", "尚未选择"), *((str(pk), name) for pk, name in evaluators)]


class StandardForm(SeenForm):
    """The standard that both evaluations follow, and the industry class."""

    industry = forms.CharField(
        label="所属行业代码", max_length=4, required=False, help_text="GB/T 4754-2017 四位小类代码，例如 3451。"
    )
    standard = forms.CharField(
        label="评价标准",
        max_length=120,
        required=False,
        help_text="绿色工厂默认 GB/T 36132-2018；已发布行业标准的按行业标准。绿色设计产品从标准清单中选用。",
    )

    def __init__(self, *args: Any, standards: Sequence[tuple[str, str]] = (), **kwargs: Any) -> None:
        """`standards`: the round's list, from which alone a product's standard is chosen."""
        super().__init__(*args, **kwargs)
        if standards:
            self.fields["standard"] = forms.ChoiceField(
                label="评价标准",
                choices=[("", "选择"), *standards],
                required=False,
                help_text="申请产品仅限“绿色设计产品标准清单”中载明标准的产品；所选标准写入基本信息表。",
            )


class FinishReportForm(SeenForm):
    """The evaluator's word that its report is finished; `version` is the filing's."""

    author = forms.CharField(label="报告编制负责人", max_length=60)
    report_on = DateField(label="报告日期", help_text="例如 2022-09-30，与报告封面一致。")


class ReopenReportForm(PlainForm):
    """Why a finished report is opened again."""

    reason = forms.CharField(
        label="重新填写的理由", max_length=300, widget=forms.Textarea(attrs={"rows": 3}), help_text="300字以内。"
    )


class KeyEnergyForm(SeenForm):
    """The district's finding whether this is a 重点用能行业企业."""

    value = forms.TypedChoiceField(
        label="是否属于重点用能行业企业",
        choices=[("yes", "是"), ("no", "否")],
        coerce=lambda text: text == "yes",
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(label="认定理由", max_length=300, widget=forms.Textarea(attrs={"rows": 3}))


class ConfirmForm(PlainForm):
    """The legal representative's word about exactly what was shown."""

    sha256 = forms.CharField(widget=forms.HiddenInput)
    name = forms.CharField(label="法定代表人姓名", max_length=60)
    basis = forms.CharField(
        label="纸质签字件存放处",
        max_length=300,
        required=False,
        help_text="仅由主管部门代为登记纸质签字时填写。",
    )
    agreed = forms.BooleanField(label="我已核对以上内容，对材料的真实性负责。")

    def __init__(self, *args: Any, on_paper: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not on_paper:
            del self.fields["basis"]
        self.fields["agreed"].error_messages["required"] = "勾选“我已核对以上内容”后再确认。"


class LinkForm(PlainForm):
    """Where to send a confirmation link."""

    email = forms.EmailField(
        label="法定代表人邮箱", required=False, help_text="不填则只生成链接，由您转交。链接7天内有效，内容改动后失效。"
    )


class InviteForm(PlainForm):
    """Whom to invite as the applicant's handler."""

    name = forms.CharField(label="经办人姓名", max_length=40)
    email = forms.EmailField(label="经办人邮箱")


class DecisionForm(SeenForm):
    """A written decision on a finding of 原则上; `facts` is the fingerprint of those that the page showed."""

    facts = forms.CharField(required=False, widget=forms.HiddenInput)

    keep = forms.TypedChoiceField(
        label="处理意见",
        choices=[("yes", "仍予推荐"), ("no", "不予推荐")],
        coerce=lambda text: text == "yes",
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(label="书面理由", max_length=1000, widget=forms.Textarea(attrs={"rows": 4}))

    def shows(self, seen: str) -> None:
        """Take note of the facts that the page shows when it comes again."""
        self.data = {**dict(self.data.items()), self.add_prefix("facts"): seen}


class NationalForm(SeenForm):
    """When the applicant filed on the national platform."""

    filed_on = DateField(
        label="国家平台填报日期",
        required=False,
        help_text="在工业节能与绿色发展管理平台（green.miit.gov.cn）完成填报的日期；留空表示撤销登记。",
    )


class ReturnForm(SeenForm):
    """A return: its overall words and when the answer is due."""

    reason = forms.CharField(
        label="总体意见",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="常用语：" + "；".join(phrase.rstrip("。") for phrase in RETURN_PHRASES) + "。",
    )
    due_on = DateField(
        label="补正期限",
        help_text="当日24:00止。补正期限不改变报送截止时间。",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["due_on"].initial = clock.today() + timedelta(days=3)


class CommentForm(PlainForm):
    """One remark at one place; rows left without a place are passed over."""

    path = forms.ChoiceField(label="位置", required=False)
    kind = forms.ChoiceField(label="类别", choices=FieldComment.Kind.choices, required=False)
    text = forms.CharField(label="意见", required=False, widget=forms.Textarea(attrs={"rows": 2}), max_length=1000)
    clause = forms.CharField(label="依据", required=False, max_length=120)

    def __init__(self, *args: Any, places: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        place = self.fields["path"]
        assert isinstance(place, forms.ChoiceField)  # noqa: S101 - narrows the type for the checker
        place.choices = [("", "选择位置"), *places]

    def clean(self) -> dict[str, Any]:
        """A remark needs both its place and its words."""
        data = super().clean() or {}
        if data.get("path") and not str(data.get("text") or "").strip():
            self.add_error("text", "填写这一处需要怎样修改。")
        if not data.get("path") and str(data.get("text") or "").strip():
            self.add_error("path", "选择这条意见针对的位置。")
        return data


class AnswerForm(PlainForm):
    """The applicant's answer to one remark."""

    answer = forms.ChoiceField(
        label="答复",
        choices=[(FieldComment.Answer.CHANGED, "已按意见修改"), (FieldComment.Answer.EXPLAINED, "不修改，说明理由")],
        widget=forms.RadioSelect,
    )
    text = forms.CharField(
        label="不修改的理由", required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].optional = False  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Not changing needs a reason."""
        data = super().clean() or {}
        if data.get("answer") == FieldComment.Answer.EXPLAINED and not str(data.get("text") or "").strip():
            self.add_error("text", "填写不修改的理由。")
        return data
