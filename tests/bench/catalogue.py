"""The benches, in the order of the table."""

from __future__ import annotations

from tests.bench.harness import Bench

_ROWS = "tests.bench.seed:fill"
_PACKET = "tests.bench.packet:fill"
_CAP = "tests.bench.cap:fill"

BENCHES: tuple[Bench, ...] = (
    Bench(
        "eligibility",
        "facts from the database and all rules, bare: the same rows by values_list",
        "tests.bench.eligibility:ours",
        "tests.bench.eligibility:bare",
        seed=_ROWS,
    ),
    Bench(
        "eligibility_rules",
        "the rules alone, bare: the rows they are asked about by values_list",
        "tests.bench.eligibility:rules_only",
        "tests.bench.eligibility:bare",
        repeats=2,
        seed=_ROWS,
    ),
    Bench(
        "inbox",
        "the city's inbox, bare: values_list and fifty rows printed",
        "tests.bench.pages:inbox",
        "tests.bench.pages:inbox_bare",
        seed=_ROWS,
    ),
    Bench(
        "board",
        "the district's board, bare: values_list and fifty rows printed",
        "tests.bench.pages:board",
        "tests.bench.pages:board_bare",
        repeats=2,
        seed=_ROWS,
    ),
    Bench(
        "autosave",
        "saves of one field, bare: UPDATE … RETURNING of the same JSON",
        "tests.bench.autosave:ours",
        "tests.bench.autosave:bare",
        seed=_ROWS,
    ),
    Bench(
        "packet",
        "packet of 60 × (own + 90 uploaded pages), bare: same HTML in WeasyPrint, same files in pikepdf",
        "tests.bench.packet:whole",
        "tests.bench.packet:bare",
        repeats=1,
        seed=_PACKET,
    ),
    Bench(
        "packet_one_changed",
        "the packet again after one nomination changed, bare: everything made again",
        "tests.bench.packet:changed",
        "tests.bench.packet:bare",
        repeats=1,
        seed=_PACKET,
    ),
    Bench(
        "register_import",
        "10,000 units from a workbook into the register, bare: calamine and one bulk_create",
        "tests.bench.register:ours",
        "tests.bench.register:bare",
        seed="tests.bench.register:fill",
        repeats=1,
    ),
    Bench(
        "workbook",
        "round trip of filled workbooks through the limited child, bare: the same cells by openpyxl and calamine",
        "tests.bench.workbook:ours",
        "tests.bench.workbook:bare",
        repeats=1,
        seed="tests.bench.workbook:fill",
    ),
    Bench(
        "reports_pdf",
        "merged volumes with all report forms, bare: the same sheets in WeasyPrint, the same files in pikepdf",
        "tests.bench.reports:ours",
        "tests.bench.reports:bare",
        repeats=1,
        seed="tests.bench.reports:fill",
    ),
    Bench(
        "tables_board",
        "the yearly board of dynamic tables, bare: values_list and fifty rows printed",
        "tests.bench.tables:board",
        "tests.bench.tables:board_bare",
        seed="tests.bench.tables:fill",
    ),
    Bench(
        "tables_workbook",
        "a workbook of tables (147 fields) out and in, bare: the same cells written by openpyxl, read by calamine",
        "tests.bench.tables:workbook",
        "tests.bench.tables:workbook_bare",
        repeats=1,
        seed="tests.bench.tables:fill",
    ),
    Bench(
        "tables_workbook_in",
        "a workbook with one figure changed in every row, stored; bare: as many INSERTs of the answers in one transaction",
        "tests.bench.tables:workbook_in",
        "tests.bench.tables:workbook_in_bare",
        repeats=1,
        seed="tests.bench.tables:fill",
    ),
    Bench(
        "cap",
        "the cap at approval: groups locked, evaluations loaded and judged, bare: the same locks and counts in SQL",
        "tests.bench.cap:ours",
        "tests.bench.cap:bare",
        seed=_CAP,
    ),
)
