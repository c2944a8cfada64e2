"""What people see in a cell and calamine does not tell: 85% (it gives 0.85) and #REF! (it gives nothing)."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

from defusedxml import ElementTree

_BUILT_IN = frozenset({9, 10})
_QUOTED = re.compile(r'"[^"]*"|\\.')


def seen(path: Path) -> dict[str, dict[tuple[int, int], str]]:
    """Return worksheet name → {(row, column) from 0: "%" for a number shown as a percentage, or the error shown}.

    A part is parsed only where a style or its text says that there is something to find.
    """
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        styles = _percent_styles(archive) if "xl/styles.xml" in names else frozenset()
        found = {}
        for name, part in _parts(archive).items():
            if part in names and (styles or b't="e"' in archive.read(part)):
                found[name] = dict(_marked(archive, part, styles))
        return found


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _percent_styles(archive: zipfile.ZipFile) -> frozenset[str]:
    """Return the numbers of the cell formats that end in a percent sign."""
    root = ElementTree.fromstring(archive.read("xl/styles.xml"))
    codes = {
        node.get("numFmtId", ""): _QUOTED.sub("", node.get("formatCode", ""))
        for node in root.iter()
        if _local(node) == "numFmt"
    }
    wanted = {key for key, code in codes.items() if "%" in code} | {str(number) for number in _BUILT_IN}
    formats = next((node for node in root if _local(node) == "cellXfs"), ())
    return frozenset(str(index) for index, node in enumerate(formats) if node.get("numFmtId") in wanted)


def _parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return worksheet name → its file inside the archive."""
    related = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {node.get("Id", ""): posixpath.join("/xl", node.get("Target", "")).lstrip("/") for node in related}
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    found = {}
    for node in book.iter():
        if _local(node) == "sheet":
            key = next((value for name, value in node.attrib.items() if name.endswith("}id")), "")
            found[node.get("name", "")] = targets.get(key, "")
    return found


def _marked(archive: zipfile.ZipFile, part: str, styles: frozenset[str]) -> Iterator[tuple[tuple[int, int], str]]:
    with archive.open(part) as stream:
        for _event, node in ElementTree.iterparse(stream, events=("end",)):
            if _local(node) == "c":
                kind, place = node.get("t", "n"), _place(node.get("r", ""))
                if place and kind == "n" and node.get("s") in styles:
                    yield place, "%"
                elif place and kind == "e":
                    yield place, next((child.text or "" for child in node if _local(child) == "v"), "")
            elif _local(node) == "row":
                node.clear()


def _place(address: str) -> tuple[int, int] | None:
    found = re.fullmatch(r"([A-Z]{1,3})(\d{1,7})", address)
    if not found:
        return None
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - 64
    return int(found[2]) - 1, column - 1
