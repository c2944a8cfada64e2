"""Reading the trail against itself: every break is named by stream and row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from django.db import connection, transaction

from greenportal.audit import chain
from greenportal.audit.models import AuditAnchor, AuditEntry, AuditHead


@dataclass(frozen=True, slots=True)
class Break:
    """One place where the trail does not hold.

    stream: the audited target, `*` for the seals; position: the row's number in it;
    reason: Chinese, what is wrong there.
    """

    stream: str
    position: int
    reason: str


def verify(*, seal: str = "") -> list[Break]:
    """Return every break of the trail, in order of stream; empty when it holds.

    Finds: a changed row, a missing row, a cut tail (by the heads, and by the anchors where the
    heads were changed too), a removed stream, removed or changed anchors (by the seals).
    `seal` is the digest of a seal kept elsewhere: it must still be among the seals.
    Reads one snapshot, so that work going on meanwhile is not taken for a break.
    """
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        anchors = list(AuditAnchor.objects.order_by("id"))
        breaks = [*_seals(anchors, seal)]
        marks: dict[str, dict[int, str]] = {}
        for row in anchors:
            if row.stream != chain.SEAL:
                marks.setdefault(row.stream, {})[row.position] = row.digest
        heads = {head.stream: head for head in AuditHead.objects.all()}
        seen: set[str] = set()
        rows = AuditEntry.objects.order_by("stream", "position").iterator(chunk_size=2000)
        for stream, entries in groupby(rows, key=lambda entry: entry.stream):
            seen.add(stream)
            breaks += _stream(stream, entries, heads.get(stream), dict(marks.get(stream, {})))
        for stream in sorted((set(heads) | set(marks)) - seen):
            breaks.append(Break(stream, 1, "整条审计流缺失：留有链头或锚点，但没有任何记录。"))
    return breaks


def _stream(
    stream: str, entries: Iterator[AuditEntry], head: AuditHead | None, marks: dict[int, str]
) -> Iterator[Break]:
    """Yield the breaks of one stream: numbering, links, content, anchors, head."""
    position, digest = 0, chain.GENESIS
    for entry in entries:
        if entry.position != position + 1:
            yield Break(stream, position + 1, f"缺少第{position + 1}条记录。")
        elif entry.previous != digest:
            yield Break(stream, entry.position, f"第{entry.position}条记录与上一条不衔接。")
        row = {name: getattr(entry, name) for name in chain.COLUMNS}
        if chain.entry_digest(row, at=entry.at, previous=entry.previous) != entry.digest:
            yield Break(stream, entry.position, f"第{entry.position}条记录的内容已被改动。")
        marked = marks.pop(entry.position, None)
        if marked is not None and marked != entry.digest:
            yield Break(stream, entry.position, f"第{entry.position}条记录与锚点不一致。")
        position, digest = entry.position, entry.digest
    for missing in sorted(marks):
        yield Break(stream, missing, f"锚点记有第{missing}条记录，现已缺失。")
    if head is None:
        yield Break(stream, position, "链头缺失。")
    elif head.position > position:
        yield Break(stream, position + 1, f"末尾缺少记录：链头为第{head.position}条，实有{position}条。")
    elif (head.position, head.digest) != (position, digest):
        yield Break(stream, position, f"链头与第{position}条记录不一致。")


def _seals(anchors: list[AuditAnchor], expected: str) -> Iterator[Break]:
    """Yield the breaks of the anchors themselves; each seal covers the rows since the one before it."""
    previous, run, number, known = chain.GENESIS, [], 0, set[str]()
    for row in anchors:
        if row.stream != chain.SEAL:
            run.append((row.stream, row.position, row.digest))
            continue
        number += 1
        if row.position != len(run) or row.digest != chain.seal_digest(previous, run):
            yield Break(chain.SEAL, number, f"第{number}次锚定的印记与其锚点不一致。")
        previous, run = row.digest, []
        known.add(row.digest)
    if run:
        yield Break(chain.SEAL, number + 1, "末尾的锚点没有印记。")
    if expected and expected not in known:
        yield Break(chain.SEAL, number, "另存的印记不在库中：锚点已被删除或改写。")
