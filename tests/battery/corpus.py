"""Hostile and broken files, made here: nothing downloaded, nothing stored in the repository.

Each case says what a user would have uploaded and the cause with which it must be refused
(a key of `greenportal.files.messages.MESSAGES`). `cases()` is the whole corpus, by name.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import pikepdf
from PIL import Image

MEBIBYTE = 1024 * 1024
CONTENT_TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType="{main}"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
)
SHEET_MAIN = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
MACRO_MAIN = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
RELS = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    'Target="xl/workbook.xml"/></Relationships>'
)
WORKBOOK = (
    '<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<sheets><sheet name="表1" sheetId="1" r:id="rId1"/></sheets></workbook>'
)
WORKBOOK_RELS = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
    'Target="worksheets/sheet1.xml"/></Relationships>'
)
SHEET_HEAD = '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
SHEET = SHEET_HEAD + '<sheetData><row r="1"><c r="A1"><v>1</v></c></row></sheetData></worksheet>'
#: Split, so that a scanner does not take this source file for the test virus.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


@dataclass(frozen=True, slots=True)
class Case:
    """One upload. cause: how it must be refused; accept: what the field takes."""

    name: str
    upload: str
    make: Callable[[], bytes]
    cause: str
    accept: tuple[str, ...] = ("pdf", "xlsx", "image", "docx")


def workbook(
    sheet: str | bytes = SHEET, *, main: str = SHEET_MAIN, extra: dict[str, bytes] | None = None, level: int = 6
) -> bytes:
    """Return a minimal workbook whose only sheet is `sheet`."""
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": CONTENT_TYPES.format(main=main),
        "_rels/.rels": RELS,
        "xl/workbook.xml": WORKBOOK,
        "xl/_rels/workbook.xml.rels": WORKBOOK_RELS,
        "xl/worksheets/sheet1.xml": sheet,
        **(extra or {}),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, body in parts.items():
            archive.writestr(name, body)
    return out.getvalue()


def pdf(pages: int = 1, **root: pikepdf.Object) -> bytes:
    """Return a sound PDF of blank pages with extra keys in its catalogue."""
    document = pikepdf.new()
    for _ in range(pages):
        document.add_blank_page()
    for key, value in root.items():
        document.Root[f"/{key}"] = value
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def image(kind: str = "PNG", size: tuple[int, int] = (40, 30)) -> bytes:
    """Return a sound picture."""
    out = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(out, kind)
    return out.getvalue()


def docx(extra: dict[str, bytes] | None = None) -> bytes:
    """Return a minimal Word document."""
    main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    body = (
        '<?xml version="1.0"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        "<w:body><w:p><w:r><w:t>报告</w:t></w:r></w:p></w:body></w:document>"
    )
    types = CONTENT_TYPES.format(main=main).replace("/xl/workbook.xml", "/word/document.xml")
    parts = {
        "[Content_Types].xml": types.encode(),
        "_rels/.rels": RELS.replace("xl/workbook", "word/document").encode(),
        "word/document.xml": body.encode(),
        **(extra or {}),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return out.getvalue()


@cache
def zeros(megabytes: int) -> bytes:
    """Return a raw deflate stream of that many MiB of the letter A, made without holding them."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = b"A" * MEBIBYTE
    return b"".join([*(squeeze.compress(piece) for _ in range(megabytes)), squeeze.flush()])


def raw_zip(entries: list[tuple[str, bytes, int, int]], *, offsets: list[int] | None = None) -> bytes:
    """Return a ZIP written by hand: (name, packed bytes, declared unpacked size, CRC) are taken as given."""
    out, places = io.BytesIO(), []
    for name, packed, size, crc in entries:
        places.append(out.tell())
        out.write(struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 8, 0, 33, crc, len(packed), size, len(name), 0))
        out.write(name.encode() + packed)
    start = out.tell()
    for (name, packed, size, crc), place in zip(entries, offsets or places, strict=True):
        head = struct.pack(
            "<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 8, 0, 33, crc, len(packed), size, len(name), 0, 0, 0, 0, 0, place
        )
        out.write(head + name.encode())
    size = out.tell() - start
    out.write(struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, len(entries), len(entries), size, start, 0))
    return out.getvalue()


def huge_string(megabytes: int = 400) -> bytes:
    """A workbook of some 400 KB whose only cell is a text of 400 MB."""
    head = SHEET_HEAD + '<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>'
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    pieces = [squeeze.compress(head.encode())]
    pieces += [squeeze.compress(b"A" * MEBIBYTE) for _ in range(megabytes)]
    pieces += [squeeze.compress(b"</t></is></c></row></sheetData></worksheet>"), squeeze.flush()]
    packed = b"".join(pieces)
    others = zipfile.ZipFile(io.BytesIO(workbook()))
    entries = []
    for name in others.namelist():
        if name.endswith("sheet1.xml"):
            entries.append((name, packed, megabytes * MEBIBYTE + len(head) + 43, 0))
        else:
            body = others.read(name)
            entries.append((name, deflate(body), len(body), zlib.crc32(body)))
    return raw_zip(entries)


def deflate(body: bytes) -> bytes:
    """Return `body` as a raw deflate stream."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    return squeeze.compress(body) + squeeze.flush()


def lying_header() -> bytes:
    """A workbook whose sheet declares 1,000 bytes and unpacks to 200 MB."""
    sound = zipfile.ZipFile(io.BytesIO(workbook()))
    entries = []
    for name in sound.namelist():
        body = sound.read(name)
        lie = name.endswith("sheet1.xml")
        entries.append((name, zeros(200) if lie else deflate(body), 1000 if lie else len(body), zlib.crc32(body)))
    return raw_zip(entries)


def overlapping() -> bytes:
    """A ZIP in which thirty names share the same packed bytes."""
    packed = zeros(20)
    entries = [(f"xl/part{number:02}.xml", packed if number == 0 else b"", 20 * MEBIBYTE, 0) for number in range(3)]
    return raw_zip(entries, offsets=[0, 0, 0])


def nested() -> bytes:
    """A workbook that carries a ZIP of ZIPs."""
    inner = raw_zip([("deep.bin", zeros(50), 50 * MEBIBYTE, 0)])
    for level in range(3):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(8):
                archive.writestr(f"level{level}/{number}.zip", inner)
        inner = out.getvalue()
    return workbook(extra={"xl/media/more.zip": inner})


def wide_dimension() -> bytes:
    """A 1 KB workbook with cells in A1 and XFD1048576."""
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    return workbook(f'{SHEET_HEAD}<dimension ref="A1:XFD1048576"/><sheetData>{rows}</sheetData></worksheet>')


def many_rows(rows: int, cols: int) -> bytes:
    """A workbook with its last cell in the given row and column (1-based, ≤ 26 columns or GS = 201)."""
    column = "GS" if cols == 201 else chr(64 + cols)
    cells = f'<row r="1"><c r="A1"><v>1</v></c></row><row r="{rows}"><c r="{column}{rows}"><v>1</v></c></row>'
    if rows == 1:
        cells = f'<row r="1"><c r="A1"><v>1</v></c><c r="{column}1"><v>1</v></c></row>'
    return workbook(f"{SHEET_HEAD}<sheetData>{cells}</sheetData></worksheet>")


def long_cell() -> bytes:
    """A workbook with a cell of 32,768 characters."""
    text = "字" * 32_768
    cell = f'<row r="1"><c r="A1" t="inlineStr"><is><t>{text}</t></is></c></row>'
    return workbook(f"{SHEET_HEAD}<sheetData>{cell}</sheetData></worksheet>")


def billion_laughs() -> bytes:
    """A sheet that defines entities upon entities."""
    laughs = "".join(f'<!ENTITY l{n} "{"&l" + str(n - 1) + ";" if n else "ha"}">' for n in range(10))
    return workbook(SHEET.replace("<worksheet", f"<!DOCTYPE x [{laughs}]><worksheet", 1))


def outside_entity() -> bytes:
    """A sheet that wants to read a file of the server."""
    return workbook(SHEET.replace("<worksheet", '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><worksheet', 1))


def symlink_entry() -> bytes:
    """A workbook in which one part is a symbolic link."""
    out = io.BytesIO(workbook())
    with zipfile.ZipFile(out, "a") as archive:
        link = zipfile.ZipInfo("xl/media/link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    return out.getvalue()


def encrypted_entry() -> bytes:
    """A ZIP whose entries bear the encryption flag."""
    body = bytearray(workbook())
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = -1
        while (at := body.find(signature, at + 1)) >= 0:
            body[at + offset] |= 1
    return bytes(body)


def encrypted_office() -> bytes:
    """What Excel writes for a workbook with an opening password: an OLE container with EncryptedPackage."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 1016 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 2048


def locked_pdf() -> bytes:
    """A PDF with an opening password."""
    document = pikepdf.open(io.BytesIO(pdf()))
    out = io.BytesIO()
    document.save(out, encryption=pikepdf.Encryption(owner="owner", user="user"))
    return out.getvalue()


def deep_tree(depth: int = 5_000) -> bytes:
    """A PDF whose only page hangs below a chain of 5,000 page nodes."""
    parts = ["%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"]
    for number in range(2, depth + 2):
        parts.append(f"{number} 0 obj<</Type/Pages/Count 1/Kids[{number + 1} 0 R]>>endobj\n")
    parts.append(f"{depth + 2} 0 obj<</Type/Page/Parent {depth + 1} 0 R/MediaBox[0 0 9 9]>>endobj\n")
    return _with_table(parts)


def looping_tree() -> bytes:
    """A PDF whose page tree contains itself."""
    parts = ["%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"]
    parts.append("2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n")
    parts.append("3 0 obj<</Type/Pages/Count 1/Kids[2 0 R]>>endobj\n")
    return _with_table(parts)


def bushy_tree() -> bytes:
    """A PDF that declares ten million pages."""
    parts = ["%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"]
    parts.append("2 0 obj<</Type/Pages/Count 10000000/Kids[]>>endobj\n")
    return _with_table(parts)


def _with_table(parts: list[str]) -> bytes:
    out, offsets = io.BytesIO(), []
    for number, part in enumerate(parts):
        head = part.index("1 0 obj") if number == 0 else 0
        offsets.append(out.tell() + head)
        out.write(part.encode())
    table = out.tell()
    out.write(f"xref\n0 {len(offsets) + 1}\n0000000000 65535 f \n".encode())
    out.writelines(f"{offset:010} 00000 n \n".encode() for offset in offsets)
    out.write(f"trailer<</Size {len(offsets) + 1}/Root 1 0 R>>\nstartxref\n{table}\n%%EOF".encode())
    return out.getvalue()


def object_stream_bomb(megabytes: int = 600) -> bytes:
    """A PDF whose catalogue lies in an object stream that unpacks to 600 MB."""
    squeeze = zlib.compressobj(9)
    packed = squeeze.compress(b"1 0 <</Type/Catalog/Pages 4 0 R>> ")
    packed += b"".join(squeeze.compress(b" " * MEBIBYTE) for _ in range(megabytes)) + squeeze.flush()
    out = io.BytesIO(b"%PDF-1.7\n")
    out.seek(0, 2)
    offsets = []
    for body in (
        b"2 0 obj<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\n%s\nendstream endobj\n"
        % (len(packed), packed),
        b"4 0 obj<</Type/Pages/Count 1/Kids[5 0 R]>>endobj\n",
        b"5 0 obj<</Type/Page/Parent 4 0 R/MediaBox[0 0 9 9]>>endobj\n",
    ):
        offsets.append(out.tell())
        out.write(body)
    table_at = out.tell()
    plain = [offsets[0], table_at, offsets[1], offsets[2]]
    rows = struct.pack(">BIB", 0, 0, 0) + struct.pack(">BIB", 2, 2, 0)
    rows += b"".join(struct.pack(">BIB", 1, offset, 0) for offset in plain)
    out.write(b"3 0 obj<</Type/XRef/Size 6/W[1 4 1]/Root 1 0 R/Length %d>>stream\n" % len(rows))
    out.write(rows + b"\nendstream endobj\nstartxref\n%d\n%%%%EOF" % table_at)
    return out.getvalue()


def pixel_flood(width: int = 20_000, height: int = 20_000) -> bytes:
    """A small PNG of 20,000 × 20,000 pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    squeeze = zlib.compressobj(9)
    line = b"\0" + b"\0" * ((width + 7) // 8)
    data = b"".join(squeeze.compress(line) for _ in range(height)) + squeeze.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


HTML = b"<!doctype html><html><script>alert(1)</script></html>"
RELATION = (
    b'<?xml version="1.0"?><Relationships><Relationship Id="r" Type="x/attachedTemplate" '
    b'Target="http://example.com/t.dotm" TargetMode="External"/></Relationships>'
)


def cases() -> tuple[Case, ...]:
    """Return the whole corpus. Names are unique."""
    return (*_bombs(), *_disguises(), *_broken())


def _bombs() -> tuple[Case, ...]:
    return (
        Case("xlsx 400 MB string", "a.xlsx", huge_string, "unpacks_too_big"),
        Case("xlsx far cell", "a.xlsx", wide_dimension, "too_complex"),
        Case("xlsx lying header", "a.xlsx", lying_header, "unpacks_too_big"),
        Case("xlsx overlapping entries", "a.xlsx", overlapping, "unpacks_too_big"),
        Case("xlsx nested archives", "a.xlsx", nested, "too_complex"),
        Case("xlsx 201 parts", "a.xlsx", lambda: workbook(extra={f"x/{n}": b"" for n in range(201)}), "too_complex"),
        Case("xlsx billion laughs", "a.xlsx", billion_laughs, "unsafe"),
        Case("xlsx outside entity", "a.xlsx", outside_entity, "unsafe"),
        Case("xlsx 6,001 rows", "a.xlsx", lambda: many_rows(6001, 2), "too_many_rows"),
        Case("xlsx 201 columns", "a.xlsx", lambda: many_rows(1, 201), "too_many_rows"),
        Case("xlsx cell of 32,768 characters", "a.xlsx", long_cell, "cell_too_long"),
        Case("pdf deep page tree", "a.pdf", deep_tree, "too_complex"),
        Case("pdf looping page tree", "a.pdf", looping_tree, "damaged"),
        Case("pdf ten million pages", "a.pdf", bushy_tree, "too_many_pages"),
        Case("pdf object stream bomb", "a.pdf", object_stream_bomb, "damaged"),
        Case("pdf 801 pages", "a.pdf", lambda: pdf(801), "too_many_pages"),
        Case("png pixel flood", "a.png", pixel_flood, "too_many_pixels"),
    )


def _disguises() -> tuple[Case, ...]:
    traversal = {"xl/../../../etc/cron.d/x": b"x"}
    return (
        Case("html as pdf", "a.pdf", lambda: HTML, "mismatch"),
        Case("html before pdf", "a.pdf", lambda: HTML + pdf(), "mismatch"),
        Case("zip before pdf", "a.pdf", lambda: workbook() + pdf(), "mismatch"),
        Case("program as pdf", "a.pdf", lambda: b"MZ\x90\0" + b"\0" * 500, "mismatch"),
        Case("pdf as xlsx", "a.xlsx", pdf, "mismatch"),
        Case("docx as xlsx", "a.xlsx", docx, "mismatch"),
        Case("xlsx as docx", "a.docx", workbook, "mismatch"),
        Case(
            "plain zip as xlsx", "a.xlsx", lambda: raw_zip([("a.txt", deflate(b"a"), 1, zlib.crc32(b"a"))]), "mismatch"
        ),
        Case("old xls as xlsx", "a.xlsx", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000, "mismatch"),
        Case("jpeg as png", "a.png", lambda: image("JPEG"), "mismatch"),
        Case("gif as png", "a.png", lambda: image("GIF"), "mismatch"),
        Case("svg as png", "a.png", lambda: b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "mismatch"),
        Case("xlsm renamed", "a.xlsx", lambda: workbook(main=MACRO_MAIN), "macro"),
        Case("xlsx with vbaProject", "a.xlsx", lambda: workbook(extra={"xl/vbaProject.bin": b"x"}), "macro"),
        Case("xlsx with activeX", "a.xlsx", lambda: workbook(extra={"xl/activeX/a.bin": b"x"}), "macro"),
        Case("xlsm by name", "a.xlsm", lambda: workbook(main=MACRO_MAIN), "macro"),
        Case("docm by name", "a.docm", docx, "macro"),
        Case(
            "xlsx external links", "a.xlsx", lambda: workbook(extra={"xl/externalLinks/e1.xml": b"x"}), "external_links"
        ),
        Case(
            "docx outside template",
            "a.docx",
            lambda: docx({"word/_rels/document.xml.rels": RELATION}),
            "external_links",
        ),
        Case("xlsx path traversal", "a.xlsx", lambda: workbook(extra=traversal), "unsafe"),
        Case("xlsx absolute path", "a.xlsx", lambda: workbook(extra={"/etc/x": b"x"}), "unsafe"),
        Case("xlsx symlink", "a.xlsx", symlink_entry, "unsafe"),
        Case("zip behind png", "a.png", lambda: image() + workbook(), "unsafe"),
        Case("html behind jpeg", "a.jpg", lambda: image("JPEG") + HTML, "unsafe"),
        Case("double extension", "报告.exe.pdf", pdf, "double_extension"),
        Case("double extension html", "报告.html.pdf", pdf, "double_extension"),
        Case("program by name", "报告.pdf.exe", pdf, "extension"),
        Case("svg by name", "a.svg", lambda: b"<svg/>", "extension"),
        Case("no extension", "报告", pdf, "extension"),
        Case("pdf where a workbook is asked", "a.pdf", pdf, "extension", ("xlsx",)),
        Case("eicar as pdf tail", "a.pdf", lambda: pdf() + EICAR, "infected"),
        Case("eicar inside xlsx", "a.xlsx", lambda: workbook(extra={"xl/media/x.bin": EICAR}), "infected"),
    )


def _broken() -> tuple[Case, ...]:
    return (
        Case("empty pdf", "a.pdf", lambda: b"", "empty"),
        Case("empty xlsx", "a.xlsx", lambda: b"", "empty"),
        Case("half a pdf header", "a.pdf", lambda: b"%PDF-1.7\n" + b"\xff" * 400, "damaged"),
        Case("pdf without pages", "a.pdf", lambda: pdf(0), "damaged"),
        Case("half a workbook", "a.xlsx", lambda: workbook()[:600], "damaged"),
        Case("workbook with a tail", "a.xlsx", lambda: workbook() + b"tail" * 100, "damaged"),
        Case("workbook without sheets", "a.xlsx", lambda: workbook(b"<notasheet"), "damaged"),
        Case("half a png", "a.png", lambda: image()[:60], "damaged"),
        Case("half a jpeg", "a.jpg", lambda: image("JPEG", (400, 300))[:400], "damaged"),
        Case("encrypted zip", "a.xlsx", encrypted_entry, "password"),
        Case("workbook with password", "a.xlsx", encrypted_office, "password"),
        Case("pdf with password", "a.pdf", locked_pdf, "password"),
    )
