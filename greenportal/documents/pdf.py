"""HTML to PDF: one function, no network, no files but our own, the same bytes each time.

WeasyPrint stays behind `render_pdf`. One font configuration serves the process; rendering is serialised by a lock,
since Pango's font map is not made for threads. Batch work belongs to worker processes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from threading import RLock
from typing import Any

from django.conf import settings

from greenportal.documents import fonts

with fonts.only_these(fonts.current()):
    import weasyprint
    from weasyprint.text.ffi import harfbuzz_subset
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher, URLFetcherResponse

ASSET_SCHEME = "asset:"
_ASSET_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,60}")
_STYLESHEET_NAME = re.compile(r"[a-z0-9_]+\.css")
_render_lock = RLock()


class SlowSubsetting(RuntimeError):
    """libharfbuzz-subset is not installed: each document would take twenty times longer."""


class ForeignResource(ValueError):
    """The HTML asked for something that is not ours. `urls` lists what was refused; nothing was fetched."""

    def __init__(self, urls: tuple[str, ...]) -> None:
        self.urls = urls
        super().__init__(f"document asks for resources outside asset: {', '.join(url[:120] for url in urls)}")


@dataclass(frozen=True, slots=True)
class Asset:
    """An image of ours that one document shows as `asset:<name>`."""

    content: bytes
    content_type: str


class AssetFetcher(URLFetcher):  # type: ignore[misc]
    """Answers `asset:` ids from memory and refuses all else: no network, no files, no redirects, no data URLs."""

    def __init__(self, assets: Mapping[str, Asset] | None = None) -> None:
        super().__init__(allowed_protocols=("asset",), allow_redirects=False)
        self.assets = dict(assets or {})
        self.refused: list[str] = []

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
        """Return the asset named by `url`, or note the refusal and raise ValueError."""
        name = url.removeprefix(ASSET_SCHEME)
        if url.startswith(ASSET_SCHEME) and _ASSET_NAME.fullmatch(name) and name in self.assets:
            asset = self.assets[name]
            return URLFetcherResponse(url, asset.content, {"Content-Type": asset.content_type})
        self.refused.append(url)
        raise ValueError(f"refused: {url[:120]}")


def check_engine() -> None:
    """Raise `SlowSubsetting` or `fonts.NoFonts` with the remedy; called by the system check at start."""
    if not harfbuzz_subset:
        raise SlowSubsetting("PDF 字体子集化缺少系统库：安装 libharfbuzz-subset0 后重启（缺少时每份文件慢约 20 倍）。")
    fonts.current()


@lru_cache(maxsize=1)
def font_config() -> FontConfiguration:
    """Return the font configuration of this process: exactly `fonts.current()`."""
    with fonts.only_these(fonts.current()):
        return FontConfiguration()


def stylesheet_path(name: str) -> Path:
    """Return the file of a print style sheet of ours. Only plain names in `static/css`."""
    if not _STYLESHEET_NAME.fullmatch(name):
        raise ValueError(f"not a style sheet of ours: {name}")
    return Path(settings.BASE_DIR) / "static" / "css" / name


@lru_cache(maxsize=16)
def _stylesheet(name: str) -> tuple[weasyprint.CSS, str]:
    text = stylesheet_path(name).read_text(encoding="utf-8")
    fetcher = AssetFetcher()
    css = weasyprint.CSS(string=text, url_fetcher=fetcher, font_config=font_config())
    if fetcher.refused:
        raise ForeignResource(tuple(fetcher.refused))
    return css, hashlib.sha256(text.encode()).hexdigest()


@lru_cache(maxsize=4)
def engine_key(stylesheets: tuple[str, ...] = ("official.css",)) -> str:
    """Return the SHA-256 over engine version, fonts and style sheets: what beside the HTML decides the bytes."""
    sheets = [_stylesheet(name)[1] for name in stylesheets]
    parts = [weasyprint.VERSION, fonts.current().key, *sheets]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def render_pdf(
    html: str,
    *,
    stylesheets: tuple[str, ...] = ("official.css",),
    title: str = "",
    tagged: bool = False,
    assets: Mapping[str, Asset] | None = None,
    issued_at: datetime | None = None,
) -> bytes:
    """Return `html` as PDF. Same arguments, fonts and engine: same bytes.

    `html` must come from an autoescaping template. `assets` are the images it shows as `asset:<name>`; anything else
    it asks for is refused and raises `ForeignResource`. `issued_at` becomes the creation date; without it the file
    bears none. Raises `fonts.GlyphMissing` before layout when a character has no glyph.
    """
    fonts.require_glyphs(html, is_html=True)
    fetcher = AssetFetcher(assets)
    with _render_lock:
        sheets = [_stylesheet(name)[0] for name in stylesheets]
        page = weasyprint.HTML(string=html, url_fetcher=fetcher)
        document = page.render(font_config=font_config(), stylesheets=sheets, pdf_tags=tagged)
        if title:
            document.metadata.title = title
        document.metadata.generator = None
        document.metadata.created = document.metadata.modified = issued_at.isoformat() if issued_at else None
        identity = hashlib.sha256(f"{engine_key(stylesheets)}\0{html}".encode()).hexdigest()[:32]
        content: bytes = document.write_pdf(pdf_identifier=identity.encode(), pdf_tags=tagged)
    if fetcher.refused:
        raise ForeignResource(tuple(dict.fromkeys(fetcher.refused)))
    return content
