"""Candidates from Excel: template, preview with errors by row, then all at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from greenportal.accounts.actors import Actor
from greenportal.accounts.http import actor_of, roles
from greenportal.directory.forms import posted
from greenportal.files.jail import Worksheet, read_workbook
from greenportal.files.messages import UploadRefused
from greenportal.files.services import open_path
from greenportal.findings.types import Invalid
from greenportal.rounds.models import Round
from nominations.constants import FILE_IMPORT
from nominations.forms.district import WorkbookForm
from nominations.packets.candidates import candidates_template as candidates_workbook
from nominations.services import bulk
from nominations.views.district import DISTRICT, current_round, own_authority
from nominations.views.shared import XLSX, answered, attachment, done, kept

_SALT = "nominations.candidates"
#: Columns of the candidates workbook, in order: heading and field of CandidateRow.
CANDIDATE_COLUMNS = (
    ("申报类别", "category"),
    ("统一社会信用代码", "uscc"),
    ("单位名称", "organisation"),
    ("工厂、产品、园区或供应链名称", "subject"),
    ("所属行业代码", "industry"),
    ("评价标准", "standard"),
    ("评价机构统一社会信用代码", "evaluator_uscc"),
)


@roles(*DISTRICT)
@require_GET
def candidates_template(request: HttpRequest) -> HttpResponse:
    """The empty workbook of candidates."""
    return attachment(candidates_workbook(CANDIDATE_COLUMNS), name="候选名单.xlsx", kind=XLSX)


@roles(*DISTRICT)
def bulk_start(request: HttpRequest) -> HttpResponse:
    """Candidates from Excel: upload, preview with errors by row, then all at once."""
    actor = actor_of(request)
    year = current_round()
    authority_id = own_authority(actor)
    if request.method == "POST" and "rows" in request.POST:
        rows = _unsigned(request.POST["rows"], actor)
        results = bulk.commit(actor=actor, round_id=year.pk, authority_id=authority_id, rows=rows)
        made = len([r for r in results if r.status == "new"])
        return done(request, f"已建立{made}项申报，已有的{len(results) - made}项未改动。", "nominations:board")
    form = WorkbookForm(posted(request), request.FILES or None)
    context: dict[str, Any] = {"form": form, "round": year}
    if request.method == "POST" and form.is_valid():
        context |= form.run(lambda: _preview(actor, year, form.cleaned_data["file"])) or {}
    return answered(request, "nominations/bulk.html", context, form)


def _preview(actor: Actor, year: Round, upload: UploadedFile[Any]) -> dict[str, Any]:
    """Read the workbook and say of every row what would become of it. Nothing is stored but the upload."""
    rows = _read(actor, upload)
    results = bulk.preview(actor=actor, round_id=year.pk, authority_id=own_authority(actor), rows=rows)
    return {
        "results": results,
        "bad": len([r for r in results if r.status == "error"]),
        "new": len([r for r in results if r.status == "new"]),
        "signed": _signed(rows, actor),
    }


def _read(actor: Actor, upload: UploadedFile[Any]) -> list[bulk.CandidateRow]:
    """Return the candidate rows of an uploaded workbook; Invalid at the file when it cannot be read or is another."""
    try:
        with open_path(kept(actor, upload, kind=FILE_IMPORT, accept={"xlsx"})) as path:
            sheets = read_workbook(path)
    except UploadRefused as error:
        raise Invalid(error.message, errors={"file": [error.message]}) from error
    return candidate_rows(sheets)


def candidate_rows(sheets: list[Worksheet]) -> list[bulk.CandidateRow]:
    """Find the heading row of the template and return the rows below it, blank ones left out."""
    heads = [head for head, _ in CANDIDATE_COLUMNS]
    for sheet in sheets:
        for index, row in enumerate(sheet.rows):
            texts = [_text(cell) for cell in row]
            if not set(heads[:3]) <= set(texts):
                continue
            places = {field: texts.index(head) for head, field in CANDIDATE_COLUMNS if head in texts}
            found = []
            for number, cells in enumerate(sheet.rows[index + 1 :], start=index + 2):
                values = {field: _text(cells[at]) if at < len(cells) else "" for field, at in places.items()}
                if any(values.values()):
                    found.append(bulk.CandidateRow(number=number, **{**_BLANK, **values}))
            if not found:
                raise _unreadable("表中没有候选单位，从标题行的下一行开始填写。")
            return found
    raise _unreadable(f"没有找到标题行，请使用本页下载的模板（标题行含{'、'.join(heads[:3])}）。")


def _unreadable(message: str) -> Invalid:
    return Invalid(message, errors={"file": [message]})


_BLANK = {field: "" for _, field in CANDIDATE_COLUMNS}


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _signed(rows: list[bulk.CandidateRow], actor: Actor) -> str:
    values = [[r.number, *(getattr(r, field) for _, field in CANDIDATE_COLUMNS)] for r in rows]
    return signing.dumps([actor.user_id, values], salt=_SALT, compress=True)


def _unsigned(text: str, actor: Actor) -> list[bulk.CandidateRow]:
    try:
        user_id, values = signing.loads(text, salt=_SALT, max_age=timedelta(hours=2))
    except signing.BadSignature as error:
        raise Invalid("预览已过期，请重新上传候选名单。") from error
    if user_id != actor.user_id:
        raise Invalid("预览由其他账户生成，请重新上传候选名单。")
    return [
        bulk.CandidateRow(number=row[0], **{field: row[at + 1] for at, (_, field) in enumerate(CANDIDATE_COLUMNS)})
        for row in values
    ]
