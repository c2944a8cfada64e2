"""QR codes of a scan from outside, page by page."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from greenportal.documents import qr


def pages(path: Path) -> Iterator[dict[str, Any]]:
    """Yield {"page", "texts"} of each page of a PDF or picture; what was read stays read when a limit ends the child."""
    for page in qr.scan(path):
        yield {"page": page.page, "texts": list(page.texts)}
        sys.stdout.flush()
