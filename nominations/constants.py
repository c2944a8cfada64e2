"""Words and keys of nominations."""

from __future__ import annotations

from datetime import timedelta

from django.db import models


class Category(models.TextChoices):
    """The four categories of 通知 一, in the notice's order."""

    FACTORY = "factory", "绿色工厂"
    PRODUCT = "product", "绿色设计产品"
    PARK = "park", "绿色工业园区"
    SUPPLY_CHAIN = "supply_chain", "绿色供应链管理企业"


#: Scope names used by filings, jobs, findings, files, links and audit.
SCOPE_NOMINATION = "nominations.nomination"
SCOPE_LIST = "nominations.list"
SCOPE_CITY_LIST = "nominations.city_list"
SCOPE_CONSULTATION = "nominations.consultation"
#: Keys of Deadline rows.
CLOCK_APPLICANT = "nominations.hand_in"
CLOCK_SUBMIT = "nominations.submit"
CLOCK_PAPER = "nominations.paper"
#: Kinds of StoredFile.
FILE_DOCUMENT = "nominations.document"
FILE_SCAN = "nominations.scan"
FILE_REPLY = "nominations.reply"
FILE_PACKET = "nominations.packet"
FILE_PART = "nominations.part"
#: Workbooks that are read once; nobody downloads them again.
FILE_IMPORT = "nominations.import"
#: Kinds of Job.
JOB_RECHECK = "nominations.recheck"
JOB_CHANGED = "nominations.filing_changed"
JOB_PACKET = "nominations.build_packet"
#: Keys of sheets that the named evaluator writes and nobody else end like this (factory_third, park_third …).
THIRD_PARTY_MARK = "_third"
#: Keys of the self-evaluation reports: the notice asks the report itself, so an untouched one is one soft gap.
SELF_MARK = "_self"
#: How long a link for a legal representative's word, or for a department's opinion, lives.
CONFIRMATION_LINK_LIFE = timedelta(days=7)
#: A department's link outlives its due date by this much, so that a late answer still arrives.
OPINION_LINK_GRACE = timedelta(days=30)
#: When, before a district's closing instant, everything is checked again and people are reminded.
REMINDER_MARKS: tuple[tuple[str, timedelta], ...] = (
    ("T-14d", timedelta(days=14)),
    ("T-7d", timedelta(days=7)),
    ("T-3d", timedelta(days=3)),
    ("T-1d", timedelta(days=1)),
    ("T-2h", timedelta(hours=2)),
)
#: First part of every code that we print; the form is GP1:<kind>:<id>:<number>:<sha256, first 16>.
CODE_PREFIX = "GP1"
CODE_LIST = "L"
CODE_NOMINATION = "N"
CODE_CORRECTION = "C"
#: Ready phrases for returns; the officer may change them.
RETURN_PHRASES: tuple[str, ...] = (
    "签字或盖章缺失，请补盖后重新上传扫描件。",
    "报告页面不清晰或不完整，请重新扫描上传。",
    "填报数据与证明材料不一致，请核对后修改。",
    "证明材料已过期，请提供有效期内的材料。",
    "信用查询截图缺少查询日期，请重新查询并截图。",
)
