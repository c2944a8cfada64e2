"""What an evaluator types about how it evaluated."""

from __future__ import annotations

from typing import Any

from django import forms

from evaluators.models import Engagement
from evaluators.services import EngagementFields, StepFields
from greenportal.directory.forms import DateField, ServiceForm
from greenportal.rounds.rulebook import Rulebook


class WorkForm(ServiceForm):
    """Contract, visit, report, score, and one block per step of the rulebook's procedure."""

    contract_no = forms.CharField(label="合同编号", max_length=80, required=False)
    contract_on = DateField(label="合同日期", required=False)
    visit_from = DateField(label="现场评价开始日期", required=False)
    visit_to = DateField(label="现场评价结束日期", required=False)
    report_on = DateField(label="评价报告日期", required=False)
    score = forms.DecimalField(
        label="评价得分（分）",
        required=False,
        max_digits=6,
        decimal_places=2,
        error_messages={"invalid": "评价得分填写0至100的数，最多两位小数。"},
    )
    statement = forms.FileField(
        label="真实性、准确性承诺（签字盖章扫描件）",
        required=False,
        help_text="对评价报告的真实性、准确性负责的承诺。重新选择后会替换原件。",
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, book: Rulebook, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.book = book
        for key, spec in book.procedure.items():
            self.fields[f"{key}_done_on"] = DateField(label=f"{spec.label}：完成日期", required=False)
            if spec.needs_people:
                outside = f"须为“{book.procedure[spec.outside].label}”以外的人员。" if spec.outside else ""
                self.fields[f"{key}_people"] = forms.CharField(
                    label=f"{spec.label}：人员",
                    required=False,
                    max_length=500,
                    help_text=f"每行一名。{outside}",
                    widget=forms.Textarea(attrs={"rows": 3}),
                )
            self.fields[f"{key}_note"] = forms.CharField(label=f"{spec.label}：说明", max_length=300, required=False)

    @classmethod
    def started(cls, data: Any, engagement: Engagement, book: Rulebook) -> WorkForm:
        """Return the form filled with what is stored."""
        initial: dict[str, Any] = {"version": engagement.version}
        for name in EngagementFields.__dataclass_fields__:
            initial[name] = getattr(engagement, name)
        for row in engagement.steps.all():
            initial |= {
                f"{row.step}_done_on": row.done_on,
                f"{row.step}_people": row.people,
                f"{row.step}_note": row.note,
            }
        return cls(data, initial=initial, book=book)

    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        """Return the visible fields under headings: the evaluation itself, then each step of the procedure."""
        rest = list(self.visible_fields())
        found: list[tuple[str, list[forms.BoundField]]] = []
        for key, spec in self.book.procedure.items():
            # Whole names: the step `report` is not the owner of the field `report_on`.
            names = {f"{key}_{part}" for part in ("done_on", "people", "note")}
            mine = [field for field in rest if field.name in names]
            rest = [field for field in rest if field not in mine]
            found.append((f"程序：{spec.label}", mine))
        return [("合同、现场评价和报告", rest), *found]

    def told(self) -> EngagementFields:
        """Return dates and figures typed. Only after `is_valid()`."""
        return EngagementFields(**{n: self.cleaned_data[n] for n in EngagementFields.__dataclass_fields__})

    def steps(self) -> dict[str, StepFields]:
        """Return the steps typed, by key."""
        values = self.cleaned_data
        return {
            key: StepFields(
                done_on=values[f"{key}_done_on"],
                people=values.get(f"{key}_people", ""),
                note=values[f"{key}_note"],
            )
            for key in self.book.procedure
        }
