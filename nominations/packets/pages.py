"""From a template to a finished document: rendered, and marked with its version on every page or with 草稿."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from greenportal.documents import merge, pdf
from nominations.packets.data import VersionStamp


def document(
    template: str,
    context: Mapping[str, Any],
    *,
    title: str,
    stamp: VersionStamp | None,
    issued_at: datetime | None = None,
) -> bytes:
    """Return the PDF of `templates/documents/<template>.html`.

    With a stamp every page bears its QR code and hash; without one it is a preview and says 草稿. Raises
    `fonts.GlyphMissing` for characters that no font has.
    """
    html = render_to_string(f"documents/{template}.html", {**context, "title": title, "draft": stamp is None})
    content = pdf.render_pdf(html, title=title, issued_at=issued_at, tagged=True)
    return merge.stamp_bytes(content, code=stamp.code, caption=stamp.caption) if stamp else content


def spoken_day(day: date | None) -> str:
    """Return 2022年9月5日 (no leading zeros, GB/T 9704), or blanks to fill by hand."""
    return f"{day.year}年{day.month}月{day.day}日" if day else "　　年　　月　　日"


@lru_cache(maxsize=1)
def templates_key() -> str:
    """Return the SHA-256 over all document templates and the renderers: part of every content key."""
    digest = sha256()
    places = (
        Path(settings.BASE_DIR) / "templates" / "documents",
        Path(__file__).parent,
        Path(merge.__file__).parent,
    )
    for place in places:
        for path in sorted((*place.glob("*.html"), *place.glob("*.py"))):
            digest.update(f"{path.name}\0{sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()
