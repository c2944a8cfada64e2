"""Putting a packet together: parts found again or made, merged per nominee, counted, zipped, offered.

What a page looks like is the kitchen's affair (`nominations.packets`); what is made once, counted and
kept is this module's.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.documents import zips
from greenportal.documents.merge import Part, Stamp, merge, page_count
from greenportal.files.models import StoredFile
from greenportal.files.services import open_path, store_issued
from greenportal.jobs.context import JobContext
from nominations.constants import FILE_PACKET, FILE_PART
from nominations.models import Packet, PacketPart
from nominations.packets.pieces import Piece
from nominations.selectors.packet_data import Nominee, PacketData, packet_data
from nominations.services.moving import list_target
from nominations.validators import canonical, digest

_PDF = "application/pdf"


class CountMismatch(RuntimeError):
    """The packet does not hold what its version says: it is not offered."""


class Kitchen(Protocol):
    """What `nominations.packets` offers. `version` changes with templates, fonts and engines: it is in every key."""

    @property
    def version(self) -> str: ...

    def list_pieces(self, data: PacketData) -> Sequence[Piece]:
        """List (Excel, PDF), letter, opinions, findings, places of seals, dispatch slip."""
        ...

    def nominee_piece(self, data: PacketData, nominee: Nominee) -> Piece:
        """The pages of ours that stand before a nominee's uploads: cover, contents, sheets. PDF."""
        ...


@dataclass(frozen=True, slots=True)
class _Kept:
    """A part that is in the storage: its place in the ZIP, its file, its pages, whether it was found again."""

    name: str
    file: StoredFile
    pages: int
    reused: bool


def produce(ctx: JobContext, *, packet_id: int, kitchen: Kitchen) -> None:
    """Make the packet, or find that it is made. Effects stand behind the job's fence; cancel stops between parts.

    Parts are looked up by what they are made from. 定稿 again of an unchanged nominee gives its version again
    (`freeze_nomination`), hence the same printed code and the same merged PDF: after a change of one nominee only that
    one and the list's own pages are made. A nominee whose place on the list moved counts as changed. Raises CountMismatch when pages or files do not agree with the version.
    """
    packet = Packet.objects.select_related("list_version").get(pk=packet_id)
    data = packet_data(packet.list_version_id)
    if data.voided or packet.ready_at is not None:
        with ctx.fenced():
            ctx.finish({"ready": packet.ready_at is not None})
        return
    pieces = list(kitchen.list_pieces(data))
    total = len(pieces) + len(data.nominees) + 1
    kept: list[_Kept] = []
    for piece in pieces:
        ctx.step(len(kept), total, f"正在生成{PurePosixPath(piece.name).stem}")
        kept.append(_keep(ctx, piece, kitchen))
    for nominee in data.nominees:
        ctx.step(len(kept), total, f"正在合并{nominee.name}的材料")
        kept.append(_nominee(ctx, data, nominee, kitchen))
    ctx.step(len(kept), total, "正在打包")
    _offer(ctx, packet, data, kept, beside=_beside(data))


def _keep(ctx: JobContext, piece: Piece, kitchen: Kitchen) -> _Kept:
    """Return the stored part of a piece, made now if no packet made it before."""
    key = digest(["piece", kitchen.version, piece.content_type, piece.inputs])
    return _found(piece.name, key) or _store(ctx, key, piece.name, piece.content_type, piece.make())


def _found(name: str, key: str) -> _Kept | None:
    part = PacketPart.objects.select_related("file").filter(content_key=key).first()
    return _Kept(name, part.file, part.pages, reused=True) if part else None


def _store(ctx: JobContext, key: str, name: str, content_type: str, source: bytes | Path) -> _Kept:
    pages = page_count(source) if content_type == _PDF else 0
    with ctx.fenced():
        file = store_issued(
            source=source,
            name=PurePosixPath(name).name,
            kind=FILE_PART,
            content_type=content_type,
            pages=pages or None,
        )
        PacketPart.objects.get_or_create(
            content_key=key,
            defaults={"file": file, "name": name[:200], "pages": pages, "created_at": clock.now()},
        )
    return _Kept(name, file, pages, reused=False)


def _folder(nominee: Nominee) -> str:
    label = nominee.payload["nomination"]["category_label"]
    return f"{label}/{nominee.position:02d}-{_plain(nominee.name)}"


def _plain(name: str) -> str:
    return "".join("_" if c in '\\/:*?"<>|' or ord(c) < 32 else c for c in name).strip(". ")[:60]


def _nominee(ctx: JobContext, data: PacketData, nominee: Nominee, kitchen: Kitchen) -> _Kept:
    """Merge a nominee's own pages and its uploaded PDFs in order; the pages must add up.

    Each uploaded page bears its enclosure's number and the first eight digits of the file's hash, so that a
    printed page is found again in the manifest.
    """
    own = _keep(ctx, kitchen.nominee_piece(data, nominee), kitchen)
    bound = [e for e in nominee.enclosures if e.is_pdf]
    name = f"{_folder(nominee)}.pdf"
    labels = [f"A{index:02d} {e.file.sha256[:8]}" for index, e in enumerate(bound, start=1)]
    marked = [[label, e.file.sha256] for label, e in zip(labels, bound, strict=True)]
    key = digest(["nominee", kitchen.version, own.file.sha256, nominee.code.text, marked])
    known = _found(name, key)
    if known is not None:
        return known
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        parts = [Part("申报材料", stack.enter_context(open_path(own.file)), code=nominee.code.text)]
        for label, enclosure in zip(labels, bound, strict=True):
            path = stack.enter_context(open_path(enclosure.file))
            parts.append(Part(str(enclosure.about["title"] or enclosure.about["name"]), path, label=label))
        caption = (nominee.sha256[:16],)
        output = Path(folder) / "nominee.pdf"
        merged = merge(parts, output=output, stamp=Stamp(caption=caption), title=nominee.name)
        expected = own.pages + sum(int(e.about["pages"] or 0) for e in bound)
        if merged.pages != expected:
            raise CountMismatch(f"{name}: {merged.pages} pages, expected {expected}")
        return _store(ctx, key, name, _PDF, output)


def _beside(data: PacketData) -> list[tuple[str, StoredFile]]:
    """Uploads that cannot be bound (pictures, workbooks) and the departments' sealed replies."""
    found = []
    for nominee in data.nominees:
        loose = [e for e in nominee.enclosures if not e.is_pdf]
        for index, enclosure in enumerate(loose, start=1):
            found.append((f"{_folder(nominee)}-附件/{index:02d}-{_plain(enclosure.file.name)}", enclosure.file))
    for index, opinion in enumerate(data.opinions, start=1):
        if opinion.reply is not None:
            found.append(
                (f"部门意见/{index:02d}-{_plain(opinion.department)}-{_plain(opinion.reply.name)}", opinion.reply)
            )
    return found


def _offer(
    ctx: JobContext,
    packet: Packet,
    data: PacketData,
    kept: Sequence[_Kept],
    *,
    beside: Sequence[tuple[str, StoredFile]],
) -> None:
    """Write ZIP and manifest, compare counts, store, and offer the packet behind the fence."""
    rows: list[tuple[str, StoredFile, int]] = [(k.name, k.file, k.pages) for k in kept]
    rows += [(name, file, file.pages or 0) for name, file in beside]
    manifest = {
        "list_version": {"id": data.list_version_id, "number": data.number, "sha256": data.sha256},
        "nominees": len(data.nominees),
        "files": [
            {"name": name, "sha256": file.served_sha256, "size": file.size, "pages": pages}
            for name, file, pages in rows
        ],
        "pages": sum(pages for _, _, pages in rows),
    }
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        entries = [zips.Entry(name, stack.enter_context(open_path(file))) for name, file, _ in rows]
        entries.append(zips.Entry("清单.json", canonical(manifest)))
        output = Path(folder) / "packet.zip"
        written = zips.write(entries, output)
        _agree(written, manifest)
        authority = data.payload["list"]["authority"]
        with ctx.fenced():
            _ready(ctx, packet, data, manifest, output, authority)


def _agree(written: Sequence[zips.Written], manifest: dict[str, Any]) -> None:
    """Compare what was written with what the manifest promises: names, sizes, hashes."""
    promised = [(f["name"], f["size"], f["sha256"]) for f in manifest["files"]]
    found = [(w.name, w.size, w.sha256) for w in written[:-1]]
    if promised != found:
        raise CountMismatch(f"{len(found)} files written, {len(promised)} promised, or contents differ")


def _ready(
    ctx: JobContext,
    packet: Packet,
    data: PacketData,
    manifest: dict[str, Any],
    output: Path,
    authority: dict[str, Any],
) -> None:
    file = store_issued(
        source=output,
        name=f"{authority['name']}申报材料-第{data.number}版.zip",
        kind=FILE_PACKET,
        content_type="application/zip",
        pages=manifest["pages"],
        owner_authority_id=authority["id"],
    )
    locked = Packet.objects.select_for_update(no_key=True).get(pk=packet.pk)
    locked.file, locked.manifest = file, manifest
    locked.content_key, locked.ready_at = digest(manifest), clock.now()
    locked.save(update_fields=["file", "manifest", "content_key", "ready_at"])
    told = {"packet": packet.pk, "sha256": file.sha256, "pages": manifest["pages"], "files": len(manifest["files"])}
    list_id = data.payload["list"]["id"]
    record(actor=Actor.system("申报材料"), action="list.packet_ready", target=list_target(list_id), data=told)
    ctx.finish({"file": str(file.pk), "pages": manifest["pages"]})
