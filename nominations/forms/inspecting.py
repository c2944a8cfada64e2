"""What the district sees and finds out itself: signatures and seals, the evaluator's independence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from greenportal.rounds.booktypes import DocumentSlot
from nominations.forms.base import SeenForm
from nominations.models import NominationDocument

SEEN = (("yes", "齐全"), ("no", "缺少"), ("", "尚未核对"))
_VALUES = {"yes": True, "no": False, "": None}
_WORDS = {value: key for key, value in _VALUES.items()}


class IndependenceForm(SeenForm):
    """The district's finding whether the evaluator kept out of the self-evaluation, and on what grounds."""

    value = forms.TypedChoiceField(
        label="评价机构与自我评价活动是否保持独立",
        choices=[("yes", "独立，未参与自评价报告编写"), ("no", "不独立")],
        coerce=lambda text: text == "yes",
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label="核实情况",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="如：向双方了解了什么，查看了哪些合同、报告和人员名单。",
    )


class InspectionForm(SeenForm):
    """Signatures and seals of every uploaded document that has places for them."""

    def __init__(self, *args: Any, documents: Sequence[tuple[DocumentSlot, NominationDocument]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.documents = documents
        for slot, document in documents:
            name = slot.label if not slot.many else f"{slot.label}：{document.title or document.file.name}"
            if slot.signatures:
                self._ask(f"signed-{document.pk}", f"{name}——签字", slot.signatures, document.signed)
            if slot.seals:
                self._ask(f"sealed-{document.pk}", f"{name}——盖章", slot.seals, document.sealed)

    def _ask(self, key: str, label: str, who: Sequence[str], stored: bool | None) -> None:
        self.fields[key] = forms.ChoiceField(
            label=label,
            help_text=f"应有：{'、'.join(who)}",
            choices=SEEN,
            required=False,
            initial=_WORDS[stored],
            widget=forms.RadioSelect,
        )
        self.fields[key].optional = False  # type: ignore[attr-defined]

    def seen_on(self, document: NominationDocument) -> tuple[bool | None, bool | None]:
        """Return what was ticked for signature and seal; a place that the rulebook does not name stays as stored."""
        data = self.cleaned_data
        signed, sealed = data.get(f"signed-{document.pk}"), data.get(f"sealed-{document.pk}")
        return (
            document.signed if signed is None else _VALUES[signed],
            document.sealed if sealed is None else _VALUES[sealed],
        )
