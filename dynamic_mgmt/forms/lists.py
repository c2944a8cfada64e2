"""Published lists as they are pasted, published removals and renames, and answers about doubtful matches."""

from __future__ import annotations

from typing import Any

from django import forms

from dynamic_mgmt.forms.events import CHOOSE, bear
from dynamic_mgmt.models import ListedUnit, MatchDoubt
from greenportal.directory.forms import DateField, ServiceForm
from greenportal.directory.models import Territory
from greenportal.directory.selectors import nominating_authorities
from greenportal.directory.tables import decoded

MAX_CSV = 2 * 1024 * 1024
CATEGORIES = [(label, label) for _, label in ListedUnit.Category.choices]
LEVELS = [(label, label) for _, label in ListedUnit.Level.choices]


class PasteForm(ServiceForm):
    """A published table as text, with what the list as a whole says."""

    category = forms.ChoiceField(
        label="类别", choices=[CHOOSE, *CATEGORIES], required=False, help_text="文中有分类标题或类别列的，以文中为准。"
    )
    level = forms.ChoiceField(label="级别", choices=[CHOOSE, *LEVELS], required=False)
    batch = forms.CharField(label="批次", max_length=20, required=False)
    year = forms.CharField(label="名单年度", max_length=10, required=False, help_text="名单所属年度，不是公布年份。")
    listed_on = DateField(label="公布日期", required=False)
    source = forms.CharField(label="公布文件的名称和文号", max_length=200)
    text = forms.CharField(
        label="名单文字",
        max_length=2_000_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 12}),
        help_text="从PDF或Excel中复制表格后粘贴。页眉、页码和折行可以保留。",
    )
    file = forms.FileField(label="或选择CSV文件", required=False)

    def clean(self) -> dict[str, Any]:
        """Take the text of a chosen CSV file into the text field, so that it is kept and seen."""
        data = super().clean() or {}
        file = data.get("file")
        if file and file.size > MAX_CSV:
            self.add_error("file", "CSV文件超过2 MB，请分成几个文件，或改用Excel导入。")
        elif file:
            data["text"] = decoded(file.read())
            bear(self, "text", data["text"])
        if not file and not data.get("text", "").strip():
            self.add_error("text", "粘贴名单文字，或选择CSV文件")
        return data


class PublishedForm(ServiceForm):
    """Removals or renames as a published document lists them."""

    kind = forms.ChoiceField(label="登记事项", choices=[CHOOSE, ("removal", "移出名单"), ("rename", "更名")])
    category = forms.ChoiceField(label="类别", choices=[CHOOSE, *ListedUnit.Category.choices])
    level = forms.ChoiceField(label="级别", choices=[CHOOSE, *ListedUnit.Level.choices])
    on = DateField(label="文件日期")
    document_no = forms.CharField(label="文号", max_length=120)
    reason = forms.CharField(label="移出原因", max_length=200, required=False, help_text="登记移出时填写，按文件原文。")
    text = forms.CharField(
        label="单位名称",
        max_length=200_000,
        widget=forms.Textarea(attrs={"rows": 10}),
        help_text="每行一个单位，前面可有序号。更名：原名称、空格、现名称。产品移出：企业名称、空格、产品型号。",
    )


class DoubtForm(ServiceForm):
    """The answer about one doubtful match."""

    choice = forms.ChoiceField(label="确认结果", widget=forms.RadioSelect)
    other = forms.CharField(label="另外一项", max_length=160, required=False)
    reason = forms.CharField(label="依据", max_length=200, help_text="如名单原文、营业执照、更名证明。")

    def __init__(self, *args: Any, doubt: MatchDoubt, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        row = doubt.subject == MatchDoubt.Subject.ROW
        choices = [(str(c["id"]), f"{c['name']}（{c['because']}）") for c in doubt.candidates]
        choices.append(("other", "是名单中的另一单位" if row else "是另一法人单位"))
        choices.append(("none", "都不是，作为新单位列入" if row else "都不是，暂不对应"))
        box = self.fields["choice"]
        if isinstance(box, forms.ChoiceField):
            box.choices = choices
        self.fields["other"].help_text = (
            "选择“另一单位”时填写该单位列入时的全称或现名称。"
            if row
            else "选择“另一法人单位”时填写其统一社会信用代码。"
        )


class PlaceForm(ServiceForm):
    """Who manages a unit and where it stands."""

    authority = forms.ChoiceField(label="管理单位", required=False, help_text="区市县或先导区，由其收集动态管理表。")
    territory = forms.ChoiceField(label="所在行政区划", required=False)
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lists = {
            "authority": [(str(row.pk), row.name) for row in nominating_authorities()],
            "territory": [(code, f"{name}（{code}）") for code, name in Territory.objects.values_list("code", "name")],
        }
        for name, choices in lists.items():
            box = self.fields[name]
            if isinstance(box, forms.ChoiceField):
                box.choices = [("", "未确定"), *choices]
