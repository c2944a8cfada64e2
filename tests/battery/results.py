"""What the battery found out, kept as JSON and as a report in Chinese: .local/battery/results.json and battery.md."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from greenportal.devtools.places import LOCAL, ROOT
from tests.battery import seeding

FOLDER = LOCAL / "battery"
#: Headings of the report, by the part that wrote the rows.
PARTS = {
    "texts": "各表单全部文本字段 × 特殊字符",
    "forms": "各页面全部表单输入框 × 特殊字符",
    "bytes": "非 UTF-8 提交内容",
    "uploads": "恶意、损坏、超限文件上传",
    "traffic": "慢速上传与并行下载时其他页面的响应",
    "tampering": "篡改隐藏字段、重放令牌",
    "controls": "对照试验（关闭防护后必须失败）",
}


def commit() -> str:
    """Return the commit that is tested; empty outside a checkout."""
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def write(rows: list[dict[str, Any]], *, passed: int, failed: int, folder: Path = FOLDER) -> None:
    """Write both files. rows: {part, case, outcome, figures}; passed and failed count tests."""
    folder.mkdir(parents=True, exist_ok=True)
    head = {
        "commit": commit(),
        "seed": seeding.seed(),
        "full": seeding.FULL,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "passed": passed,
        "failed": failed,
    }
    body = json.dumps({**head, "rows": rows}, ensure_ascii=False, indent=1)
    (folder / "results.json").write_text(body, encoding="utf-8", errors="backslashreplace")
    (folder / "battery.md").write_text(report(head, rows), encoding="utf-8", errors="backslashreplace")


def report(head: Mapping[str, Any], rows: list[dict[str, Any]]) -> str:
    """Return the report as Markdown."""
    kind = "全部用例" if head["full"] else "抽样用例"
    lines = [
        "# 安全与可靠性试验报告",
        "",
        f"- 版本：`{head['commit'] or '未知'}`",
        f"- 范围：{kind}，随机种子 {head['seed']}（设 `BATTERY_SEED={head['seed']}` 可重现）",
        f"- 环境：{head['machine']}",
        f"- 结果：通过 {head['passed']} 项，未通过 {head['failed']} 项",
    ]
    for part, title in PARTS.items():
        mine = [row for row in rows if row["part"] == part]
        if not mine:
            continue
        lines += ["", f"## {title}", "", "| 用例 | 结果 | 数据 |", "|---|---|---|"]
        lines += [f"| {_cell(row['case'])} | {_cell(row['outcome'])} | {_cell(row['figures'])} |" for row in mine]
    return "\n".join(lines) + "\n"


def _cell(value: object) -> str:
    if isinstance(value, Mapping):
        value = "，".join(f"{key} {figure}" for key, figure in value.items())
    return str(value).replace("|", "\\|").replace("\n", " ")
