"""The one door: who may pass, what the answer bears, ranges, and bytes that changed."""

from __future__ import annotations

import gc
import re
import uuid
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import RequestFactory

from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.audit.models import AuditEntry
from greenportal.files import registry, services, views
from greenportal.files.models import StoredFile
from greenportal.findings.types import NotVisible, Refused
from tests.factories.accounts import make_user, sign_in
from tests.factories.directory import make_organisation
from tests.factories.files import make_stored

BODY = bytes(range(256)) * 40


@pytest.fixture(autouse=True)
def owners_see_their_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_visible", {})
    registry.register("test.document", lambda actor, files: files.filter(owner_organisation_id=actor.organisation_id))


@pytest.fixture
def actor(db: None) -> Actor:
    return Actor(role=Role.APPLICANT, user_id=1, name="经办人", organisation_id=make_organisation().pk)


@pytest.fixture
def file(actor: Actor) -> StoredFile:
    return make_stored(body=BODY, owner_organisation_id=actor.organisation_id, name="自评价报告（盖章）.pdf")


def ask(actor: Actor, file_id: uuid.UUID, method: str = "get", **headers: str) -> Any:
    request = getattr(RequestFactory(), method)(f"/files/{file_id}/", headers=headers)
    request.actor = actor
    return views.download(request, file_id)


def body_of(response: Any) -> bytes:
    body = b"".join(response.streaming_content) if response.streaming else response.content
    shut(response)
    return bytes(body)


def shut(response: Any) -> None:
    """Close the file as the server would, without the end-of-request signal that closes the database."""
    for closer in response._resource_closers:
        closer()


def test_owner_downloads_the_bytes_with_headers_that_disarm_them(actor: Actor, file: StoredFile) -> None:
    response = ask(actor, file.pk)
    assert (response.status_code, body_of(response)) == (200, BODY)
    assert {name: response[name] for name in (
        "Content-Type", "Content-Length", "Content-Disposition", "X-Content-Type-Options",
        "Content-Security-Policy", "Cache-Control", "Accept-Ranges", "ETag",
    )} == {
        "Content-Type": "application/pdf",
        "Content-Length": str(len(BODY)),
        "Content-Disposition": "attachment; filename*=utf-8''%E8%87%AA%E8%AF%84%E4%BB%B7%E6%8A%A5%E5%91%8A"
        "%EF%BC%88%E7%9B%96%E7%AB%A0%EF%BC%89.pdf",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cache-Control": "private, no-store",
        "Accept-Ranges": "bytes",
        "ETag": f'"{file.served_sha256}"',
    }  # fmt: skip
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.target, entry.result) == ("files.download", f"files.file:{file.pk}", "ok")


@pytest.mark.parametrize(
    ("wish", "status", "first", "last"),
    [
        ("bytes=0-0", 206, 0, 0),
        ("bytes=100-199", 206, 100, 199),
        ("bytes=10000-", 206, 10000, 10239),
        ("bytes=10000-99999", 206, 10000, 10239),
        ("bytes=-40", 206, 10200, 10239),
        ("bytes=-99999", 206, 0, 10239),
        ("bytes=200-100", 200, 0, 10239),
        ("bytes=0-1,5-6", 200, 0, 10239),
        ("bytes=-", 200, 0, 10239),
        ("pages=1-2", 200, 0, 10239),
    ],
)
def test_range_answers_exactly_those_bytes(
    wish: str, status: int, first: int, last: int, actor: Actor, file: StoredFile
) -> None:
    response = ask(actor, file.pk, range=wish)
    body = body_of(response)
    assert (response.status_code, body) == (status, BODY[first : last + 1])
    assert int(response["Content-Length"]) == len(body)
    assert response.get("Content-Range") == (f"bytes {first}-{last}/10240" if status == 206 else None)


@pytest.mark.parametrize("wish", ["bytes=10240-", "bytes=99999-100000", "bytes=-0"])
def test_range_beyond_the_end_is_416(wish: str, actor: Actor, file: StoredFile) -> None:
    response = ask(actor, file.pk, range=wish)
    assert (response.status_code, response["Content-Range"]) == (416, "bytes */10240")


def test_range_of_another_version_gets_the_whole_file(actor: Actor, file: StoredFile) -> None:
    other = ask(actor, file.pk, range="bytes=0-9", if_range='"other"')
    same = ask(actor, file.pk, range="bytes=0-9", if_range=f'"{file.served_sha256}"')
    assert (other.status_code, body_of(other)) == (200, BODY)
    assert (same.status_code, body_of(same)) == (206, BODY[:10])


def test_unchanged_file_is_304_for_its_owner_only(actor: Actor, file: StoredFile) -> None:
    etag = f'"{file.served_sha256}"'
    assert ask(actor, file.pk, if_none_match=etag).status_code == 304
    stranger = Actor(role=Role.APPLICANT, user_id=2, organisation_id=make_organisation().pk)
    with pytest.raises(NotVisible):
        ask(stranger, file.pk, if_none_match=etag)


def test_later_piece_of_a_resumed_download_is_not_a_second_entry(actor: Actor, file: StoredFile) -> None:
    for wish in ("bytes=0-99", "bytes=100-199", "bytes=200-"):
        body_of(ask(actor, file.pk, range=wish))
    assert AuditEntry.objects.filter(action="files.download").count() == 1


def downloads() -> int:
    return AuditEntry.objects.filter(action="files.download").count()


@pytest.mark.parametrize("wish", ["bytes=1-", "bytes=-10239", "bytes=10239-10239", "bytes=0-0", "bytes=0-1,5-6"])
def test_whatever_piece_is_taken_first_leaves_an_entry(wish: str, actor: Actor, file: StoredFile) -> None:
    body_of(ask(actor, file.pk, range=wish))
    assert downloads() == 1


def test_control_an_answer_without_a_body_leaves_none(actor: Actor, file: StoredFile) -> None:
    ask(actor, file.pk, if_none_match=f'"{file.served_sha256}"')
    ask(actor, file.pk, range="bytes=99999-")
    shut(ask(actor, file.pk, "head"))
    assert downloads() == 0


def test_each_whole_file_is_an_entry_of_its_own(actor: Actor, file: StoredFile) -> None:
    for _ in range(2):
        body_of(ask(actor, file.pk))
    assert downloads() == 2


def test_piece_of_another_person_or_an_hour_later_is_another_download(actor: Actor, file: StoredFile) -> None:
    now = clock.running()
    with clock.fixed(now):
        body_of(ask(actor, file.pk, range="bytes=5-9"))
        body_of(ask(replace(actor, user_id=2), file.pk, range="bytes=5-9"))
    assert downloads() == 2
    with clock.fixed(now + timedelta(minutes=59)):
        body_of(ask(actor, file.pk, range="bytes=10-19"))
    assert downloads() == 2
    with clock.fixed(now + timedelta(minutes=60)):
        body_of(ask(actor, file.pk, range="bytes=20-29"))
    assert downloads() == 3


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Paths whose bytes were all read and hashed."""
    paths: list[Path] = []
    real = services.blobs.digest
    monkeypatch.setattr(services.blobs, "digest", lambda path: paths.append(path) or real(path))
    return paths


def test_pieces_of_one_file_are_hashed_once(
    actor: Actor, file: StoredFile, hashed: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    start = clock.running()
    moment = [start]
    monkeypatch.setattr(clock, "running", lambda: moment[0])
    for first in range(0, 200, 10):
        body_of(ask(actor, file.pk, range=f"bytes={first}-{first + 9}"))
    assert len(hashed) == 1
    moment[0] = start + timedelta(seconds=600)
    body_of(ask(actor, file.pk, range="bytes=0-9"))
    assert len(hashed) == 2


def test_control_whole_files_are_hashed_each_time(actor: Actor, file: StoredFile, hashed: list[Path]) -> None:
    for _ in range(3):
        body_of(ask(actor, file.pk))
    assert len(hashed) == 3


def test_piece_of_a_file_changed_after_it_was_verified_is_refused(actor: Actor, file: StoredFile) -> None:
    body_of(ask(actor, file.pk, range="bytes=0-9"))
    stored_path(file).write_bytes(BODY[:-1] + b"x")
    with pytest.raises(services.Corrupt):
        ask(actor, file.pk, range="bytes=0-9")


def test_foreign_absent_and_unregistered_files_answer_alike(actor: Actor, db: None) -> None:
    foreign = make_stored(body=b"1", owner_organisation_id=make_organisation().pk)
    unregistered = make_stored("test.secret", body=b"2", owner_organisation_id=actor.organisation_id)
    answers = set()
    for file_id in (foreign.pk, unregistered.pk, uuid.uuid4()):
        with pytest.raises(NotVisible) as caught:
            views.selectors.visible_file(actor, file_id)
        answers.add((caught.value.status, caught.value.message))
    assert len(answers) == 1


@pytest.mark.django_db(transaction=True)
def test_refused_download_is_in_the_audit_trail(actor: Actor) -> None:
    foreign = make_stored(body=b"1", owner_organisation_id=make_organisation().pk)
    with pytest.raises(NotVisible):
        ask(actor, foreign.pk)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.result, entry.target) == ("files.download", "refused", f"files.file:{foreign.pk}")


def test_control_with_an_open_registration_the_foreign_file_is_served(actor: Actor) -> None:
    foreign = make_stored(body=b"1", owner_organisation_id=make_organisation().pk)
    registry.register("test.document", lambda _actor, files: files)
    assert body_of(ask(actor, foreign.pk)) == b"1"


def test_anonymous_is_sent_to_the_sign_in_page(file: StoredFile) -> None:
    response = ask(Actor.anonymous(), file.pk)
    assert (response.status_code, f"next=/files/{file.pk}/" in response["Location"]) == (302, True)


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_door_opens_outwards_only(method: str, actor: Actor, file: StoredFile) -> None:
    assert ask(actor, file.pk, method).status_code == 405


def test_head_tells_size_without_body(actor: Actor, file: StoredFile) -> None:
    response = ask(actor, file.pk, "head")
    assert (response.status_code, response["Content-Length"]) == (200, str(len(BODY)))
    shut(response)


def test_download_broken_off_before_the_first_byte_closes_the_file(actor: Actor, file: StoredFile) -> None:
    shut(ask(actor, file.pk, range="bytes=5-9"))
    shut(ask(actor, file.pk))
    gc.collect()


def stored_path(file: StoredFile) -> Path:
    return Path(default_storage.path(file.key))


def test_file_with_one_changed_byte_is_refused_and_alarms(actor: Actor, file: StoredFile) -> None:
    path = stored_path(file)
    changed = bytearray(BODY)
    changed[5000] ^= 1
    path.write_bytes(bytes(changed))
    with pytest.raises(services.Corrupt):
        ask(actor, file.pk)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.result) == ("files.corrupt", "failed")


def test_missing_bytes_are_refused_and_alarm(actor: Actor, file: StoredFile) -> None:
    stored_path(file).unlink()
    with pytest.raises(services.Corrupt):
        ask(actor, file.pk)
    assert AuditEntry.objects.get().action == "files.corrupt"


def test_infected_file_is_not_served(actor: Actor, file: StoredFile) -> None:
    StoredFile.objects.update(scan=StoredFile.Scan.INFECTED)
    with pytest.raises(Refused, match="病毒"):
        ask(actor, file.pk)


def test_proxy_gets_the_internal_path_and_the_client_never_sees_it(
    actor: Actor, file: StoredFile, settings: Any
) -> None:
    settings.FILES = {"accel_prefix": "/protected/"}
    response = ask(actor, file.pk, range="bytes=0-9")
    assert (response.status_code, response.content) == (200, b"")
    assert response["X-Accel-Redirect"] == f"/protected/{file.key}"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"


def test_proxy_is_not_told_of_a_changed_file(actor: Actor, file: StoredFile, settings: Any) -> None:
    settings.FILES = {"accel_prefix": "/protected/"}
    stored_path(file).write_bytes(b"changed")
    with pytest.raises(services.Corrupt):
        ask(actor, file.pk)


def test_through_the_whole_stack_the_headers_are_ours(client: Any, file: StoredFile) -> None:
    registry.register("test.document", lambda _actor, files: files)
    sign_in(client, make_user(Role.DISTRICT_OFFICER))
    response = client.get(f"/files/{file.pk}/")
    assert (response.status_code, body_of(response)) == (200, BODY)
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["Cache-Control"] == "private, no-store"
    absent = client.get(f"/files/{uuid.uuid4()}/")
    registry.register("test.document", lambda _actor, files: files.none())
    foreign = client.get(f"/files/{file.pk}/")
    assert (absent.status_code, foreign.status_code) == (404, 404)
    assert bare(absent) == bare(foreign)


def bare(response: Any) -> str:
    """The page without the address that was asked for and the token that differs at each request."""
    body = response.content.decode().replace(response.request["PATH_INFO"], "")
    return re.sub(r"[A-Za-z0-9]{64}", "", body)
