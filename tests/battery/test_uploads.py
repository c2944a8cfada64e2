"""Hostile files through the page where people upload: the exact sentence, what was typed kept, nothing left behind."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from greenportal.accounts.actors import Role
from greenportal.files import jail
from greenportal.files.messages import MESSAGES, SUFFIXES
from greenportal.files.models import StoredFile
from nominations.models import Nomination, NominationDocument
from tests.battery import corpus
from tests.battery.conftest import Keep
from tests.battery.seeding import chosen
from tests.factories import nominations as make
from tests.factories.accounts import make_user, sign_in

pytestmark = [pytest.mark.battery, pytest.mark.django_db]
#: The slot that takes PDF, pictures and workbooks.
SLOT = "other"
ACCEPT = ("pdf", "image", "xlsx")
TITLE = "保留的材料名称"
CHILD_LIMIT_KB = 512 * 1024
#: A case that asks for workbooks only is sound here.
CASES = {case.name: case for case in corpus.cases() if case.accept == ("pdf", "xlsx", "image", "docx")}
NAMES = chosen(sorted(CASES), 14, salt="uploads")


@pytest.fixture
def temp_files(settings: Any, tmp_path: Path) -> Path:
    folder = tmp_path / "temp"
    settings.FILES = {"temp_dir": str(folder)}
    return folder


@pytest.fixture
def nomination(db: None) -> Nomination:
    return make.make_draft(make.make_district())


@pytest.fixture
def officer(client: Client, nomination: Nomination) -> Client:
    return sign_in(client, make_user(Role.DISTRICT_OFFICER, authority=nomination.authority))


#: The child's start with its own peak in KB written down before its last answer, after which it may be killed. Its rusage
#: begins with what its parent held; VmHWM begins with the child.
MEASURED = """
import sys; sys.path.append(sys.argv[1])
from greenportal.files.child import main as child
answers = child._answers
def measured(request):
    try:
        {first}
        yield from answers(request)
    finally:
        lines = open("/proc/self/status").read().splitlines()
        open({told!r}, "a").write(next(line.split()[1] for line in lines if line.startswith("VmHWM")) + "\\n")
child._answers = measured
child.main()
"""
Peaks = Callable[[], list[int]]


def measure(monkeypatch: pytest.MonkeyPatch, told: Path, *, first: str = "pass") -> Peaks:
    """Let each child tell its peak; `first` runs in it before the file is opened. Returns a function with the peaks in KB."""
    monkeypatch.setattr(jail, "BOOT", MEASURED.format(told=str(told), first=first))
    return lambda: [int(line) for line in told.read_text().split()] if told.exists() else []


@pytest.fixture
def peaks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Peaks:
    return measure(monkeypatch, tmp_path / "peaks")


def send(client: Client, nomination: Nomination, name: str, body: bytes) -> Any:
    upload = SimpleUploadedFile(name, body)
    data = {"file": upload, "title": TITLE, "issued_on": "2022-09-01"}
    return client.post(reverse("nominations:upload", args=[nomination.pk, SLOT]), data)


def cause_of(case: corpus.Case) -> str:
    """The case's own cause, unless its extension is refused here before anything is opened."""
    suffix = Path(case.upload).suffix.lower()
    taken = {known for kind in ACCEPT for known in SUFFIXES[kind]}
    early = case.cause in {"macro", "double_extension", "empty"} and suffix not in SUFFIXES["docx"]
    return case.cause if suffix in taken or early else "extension"


def sentence(cause: str) -> re.Pattern[str]:
    """The message of a cause with its figures open: nothing else may be said. The form itself sees an empty file."""
    if cause == "empty":
        return re.compile("文件是空的[^<>]*重新选择。")
    parts = re.split(r"\{\w+\}", MESSAGES[cause])
    return re.compile(r"[^<>]*?".join(re.escape(part) for part in parts))


def left(storage: Path, temp: Path) -> list[Path]:
    return [path for folder in (storage, temp) for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_file_is_refused_by_its_sentence_and_the_rest_is_kept(
    name: str,
    officer: Client,
    nomination: Nomination,
    private_storage: Path,
    temp_files: Path,
    peaks: Peaks,
    keep: Keep,
) -> None:
    case = CASES[name]
    answer = send(officer, nomination, case.upload, case.make())
    page = html.unescape(answer.content.decode())
    assert 200 <= answer.status_code < 500
    cause = cause_of(case)
    assert sentence(cause).search(page), (cause, re.findall(r"invalid-feedback[^>]*>([^<]+)", page))
    assert f'value="{TITLE}"' in page
    assert 'value="2022-09-01"' in page
    assert (StoredFile.objects.count(), NominationDocument.objects.count()) == (0, 0)
    assert left(private_storage, temp_files) == []
    # Without a figure no child was asked, or it was killed by its own limit.
    assert max(peaks(), default=0) <= CHILD_LIMIT_KB
    figures = {"子进程峰值MB": max(peaks()) // 1024} if peaks() else {}
    keep("uploads", name, f"拒收：{cause}", 状态码=answer.status_code, **figures)


def test_an_oversized_file_is_refused_with_limit_and_size(
    officer: Client, nomination: Nomination, private_storage: Path, temp_files: Path, keep: Keep
) -> None:
    body = b"%PDF-1.7\n" + bytes(50 * corpus.MEBIBYTE)
    answer = send(officer, nomination, "报告.pdf", body)
    page = html.unescape(answer.content.decode())
    assert "PDF文件不得超过 50 MB，您选择的文件是 50.1 MB。请压缩或拆分后重新上传。" in page
    assert f'value="{TITLE}"' in page
    assert left(private_storage, temp_files) == []
    keep("uploads", "超过 50 MB 的 PDF", "拒收：too_big", 状态码=answer.status_code)


def test_control_a_sound_file_leaves_a_row_and_bytes(
    officer: Client, nomination: Nomination, private_storage: Path, temp_files: Path, keep: Keep
) -> None:
    """Shows that the checks above would see what a refused file left."""
    answer = send(officer, nomination, "报告.pdf", corpus.pdf())
    assert answer.status_code == 302
    assert (StoredFile.objects.count(), NominationDocument.objects.get().title) == (1, TITLE)
    assert len(left(private_storage, temp_files)) == 1
    keep("controls", "正常文件留下一行一份", "通过")


def test_control_a_child_that_grows_is_seen(
    officer: Client,
    nomination: Nomination,
    private_storage: Path,
    settings: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    keep: Keep,
) -> None:
    """Its limit lifted, a child that takes 600 MB is above the bound of the check; an honest one far below."""
    settings.FILES = {"temp_dir": str(tmp_path / "temp"), "jail_memory_bytes": 2048 * corpus.MEBIBYTE}
    for first, grown in (("pass", False), ("b'x' * (600 << 20)", True)):
        peaks = measure(monkeypatch, tmp_path / f"peaks-{grown}", first=first)
        assert send(officer, nomination, "报告.pdf", corpus.pdf()).status_code == 302
        assert (max(peaks()) > CHILD_LIMIT_KB) is grown
    keep("controls", "占用 600 MB 的子进程被看到", "通过")


def test_control_without_the_size_limit_the_oversized_file_is_not_called_too_big(
    officer: Client, nomination: Nomination, settings: Any, temp_files: Path, keep: Keep
) -> None:
    settings.FILES = {**settings.FILES, "pdf_bytes": 60 * corpus.MEBIBYTE}
    answer = send(officer, nomination, "报告.pdf", b"%PDF-1.7\n" + bytes(50 * corpus.MEBIBYTE))
    page = html.unescape(answer.content.decode())
    assert not sentence("too_big").search(page)
    assert StoredFile.objects.count() == 0
    keep("controls", "放宽大小限制后不再按超限拒收", "通过")


def test_a_workbook_of_candidates_is_refused_alike(
    officer: Client, nomination: Nomination, private_storage: Path, temp_files: Path, keep: Keep
) -> None:
    """The other door for workbooks: nothing is begun, the sentence is the same."""
    before = Nomination.objects.count()
    for name in chosen(sorted(n for n, c in CASES.items() if c.upload.endswith(".xlsx")), 3, salt="candidates"):
        case = CASES[name]
        upload = SimpleUploadedFile(case.upload, case.make())
        answer = officer.post(reverse("nominations:bulk"), {"file": upload})
        assert 200 <= answer.status_code < 500, name
        assert sentence(case.cause).search(html.unescape(answer.content.decode())), name
        keep("uploads", f"候选名单 {name}", f"拒收：{case.cause}", 状态码=answer.status_code)
    assert Nomination.objects.count() == before
    assert left(private_storage, temp_files) == []
