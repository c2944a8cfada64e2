"""Lists as people keep them: cells, headings, encodings, workbooks, commands."""

from datetime import date, datetime

import pytest
from django.core.management import CommandError, call_command

from greenportal.directory.models import Industry
from greenportal.directory.tables import Row, as_text, decoded, parse_date, pick, read_csv
from greenportal.directory.workbooks import read_table
from greenportal.findings.types import Invalid
from tests.factories.workbooks import workbook_upload

HEADINGS = {"code": ("代码", "行业代码"), "name": ("名称",)}


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, ""),
        (3451, "3451"),
        (3451.0, "3451"),
        (1.5, "1.5"),
        (True, "是"),
        (False, "否"),
        (datetime(2022, 10, 15, 8, 30), "2022-10-15"),
        (date(2022, 10, 15), "2022-10-15"),
        ("  名称 ", "名称"),
    ],
)
def test_cell_reads_as_a_person_sees_it(cell, text):
    assert as_text(cell) == text


@pytest.mark.parametrize("text", ["2022", "2022-13-01", "2022-02-30", "昨天", "2022-10-15-1", "15/10"])
def test_what_is_no_day_is_refused(text):
    with pytest.raises(ValueError):
        parse_date(text)


def test_empty_day_is_unknown():
    assert parse_date("　") is None


@pytest.mark.parametrize("heading", ["代码", "行业代码", "代 码", "*代码", "代码（四位）", "code", "CODE"])
def test_heading_is_known_in_each_spelling(heading):
    assert pick([[heading, "名称"], ["3451", "轴承"]], HEADINGS, ("code",)) == [
        Row(2, {"code": "3451", "name": "轴承"})
    ]


def test_short_rows_and_unknown_columns_do_no_harm():
    rows = pick([["代码", "备注", "名称"], ["3451"], ["3452", "x", "轴承"]], HEADINGS, ("code",))
    assert [(row["code"], row["name"]) for row in rows] == [("3451", ""), ("3452", "轴承")]


def test_heading_below_the_twentieth_row_is_not_found():
    blank = [["标题"]] * 20
    with pytest.raises(Invalid, match="前20行内应有一行写明列名：代码"):
        pick([*blank, ["代码"], ["3451"]], HEADINGS, ("code",))


def test_heading_in_the_twentieth_row_is_found():
    """Control for the limit above."""
    assert pick([*[["标题"]] * 19, ["代码"], ["3451"]], HEADINGS, ("code",)) == [Row(21, {"code": "3451"})]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_of_either_encoding_is_read(encoding, tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("代码,名称\n3451,滚动轴承制造\n".encode(encoding))
    assert read_table(path, headings=HEADINGS, required=("code",))[0]["name"] == "滚动轴承制造"


def test_csv_of_another_encoding_says_what_to_do():
    with pytest.raises(Invalid, match="另存为“CSV UTF-8”"):
        decoded(b"\xff\xfe\x00\xd8")


def test_quoted_comma_and_line_break_stay_in_their_cell():
    (row,) = read_csv('代码,名称\n3464,"制冷、空调,\n设备制造"\n', headings=HEADINGS, required=("code",))
    assert row["name"] == "制冷、空调,\n设备制造"


def test_workbook_is_read_in_the_jail(tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_bytes(workbook_upload(["代码", "名称"], [3451, "滚动轴承制造"]).read())
    assert read_table(path, headings=HEADINGS, required=("code",)) == [Row(2, {"code": "3451", "name": "滚动轴承制造"})]


# --- manage.py import_industries ---------------------------------------------------------------------------------


def written(tmp_path, text: str):
    path = tmp_path / "行业.csv"
    path.write_text(text, "utf-8")
    return str(path)


@pytest.mark.django_db
def test_command_previews_then_stores_then_finds_nothing_new(tmp_path, capsys):
    path = written(tmp_path, "行业代码,行业名称\nC,制造业\n3451,滚动轴承制造\n")
    call_command("import_industries", path, "--dry-run")
    assert (capsys.readouterr().out, Industry.objects.count()) == ("变更1项，相同0项，略过1项。\n", 0)
    call_command("import_industries", path)
    assert (capsys.readouterr().out, Industry.objects.count()) == ("变更1项，相同0项，略过1项。\n", 1)
    call_command("import_industries", path)
    assert capsys.readouterr().out == "变更0项，相同1项，略过1项。\n"
    assert Industry.objects.get().source == "行业.csv"


@pytest.mark.django_db
def test_command_names_bad_rows_and_stores_nothing(tmp_path, capsys):
    path = written(tmp_path, "行业代码,行业名称\n3451,\n3452,滑动轴承制造\n")
    with pytest.raises(CommandError) as caught:
        call_command("import_industries", path)
    assert str(caught.value) == "先更正下列各行，再导入。\n第2行：代码3451缺少名称，填写1至80个字。"
    assert Industry.objects.count() == 0
    call_command("import_industries", path, "--dry-run")
    assert capsys.readouterr().err == "第2行：代码3451缺少名称，填写1至80个字。\n"


@pytest.mark.django_db
def test_command_without_its_file_says_so(tmp_path):
    for command in ("import_industries", "import_listed"):
        with pytest.raises(CommandError, match="没有找到文件"):
            call_command(command, str(tmp_path / "没有.csv"))


@pytest.mark.django_db
def test_labels_of_rows_are_their_names():
    industry = Industry(code="3451", name="滚动轴承制造")
    assert str(industry) == "3451 滚动轴承制造"
