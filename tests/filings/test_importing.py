"""A workbook comes back: looked through, stored once, never over what others wrote unseen."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.models import User
from greenportal.audit.models import AuditEntry
from greenportal.files.models import StoredFile
from greenportal.filings import services
from greenportal.filings.models import Filing
from greenportal.filings.selectors import reading, sheet_of
from greenportal.filings.selectors.workbooks import FILE_WORKBOOK, annotated, filled
from greenportal.filings.services.keeping import readonly_for
from greenportal.findings.types import Invalid, NotVisible, Refused, Stale
from tests.factories import accounts, filings
from tests.factories.sheetbooks import cell_of, pages_of, touched, typed
from tests.factories.workbooks import XLSX


@pytest.fixture
def owner(db: None) -> User:
    return accounts.make_user(Role.APPLICANT)


@pytest.fixture
def actor(owner: User, scope: dict[str, Any]) -> Actor:
    return accounts.actor_for(owner)


@pytest.fixture
def filing(actor: Actor) -> Filing:
    return filings.make_filing(actor, answers=filings.COMPLETE)


def download(actor: Actor, filing: Filing, *, locked: bool = False) -> bytes:
    fresh = Filing.objects.get(pk=filing.pk)
    sheet = sheet_of(fresh)
    return filled(fresh, sheet, readonly=readonly_for(actor, fresh, sheet), locked=locked)


def bring(actor: Actor, filing: Filing, content: bytes, folder: Path, **more: Any) -> services.Imported:
    seen = more.pop("seen_version", Filing.objects.get(pk=filing.pk).version)
    pages = pages_of(content, folder)
    return services.apply_workbook(filing_id=filing.pk, pages=pages, seen_version=seen, actor=actor, **more)


def look(actor: Actor, filing: Filing, content: bytes, folder: Path) -> services.Preview:
    return services.preview(filing_id=filing.pk, pages=pages_of(content, folder), actor=actor)


def stored(filing: Filing) -> dict[str, Any]:
    return dict(Filing.objects.get(pk=filing.pk).answers)


def test_what_was_typed_is_stored_once(actor: Actor, filing: Filing, tmp_path: Path) -> None:
    content = typed(download(actor, filing), {"name": "新名", "used": "三十", "note": "甲"})
    first = bring(actor, filing, content, tmp_path)
    assert (first.stored, first.saved.filing.version) == (3, 2)
    assert stored(filing) == {**filings.COMPLETE, "name": "新名", "used": "30", "note": "甲"}
    second = bring(actor, filing, content, tmp_path)
    assert (second.stored, Filing.objects.get(pk=filing.pk).version) == (0, 2)
    entries = AuditEntry.objects.filter(action="filings.import")
    assert [entry.data["stored"] for entry in entries] == [3]


def test_new_rows_come_once_too(actor: Actor, filing: Filing, tmp_path: Path) -> None:
    content = touched(download(actor, filing), lambda book: book["产品型号"].__setitem__("C6", "乙"))
    bring(actor, filing, content, tmp_path)
    bring(actor, filing, content, tmp_path)
    assert [row["model"] for row in stored(filing)["models"]] == ["甲", "乙"]


def test_two_people_s_new_rows_stay_two(actor: Actor, filing: Filing, tmp_path: Path) -> None:
    for name in ("乙", "丙"):
        content = touched(download(actor, filing), lambda book, name=name: book["产品型号"].__setitem__("C6", name))
        if name == "乙":
            first = content
    bring(actor, filing, content, tmp_path)
    bring(actor, filing, first, tmp_path)
    assert [row["model"] for row in stored(filing)["models"]] == ["甲", "丙", "乙"]


def test_cells_that_cannot_be_used_are_left_out_and_the_rest_is_stored(
    actor: Actor, filing: Filing, tmp_path: Path
) -> None:
    content = typed(download(actor, filing), {"name": "新名", "uscc": 9.1e17})
    imported = bring(actor, filing, content, tmp_path)
    assert [problem.place for problem in imported.problems] == ["示例表!D7"]
    assert stored(filing) == {**filings.COMPLETE, "name": "新名"}


def test_a_conflict_keeps_the_systems_text_unless_taken(actor: Actor, filing: Filing, tmp_path: Path) -> None:
    content = typed(download(actor, filing), {"name": "我的", "used": "30"})
    services.save(filing_id=filing.pk, seen_version=1, changes={"name": "网页的"}, actor=actor)
    (conflict,) = look(actor, filing, content, tmp_path).comparison.conflicts
    assert (conflict.path, conflict.before, conflict.after) == ("name", "网页的", "我的")
    bring(actor, filing, content, tmp_path)
    assert (stored(filing)["name"], stored(filing)["used"]) == ("网页的", "30")
    bring(actor, filing, content, tmp_path, take=frozenset({"name"}))
    assert stored(filing)["name"] == "我的"


def test_what_changes_between_look_and_confirmation_stops_it(actor: Actor, filing: Filing, tmp_path: Path) -> None:
    content = typed(download(actor, filing), {"name": "我的", "used": "30"})
    services.save(filing_id=filing.pk, seen_version=1, changes={"name": "网页的"}, actor=actor)
    with pytest.raises(Stale) as caught:
        bring(actor, filing, content, tmp_path, seen_version=1, take=frozenset({"name"}))
    assert [row.path for row in caught.value.current] == ["name"]
    assert stored(filing)["used"] == "25"


def test_a_locked_filing_takes_nothing(actor: Actor, filing: Filing, tmp_path: Path) -> None:
    content = typed(download(actor, filing), {"name": "新名"})
    services.set_locked(filing_ids=[filing.pk], locked=True)
    with pytest.raises(Refused, match="已锁定"):
        bring(actor, filing, content, tmp_path)
    assert stored(filing) == filings.COMPLETE
    services.set_locked(filing_ids=[filing.pk], locked=False)
    assert bring(actor, filing, content, tmp_path).stored == 1


def test_who_may_not_edit_may_not_bring_in(actor: Actor, scope: dict[str, Any], filing: Filing, tmp_path: Path) -> None:
    content = typed(download(actor, filing), {"name": "新名"})
    officer = accounts.make_actor(Role.DISTRICT_OFFICER)
    with pytest.raises(Refused, match="由申报单位填写"):
        bring(officer, filing, content, tmp_path)
    scope["open"] = False
    with pytest.raises(Refused, match="已过截止时间"):
        bring(actor, filing, content, tmp_path)
    scope["open"] = True
    assert bring(actor, filing, content, tmp_path).stored == 1


def test_nobody_else_sees_or_brings_in(actor: Actor, owner: User, tmp_path: Path) -> None:
    mine = actor.organisation_id
    with filings.thing_scope(organisation_id=mine):
        filing = filings.make_filing(actor, answers=filings.COMPLETE)
        content = typed(download(actor, filing), {"name": "新名"})
        stranger = accounts.make_actor(Role.APPLICANT)
        for verb in (look, bring):
            with pytest.raises(NotVisible):
                verb(stranger, filing, content, tmp_path)
        assert bring(actor, filing, content, tmp_path).stored == 1


def who_sheet() -> Any:
    """The small sheet with a field that the district fills."""
    made = filings.definition()
    made["sections"][0]["fields"].append({"key": "mark", "label": "认定", "who": "district", "required": "no"})
    return filings.from_json(made)


def test_another_partys_cell_is_locked_and_what_was_forced_into_it_is_not_stored(
    actor: Actor, scope: dict[str, Any], tmp_path: Path
) -> None:
    filing = filings.make_filing(actor, sheet=who_sheet(), answers=filings.COMPLETE)
    content = download(actor, filing)
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert (cell_of(book, "mark").protection.locked, cell_of(book, "name").protection.locked) == (True, False)
    content = typed(content, {"mark": "是我填的", "name": "新名"})
    preview = look(actor, filing, content, tmp_path)
    assert [problem.message for problem in preview.withheld] == ["这一项由区市县主管部门填写，您填写的内容没有保存。"]
    assert bring(actor, filing, content, tmp_path).stored == 1
    assert "mark" not in stored(filing)
    scope["parties"] = {"district"}
    assert bring(actor, filing, content, tmp_path).stored == 1
    assert stored(filing)["mark"] == "是我填的"


def test_a_workbook_of_another_filing_is_named(actor: Actor, filing: Filing, tmp_path: Path) -> None:
    other = filings.make_filing(actor, scope_id=2)
    with pytest.raises(Invalid, match="是“示例申报”的另一张填报表，不是“示例表”这一份"):
        look(actor, filing, download(actor, other), tmp_path)


def test_a_list_of_others_is_no_form(actor: Actor, filing: Filing, tmp_path: Path) -> None:
    content = touched(download(actor, filing), lambda book: book.remove(book["_meta"]))
    with pytest.raises(Invalid, match="不是从本系统下载的填报表"):
        look(actor, filing, content, tmp_path)


def test_the_annotated_workbook_keeps_what_was_typed_and_says_what_to_do(
    actor: Actor, filing: Filing, tmp_path: Path
) -> None:
    content = typed(download(actor, filing), {"name": "新名", "output": "约100", "uscc": 9.1e17})
    content = touched(content, lambda book: book["产品型号"].__setitem__("D6", "很多"))
    found = look(actor, filing, content, tmp_path)
    again = annotated(filing, found.sheet, found.read, found.comparison, nonce=found.nonce, readonly=frozenset())
    book = openpyxl.load_workbook(io.BytesIO(again))
    assert (cell_of(book, "name").value, cell_of(book, "output").value) == ("新名", "约100")
    comment = cell_of(book, "output").comment.text
    assert comment == "需修改：产量（吨）只填数字，如 1200.5。"
    assert book["产品型号"]["D6"].value == "很多"
    assert [cell.value for cell in book["问题清单"]["C"][4:]] == ["示例表!D7", "示例表!D10", "产品型号!D6"]
    mended = typed(again, {"output": 200, "uscc": "91210202MA0TE5T16A"})
    mended = touched(mended, lambda opened: opened["产品型号"].__setitem__("D6", 5))
    bring(actor, filing, mended, tmp_path)
    now = stored(filing)
    assert (now["name"], now["output"], now["models"][1]["amount"]) == ("新名", "200", "5")


def test_remarks_of_a_return_stand_at_their_cells_and_answered_ones_are_marked(actor: Actor, filing: Filing) -> None:
    def remark(path: str, label: str, text: str) -> Any:
        return services.add_comment(
            scope=filing.scope, scope_id=filing.scope_id, path=f"demo.{path}", label=label, kind="wrong",
            text=text, actor=actor, clause="通知 一",
        )  # fmt: skip

    remark("name", "名称", "名称与执照不符")
    answered = remark("used", "综合能耗", "核对单位")
    services.answer_comment(comment_id=answered.pk, answer="explained", text="单位无误", actor=actor)
    remark("models[r1].model", "产品型号 第1行 型号", "型号不全")
    remark("models", "产品型号", "型号不齐")
    remark("models[gone].model", "产品型号 第2行 型号", "已删去的一行")
    book = openpyxl.load_workbook(io.BytesIO(download(actor, filing)))
    assert cell_of(book, "name").comment.text == "退回意见（不实或有误）：名称与执照不符\n依据：通知 一"
    assert cell_of(book, "used").comment.text.endswith("【已说明理由】单位无误")
    assert book["产品型号"]["C5"].comment.text.startswith("退回意见（不实或有误）：型号不全")
    assert book["产品型号"]["A2"].comment.text.startswith("退回意见（不实或有误）：型号不齐")
    red = cell_of(book, "name").fill.fgColor.rgb
    assert (red, cell_of(book, "used").fill.fgColor.rgb != red) == ("FFFBE0DD", True)
    assert [cell.value for cell in book["问题清单"]["D"][4:]] == ["产品型号 第2行 型号"]


def test_downloading_and_looking_cost_a_constant_number_of_queries(
    actor: Actor, filing: Filing, tmp_path: Path, django_assert_num_queries: Callable[..., Any]
) -> None:
    counts = []
    for rows in (1, 3):
        answers = {**filings.COMPLETE, "models": [{"_id": f"r{n}", "model": "甲"} for n in range(rows)]}
        Filing.objects.filter(pk=filing.pk).update(answers=answers)
        fresh = Filing.objects.get(pk=filing.pk)
        sheet = sheet_of(fresh)
        with django_assert_num_queries(1):  # the remarks; a real owner's title costs one more
            content = filled(fresh, sheet, readonly=frozenset(), locked=False)
        pages = pages_of(touched(content, lambda book: book["产品型号"].__setitem__("D5", 7)), tmp_path)
        reading.forget_sheets()
        with django_assert_num_queries(2) as captured:
            services.preview(filing_id=filing.pk, pages=pages, actor=actor)
        counts.append(len(captured))
    assert counts == [2, 2]


# --- pages ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def signed(client: Client, owner: User) -> Client:
    return accounts.sign_in(client, owner)


def address(filing: Filing, name: str = "workbook", *more: Any) -> str:
    return reverse(f"filings:{name}", args=[filing.pk, *more])


def upload(signed: Client, filing: Filing, content: bytes) -> Any:
    return signed.post(address(filing), {"file": SimpleUploadedFile("填报.xlsx", content, XLSX)})


def test_download_upload_look_confirm(signed: Client, filing: Filing) -> None:
    assert "用Excel填写" in signed.get(reverse("filings:sheet", args=[filing.pk])).content.decode()
    file = signed.get(address(filing, "workbook_file"))
    assert file["Content-Disposition"] == "attachment; filename*=UTF-8''%E7%A4%BA%E4%BE%8B%E8%A1%A8.xlsx"
    answer = upload(signed, filing, typed(file.content, {"name": "新名", "output": "约100"}))
    assert answer.status_code == 302
    page = signed.get(answer.url).content.decode()
    for text in ("修改1项", "示例表!D6", "示例单位", "新名", "需要修改的单元格（1处）", "约100", "确认保存1项"):
        assert text in page
    assert stored(filing) == filings.COMPLETE
    with_notes = signed.get(f"{answer.url}file/")
    assert with_notes["Content-Disposition"].endswith("%EF%BC%89.xlsx")
    confirmed = signed.post(answer.url, {"version": "1"}, follow=True)
    assert "已从Excel保存1项。另有1处需要修改，没有保存。" in confirmed.content.decode()
    assert stored(filing)["name"] == "新名"
    again = upload(signed, filing, typed(with_notes.content, {"output": "一百五十"}))
    assert again.status_code == 302, again.content.decode()
    signed.post(again.url, {"version": "2"})
    assert stored(filing)["output"] == "150"


def test_the_annotated_workbook_as_it_is_passes_the_gate_of_uploads(signed: Client, filing: Filing) -> None:
    content = typed(signed.get(address(filing, "workbook_file")).content, {"output": "约100"})
    with_notes = signed.get(f"{upload(signed, filing, content).url}file/").content
    assert upload(signed, filing, with_notes).status_code == 302


def test_a_workbook_without_faults_is_removed_once_stored(signed: Client, filing: Filing) -> None:
    content = typed(signed.get(address(filing, "workbook_file")).content, {"name": "新名"})
    answer = upload(signed, filing, content)
    done = signed.post(answer.url, {"version": "1"}, follow=True)
    assert "已从Excel保存1项。" in done.content.decode()
    assert not StoredFile.objects.filter(kind=FILE_WORKBOOK).exists()
    again = upload(signed, filing, content)
    page = signed.get(again.url).content.decode()
    assert ("相同1项" in page, "没有需要变更的内容。" in page, "确认保存" in page) == (True, True, False)


def test_a_foreign_workbook_is_refused_beside_the_field(signed: Client, filing: Filing, actor: Actor) -> None:
    other = filings.make_filing(actor, scope_id=2)
    answer = upload(signed, filing, download(actor, other))
    page = answer.content.decode()
    assert (answer.status_code, "<title>错误：" in page, "不是“示例表”这一份" in page) == (422, True, True)
    assert not StoredFile.objects.filter(kind=FILE_WORKBOOK).exists()


def test_a_conflict_is_shown_with_both_texts_and_taken_when_ticked(
    signed: Client, filing: Filing, actor: Actor
) -> None:
    content = typed(signed.get(address(filing, "workbook_file")).content, {"name": "我的"})
    services.save(filing_id=filing.pk, seen_version=1, changes={"name": "网页的"}, actor=actor)
    answer = upload(signed, filing, content)
    page = signed.get(answer.url).content.decode()
    assert "名称：采用Excel中的“我的”" in page
    assert "系统中现有：网页的" in page
    late = signed.post(answer.url, {"version": "1", "take": "name"})
    assert (late.status_code, "核对以后，系统中的内容又有变化" in late.content.decode()) == (409, True)
    signed.post(answer.url, {"version": "2", "take": "name"})
    assert stored(filing)["name"] == "我的"


def test_a_closed_form_is_shown_and_keeps_the_file(signed: Client, filing: Filing, scope: dict[str, Any]) -> None:
    content = typed(signed.get(address(filing, "workbook_file")).content, {"name": "新名"})
    answer = upload(signed, filing, content)
    scope["open"] = False
    refused = signed.post(answer.url, {"version": "1"})
    page = refused.content.decode()
    assert (refused.status_code, "已过截止时间，不能修改。" in page, "新名" in page) == (409, True, True)
    book = openpyxl.load_workbook(io.BytesIO(signed.get(address(filing, "workbook_file")).content))
    assert cell_of(book, "name").protection.locked is True


def test_anothers_upload_is_absent(signed: Client, filing: Filing) -> None:
    content = typed(signed.get(address(filing, "workbook_file")).content, {"name": "新名"})
    answer = upload(signed, filing, content)
    other = accounts.sign_in(Client(), accounts.make_user(Role.APPLICANT))
    assert [other.get(url).status_code for url in (answer.url, f"{answer.url}file/")] == [404, 404]
    assert signed.get(answer.url).status_code == 200
