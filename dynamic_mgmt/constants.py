"""Words of the register."""

from __future__ import annotations

#: News for nominations: enqueued by name, never imported (DESIGN §3).
JOB_RECHECK = "nominations.recheck"
SCOPE_UNIT = "dynamic_mgmt.listed_unit"
SCOPE_TABLE = "dynamic_mgmt.dynamic_table"
#: The clock of the yearly tables; further periods have `dynamic_mgmt.tables.<key>`.
CLOCK_TABLES = "dynamic_mgmt.tables"
#: Jobs about a period (archives): watched by every officer of the city.
SCOPE_PERIOD = "dynamic_mgmt.table_period"
SCOPE_INCIDENT = "dynamic_mgmt.incident"
SCOPE_CHANGE = "dynamic_mgmt.unit_change"
SCOPE_DOUBT = "dynamic_mgmt.match_doubt"
KIND_INCIDENT = "dynamic_mgmt.incident"
KIND_CHANGE = "dynamic_mgmt.change"
#: How published lists write the categories, and our keys.
CATEGORY_WORDS = {
    "绿色工厂": "factory",
    "绿色设计产品": "product",
    "绿色工业园区": "park",
    "绿色园区": "park",
    "绿色供应链管理企业": "supply_chain",
    "绿色供应链": "supply_chain",
    "绿色供应链管理示范企业": "supply_chain",
}
LEVEL_WORDS = {
    "国家级": "national",
    "国家": "national",
    "省级": "provincial",
    "省": "provincial",
    "市级": "city",
    "市": "city",
}
#: Where the units live that our own results put on the list.
HOME_PROVINCE = "辽宁省"
HOME_CITY = "大连市"
#: Why a row of 公示 stage is never matched, and not counted.
NOT_FINAL = "来源为公示阶段"
#: Jobs, by name.
JOB_DUE = "dynamic_mgmt.make_due"
#: Judge open tables again after news of an incident.
JOB_REASSESS = "dynamic_mgmt.reassess"
JOB_YEARLY = "dynamic_mgmt.yearly"
#: Workbooks of filled tables that are read once.
FILE_TABLES = "dynamic_mgmt.tables_import"
FILE_FIGURES = "dynamic_mgmt.figures_import"
#: What a table rests on (佐证材料), as long as the table is kept.
FILE_EVIDENCE = "dynamic_mgmt.evidence"
#: The received tables of a category as one ZIP.
FILE_ARCHIVE = "dynamic_mgmt.archive"
#: The Excel of a category as it was issued, before it is sent up.
FILE_EXPORT = "dynamic_mgmt.export"
JOB_ARCHIVE = "dynamic_mgmt.make_archive"
#: How long a link for filling a table lives at most.
TABLE_LINK_DAYS = 60
#: Reason on the receipt of a correction that came after the clock: no late filing where the first one was in time.
AFTER_RETURN = "退回修改后提交"
#: Advisory lock under which units fall due.
DUE_LOCK = 7_310_203
#: When, before a district's closing instant, it is reminded of what is not filed.
TABLE_MARKS = (("T-30d", 30), ("T-14d", 14), ("T-7d", 7), ("T-3d", 3), ("T-1d", 1))
#: Before the day by which a returned table is to be mended: days are given, not months.
MEND_MARKS = (("T-3d", 3), ("T-1d", 1))
