"""What is typed about incidents and changes of listed units."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.http import QueryDict

from dynamic_mgmt.models import IncidentRevision, TableEvidence, UnitChange
from greenportal.accounts.actors import Actor
from greenportal.directory.forms import DateField, ServiceForm
from greenportal.files import services as files
from greenportal.files.models import StoredFile
from greenportal.files.selectors import visible_to

CHOOSE = ("", "请选择")
PROOF = {"pdf", "image"}


def bear(form: forms.Form, name: str, value: str) -> None:
    """Let a bound form show `value` as if it had been typed."""
    data = QueryDict(mutable=True)
    data.update(form.data)
    data[name] = value
    form.data = data


class ProofForm(ServiceForm):
    """A form with one proof: a file that is kept over a refused attempt, so that nobody uploads twice."""

    document = forms.FileField(
        label="证明材料（PDF或图片）", required=False, help_text="已上传的文件在修改其他内容时会保留。"
    )
    document_id = forms.UUIDField(required=False, widget=forms.HiddenInput)
    kept: StoredFile | None = None

    def keep(self, *, actor: Actor, kind: str, owner_organisation_id: int | None = None) -> uuid.UUID | None:
        """Receive the file if one was chosen and return the id of the proof; the form bears it from now on.

        Raises `Invalid` (UploadRefused) for a file that cannot be taken.
        """
        upload = self.cleaned_data.get("document")
        found: uuid.UUID | None = self.cleaned_data.get("document_id")
        if upload:
            found = files.receive(
                actor=actor, upload=upload, kind=kind, accept=PROOF, owner_organisation_id=owner_organisation_id
            ).pk
        if found is not None:
            bear(self, "document_id", str(found))
            self.kept = visible_to(actor, kind=kind).filter(pk=found).first()
        return found


class IncidentForm(ProofForm):
    """One incident as the district reports it."""

    about = forms.CharField(
        label="统一社会信用代码（18位）", max_length=40, required=False, help_text="本区县登记过申报对象的单位。"
    )
    kind = forms.ChoiceField(label="类别", choices=[CHOOSE, *IncidentRevision.Kind.choices])
    severity = forms.ChoiceField(
        label="等级",
        choices=[CHOOSE, *IncidentRevision.Severity.choices],
        help_text="以主管部门认定为准；尚未认定的选“未定级或不分级”。",
    )
    happened_on = DateField(label="发生或认定日期")
    source = forms.ChoiceField(label="信息来源", choices=[CHOOSE, *IncidentRevision.Source.choices])
    source_text = forms.CharField(
        label="来源说明", max_length=200, required=False, help_text="来源为“其他”时填写，如通报文件、媒体名称。"
    )
    text = forms.CharField(label="情况说明", max_length=1000, widget=forms.Textarea(attrs={"rows": 4}))
    document_no = forms.CharField(label="文书名称或文号", max_length=120, required=False)
    reason = forms.CharField(label="更正理由", max_length=400)
    version = forms.IntegerField(widget=forms.HiddenInput)
    field_order = (
        "about", "kind", "severity", "happened_on", "source", "source_text", "text", "document_no", "document", "reason"
    )  # fmt: skip

    def __init__(self, *args: Any, known: bool, correcting: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["document"].label = "文书或查询结果截图（PDF或图片）"
        if known:
            del self.fields["about"]
        if not correcting:
            del self.fields["reason"], self.fields["version"]


class ChangeForm(ProofForm):
    """A rename or major change as told."""

    kind = forms.ChoiceField(label="变更类别", choices=[CHOOSE, *UnitChange.Kind.choices])
    changed_on = DateField(label="变更日期", help_text="更名以登记机关核准的日期为准。")
    new_name = forms.CharField(
        label="变更后名称", max_length=160, required=False, help_text="更名时填写，与营业执照一致。"
    )
    text = forms.CharField(
        label="变更说明",
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="兼并重组、地址、组织边界、生产范围变更时填写变更前后的情况。",
    )
    document_no = forms.CharField(
        label="证明文件名称或文号", max_length=120, required=False, help_text="如登记通知书文号。"
    )
    field_order = ("kind", "changed_on", "new_name", "text", "document_no", "document")


class EvidenceForm(ProofForm):
    """One file of evidence for a dynamic table."""

    group = forms.ChoiceField(label="用于哪些数据", choices=[CHOOSE, *TableEvidence.Group.choices])
    title = forms.CharField(
        label="名称或文号", max_length=160, required=False, help_text="如2021年能源统计报表；不填则用文件名。"
    )
    field_order = ("group", "title", "document")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["document"].label = "佐证材料（PDF或图片）"


class ReasonForm(ServiceForm):
    """A written reason with the version that was seen. `action` is the button pressed."""

    reason = forms.CharField(label="理由", max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 3}))
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, label: str = "理由", hint: str = "", needed: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        box = self.fields["reason"]
        box.label, box.help_text, box.required = label, hint, needed
        box.error_messages["required"] = f"填写{label}"
