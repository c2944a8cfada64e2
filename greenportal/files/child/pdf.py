"""Reading a PDF, taking out what acts by itself, and writing it anew."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import pikepdf

from greenportal.files.child.refusal import Refusal

MAX_PAGES = 800
MAX_OBJECTS = 400_000
#: Keys whose presence makes a viewer run, open, send or unpack something.
ACTIVE_KEYS = ("/OpenAction", "/AA", "/JS", "/JavaScript", "/EmbeddedFiles", "/EF", "/XFA", "/RichMediaContent", "/AF")
ACTIVE_ACTIONS = {
    "/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToE", "/GoToR", "/Rendition", "/Movie", "/Sound",
    "/RichMediaExecute", "/GoTo3DView",
}  # fmt: skip
ACTIVE_ANNOTATIONS = {"/RichMedia", "/FileAttachment", "/Screen", "/Movie", "/Sound", "/3D"}
MAX_DEPTH = 40
#: Characters kept of what a document says of its author.
MAX_WORDS = 120


def inspect(path: Path, *, cleaned: Path | None) -> dict[str, Any]:
    """Return {"pages", "signed", "stripped", "rewritten", "author", "creator"} of the PDF at `path`.

    With `cleaned`, a copy without active content is written there. A digitally signed file that
    has nothing active keeps its own bytes, since rewriting would break the signature. Raises Refusal.
    """
    _check_head(path)
    try:
        document = pikepdf.Pdf.open(path, inherit_page_attributes=False)
    except pikepdf.PasswordError as exc:
        raise Refusal("password") from exc
    with document:
        pages = _count_pages(document)
        author, creator = (_written_by(document, key) for key in ("/Author", "/Creator"))
        stripped = sorted(_strip(document))
        signed = _signed(document)
        rewritten = cleaned is not None and not (signed and not stripped)
        if rewritten and cleaned is not None:
            document.remove_unreferenced_resources()
            document.save(cleaned, deterministic_id=True, encryption=False, fix_metadata_version=False)
    return {
        "pages": pages,
        "signed": signed,
        "stripped": stripped,
        "rewritten": rewritten,
        "author": author,
        "creator": creator,
    }


def _written_by(document: pikepdf.Pdf, key: str) -> str:
    """Return what the document says of who or what made it: one printable line, empty when it says nothing usable."""
    info: Any = document.trailer.get("/Info")
    value = info.get(key) if isinstance(info, pikepdf.Dictionary) else None
    if not isinstance(value, pikepdf.String):
        return ""
    text = unicodedata.normalize("NFC", str(value))
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:MAX_WORDS]


def _check_head(path: Path) -> None:
    """The header must come first: a file that is something else before it is two files in one."""
    with path.open("rb") as stream:
        head = stream.read(1024)
    if not head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n").startswith(b"%PDF-"):
        raise Refusal("mismatch")


def _count_pages(document: pikepdf.Pdf) -> int:
    tree: Any = document.Root.get("/Pages")
    declared = tree.get("/Count", 0) if isinstance(tree, pikepdf.Dictionary) else 0
    if isinstance(declared, int) and declared > MAX_PAGES:
        raise Refusal("too_many_pages", limit=MAX_PAGES, actual=declared)
    if len(document.objects) > MAX_OBJECTS:
        raise Refusal("too_complex")
    _check_tree(document)
    pages = len(document.pages)
    if pages > MAX_PAGES:
        raise Refusal("too_many_pages", limit=MAX_PAGES, actual=pages)
    if pages == 0:
        raise Refusal("damaged")
    return pages


def _check_tree(document: pikepdf.Pdf) -> None:
    """Walk the page tree by levels: depth and loops are refused before anything recurses into it."""
    level: list[Any] = [document.Root.get("/Pages")]
    seen: set[tuple[int, int]] = set()
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for node in level:
            kids = node.get("/Kids") if isinstance(node, pikepdf.Dictionary) else None
            if kids is None:
                continue
            if node.objgen in seen:
                raise Refusal("damaged")
            seen.add(node.objgen)
            below.extend(kids)
            if len(below) > MAX_PAGES * 4:
                raise Refusal("too_complex")
        if not below:
            return
        level = below
    raise Refusal("too_complex")


def _strip(document: pikepdf.Pdf) -> set[str]:
    """Remove active content everywhere; return the names of what was found."""
    found: set[str] = set()
    for index in range(len(document.objects)):
        _strip_object(document.objects[index], found, 0)
    names = document.Root.get("/Names")
    if isinstance(names, pikepdf.Dictionary) and not names.keys():
        del document.Root["/Names"]
    return found


def _strip_object(item: Any, found: set[str], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise Refusal("too_complex")
    if isinstance(item, pikepdf.Array):
        for member in item:
            if isinstance(member, (pikepdf.Dictionary, pikepdf.Array)) and not member.is_indirect:
                _strip_object(member, found, depth + 1)
        return
    if not isinstance(item, (pikepdf.Dictionary, pikepdf.Stream)):
        return
    for key in ACTIVE_KEYS:
        if key in item:
            found.add(key[1:])
            del item[key]
    _strip_action(item, found)
    _strip_annotations(item, found)
    for key in list(item.keys()):
        child: Any = item.get(key)
        if isinstance(child, (pikepdf.Dictionary, pikepdf.Array)) and not child.is_indirect:
            _strip_object(child, found, depth + 1)


def _strip_action(item: Any, found: set[str]) -> None:
    """Disarm the action dictionaries that `item` is or points to by /A."""
    name = item.get("/S")
    if isinstance(name, pikepdf.Name) and str(name) in ACTIVE_ACTIONS and item.get("/Type", "/Action") == "/Action":
        found.add(str(name)[1:])
        for key in list(item.keys()):
            del item[key]


def _strip_annotations(item: Any, found: set[str]) -> None:
    annotations = item.get("/Annots")
    if not isinstance(annotations, pikepdf.Array):
        return
    for index in range(len(annotations) - 1, -1, -1):
        note = annotations[index]
        kind = str(note.get("/Subtype", "")) if isinstance(note, pikepdf.Dictionary) else ""
        if kind in ACTIVE_ANNOTATIONS:
            found.add(kind[1:])
            del annotations[index]


def _signed(document: pikepdf.Pdf) -> bool:
    form = document.Root.get("/AcroForm")
    if not isinstance(form, pikepdf.Dictionary):
        return False
    flags = form.get("/SigFlags", 0)
    return bool(isinstance(flags, int) and flags & 1)
