"""Parsing hostile files in a child process with hard limits.

The child gets no environment (so no secrets), no network code, one request as a JSON line, and
answers in JSON lines. If it dies, hangs or talks too much, the file is at fault, never the portal.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import structlog

from greenportal.files import conf
from greenportal.files.messages import UploadRefused

log = structlog.get_logger(__name__)
PROJECT = Path(__file__).resolve().parent.parent.parent
BOOT = "import sys; sys.path.append(sys.argv[1]); from greenportal.files.child.main import main; main()"
MAX_ROWS = 6_000
MAX_COLS = 200

Cell = str | int | float | bool | datetime | None


@dataclass(frozen=True, slots=True)
class Worksheet:
    """One sheet as read: `rows[0]` is row 1 and `rows[0][0]` is A1; formulas bear their cached values."""

    name: str
    rows: list[list[Cell]]


@dataclass(frozen=True, slots=True)
class PdfFacts:
    """What the child found in a PDF. stripped: names of active content, which the cleaned copy lacks.

    author, creator: what the document says of the person and the program that made it, as it says it.
    """

    pages: int
    signed: bool
    stripped: tuple[str, ...]
    rewritten: bool = False
    author: str = ""
    creator: str = ""


def read_workbook(path: Path, *, max_rows: int = MAX_ROWS, max_cols: int = MAX_COLS) -> list[Worksheet]:
    """Return the sheets of the workbook at `path`, hidden ones too. Raises UploadRefused with its exact cause."""
    sheets: list[Worksheet] = []
    request = {"max_rows": max_rows, "max_cols": max_cols}
    for item in run("workbook", path, action="rows", options=request):
        if "sheet" in item:
            sheets.append(Worksheet(item["sheet"], []))
        else:
            sheets[-1].rows.append([_cell(value) for value in item["row"]])
    return sheets


def inspect_workbook(path: Path) -> None:
    """Raise UploadRefused unless the workbook is sound and within the limits."""
    list(run("workbook", path, options={"max_rows": MAX_ROWS, "max_cols": MAX_COLS}))


def inspect_pdf(path: Path, *, cleaned: Path | None = None) -> PdfFacts:
    """Return the facts of the PDF at `path`; with `cleaned`, write a copy without active content there."""
    facts = _facts(run("pdf", path, options={"cleaned": str(cleaned) if cleaned else ""}))
    return PdfFacts(
        pages=facts["pages"],
        signed=facts["signed"],
        stripped=tuple(facts["stripped"]),
        rewritten=facts["rewritten"],
        author=facts["author"],
        creator=facts["creator"],
    )


def inspect_image(path: Path) -> tuple[str, int, int]:
    """Return (png or jpeg, width, height) in pixels. Raises UploadRefused."""
    facts = _facts(run("image", path))
    return facts["format"], facts["width"], facts["height"]


def inspect_docx(path: Path) -> None:
    """Raise UploadRefused unless the file is a plain Word document."""
    list(run("archive", path, options={"kind": "docx"}))


def read_codes(path: Path) -> list[str]:
    """Return the distinct texts of the QR codes of a PDF or picture, in order of pages.

    A file that the child cannot read, or not within its limits, gives the codes found until then: a
    code that nobody can read is a matter for a person, not an error.
    """
    found: dict[str, None] = {}
    try:
        for page in run("codes", path):
            found.update(dict.fromkeys(page["texts"]))
    except UploadRefused as refused:
        log.info("jail_codes_unread", cause=refused.cause, found=len(found))
    return list(found)


def _facts(answers: Iterator[dict[str, Any]]) -> dict[str, Any]:
    facts: dict[str, Any] = next(answer["facts"] for answer in list(answers))
    return facts


def _cell(value: Any) -> Cell:
    return datetime.fromisoformat(value["d"]) if isinstance(value, dict) else value


def run(
    parser: str, path: Path, *, action: str = "inspect", options: Mapping[str, Any] | None = None
) -> Iterator[dict[str, Any]]:
    """Yield the answers of `parser` about the file. Raises UploadRefused when it is refused or the child dies."""
    limits = conf.values()
    child = subprocess.Popen(
        [sys.executable, "-I", "-X", "utf8", "-c", BOOT, str(PROJECT)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={},
        cwd="/",
        close_fds=True,
    )
    clock = threading.Timer(limits.jail_wall_seconds, child.kill)
    clock.start()
    try:
        request = {
            "parser": parser,
            "action": action,
            "path": str(path.resolve()),
            "options": dict(options or {}),
            "limits": {
                "memory": limits.jail_memory_bytes,
                "cpu": limits.jail_cpu_seconds,
                "file": limits.jail_output_bytes,
            },
        }
        if child.stdin is None or child.stdout is None:
            raise RuntimeError("The jailed child has no pipes.")
        _send(child.stdin, request)
        yield from _listen(child.stdout, limits.jail_answer_bytes, parser)
    finally:
        clock.cancel()
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()


def _send(pipe: IO[bytes], request: Mapping[str, Any]) -> None:
    try:
        pipe.write(json.dumps(request).encode() + b"\n")
        pipe.flush()
    except BrokenPipeError:
        log.warning("jail_child_died_early")


def _listen(pipe: IO[bytes], budget: int, parser: str) -> Iterator[dict[str, Any]]:
    """Read answers until the end mark; silence, endless talk and refusals raise UploadRefused."""
    while True:
        line = pipe.readline(budget + 1)
        budget -= len(line)
        if budget < 0:
            raise UploadRefused.of("too_complex")
        if not line.endswith(b"\n"):
            # No end mark: killed by a limit (memory, processor, wall clock) or crashed in native code.
            log.info("jail_child_died", parser=parser)
            raise UploadRefused.of("too_complex")
        answer: dict[str, Any] = json.loads(line)
        if "refused" in answer:
            log.info("jail_refused", parser=parser, cause=answer["refused"], why=answer.get("why", ""))
            raise UploadRefused.of(answer["refused"], **answer["figures"])
        if "end" in answer:
            return
        yield answer
