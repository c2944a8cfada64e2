"""Dump and scan: every text that the portal wrote, and the identity numbers that stand in it."""

from __future__ import annotations

import io
import subprocess
import zipfile
from pathlib import Path
from typing import Any

from django.db import connection

from greenportal.accounts import identity


def printed(pdf: bytes) -> str:
    """Return the text of a PDF's pages."""
    done = subprocess.run(["pdftotext", "-q", "-", "-"], input=pdf, capture_output=True, check=False)
    return done.stdout.decode("utf-8", "ignore")


def found_in(text: str) -> list[str]:
    """Return every real identity number that stands in `text`, ours or any other."""
    return [number for number in identity.PATTERN.findall(text) if identity.holds_number(number)]


def dumped() -> dict[str, str]:
    """Return the text of every column of every table of the database, as PostgreSQL prints it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        texts = {}
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            texts[table] = "\n".join(row for (row,) in cursor.fetchall())
    return texts


def unpacked(path: Path) -> str:
    """Return what a stored file says, pages of PDFs and members of ZIP packages and all."""
    body = path.read_bytes()
    texts = [body.decode("utf-8", "ignore"), body.decode("utf-16", "ignore")]
    if body.startswith(b"%PDF"):
        texts.append(printed(body))
    if zipfile.is_zipfile(io.BytesIO(body)):
        with zipfile.ZipFile(io.BytesIO(body)) as package:
            members = [package.read(name) for name in package.namelist()]
        texts += [printed(one) if one.startswith(b"%PDF") else one.decode("utf-8", "ignore") for one in members]
    return "\n".join(texts)


def scanned(storage: Path, logs: str, pages: list[str]) -> dict[str, list[str]]:
    """Return place → numbers found there, of everything the portal wrote."""
    places = {f"table {name}": text for name, text in dumped().items()}
    places |= {f"file {path.name}": unpacked(path) for path in storage.rglob("*") if path.is_file()}
    places |= {f"name {path}": str(path) for path in storage.rglob("*")}
    places |= {"logs": logs} | {f"page {number}": text for number, text in enumerate(pages)}
    return {place: found for place, text in places.items() if (found := found_in(text))}


def body_of(response: Any) -> str:
    """Return what an answer says: members of a package, text of a PDF, else the page itself."""
    content = response.getvalue()
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            return "\n".join(package.read(name).decode("utf-8", "ignore") for name in package.namelist())
    if content.startswith(b"%PDF"):
        return printed(content)
    return str(content.decode("utf-8", "ignore"))
