"""Each cause of refusal has its own sentence, comes quickly, and leaves nothing behind."""

from __future__ import annotations

import errno
import io
import os
import resource
import time
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from greenportal.accounts.actors import Actor, Role
from greenportal.audit.models import AuditEntry
from greenportal.files import blobs, jail, pipeline, services
from greenportal.files.child import archive
from greenportal.files.child import pdf as child_pdf
from greenportal.files.child import workbook as child_workbook
from greenportal.files.child.refusal import Refusal
from greenportal.files.messages import MESSAGES, UploadRefused, accepted, spoken_size
from greenportal.files.models import StoredFile
from tests.battery import corpus
from tests.factories.directory import make_organisation
from tests.factories.files import make_big_upload, make_upload

ACTOR = Actor(role=Role.DISTRICT_OFFICER, name="经办人")
ALL = ("pdf", "xlsx", "image", "docx")
CASES = {case.name: case for case in corpus.cases()}


def receive(upload: Any, accept: tuple[str, ...] = ALL, **owner: Any) -> StoredFile:
    return services.receive(actor=ACTOR, upload=upload, kind="test.document", accept=accept, **owner)


def refused(upload: Any, accept: tuple[str, ...] = ALL, **owner: Any) -> UploadRefused:
    with pytest.raises(UploadRefused) as caught:
        receive(upload, accept, **owner)
    return caught.value


@pytest.fixture(autouse=True)
def temp_files(settings: Any, tmp_path: Path) -> Path:
    """Half-done uploads of a test go to a folder of its own, which must be empty in the end."""
    folder = tmp_path / "temp"
    settings.FILES = {"temp_dir": str(folder)}
    return folder


def nothing_left(storage: Path, temp: Path) -> bool:
    left = [path for folder in (storage, temp) for path in folder.rglob("*") if path.is_file()]
    return not left and not StoredFile.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("name", CASES)
def test_hostile_file_is_refused_with_its_cause_in_time(name: str, private_storage: Path, temp_files: Path) -> None:
    case = CASES[name]
    body = case.make()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # A child's peak begins with what its parent held at the start, so a grown test process may lift it, the file not.
    started_with = max(before, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    refusal = refused(make_upload(case.upload, body), case.accept)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert refusal.cause == case.cause
    # Processor time of the child, not wall clock: the machine may be busy with other tests.
    assert after.ru_utime + after.ru_stime - spent.ru_utime - spent.ru_stime <= 2
    assert after.ru_maxrss <= max(512 * 1024, started_with)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before <= 64 * 1024
    assert nothing_left(private_storage, temp_files)


def test_corpus_is_large_and_its_names_are_unique() -> None:
    assert len(CASES) == len(corpus.cases()) >= 60


SOUND = {
    "报告.pdf": (corpus.pdf, "application/pdf", 1),
    "报告.PDF": (corpus.pdf, "application/pdf", 1),
    "表.xlsx": (corpus.workbook, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", None),
    "函.docx": (corpus.docx, "application/vnd.openxmlformats-officedocument.wordprocessingml.document", None),
    "照片.jpg": (lambda: corpus.image("JPEG"), "image/jpeg", None),
    "照片.jpeg": (lambda: corpus.image("JPEG"), "image/jpeg", None),
    "照片.png": (corpus.image, "image/png", None),
    "自评价报告v1.2（盖章）.pdf": (corpus.pdf, "application/pdf", 1),
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", SOUND)
def test_sound_file_is_stored_with_its_facts(name: str, private_storage: Path, temp_files: Path) -> None:
    make, content_type, pages = SOUND[name]
    file = receive(make_upload(name, make()))
    assert (file.name, file.content_type, file.pages) == (name, content_type, pages)
    assert (file.scan, file.issued, AuditEntry.objects.get().action) == ("unscanned", False, "files.receive")
    with services.open_path(file) as path:
        assert (path.stat().st_size, blobs.digest(path)) == (file.size, file.served_sha256)
    assert len([path for path in private_storage.rglob("*") if path.is_file()]) == 1
    assert not any(temp_files.iterdir())


@pytest.mark.django_db
def test_no_file_says_choose_one() -> None:
    assert refused(None).message == "请选择要上传的文件。"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("setting", "name", "message"),
    [
        ("pdf_bytes", "a.pdf", "PDF文件不得超过 1 KB，您选择的文件是 1.1 KB。请压缩或拆分后重新上传。"),
        ("xlsx_bytes", "a.xlsx", "Excel 工作簿文件不得超过 1 KB，您选择的文件是 1.1 KB。请压缩或拆分后重新上传。"),
        ("image_bytes", "a.png", "图片文件不得超过 1 KB，您选择的文件是 1.1 KB。请压缩或拆分后重新上传。"),
        ("docx_bytes", "a.docx", "Word 文档文件不得超过 1 KB，您选择的文件是 1.1 KB。请压缩或拆分后重新上传。"),
    ],
)
def test_too_big_names_limit_and_actual_size(
    setting: str, name: str, message: str, settings: Any, temp_files: Path
) -> None:
    settings.FILES = {setting: 1024, "temp_dir": str(temp_files)}
    refusal = refused(make_upload(name, b"x" * 1025))
    assert (refusal.message, refusal.status) == (message, 413)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("empty pdf", "您选择的文件是空的（0 字节）。请检查后重新选择。"),
        ("pdf with password", "文件设有密码，系统打不开。请取消密码后重新上传。"),
        ("half a workbook", "文件已损坏，系统打不开。请用原软件打开、另存后重新上传。"),
        ("pdf 801 pages", "PDF 不得超过 800 页，您上传的文件有 801 页。请拆分后重新上传。"),
        ("xlsm renamed", "文件含有宏，不予接收。请另存为不含宏的格式（.xlsx 或 .docx）后重新上传。"),
        ("eicar as pdf tail", "查毒时发现该文件带有病毒，没有保存。请查杀病毒后重新上传。"),
        ("png pixel flood", "图片不得超过 4000 万像素，您上传的图片是 20000×20000 像素。请缩小后重新上传。"),
        (
            "html as pdf",
            "文件扩展名是“.pdf”，内容却不是这种格式。请用原软件另存为PDF后重新上传，不要直接改扩展名。",
        ),
        (
            "pdf where a workbook is asked",
            "这里只接收Excel 工作簿（.xlsx），您选择的文件扩展名是“.pdf”。请转换格式后重新上传。",
        ),
        (
            "xlsx 6,001 rows",
            "工作表“表1”不得超过 6000 行、200 列，现有 6001 行、2 列。请删去多余的行列后重新上传。",
        ),
    ],
)
def test_message_is_the_exact_sentence_of_its_cause(name: str, message: str) -> None:
    case = CASES[name]
    assert refused(make_upload(case.upload, case.make()), case.accept).message == message


def test_messages_are_distinct_and_say_what_to_do() -> None:
    assert len(set(MESSAGES.values())) == len(MESSAGES)
    for sentence in MESSAGES.values():
        assert sentence.endswith("。")
        assert not any(word in sentence for word in ("无效", "非法", "抱歉"))
        assert "请" in sentence


@pytest.mark.django_db
def test_quota_counts_what_the_owner_already_holds(settings: Any, temp_files: Path) -> None:
    owner, other = make_organisation(), make_organisation()
    first = receive(make_upload(), owner_organisation_id=owner.pk)
    # Room for one such upload, not for two.
    settings.FILES = {"organisation_quota": len(corpus.pdf()) + first.size - 1, "temp_dir": str(temp_files)}
    refusal = refused(make_upload(), owner_organisation_id=owner.pk)
    assert (refusal.cause, refusal.message.startswith("本单位已使用存储空间")) == ("quota", True)
    receive(make_upload(), owner_organisation_id=other.pk)


@pytest.mark.django_db
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_full_storage_has_its_own_message_and_leaves_nothing(
    number: int, monkeypatch: pytest.MonkeyPatch, private_storage: Path, temp_files: Path
) -> None:
    def full(_handle: int) -> None:
        raise OSError(number, "full")

    monkeypatch.setattr(blobs.os, "fsync", full)
    refusal = refused(make_upload())
    assert (refusal.cause, refusal.status, nothing_left(private_storage, temp_files)) == ("storage_full", 507, True)
    monkeypatch.undo()


@pytest.mark.django_db
def test_full_temp_disk_has_the_same_message(private_storage: Path, temp_files: Path) -> None:
    body = corpus.pdf() + b" " * 300_000
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        refusal = refused(make_upload(body=body))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (refusal.cause, nothing_left(private_storage, temp_files)) == ("storage_full", True)


@pytest.mark.django_db
def test_failing_object_storage_says_try_again_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, private_storage: Path, temp_files: Path
) -> None:
    class ClientError(Exception):
        """What an object storage's client raises."""

    def fail(*_: Any) -> None:
        raise ClientError("503")

    monkeypatch.setattr(blobs, "put", fail)
    assert (refused(make_upload()).cause, nothing_left(private_storage, temp_files)) == ("retry", True)


@pytest.mark.django_db
def test_failing_row_removes_the_bytes_again(
    monkeypatch: pytest.MonkeyPatch, private_storage: Path, temp_files: Path
) -> None:
    def fail(**_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(services.audit, "record", fail)
    with pytest.raises(ZeroDivisionError):
        receive(make_upload())
    assert nothing_left(private_storage, temp_files)


@pytest.mark.django_db
def test_upload_shorter_than_announced_says_try_again(private_storage: Path, temp_files: Path) -> None:
    upload = make_upload()
    upload.size += 100
    assert (refused(upload).cause, nothing_left(private_storage, temp_files)) == ("retry", True)


@pytest.mark.django_db
def test_large_upload_is_streamed(private_storage: Path) -> None:
    body = corpus.pdf() + b"%" + b" " * (40 * corpus.MEBIBYTE)
    upload = make_big_upload("大.pdf", body)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert receive(upload).pages == 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before <= 16 * 1024


ACTIVE = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)"))


def active_pdf() -> bytes:
    document = pikepdf.new()
    page = document.add_blank_page()
    launch = pikepdf.Dictionary(S=pikepdf.Name.Launch, F=pikepdf.String("cmd.exe"))
    link = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[0, 0, 9, 9], A=launch)
    media = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.RichMedia, Rect=[0, 0, 9, 9])
    page.Annots = pikepdf.Array([document.make_indirect(link), document.make_indirect(media)])
    page.AA = pikepdf.Dictionary(O=ACTIVE)
    document.Root.OpenAction = ACTIVE
    document.attachments["bad.exe"] = b"MZ"
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


@pytest.mark.django_db
def test_active_content_is_taken_out_and_the_original_hash_kept() -> None:
    body = active_pdf()
    file = receive(make_upload(body=body))
    assert file.sha256 != file.served_sha256
    with services.open_path(file) as path:
        served = path.read_bytes()
        facts = jail.inspect_pdf(path)
    for word in (b"/OpenAction", b"/JavaScript", b"/Launch", b"/EmbeddedFiles", b"/RichMedia", b"/AA", b"app.alert"):
        assert word not in served
    assert (facts.stripped, facts.pages) == ((), 1)
    with pikepdf.open(io.BytesIO(served)) as document:
        assert len(document.pages[0].Annots) == 1


def test_control_the_active_pdf_really_bears_what_is_taken_out(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(active_pdf())
    assert jail.inspect_pdf(path).stripped == ("AA", "AF", "EF", "EmbeddedFiles", "Launch", "OpenAction", "RichMedia")


@pytest.mark.django_db
def test_signed_pdf_without_active_content_keeps_its_bytes() -> None:
    body = corpus.pdf(AcroForm=pikepdf.Dictionary(SigFlags=3, Fields=pikepdf.Array()))
    file = receive(make_upload(body=body))
    with services.open_path(file) as path:
        assert path.read_bytes() == body
    assert file.sha256 == file.served_sha256


@pytest.mark.django_db
def test_polyglot_tail_of_a_pdf_is_not_served() -> None:
    file = receive(make_upload(body=corpus.pdf() + corpus.workbook()))
    with services.open_path(file) as path:
        assert b"PK\x03\x04" not in path.read_bytes()


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/报告.pdf", "报告.pdf"),
        ("C:\\Users\\a\\报告.pdf", "报告.pdf"),
        ("报\u202e告\x00\n.pdf", "报告.pdf"),
        ('报"告<1>.pdf', "报_告_1_.pdf"),
        ("  报告 .pdf ", "报告 .pdf"),
        ("长" * 300 + ".pdf", "长" * 116 + ".pdf"),
        ("...", "文件"),
    ],
)
def test_file_name_is_made_harmless(name: str, kept: str) -> None:
    assert pipeline.clean_name(name) == kept


@pytest.mark.parametrize(
    ("size", "text"),
    [(1, "1 字节"), (1024, "1 KB"), (50 * 1024**2, "50 MB"), (50 * 1024**2 + 1, "50.1 MB"), (4 * 1024**3, "4 GB")],
)
def test_size_is_spoken_without_hiding_what_is_over(size: int, text: str) -> None:
    assert spoken_size(size) == text


def test_accepted_kinds_are_named_with_their_extensions() -> None:
    assert accepted(("pdf", "image")) == "PDF（.pdf）、图片（.jpg、.jpeg、.png）"


@pytest.mark.django_db
def test_unknown_kind_of_file_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="accept must be"):
        receive(make_upload(), ("exe",))


def test_child_dying_of_memory_is_the_files_fault_not_ours(settings: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(corpus.image(size=(6000, 6000)))
    assert jail.inspect_image(path) == ("png", 6000, 6000)
    settings.FILES = {"jail_memory_bytes": 120 * corpus.MEBIBYTE}
    with pytest.raises(UploadRefused) as caught:
        jail.inspect_image(path)
    assert caught.value.cause == "too_complex"


def test_child_that_hangs_is_killed_by_the_wall_clock(settings: Any, tmp_path: Path) -> None:
    path = tmp_path / "pipe.xlsx"
    os.mkfifo(path)
    settings.FILES = {"jail_wall_seconds": 0.5}
    started = time.monotonic()
    with pytest.raises(UploadRefused) as caught:
        jail.inspect_workbook(path)
    assert (caught.value.cause, time.monotonic() - started < 5) == ("too_complex", True)


def test_child_that_talks_too_much_is_cut_off(settings: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(corpus.many_rows(5000, 26))
    settings.FILES = {"jail_answer_bytes": 10_000}
    with pytest.raises(UploadRefused) as caught:
        jail.read_workbook(path)
    assert caught.value.cause == "too_complex"


def test_control_without_the_answer_limit_the_same_workbook_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(corpus.many_rows(5000, 26))
    (sheet,) = jail.read_workbook(path)
    assert (sheet.name, len(sheet.rows), sheet.rows[0][0], sheet.rows[4999][25]) == ("表1", 5000, 1, 1)


@pytest.mark.parametrize(
    ("guard", "name"),
    [("MAX_RATIO", "xlsx 400 MB string"), ("MAX_ENTRIES", "xlsx 201 parts")],
)
def test_control_without_the_guard_the_container_passes_it(
    guard: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(corpus.huge_string(30) if guard == "MAX_RATIO" else CASES[name].make())
    with pytest.raises(Refusal):
        archive.check(path, "xlsx")
    monkeypatch.setattr(archive, guard, 10**9)
    archive.check(path, "xlsx")


def test_control_without_the_page_limit_801_pages_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(corpus.pdf(801))
    with pytest.raises(Refusal):
        child_pdf.inspect(path, cleaned=None)
    monkeypatch.setattr(child_pdf, "MAX_PAGES", 10**6)
    assert child_pdf.inspect(path, cleaned=None)["pages"] == 801


def test_workbook_values_come_back_typed(tmp_path: Path) -> None:
    rows = (
        '<row r="2"><c r="A2" t="inlineStr"><is><t>统一</t></is></c><c r="B2"><v>2022</v></c>'
        '<c r="C2"><v>2.5</v></c><c r="D2" t="b"><v>1</v></c></row>'
    )
    path = tmp_path / "a.xlsx"
    path.write_bytes(corpus.workbook(f"{corpus.SHEET_HEAD}<sheetData>{rows}</sheetData></worksheet>"))
    (sheet,) = jail.read_workbook(path)
    assert sheet.rows == [[None, None, None, None], ["统一", 2022, 2.5, True]]
    assert [type(value) for value in sheet.rows[1]] == [str, int, float, bool]
    assert next(iter(child_workbook.rows(path, max_rows=9, max_cols=9))) == {"sheet": "表1"}


def test_child_sees_no_environment_of_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SECRET_KEY", "must-not-leak")
    monkeypatch.setattr(
        jail, "BOOT", "import os, json; print(json.dumps({'facts': dict(os.environ)})); print('{\"end\":1}')"
    )
    path = tmp_path / "x"
    path.write_bytes(b"x")
    (answer,) = jail.run("pdf", path)
    assert "must-not-leak" not in str(answer)
