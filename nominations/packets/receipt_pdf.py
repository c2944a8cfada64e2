"""报送回执: proof of timely submission, equal to the page on the screen."""

from __future__ import annotations

from nominations.packets.data import Receipt
from nominations.packets.pages import document

TITLE = "报送回执"


def receipt_pdf(receipt: Receipt) -> bytes:
    """Return the receipt. Same receipt, same bytes: it can be printed again at any time."""
    return document(
        "receipt",
        {"heading": TITLE, "receipt": receipt},
        title=TITLE,
        stamp=receipt.stamp,
        issued_at=receipt.received_at,
    )
