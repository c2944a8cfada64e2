import pytest

from greenportal.sheets.printing import Printed, PrintedCell, PrintedRow, PrintedSection, PrintedTable
from nominations.packets import data as d
from nominations.packets.evidence import placed, proofs, resolve

UPLOADS = (
    d.UploadedPart("自评价报告", "self.pdf", 58, "a" * 64, True),
    d.UploadedPart("现场照片", "photo.jpg", 0, "b" * 64, False),
    d.UploadedPart("证明材料（环评批复）", "环评 2019.pdf", 8, "c" * 64, True),
    d.UploadedPart("自评价报告附表", "table.pdf", 5, "d" * 64, True),
)
#: Pages of the volume: 11–68, beside, 69–76, 77–81.
BOUND = placed(UPLOADS, first=11)


def test_uploads_that_are_bound_are_numbered_and_follow_each_other():
    assert [(b.number, b.first) for b in BOUND] == [(1, 11), (0, 0), (2, 69), (3, 77)]


@pytest.mark.parametrize(
    ("written", "pages", "note"),
    [
        ("自评价报告第12页", "第22页", ""),
        ("自评价报告 第 12-14 页", "第22–24页", ""),
        ("《自评价报告》第3页、第7页", "第13页、第17页", ""),
        ("A02 P3", "第71页", ""),
        ("a2 pp.3~5", "第71–73页", ""),
        ("环评批复第1页；自评价报告第1页", "第69页、第11页", ""),
        ("环评批复", "第69–76页", ""),
        ("环评 2019 第8页", "第76页", ""),
        ("自评价报告附表第2页", "第78页", ""),
        ("自评价报告附表第2页，自评价报告第2页", "第78页、第12页", ""),
        ("自评价报告第58页至第59页", "第68页", "“自评价报告”共58页，请核对页码"),
        ("自评价报告第60页", "", "“自评价报告”共58页，请核对页码"),
        ("自评价报告第0页", "", "“自评价报告”共58页，请核对页码"),
        ("自评价报告第9-3页", "", "“自评价报告”共58页，请核对页码"),
        ("现场照片第2页", "", "现场照片另附"),
        ("第5页", "", "未写明材料名称和页码"),
        ("见证明材料索引", "", "未写明材料名称和页码"),
        ("证明材料第2页", "第70页", ""),
        ("A09第1页", "", "未写明材料名称和页码"),
        ("略", "", "未写明材料名称和页码"),
    ],
)  # fmt: skip
def test_what_people_write_is_followed_to_pages_of_the_volume(written, pages, note):
    assert resolve(written, BOUND) == (pages, note)


def test_without_uploads_nothing_is_followed():
    assert resolve("自评价报告第1页", ()) == ("", "没有上传材料")


def cell(key, text):
    return PrintedCell(f"s.basic[r].{key}", key, text, False)


def test_every_filled_proof_of_fields_and_rows_gets_a_line():
    rows = (
        PrintedRow("s.ex1_evidence", "未正常经营：佐证材料索引", "A01第2页", "", False),
        PrintedRow("s.ex2_evidence", "事故：佐证材料索引", "", "", False),
        PrintedRow("s.evidence_count", "份数", "3", "", False),
    )
    table = PrintedTable(
        "basic",
        "基本要求",
        (),
        (
            (cell("requirement", "设有管理机构"), cell("met", "是"), cell("evidence", "A02")),
            (cell("requirement", "无证明"), cell("met", "否"), cell("evidence", "")),
        ),
    )
    sheet = Printed("自评表", "", "", (PrintedSection("a", "甲", rows, (table,)),), "", (), "a" * 64)
    assert [(p.item, p.written, p.pages) for p in proofs([sheet], BOUND)] == [
        ("未正常经营：佐证材料索引", "A01第2页", "第12页"),
        ("设有管理机构", "A02", "第69–76页"),
    ]
