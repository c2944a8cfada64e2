"""补正页: the row of 附件1 that a correction changed, before and after, sealed anew; the old seal stays for the rest."""

from __future__ import annotations

from nominations.packets.data import CorrectionPage
from nominations.packets.pages import document, spoken_day

TITLE = "推荐汇总表补正页"


def correction_pdf(page: CorrectionPage) -> bytes:
    """Return the page to print and seal; its code names the correction and the answering version."""
    context = {"heading": TITLE, "page": page, "dated": spoken_day(page.office.filled_on)}
    return document("correction", context, title=TITLE, stamp=page.stamp, issued_at=page.issued_at)
