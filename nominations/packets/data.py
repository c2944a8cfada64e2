"""What the renderers are given: frozen values, no rows of the database. Texts are as printed.

`assembling.py` makes them from a list version; tests and previews may make them by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from greenportal.documents.xlsx import Kind
from greenportal.sheets.printing import Printed

#: How the notice counts each category.
UNITS = {"factory": "家", "product": "项", "park": "个", "supply_chain": "家"}


@dataclass(frozen=True, slots=True)
class VersionStamp:
    """Which version a page belongs to: text of its QR code, number, SHA-256; the receipt where there is one."""

    code: str
    number: int
    sha256: str
    receipt: str = ""

    @property
    def short(self) -> str:
        """The first sixteen digits of the hash in groups of eight: what people compare on paper."""
        return f"{self.sha256[:8]} {self.sha256[8:16]}"

    @property
    def caption(self) -> tuple[str, ...]:
        """The two small lines under the code."""
        return (f"第{self.number}版 校验码", self.short)


@dataclass(frozen=True, slots=True)
class Office:
    """The recommending authority: short name, name of its bureau, contact, phone, date of the list."""

    name: str
    bureau: str
    contact: str
    phone: str
    filled_on: date | None


@dataclass(frozen=True, slots=True)
class Round:
    """The round as documents name it: year, the notice, who receives, paper copies, their deadline as printed."""

    year: int
    notice: str
    receiver: str
    receiving_department: str
    copies: int
    paper_due: str = ""


@dataclass(frozen=True, slots=True)
class ListColumn:
    """A column of 附件1."""

    key: str
    label: str
    kind: Kind = "text"
    decimals: int | None = None


@dataclass(frozen=True, slots=True)
class ListRow:
    """A row of 附件1: place in its category and texts by column key. `id` names the nomination's version."""

    position: int
    values: dict[str, str]
    id: str = ""


@dataclass(frozen=True, slots=True)
class ListCategory:
    """One category's part of 附件1."""

    key: str
    label: str
    columns: tuple[ListColumn, ...]
    rows: tuple[ListRow, ...]

    @property
    def counted(self) -> str:
        """The number with its measure word: 3家."""
        return f"{len(self.rows)}{UNITS.get(self.key, '项')}"


@dataclass(frozen=True, slots=True)
class ListData:
    """A recommendation list. Without `stamp` it is a preview: 草稿 on every page, no code."""

    round: Round
    office: Office
    categories: tuple[ListCategory, ...]
    stamp: VersionStamp | None
    issued_at: datetime | None = None
    unofficial: bool = True

    @property
    def total(self) -> int:
        """Number of nominees."""
        return sum(len(category.rows) for category in self.categories)


@dataclass(frozen=True, slots=True)
class OpinionRow:
    """One department's word on one nominee."""

    nominee: str
    opinion: str
    text: str


@dataclass(frozen=True, slots=True)
class DepartmentOpinion:
    """One department's answer on all nominees; `answered_on` empty: not answered yet."""

    department: str
    answered_on: str
    answered_by: str
    via: str
    rows: tuple[OpinionRow, ...]


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One rule's answer about a nominee, and the written decision on it where there is one. Labels, not codes."""

    rule: str
    title: str
    outcome: str
    severity: str
    clause: str
    because: str
    decision: str = ""
    open: bool = True


@dataclass(frozen=True, slots=True)
class NomineeFindings:
    """All findings of a nominee, as checked at `as_of`."""

    nominee: str
    category: str
    as_of: str
    rows: tuple[FindingRow, ...]
    gaps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SignaturePlace:
    """A place that somebody signs or seals: in which document, who, and what is asked."""

    document: str
    who: str
    what: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class NomineeSignatures:
    """The places of one nominee's materials."""

    nominee: str
    category: str
    places: tuple[SignaturePlace, ...]


@dataclass(frozen=True, slots=True)
class UploadedPart:
    """An uploaded document: title of its slot, own name, pages, hash, whether it is bound, what is signed on it."""

    title: str
    name: str
    pages: int
    sha256: str
    bound: bool
    signed: str = ""


@dataclass(frozen=True, slots=True)
class NomineePart:
    """Everything of one nominee's materials: cover, sheets as printed, uploads in order."""

    year: int
    category: str
    subject: str
    applicant: str
    uscc: str
    authority: str
    sheets: tuple[Printed, ...]
    uploads: tuple[UploadedPart, ...]
    confirmed: str = ""
    dated: date | None = None
    draft: bool = False
    issued_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A printed value before and after a correction."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class CorrectionPage:
    """A 补正页: replaces one sealed row of 附件1 and is sealed itself."""

    round: Round
    office: Office
    category: str
    position: int
    nominee: str
    changes: tuple[Change, ...]
    reason: str
    stamp: VersionStamp
    receipt_no: str = ""
    issued_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """A 报送回执: what was received, when, from whom. `counts` are (category label, number with measure word)."""

    round: Round
    office: str
    receipt_no: str
    received_at: datetime
    received_spoken: str
    submitted_by: str
    counts: tuple[tuple[str, str], ...]
    stamp: VersionStamp
    extension: str = ""
    next_steps: tuple[str, ...] = ()
    contact: str = ""
