"""Why a file is not taken: one cause, one Chinese sentence that says what to do."""

from __future__ import annotations

from typing import Self

from greenportal.findings.types import DomainError

MESSAGES: dict[str, str] = {
    "none": "请选择要上传的文件。",
    "extension": "这里只接收{labels}，您选择的文件扩展名是“{suffix}”。请转换格式后重新上传。",
    "double_extension": "文件名“{name}”里有多个扩展名。请改成只有一个扩展名的文件名后重新上传。",
    "mismatch": "文件扩展名是“{suffix}”，内容却不是这种格式。请用原软件另存为{label}后重新上传，不要直接改扩展名。",
    "too_big": "{label}文件不得超过 {limit}，您选择的文件是 {actual}。请压缩或拆分后重新上传。",
    "empty": "您选择的文件是空的（0 字节）。请检查后重新选择。",
    "infected": "查毒时发现该文件带有病毒，没有保存。请查杀病毒后重新上传。",
    "password": "文件设有密码，系统打不开。请取消密码后重新上传。",
    "damaged": "文件已损坏，系统打不开。请用原软件打开、另存后重新上传。",
    "too_many_pages": "PDF 不得超过 {limit} 页，您上传的文件有 {actual} 页。请拆分后重新上传。",
    "too_many_pixels": "图片不得超过 {limit} 万像素，您上传的图片是 {width}×{height} 像素。请缩小后重新上传。",
    "too_many_rows": (
        "工作表“{sheet}”不得超过 {rows} 行、{cols} 列，现有 {actual_rows} 行、{actual_cols} 列。"
        "请删去多余的行列后重新上传。"
    ),
    "cell_too_long": "有单元格的文字超过 {limit} 个字符。请缩短后重新上传。",
    "macro": "文件含有宏，不予接收。请另存为不含宏的格式（.xlsx 或 .docx）后重新上传。",
    "external_links": "文件引用了其他文件或网络内容。请断开外部链接、另存后重新上传。",
    "unsafe": "文件里夹带了不允许的内容。请用原软件打开、另存后重新上传。",
    "unpacks_too_big": "文件展开后超过 {limit_mb} MB。请删去多余内容、另存后重新上传。",
    "too_complex": "文件内部结构过于复杂，系统无法检查。请用原软件打开、另存或拆分后重新上传。",
    "template": "请下载本年度模板，按模板填写后上传，不要增删表头和工作表。",
    "quota": "本单位已使用存储空间 {used}，加上这个文件将超过上限 {limit}。请删除不用的文件，或联系系统管理员。",
    "storage_full": "系统存储空间不足，文件没有保存。请稍后再上传；如仍不成功，请联系系统管理员。",
    "retry": "文件没有上传成功。请检查网络后重新上传。",
}
#: Faults of ours, told apart from the user's in the status of the answer.
STATUSES = {"storage_full": 507, "retry": 503, "too_big": 413, "quota": 413}
LABELS = {"pdf": "PDF", "xlsx": "Excel 工作簿", "image": "图片", "docx": "Word 文档"}
SUFFIXES = {"pdf": (".pdf",), "xlsx": (".xlsx",), "image": (".jpg", ".jpeg", ".png"), "docx": (".docx",)}


class UploadRefused(DomainError):
    """A file that is not taken. `cause` is a key of MESSAGES; `message` its sentence with the figures."""

    code = "upload_refused"

    def __init__(self, message: str, *, cause: str = "retry") -> None:
        super().__init__(message)
        self.cause = cause
        self.status = STATUSES.get(cause, 400)
        self.figures: dict[str, str | int] = {}

    @classmethod
    def of(cls, cause: str, **figures: str | int) -> Self:
        """Build the refusal for `cause`; figures that are not known yet are filled by `about`."""
        refusal = cls(MESSAGES[cause].format_map(_Gaps(figures)), cause=cause)
        refusal.figures = dict(figures)
        return refusal

    def about(self, **figures: str | int) -> Self:
        """Return the same refusal with further figures (the file's suffix and label) in its sentence."""
        return type(self).of(self.cause, **{**self.figures, **figures})


class _Gaps(dict[str, "str | int"]):
    """Leaves out what is not known, so that a sentence is never refused for a missing figure."""

    def __missing__(self, key: str) -> str:
        return ""


def spoken_size(size: int) -> str:
    """Return a size as people read it: 512 KB, 50 MB, 61.2 MB, 4 GB."""
    for unit, factor in (("GB", 1024**3), ("MB", 1024**2), ("KB", 1024)):
        if size >= factor:
            number = size / factor
            # Rounded up, so that a file just over the limit never reads like the limit itself.
            tenths = -(-size * 10 // factor)
            return f"{number:.0f} {unit}" if size % factor == 0 else f"{tenths / 10:.1f} {unit}"
    return f"{size} 字节"


def accepted(kinds: tuple[str, ...]) -> str:
    """Return the words that name what may be uploaded: PDF（.pdf）、图片（.jpg、.jpeg、.png）."""
    return "、".join(f"{LABELS[kind]}（{'、'.join(SUFFIXES[kind])}）" for kind in kinds)
