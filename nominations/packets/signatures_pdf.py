"""签字盖章清单: every document of the packet that needs a signature or a seal, to be ticked before scanning."""

from __future__ import annotations

from collections.abc import Sequence

from nominations.packets.data import ListData, NomineeSignatures, SignaturePlace
from nominations.packets.pages import document

TITLE = "签字盖章清单"


def signatures_pdf(data: ListData, nominees: Sequence[NomineeSignatures]) -> bytes:
    """Return the list: the office's own documents first, then nominee by nominee. Pages: the nominee's 目录."""
    context = {
        "heading": TITLE,
        "office": data.office,
        "own": own_places(data),
        "nominees": [nominee for nominee in nominees if nominee.places],
        "total": len(own_places(data)) + sum(len(nominee.places) for nominee in nominees),
    }
    return document("signatures", context, title=TITLE, stamp=data.stamp, issued_at=data.issued_at)


def own_places(data: ListData) -> tuple[SignaturePlace, ...]:
    """Return what the recommending office itself signs and seals."""
    places = [SignaturePlace("推荐函", data.office.bureau, "加盖公章", "署名和成文日期处")]
    for category in data.categories:
        document_name = f"附件1 推荐汇总表（{category.label}）"
        places.append(SignaturePlace(document_name, data.office.bureau, "加盖公章", "“推荐单位（盖章）”处"))
        places.append(SignaturePlace(document_name, "单位负责人", "签字", "表后“单位负责人（签字）”处"))
    places.append(SignaturePlace("纸质材料交接单", "送件人、收件人", "签字", "表后，两联"))
    return tuple(places)
