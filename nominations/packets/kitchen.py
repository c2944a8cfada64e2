"""The one entry of this package for whoever builds packets: which documents there are, and how each is made.

`inputs` of a piece hold everything its bytes depend on, so that an unchanged piece is found and not made again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from greenportal.documents import pdf
from nominations.packets import assembling
from nominations.packets.annex1_pdf import annex1_pdf
from nominations.packets.annex1_xlsx import annex1_xlsx
from nominations.packets.data import ListData
from nominations.packets.dispatch_pdf import dispatch_pdf
from nominations.packets.findings_pdf import findings_pdf
from nominations.packets.letter import letter_docx, letter_pdf
from nominations.packets.nominee_pdf import nominee_pdf
from nominations.packets.opinions_pdf import opinions_pdf
from nominations.packets.pages import templates_key
from nominations.packets.pieces import Piece
from nominations.packets.signatures_pdf import signatures_pdf
from nominations.selectors.packet_data import Nominee, PacketData

PDF = "application/pdf"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def plain(value: Any) -> Any:
    """Return a dataclass tree as JSON values: tuples as lists, dates as ISO text."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, date | datetime) else value


class PacketKitchen:
    """Makes the documents of a packet. Stateless: everything comes from the list version."""

    @property
    def version(self) -> str:
        """Engine, fonts, style sheets, templates, renderers: part of every content key."""
        return f"{pdf.engine_key()[:32]}{templates_key()[:32]}"

    def list_pieces(self, data: PacketData) -> Sequence[Piece]:
        """Return the documents of the list: letter, 附件1, opinions, findings, places of seals, dispatch slip."""
        rulebook = assembling.book(data)
        listed = assembling.list_data(data, rulebook)
        opinions = assembling.opinions(data)
        findings = assembling.findings(data)
        places = assembling.signatures(data, rulebook)
        slip = assembling.dispatch_rows(data, listed)
        pieces = [
            _piece("00-推荐函.pdf", PDF, listed, opinions, lambda: letter_pdf(listed, opinions)),
            _piece("00-推荐函（可编辑）.docx", DOCX, listed, opinions, lambda: letter_docx(listed, opinions)),
            _piece("01-附件1-推荐汇总表.pdf", PDF, listed, (), lambda: annex1_pdf(listed)),
            _piece("01-附件1-推荐汇总表.xlsx", XLSX, listed, (), lambda: annex1_xlsx(listed)),
        ]
        if opinions:
            pieces.append(_piece("02-征求意见情况.pdf", PDF, listed, opinions, lambda: opinions_pdf(listed, opinions)))
        pieces += [
            _piece("03-申报条件核查情况.pdf", PDF, listed, findings, lambda: findings_pdf(listed, findings)),
            _piece("04-签字盖章清单.pdf", PDF, listed, places, lambda: signatures_pdf(listed, places)),
            _piece("05-纸质材料交接单.pdf", PDF, listed, slip, lambda: dispatch_pdf(listed, slip)),
        ]
        return pieces

    def nominee_piece(self, data: PacketData, nominee: Nominee) -> Piece:
        """Return cover, contents and sheets of a nominee: unstamped, the merge stamps code and numbers."""
        part = assembling.nominee_part(data, nominee, assembling.book(data))
        name = f"{part.category}-{nominee.position:02d}.pdf"
        return Piece(name, PDF, ["nominee", plain(asdict(part))], lambda: nominee_pdf(part))


def _piece(name: str, kind: str, listed: ListData, more: Sequence[Any], make: Callable[[], bytes]) -> Piece:
    return Piece(name, kind, [name, plain(asdict(listed)), plain([asdict(item) for item in more])], make)
