"""Issued files, the virus scanner, tidying up, and storages that are not a disk."""

from __future__ import annotations

import os
import socketserver
import struct
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage, default_storage
from django.template.loader import render_to_string

from greenportal.accounts.actors import Actor, Role
from greenportal.audit.models import AuditEntry
from greenportal.files import antivirus, blobs, services, tasks
from greenportal.files.fields import upload_field
from greenportal.files.messages import UploadRefused
from greenportal.files.models import StoredFile
from tests.battery import corpus
from tests.factories.files import make_stored, make_upload

ACTOR = Actor(role=Role.DISTRICT_OFFICER, name="经办人")


def issue(body: bytes = b"packet", name: str = "材料.zip", **values: Any) -> StoredFile:
    return services.store_issued(source=body, name=name, kind="test.packet", content_type="application/zip", **values)


def stored_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.mark.django_db
def test_same_bytes_are_stored_once_and_leave_one_row(private_storage: Path) -> None:
    first, second = issue(), issue()
    assert (first.pk, StoredFile.objects.count(), len(stored_files(private_storage))) == (second.pk, 1, 1)
    assert first.key == f"issued/{first.sha256[:2]}/{first.sha256}.zip"
    assert (first.issued, first.scan, first.size) == (True, "clean", 6)


@pytest.mark.django_db
def test_same_bytes_for_another_purpose_share_the_key_only(private_storage: Path) -> None:
    first, second = issue(), issue(name="另一份.zip")
    assert first.pk != second.pk
    assert (first.key, len(stored_files(private_storage))) == (second.key, 1)


@pytest.mark.django_db
def test_issued_path_is_stored_like_bytes(tmp_path: Path) -> None:
    path = tmp_path / "made.zip"
    path.write_bytes(b"packet")
    file = services.store_issued(source=path, name="材料.zip", kind="test.packet", content_type="application/zip")
    assert (file.pk, path.exists()) == (issue().pk, True)


@pytest.mark.django_db
def test_half_written_key_is_written_anew() -> None:
    file = issue()
    Path(default_storage.path(file.key)).write_bytes(b"pac")
    issue()
    with services.open_path(file) as path:
        assert path.read_bytes() == b"packet"


@pytest.mark.django_db
def test_open_path_refuses_changed_bytes() -> None:
    file = make_stored(body=b"abc")
    Path(default_storage.path(file.key)).write_bytes(b"abd")
    with pytest.raises(services.Corrupt), services.open_path(file):
        pass
    assert AuditEntry.objects.get().action == "files.corrupt"


@pytest.mark.django_db
def test_storage_without_a_disk_is_read_through_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    remote = InMemoryStorage()
    monkeypatch.setattr(blobs, "default_storage", remote)
    file = services.receive(actor=ACTOR, upload=make_upload(), kind="test.document", accept=("pdf",))
    with services.open_path(file) as path:
        copy = path
        assert blobs.digest(path) == file.served_sha256
    assert (copy.exists(), remote.exists(file.key)) == (False, True)


@pytest.mark.django_db(transaction=True)
def test_deleted_file_takes_its_bytes_unless_another_row_needs_them(private_storage: Path) -> None:
    first, second = issue(), issue(name="另一份.zip")
    services.delete(actor=ACTOR, file=first)
    assert len(stored_files(private_storage)) == 1
    services.delete(actor=ACTOR, file=second)
    assert stored_files(private_storage) == []
    assert AuditEntry.objects.filter(action="files.delete").count() == 2


class Clamd(socketserver.BaseRequestHandler):
    """Speaks INSTREAM: finds a virus in whatever contains the word VIRUS."""

    def handle(self) -> None:
        stream = self.request.makefile("rb")
        if stream.read(10) != b"zINSTREAM\0":
            return
        body = b""
        while size := struct.unpack(">I", stream.read(4))[0]:
            body += stream.read(size)
        self.request.sendall(b"stream: Test.Virus FOUND\0" if b"VIRUS" in body else b"stream: OK\0")


@pytest.fixture
def clamd(settings: Any) -> Iterator[None]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Clamd) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        settings.FILES = {"clamd": f"tcp://127.0.0.1:{server.server_address[1]}"}
        yield
        server.shutdown()
        thread.join()


@pytest.mark.django_db
def test_scanner_that_finds_nothing_makes_the_file_clean(clamd: None) -> None:
    file = services.receive(actor=ACTOR, upload=make_upload(), kind="test.document", accept=("pdf",))
    assert file.scan == "clean"


@pytest.mark.django_db
def test_scanner_that_finds_something_refuses_the_file(clamd: None, private_storage: Path) -> None:
    upload = make_upload(body=corpus.pdf() + b"VIRUS")
    with pytest.raises(UploadRefused) as caught:
        services.receive(actor=ACTOR, upload=upload, kind="test.document", accept=("pdf",))
    assert (caught.value.cause, stored_files(private_storage)) == ("infected", [])


@pytest.mark.django_db
def test_control_without_scanner_the_same_file_is_taken_as_unscanned() -> None:
    upload = make_upload(body=corpus.pdf() + b"VIRUS")
    assert services.receive(actor=ACTOR, upload=upload, kind="test.document", accept=("pdf",)).scan == "unscanned"


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "unix:///nowhere/clamd.sock", "http://127.0.0.1:1"])
def test_scanner_that_is_away_leaves_the_file_unscanned(address: str, settings: Any, tmp_path: Path) -> None:
    settings.FILES = {"clamd": address}
    path = tmp_path / "a"
    path.write_bytes(b"a")
    assert antivirus.scan(path) == "unscanned"


def test_test_virus_is_found_across_the_edge_of_two_pieces(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * (corpus.MEBIBYTE - 30) + corpus.EICAR)
    assert antivirus.scan(path) == "infected"


@pytest.mark.django_db
def test_later_scan_marks_clean_and_infected(clamd: None) -> None:
    clean, sick = make_stored(body=b"fine"), make_stored(body=b"a VIRUS")
    assert services.scan_again() == 2
    assert dict(StoredFile.objects.values_list("pk", "scan")) == {clean.pk: "clean", sick.pk: "infected"}
    assert AuditEntry.objects.get().action == "files.infected"
    assert services.scan_again() == 0


@pytest.mark.django_db
def test_without_scanner_nothing_is_scanned_again() -> None:
    make_stored()
    assert services.scan_again() == 0


def test_broken_off_uploads_are_removed_after_an_hour(settings: Any, tmp_path: Path) -> None:
    django_temp = tmp_path / "django"
    django_temp.mkdir()
    settings.FILES, settings.FILE_UPLOAD_TEMP_DIR = {"temp_dir": str(tmp_path / "ours")}, str(django_temp)
    old = [blobs.temp_dir() / "gp-old.pdf", django_temp / "tmpx.upload.pdf"]
    new = [blobs.temp_dir() / "gp-new.pdf", blobs.temp_dir() / "other"]
    for path in old + new:
        path.write_bytes(b"x")
    for path in old:
        os.utime(path, (time.time() - 3700,) * 2)
    assert tasks.remove_stale_temp() == 2
    assert [path.exists() for path in old + new] == [False, False, True, True]


@pytest.mark.django_db
def test_bytes_without_row_are_removed_after_two_days(private_storage: Path) -> None:
    known = make_stored()
    old, new = (default_storage.save(f"uploads/2022/09/{name}", ContentFile(b"x")) for name in ("old", "new"))
    for key in (known.key, old):
        os.utime(default_storage.path(key), (time.time() - 3 * 86_400,) * 2)
    assert tasks.remove_orphans() == 1
    assert [default_storage.exists(key) for key in (known.key, old, new)] == [True, False, True]


@pytest.mark.django_db
def test_shifted_clock_of_a_demonstration_makes_no_file_old(settings: Any) -> None:
    settings.CLOCK_OFFSET = timedelta(days=30)
    key = default_storage.save("uploads/2022/09/young", ContentFile(b"x"))
    assert (tasks.remove_orphans(), default_storage.exists(key)) == (0, True)


@pytest.mark.django_db
def test_tidying_an_empty_installation_does_nothing(settings: Any, tmp_path: Path) -> None:
    settings.FILES = {"temp_dir": str(tmp_path / "ours")}
    tasks.tidy()
    assert StoredFile.objects.count() == 0


def test_upload_place_states_format_and_size_before_choosing() -> None:
    body = render_to_string(
        "files/upload_field.html", {"upload": upload_field(name="report", label="自评价报告", accept=("pdf",))}
    )
    assert "格式：PDF（.pdf）。大小：不超过 50 MB。" in body
    assert ('accept=".pdf"' in body, 'aria-describedby="id_report_hint"' in body) == (True, True)


def test_upload_place_with_an_error_describes_the_input_by_it() -> None:
    upload = upload_field(name="report", label="证明", accept=("pdf", "image"), error="您选择的文件是空的（0 字节）。")
    body = render_to_string("files/upload_field.html", {"upload": upload})
    for part in ("hint", "error"):
        assert f'id="id_report_{part}"' in body
    assert 'aria-describedby="id_report_hint id_report_error"' in body
    assert "PDF不超过 50 MB，图片不超过 10 MB" in body


@pytest.mark.django_db
def test_upload_place_shows_what_is_already_there() -> None:
    file = make_stored(name="旧报告.pdf", pages=12)
    upload = upload_field(name="report", label="报告", accept=("pdf",), present=file)
    body = render_to_string("files/upload_field.html", {"upload": upload})
    assert (f'href="/files/{file.pk}/"' in body, "12 页" in body, "未查毒" in body) == (True, True, True)
