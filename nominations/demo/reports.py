"""Reports of the demonstration: real PDFs of several pages with text, tables and, where asked, scans.

One engine run lays out all covers and one set of body pages; each report is then put together from
them, so that sixty applicants' reports take seconds.
"""

from __future__ import annotations

import io
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

import pikepdf
from PIL import Image, ImageFilter

from greenportal.documents.pdf import render_pdf

BODY_CHAPTERS = (
    ("一、基本情况", "本报告为系统演示所用，所述单位、数据均为虚构，不对应任何真实企业或园区。"),
    (
        "二、创建情况",
        "从基础设施、管理体系、能源资源投入、产品、环境排放、绩效六个方面逐项说明，并与证明材料索引对应。",
    ),
    ("三、能源与资源", "按年度列出综合能源消费量、取水量、主要原材料消耗量及其统计口径，计量器具配备情况见附表。"),
    ("四、环境排放", "废气、废水、固体废物和温室气体排放情况及排污许可执行情况，监测报告编号见证明材料索引。"),
    ("五、下一步工作", "结合清洁生产审核意见和节能诊断结果，提出后三年持续改进的项目、目标和责任部门。"),
)
#: Covers laid out at once: fonts are embedded per batch, so small batches keep each report small.
_BATCH = 30
#: One weight only: a second one would double the embedded fonts.
_STYLE = ".demo{break-after:page} .demo *{font-weight:normal} .demo td,.demo th{border:1px solid #999;padding:2px}"


@dataclass(frozen=True, slots=True)
class ReportSpec:
    """One report wanted: `key` names it in the result; `megabytes` > 0 adds scan pages up to that size."""

    key: str
    title: str
    applicant: str
    issuer: str
    pages: int = 6
    megabytes: float = 0.0


def make_reports(specs: Sequence[ReportSpec]) -> Iterator[tuple[str, bytes]]:
    """Yield (key, PDF bytes) for each spec, in order; the same specs give the same bytes."""
    for start in range(0, len(specs), _BATCH):
        batch = specs[start : start + _BATCH]
        chapters = max(spec.pages for spec in batch) - 1
        with pikepdf.open(io.BytesIO(render_pdf(_html(batch, chapters)))) as source:
            for index, spec in enumerate(batch):
                yield spec.key, _assemble(spec, source, index, len(batch))


def _assemble(spec: ReportSpec, source: pikepdf.Pdf, index: int, body_at: int) -> bytes:
    report = pikepdf.new()
    report.pages.append(source.pages[index])
    for number in range(body_at, min(body_at + spec.pages - 1, len(source.pages))):
        report.pages.append(source.pages[number])
    written = 0.0
    seed = 0
    while written < spec.megabytes * 1_000_000:
        scan = _scan_page(spec.key, seed)
        written += len(scan)
        seed += 1
        with pikepdf.open(io.BytesIO(scan)) as page:
            report.pages.extend(page.pages)
    target = io.BytesIO()
    report.remove_unreferenced_resources()
    report.save(target, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return target.getvalue()


def _scan_page(key: str, seed: int) -> bytes:
    """Return a one-page PDF holding a grainy picture as a scanner makes it (about 1 MB)."""
    noise = random.Random(f"{key}/{seed}").randbytes(1240 * 1754)  # noqa: S311 - a picture, not a secret
    picture = Image.frombytes("L", (1240, 1754), noise).filter(ImageFilter.GaussianBlur(0.6))
    target = io.BytesIO()
    picture.save(target, "PDF", resolution=150.0, quality=80)
    return target.getvalue()


def _html(specs: Sequence[ReportSpec], chapters: int) -> str:
    """Return one page per cover, then the shared chapters, each on a page of its own."""
    covers = "".join(
        f'<section class="demo"><p>演示材料</p><h1>{escape(spec.title)}</h1>'
        f"<p>{escape(spec.applicant)}</p><p>{escape(spec.issuer)}</p><p>2022年9月</p></section>"
        for spec in specs
    )
    body = "".join(_chapter(*BODY_CHAPTERS[number % len(BODY_CHAPTERS)], number) for number in range(chapters))
    return f'<html lang="zh-CN"><head><style>{_STYLE}</style></head><body>{covers}{body}</body></html>'


def _chapter(heading: str, text: str, number: int) -> str:
    rows = "".join(
        f"<tr><td>{index + 1}</td><td>演示指标{number + 1}.{index + 1}</td><td>{(number * 37 + index * 13) % 97}</td></tr>"
        for index in range(12)
    )
    return (
        f'<section class="demo"><h2>{heading}</h2><p>{text * 3}</p>'
        f"<table><thead><tr><th>序号</th><th>项目</th><th>数值</th></tr></thead><tbody>{rows}</tbody></table></section>"
    )
