"""House rules that a linter does not know. Each scan is shown to find what it looks for."""

from __future__ import annotations

import pytest

from tests.architecture import scan
from tests.architecture.scan import Source, offences

SERVICE = "nominations/services/handing_in.py"
VIEW = "nominations/views/district.py"


def allowed_except(*places: str):
    """Return the tree's sources outside `places`."""
    return (source for source in scan.sources() if not source.path.startswith(places))


def test_state_is_written_in_services_only():
    engines = ("greenportal/jobs/",)  # a job's state moves with its lease, in the runner

    assert offences(scan.state_writes, allowed_except(*engines)) == []


@pytest.mark.parametrize("code", ["row.state = 'x'", "rows.update(state='x')", "row.state += 'x'"])
def test_state_scan_sees_a_write_in_a_view_and_lets_a_service(code):
    assert len(scan.state_writes(Source(VIEW, code))) == 1
    assert scan.state_writes(Source(SERVICE, code)) == []


def test_celery_is_rung_by_the_doorbell_only():
    ringing = lambda source: scan.calls(source, "delay", "apply_async", "send_task")  # noqa: E731

    assert offences(ringing, allowed_except("greenportal/jobs/")) == []
    assert scan.calls(Source(SERVICE, "task.delay(1)"), "delay") == ["1 delay()"]


def test_uploaded_workbooks_are_opened_in_the_jail_only():
    opening = lambda source: scan.calls(source, "load_workbook")  # noqa: E731

    assert offences(opening, allowed_except("greenportal/files/jail", "greenportal/documents/")) == []
    assert scan.calls(Source(VIEW, "openpyxl.load_workbook(path)"), "load_workbook") == ["1 load_workbook()"]


def test_no_broad_except_inside_a_transaction():
    planted = "with transaction.atomic():\n    try:\n        work()\n    except Exception:\n        pass\n"

    assert offences(scan.excepts_inside_atomic) == []
    assert scan.excepts_inside_atomic(Source(SERVICE, planted)) == ["1 broad except in atomic"]


def test_nothing_is_left_unfinished():
    assert offences(scan.unfinished) == []
    assert offences(scan.unfinished, scan.templates()) == []
    assert scan.unfinished(Source(SERVICE, "raise NotImplementedError")) == ["1 raise NotImplementedError"]


def test_no_code_asks_for_the_year():
    assert offences(scan.years_in_code) == []
    assert scan.years_in_code(Source(SERVICE, "if year == 2022: pass")) == ["1 compares with a year"]


def test_pages_have_no_inline_script_or_style():
    assert offences(scan.inline_code, scan.templates()) == []


@pytest.mark.parametrize(
    "html",
    [
        "<style>p{}</style>",
        "<script>go()</script>",
        '<p style="color:red">',
        '<a onclick="go()">',
        '<a href="javascript:go()">',
    ],
)
def test_inline_scan_sees(html):
    assert len(scan.inline_code(Source("templates/home.html", html))) == 1


def test_inline_scan_lets_own_files_pass():
    assert scan.inline_code(Source("templates/home.html", '<script src="/static/js/portal.js" defer></script>')) == []
