import io
import subprocess
import sys
import zipfile
from datetime import UTC, datetime

import docx as reader
from docx.shared import Mm, Pt

from greenportal.documents import docx

LETTER = docx.Letter(
    title="关于推荐2022年度国家绿色制造名单的函",
    addressee="大连市工业和信息化局：",
    body=("按照通知要求，推荐如下。", docx.Table(("序号", "企业名称"), (("1", "某某厂"), ("2", "=1+1")))),
    signed=("瓦房店市工业和信息化局", "2022年10月9日"),
    number="瓦工信函〔2022〕  号",
    attachments=("推荐汇总表", "征求意见情况"),
)


def _document(content):
    return reader.Document(io.BytesIO(content))


def test_letter_says_everything_in_order():
    texts = [paragraph.text for paragraph in _document(docx.letter(LETTER)).paragraphs if paragraph.text]
    assert texts == [
        "瓦工信函〔2022〕  号",
        "关于推荐2022年度国家绿色制造名单的函",
        "大连市工业和信息化局：",
        "按照通知要求，推荐如下。",
        "附件：1．推荐汇总表",
        "　　　2．征求意见情况",
        "瓦房店市工业和信息化局",
        "2022年10月9日",
    ]


def test_table_keeps_its_cells():
    table = _document(docx.letter(LETTER)).tables[0]
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["序号", "企业名称"],
        ["1", "某某厂"],
        ["2", "=1+1"],
    ]


def test_page_and_body_have_the_measures_of_the_standard():
    document = _document(docx.letter(LETTER))
    section = document.sections[0]
    measures = [section.top_margin, section.right_margin, section.bottom_margin, section.left_margin]
    body = next(paragraph for paragraph in document.paragraphs if paragraph.text.startswith("按照"))
    assert [round(value / Mm(1)) for value in measures] == [37, 26, 35, 28]
    assert (body.runs[0].font.size, body.paragraph_format.line_spacing) == (Pt(16), docx.PITCH)
    assert body.runs[0]._element.rPr.rFonts.get(reader.oxml.ns.qn("w:eastAsia")) == "仿宋_GB2312"


def test_issue_date_is_the_only_date_inside():
    issued = datetime(2022, 10, 9, 1, 2, 3, tzinfo=UTC)
    content = docx.letter(LETTER, issued_at=issued)
    core = _document(content).core_properties
    assert (core.created, core.modified) == (issued, issued)
    assert {info.date_time for info in zipfile.ZipFile(io.BytesIO(content)).infolist()} == {(1980, 1, 1, 0, 0, 0)}


SCRIPT = """
import hashlib
from greenportal.documents import docx
letter = docx.Letter(title="函", addressee="局：", body=("一", docx.Table(("甲",), (("乙",),))), signed=("署名",))
print(hashlib.sha256(docx.letter(letter)).hexdigest())
"""


def test_two_processes_make_the_same_bytes():
    def run():
        return subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True).stdout

    assert run() == run()
