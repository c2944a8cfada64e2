"""What the city types about sanctions and what comes after them."""

from __future__ import annotations

from django import forms

from greenportal.directory.forms import DateField, ServiceForm


class SanctionForm(ServiceForm):
    """A verified case; it bites after a second person has confirmed it, for the rulebook's years."""

    verified_on = DateField(label="查实日期")
    document_no = forms.CharField(label="依据文号", max_length=120)
    facts = forms.CharField(label="查实的事实", widget=forms.Textarea(attrs={"rows": 4}))


class LiftForm(ServiceForm):
    """The early end of a sanction."""

    lift_on = DateField(label="解除日期")
    reason = forms.CharField(label="解除理由", max_length=300)
    document_no = forms.CharField(label="依据文号", max_length=120)


class AppealForm(ServiceForm):
    """What the sanctioned body says against it; its letter stands beside the form."""

    on = DateField(label="申诉日期")
    text = forms.CharField(label="申诉的内容", max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))
    letter = forms.FileField(label="申诉材料（PDF或图片）", required=False)


class OutcomeForm(ServiceForm):
    """What comes of an appeal."""

    outcome = forms.ChoiceField(
        label="处理结果",
        choices=[("keep", "维持不予采信"), ("revoke", "撤销不予采信，视为自始没有登记")],
        widget=forms.RadioSelect,
    )
    on = DateField(label="处理日期")
    text = forms.CharField(label="处理理由", max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))
    document_no = forms.CharField(label="处理决定文号", max_length=120)
