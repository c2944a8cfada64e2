"""QR codes of outside files: read in the jailed child, whose limits hold, and never an error."""

from __future__ import annotations

import pytest

from greenportal.documents import qr
from greenportal.files import jail

CODE = "GP1:L:7:1:0123456789abcdef"


@pytest.fixture
def scan(tmp_path):
    path = tmp_path / "scan.png"
    path.write_bytes(qr.png(CODE))
    return path


def test_a_code_is_read_by_the_child_and_not_by_this_process(scan, monkeypatch):
    def here(path):
        raise AssertionError("read in the web process")

    monkeypatch.setattr(qr, "scan", here)
    assert jail.read_codes(scan) == [CODE]


def test_limits_of_the_child_hold_for_codes(scan, settings):
    settings.FILES = {"jail_wall_seconds": 0.01}
    assert jail.read_codes(scan) == []


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7 broken", b"no picture"])
def test_what_cannot_be_read_has_no_codes(tmp_path, content):
    path = tmp_path / "scan.pdf"
    path.write_bytes(content)
    assert jail.read_codes(path) == []
