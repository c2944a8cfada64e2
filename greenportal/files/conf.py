"""Numbers of the file pipeline; research/ux_security_reliability.md 3.5 says where they come from.

An installation or a test overrides single values with the setting `FILES = {"pdf_bytes": …}`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings

MEBIBYTE = 1024 * 1024
GIBIBYTE = 1024 * MEBIBYTE


@dataclass(frozen=True, slots=True)
class FilesConf:
    """Sizes in bytes, times in seconds.

    clamd: `tcp://host:port` or `unix:///path` of a ClamAV daemon, empty for none.
    accel_prefix: internal location of the proxy for X-Accel-Redirect (`/protected/`), empty for none.
    """

    xlsx_bytes: int = 10 * MEBIBYTE
    docx_bytes: int = 10 * MEBIBYTE
    image_bytes: int = 10 * MEBIBYTE
    pdf_bytes: int = 50 * MEBIBYTE
    organisation_quota: int = 4 * GIBIBYTE
    authority_quota: int = 40 * GIBIBYTE
    jail_memory_bytes: int = 512 * MEBIBYTE
    jail_cpu_seconds: int = 20
    jail_wall_seconds: float = 30
    jail_output_bytes: int = 120 * MEBIBYTE
    jail_answer_bytes: int = 64 * MEBIBYTE
    clamd: str = ""
    clamd_seconds: float = 30
    accel_prefix: str = ""
    temp_dir: str = ""
    stale_temp_seconds: int = 3600
    orphan_days: int = 2
    #: How long a comparison with the stored hash stands for further pieces of the same file.
    verified_seconds: int = 600

    def limit(self, kind: str) -> int:
        """Return the largest size of a file of `kind`: pdf, xlsx, image or docx."""
        return {
            "pdf": self.pdf_bytes,
            "xlsx": self.xlsx_bytes,
            "image": self.image_bytes,
            "docx": self.docx_bytes,
        }[kind]


def values() -> FilesConf:
    """Return the numbers in force; a misspelt key in the setting raises TypeError."""
    overrides: dict[str, Any] = getattr(settings, "FILES", {})
    return replace(FilesConf(), **overrides)
