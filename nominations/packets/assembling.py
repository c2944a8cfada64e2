"""From a frozen list version to what the renderers take. Reads sheet definitions and the rulebook, renders nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.conf import settings

from greenportal import clock
from greenportal.documents.xlsx import Kind
from greenportal.findings.types import Finding
from greenportal.rounds.booktypes import DocumentSlot, Rulebook
from greenportal.rounds.models import RoundRevision
from greenportal.rounds.selectors import book_of
from greenportal.sheets.printing import Printed, printed, text_of
from greenportal.sheets.types import Field, FieldType
from nominations.constants import Category
from nominations.packets import data as d
from nominations.packets.dispatch_pdf import DispatchRow
from nominations.packets.pages import spoken_day
from nominations.selectors.content import sheets_by_sha, shown_of, worded
from nominations.selectors.listing import ROWS, annex_sheet
from nominations.selectors.packet_data import Nominee, PacketData
from nominations.validators import Code

VIA_LABELS = {"link": "网上答复", "paper": "盖章复函", "": ""}


def book(packet: PacketData) -> Rulebook:
    """Return the rulebook that the list was finalised under. One query."""
    return book_of(RoundRevision.objects.get(pk=packet.payload["revision"]["id"]))


def list_data(packet: PacketData, rulebook: Rulebook) -> d.ListData:
    """Return the list as printed. Values are worded by the columns of the rulebook's own 附件1 sheets."""
    head = packet.payload["list"]
    authority = head["authority"]
    filled = head["filled_on"]
    office = d.Office(
        name=authority["name"],
        bureau=authority["bureau_name"] or authority["name"],
        contact=head["contact"],
        phone=head["phone"],
        filled_on=date.fromisoformat(filled) if filled else None,
    )
    categories = tuple(
        _category(packet, rulebook, category) for category in Category.values if category in packet.payload["columns"]
    )
    return d.ListData(
        round=round_of(rulebook),
        office=office,
        categories=categories,
        stamp=stamp_of(packet.code, packet.number, packet.sha256),
        issued_at=datetime.fromisoformat(packet.payload["at"]),
        unofficial=any(not annex_sheet(rulebook, category.key).official for category in categories),
    )


def round_of(rulebook: Rulebook) -> d.Round:
    """Return how documents name the round."""
    paper = rulebook.deadlines.get("nominations.paper")
    return d.Round(
        year=rulebook.year,
        notice=_title_of(rulebook.document_no),
        receiver=settings.SITE_OWNER["name"],
        receiving_department=settings.SITE_OWNER["department"],
        copies=rulebook.copies,
        paper_due=paper.printed if paper else "",
    )


def _title_of(document: str) -> str:
    """Return the notice with its office inside the title marks: 《大连市工业和信息化局关于组织……的通知》."""
    office, mark, title = document.partition("《")
    return f"《{office}{title}" if mark and office else document


def stamp_of(code: Code, number: int, sha256: str) -> d.VersionStamp:
    """Return what is stamped on the pages of a version."""
    return d.VersionStamp(code=code.text, number=number, sha256=sha256)


def _category(packet: PacketData, rulebook: Rulebook, category: str) -> d.ListCategory:
    fields = {
        column.key: column
        for section in annex_sheet(rulebook, category).sections
        for table in section.tables
        if table.key == ROWS
        for column in table.columns
    }
    columns = tuple(
        d.ListColumn(key, label, _kind(fields.get(key)), fields[key].decimals if key in fields else None)
        for key, label in packet.payload["columns"][category]
    )
    rows = tuple(
        d.ListRow(
            nominee.position,
            {key: _worded(fields.get(key), value) for key, value in nominee.printed.items()},
            id=str(nominee.version_id),
        )
        for nominee in packet.nominees
        if nominee.category == category
    )
    return d.ListCategory(category, Category(category).label, columns, rows)


def _kind(field: Field | None) -> Kind:
    if field is None:
        return "text"
    if field.is_number:
        return "decimal"
    return "code" if field.type in {FieldType.USCC, FieldType.PHONE} else "text"


def _worded(field: Field | None, value: str) -> str:
    return text_of(field, value) if field else value


def opinions(packet: PacketData) -> tuple[d.DepartmentOpinion, ...]:
    """Return the departments' answers as on record."""
    return tuple(
        d.DepartmentOpinion(
            department=sheet.department,
            answered_on=spoken_day(date.fromisoformat(sheet.answered_on)) if sheet.answered_on else "",
            answered_by=sheet.answered_name,
            via=VIA_LABELS.get(sheet.via, sheet.via),
            rows=tuple(d.OpinionRow(*row) for row in sheet.rows),
        )
        for sheet in packet.opinions
    )


def findings(packet: PacketData) -> tuple[d.NomineeFindings, ...]:
    """Return every nominee's findings at 定稿, its written decisions and its gaps."""
    return tuple(_findings(nominee) for nominee in packet.nominees)


def _findings(nominee: Nominee) -> d.NomineeFindings:
    payload = nominee.payload
    check: Mapping[str, Any] = payload["check"] or {}
    decided = {row["rule"]: _decision(row) for row in payload["decisions"]}
    rows = []
    for raw in check.get("findings", ()):
        finding = Finding.from_json(raw)
        rows.append(
            d.FindingRow(
                rule=finding.rule,
                title=finding.title or finding.rule,
                outcome=str(finding.outcome.label),
                severity=str(finding.severity.label) if finding.open else "",
                clause=finding.clause,
                because=finding.because,
                decision=decided.get(finding.rule, ""),
                open=finding.open,
            )
        )
    as_of = check.get("as_of", "")
    return d.NomineeFindings(
        nominee=nominee.name,
        category=payload["nomination"]["category_label"],
        as_of=spoken_day(date.fromisoformat(as_of[:10])) if as_of else "",
        rows=tuple(rows),
        gaps=tuple(gap["message"] for gap in payload["gaps"]),
    )


def _decision(row: Mapping[str, Any]) -> str:
    word = "同意推荐" if row["keep"] else "不予推荐"
    return f"{word}：{row['reason']}（{row['by']}，{spoken_day(date.fromisoformat(row['at'][:10]))}）"


def signatures(packet: PacketData, rulebook: Rulebook) -> tuple[d.NomineeSignatures, ...]:
    """Return the places to sign and seal of every nominee: on its sheets, then on its uploads."""
    return tuple(
        d.NomineeSignatures(
            nominee=nominee.name,
            category=nominee.payload["nomination"]["category_label"],
            places=(*_sheet_places(printed_sheets(nominee)), *_slot_places(nominee, rulebook)),
        )
        for nominee in packet.nominees
    )


def printed_sheets(nominee: Nominee) -> tuple[Printed, ...]:
    """Return the nominee's sheets as printed, by the definitions they were filled under. At most one query.

    A report as a form that nobody began is not printed: the uploaded one stands for it.
    """
    frozen = nominee.payload["sheets"]
    known = sheets_by_sha(sheet["definition_sha256"] for sheet in frozen)
    rows = worded([(part["key"], known[part["definition_sha256"]], part["answers"]) for part in frozen])
    return tuple(printed(sheet, answers) for _, sheet, answers in rows if shown_of(sheet, answers))


def _sheet_places(sheets: Iterable[Printed]) -> Iterable[d.SignaturePlace]:
    for sheet in sheets:
        for place in sheet.signatures:
            yield d.SignaturePlace(sheet.title, place.label, "盖章" if place.seal else "签字", "表后")


def _slots(rulebook: Rulebook, category: str) -> dict[str, DocumentSlot]:
    return {slot.key: slot for slot in rulebook.documents.get(category, ())}


def _slot_places(nominee: Nominee, rulebook: Rulebook) -> Iterable[d.SignaturePlace]:
    slots = _slots(rulebook, nominee.category)
    for enclosure in nominee.enclosures:
        slot = slots.get(enclosure.about["slot"])
        if slot is not None:
            for what, people in (("签字", slot.signatures), ("盖章", slot.seals)):
                for who in people:
                    yield d.SignaturePlace(_upload_title(enclosure.about, slot), who, what, "已在上传件中，核对原件")


def _upload_title(about: Mapping[str, Any], slot: DocumentSlot | None) -> str:
    label = slot.label if slot else ""
    own = str(about["title"] or "")
    return f"{label}（{own}）" if label and own and own != label else label or own or str(about["name"])


def nominee_part(packet: PacketData, nominee: Nominee, rulebook: Rulebook) -> d.NomineePart:
    """Return everything that a nominee's own pages say. Nothing of the list is in it, so that pages can be reused."""
    head = nominee.payload["nomination"]
    slots = _slots(rulebook, nominee.category)
    confirmed = head["confirmed"]
    return d.NomineePart(
        year=rulebook.year,
        category=head["category_label"],
        subject=nominee.name,
        applicant=head["applicant"]["name"],
        uscc=head["applicant"]["uscc"],
        authority=packet.payload["list"]["authority"]["bureau_name"] or head["authority"]["name"],
        sheets=printed_sheets(nominee),
        uploads=tuple(
            d.UploadedPart(
                title=_upload_title(e.about, slots.get(e.about["slot"])),
                name=str(e.about["name"]),
                pages=int(e.about["pages"] or 0),
                sha256=str(e.about["sha256"]),
                bound=e.is_pdf,
                signed=_slot_words(slots.get(e.about["slot"])),
            )
            for e in nominee.enclosures
        ),
        confirmed=f"{confirmed['name']}已确认全部内容真实、准确。" if confirmed["name"] else "",
        # The day its content was confirmed, not the day of the list: that one moves with every 定稿.
        dated=clock.local(datetime.fromisoformat(confirmed["at"])).date() if confirmed["at"] else None,
    )


def _slot_words(slot: DocumentSlot | None) -> str:
    if slot is None:
        return ""
    return "、".join(word for word, asked in (("签字", slot.signatures), ("盖章", slot.seals)) if asked)


def dispatch_rows(packet: PacketData, listed: d.ListData) -> Sequence[DispatchRow]:
    """Return what is handed over on paper, each in the copies that the notice asks."""
    copies = listed.round.copies
    rows = [DispatchRow("推荐函", copies), DispatchRow("附件1 推荐汇总表", copies)]
    if packet.opinions:
        rows.append(DispatchRow("征求有关部门意见情况", copies))
    for nominee in packet.nominees:
        pages = sum(int(e.about["pages"] or 0) for e in nominee.enclosures if e.is_pdf)
        label = nominee.payload["nomination"]["category_label"]
        rows.append(DispatchRow(f"{label}申报材料：{nominee.name}", copies, str(pages) if pages else ""))
    return rows
