import hashlib
import zipfile

import pytest

from greenportal.documents import zips


def test_entries_are_written_in_order_with_sizes_and_hashes(tmp_path):
    source = tmp_path / "大.pdf"
    source.write_bytes(b"x" * 3_000_000)
    output = tmp_path / "packet.zip"
    written = zips.write([zips.Entry("02 材料/报告.pdf", source), zips.Entry("清单.json", b"{}")], output)
    assert written == [
        zips.Written("02 材料/报告.pdf", 3_000_000, hashlib.sha256(b"x" * 3_000_000).hexdigest()),
        zips.Written("清单.json", 2, hashlib.sha256(b"{}").hexdigest()),
    ]
    with zipfile.ZipFile(output) as archive:
        assert archive.namelist() == ["02 材料/报告.pdf", "清单.json"]
        assert archive.read("清单.json") == b"{}"
        assert archive.testzip() is None


def test_same_entries_same_bytes(tmp_path):
    for name in ("a.zip", "b.zip"):
        zips.write([zips.Entry("甲.txt", "内容".encode() * 1000), zips.Entry("乙.pdf", b"%PDF")], tmp_path / name)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_names_are_utf8_dates_fixed_and_rights_plain(tmp_path):
    zips.write([zips.Entry("附件1 推荐汇总表.pdf", b"x")], tmp_path / "a.zip")
    info = zipfile.ZipFile(tmp_path / "a.zip").infolist()[0]
    assert info.flag_bits & 0x800
    assert info.date_time == zips.EPOCH
    assert info.external_attr >> 16 == 0o100644


@pytest.mark.parametrize(("name", "method"), [("a.pdf", zipfile.ZIP_STORED), ("a.json", zipfile.ZIP_DEFLATED)])
def test_only_what_gains_is_compressed(tmp_path, name, method):
    zips.write([zips.Entry(name, b"y" * 100)], tmp_path / "a.zip")
    assert zipfile.ZipFile(tmp_path / "a.zip").infolist()[0].compress_type == method


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/../../x", "a\\b", "", "dir/", "a\0b"])
def test_names_that_leave_the_zip_are_refused_and_nothing_remains(tmp_path, name):
    with pytest.raises(ValueError, match="not a plain path"):
        zips.write([zips.Entry("ok.txt", b"x"), zips.Entry(name, b"x")], tmp_path / "a.zip")
    assert list(tmp_path.iterdir()) == []


def test_a_name_twice_is_refused_whatever_its_case(tmp_path):
    with pytest.raises(ValueError, match="twice"):
        zips.write([zips.Entry("A.txt", b"x"), zips.Entry("a.txt", b"y")], tmp_path / "a.zip")


def test_repack_edits_what_is_named_and_keeps_the_rest(tmp_path):
    first, second = tmp_path / "a.xlsx", tmp_path / "b.xlsx"
    with zipfile.ZipFile(first, "w") as archive:
        archive.writestr("core.xml", b"now")
        archive.writestr("sheet.xml", b"rows" * 1_000_000)
    zips.repack(first, second, {"core.xml": lambda content: content + b"!"})
    with zipfile.ZipFile(second) as archive:
        assert archive.read("core.xml") == b"now!"
        assert archive.read("sheet.xml") == b"rows" * 1_000_000
        assert {info.date_time for info in archive.infolist()} == {zips.EPOCH}
