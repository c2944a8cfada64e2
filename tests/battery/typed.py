"""The forms of a page as a browser would send them, and what of it stands in the page that answers."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

from greenportal.sheets import values
from greenportal.sheets.types import Field, FieldType

TYPED = frozenset(
    {"text", "search", "email", "tel", "url", "number", "date", "datetime-local", "month", "password", ""}
)
TICKED = frozenset({"radio", "checkbox"})
#: Never given back, whatever was wrong: passwords by their kind, one-time codes and numbers of persons by name.
SECRET = frozenset({"code", "id_number"})
Sent = dict[str, list[str]]


@dataclass
class Input:
    """One field of a form: its kind, what it offers (a list, ticks) and what stands in it."""

    name: str
    kind: str
    offers: list[str] = field(default_factory=list)
    holds: list[str] = field(default_factory=list)
    closed: bool = False

    @property
    def typed(self) -> bool:
        return self.kind == "textarea" or self.kind in TYPED


@dataclass
class Form:
    """One form: where it goes ("" is the page itself), how, its fields by name and its buttons that have one."""

    action: str
    method: str
    inputs: dict[str, Input] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def open(self) -> Iterator[Input]:
        """Yield what a person can fill in without a file."""
        yield from (row for row in self.inputs.values() if row.kind not in {"hidden", "file"} and not row.closed)

    def filled(self, text: str, turn: int = 0) -> Sent:
        """Return the form with `text` in two thirds of the typed fields, an honest word in the rest, the last of each choice."""
        sent = {row.name: list(row.holds) for row in self.inputs.values() if row.kind == "hidden"}
        for number, row in enumerate(self.open()):
            if row.typed:
                sent[row.name] = [text if (number + turn) % 3 else f"原有内容{number}"]
            else:
                sent[row.name] = row.offers[-1:]
        return sent


class Forms(HTMLParser):
    """All forms of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._area: Input | None = None
        self._list: Input | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Enter a form, a list or a text; take a field."""
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(found.get("action", ""), found.get("method", "get").lower())
            self.forms.append(self._form)
        elif tag == "option" and self._list:
            self._list.offers.append(found.get("value", ""))
            if "selected" in found:
                self._list.holds.append(found.get("value", ""))
        elif self._form and found.get("name"):
            self._take(self._form, tag, found)

    def _take(self, form: Form, tag: str, found: dict[str, str]) -> None:
        name, kind, value = found["name"], found.get("type", ""), found.get("value", "")
        if tag == "button" or kind == "submit":
            form.buttons.append((name, value))
            return
        row = form.inputs.setdefault(name, Input(name, kind if tag == "input" else tag))
        row.closed = "disabled" in found
        if tag == "textarea":
            self._area = row
            row.holds.append("")
        elif tag == "select":
            self._list = row
        elif kind in TICKED:
            row.offers.append(found.get("value", "on"))
            if "checked" in found:
                row.holds.append(found.get("value", "on"))
        else:
            row.holds.append(value)

    def handle_endtag(self, tag: str) -> None:
        """Leave a form, a list or a text."""
        if tag == "form":
            self._form = None
        elif tag == "textarea":
            self._area = None
        elif tag == "select" and self._list:
            # Without a choice a browser shows the first.
            self._list.holds = self._list.holds or self._list.offers[:1]
            self._list = None

    def handle_data(self, data: str) -> None:
        """Gather what stands in a text."""
        if self._area:
            self._area.holds[-1] += data


def holds_of(page: str) -> dict[str, set[str]]:
    """Return what stands in the fields of all forms of a page, by name."""
    found: dict[str, set[str]] = {}
    for answered in Forms(page).forms:
        for row in answered.inputs.values():
            found.setdefault(row.name, set()).update(plain(text) for text in row.holds)
    return found


def is_secret(row: Input) -> bool:
    """Whether a field is never given back, whatever was wrong."""
    return row.kind == "password" or row.name in SECRET


def given_back(form: Form, sent: Sent, page: str) -> list[str]:
    """Return the names of secret fields that the answered page holds again."""
    holds = holds_of(page)
    return [
        row.name
        for row in form.open()
        if is_secret(row)
        and {plain(text) for text in sent.get(row.name, []) if plain(text)} & holds.get(row.name, set())
    ]


def lost(form: Form, sent: Sent, page: str) -> list[str]:
    """Return the names of fields that were filled in and stand in no form of the answered page as they were."""
    holds = holds_of(page)
    is_sheet = "_base" in form.inputs
    return [
        row.name
        for row in form.open()
        if not is_secret(row)
        for text in sent.get(row.name, [])
        if not holds.get(row.name, set()) & meant(text, is_sheet=is_sheet)
    ]


def untold(form: Form, sent: Sent, page: str) -> list[str]:
    """Return the names of typed fields whose text a page without the form shows nowhere."""
    shown = plain(html.unescape(re.sub(r"<[^>]*>", "", page)))
    return [
        row.name
        for row in form.open()
        if row.typed and not is_secret(row)
        for text in sent.get(row.name, [])
        if plain(text) not in shown
    ]


def meant(text: str, *, is_sheet: bool) -> set[str]:
    """Return how a text may stand: as typed; in a sheet also as the value that it means in some kind of field."""
    ways = [text]
    if is_sheet:
        found = [values.normalise(Field(key="x", label="x", type=kind), text) for kind in FieldType]
        ways += ["、".join(value) if isinstance(value, list) else value for value in found]
    return {plain(way) for way in ways}


def plain(text: str) -> str:
    """Return the text without what a browser, HTML or nobody's eye keeps: line ends, spaces, unseen marks, width."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", values.clean(text)))
