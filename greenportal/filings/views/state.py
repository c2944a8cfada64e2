"""What a page of a filing carries in hidden inputs, so that a save can tell what the person changed.

`_version` is the version the page was drawn from, `_form` the definition; `_client` names the open page; `_base` holds a short hash of each
value as drawn. A posted value that equals what was drawn is not a change, so a whole form sent without script
never overwrites what others wrote meanwhile.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from greenportal.filings.models import Filing
from greenportal.sheets import Answers, Field, Section, Sheet
from greenportal.sheets.forms import section_specs, typed
from greenportal.sheets.paths import Place, from_input_name, input_name, parse
from greenportal.sheets.values import fingerprint, normalise

_CLIENT = re.compile(r"[0-9a-f]{16}")
_FORM = re.compile(r"[0-9a-f]{64}")
MAX_VERSION = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Posted:
    """What came back: the version seen, the page's name, and the values that the person changed, by path.

    definition: sha256 of the form that the page showed, "" where it does not say.
    """

    seen_version: int
    client: str
    changes: dict[str, Any]
    definition: str = ""


def new_client() -> str:
    """Return the name of a freshly drawn page."""
    return secrets.token_hex(8)


def base_of(sheet: Sheet, section: Section, answers: Answers) -> str:
    """Return the JSON of input name → fingerprint of everything that the section's page can edit."""
    specs = section_specs(sheet, section, answers)
    return json.dumps({name: fingerprint(normalise(spec, stored(answers, name))) for name, spec in specs.items()})


def stored(answers: Answers, name: str) -> Any:
    """Return the stored value that the input `name` shows."""
    place = parse(from_input_name(name)) or Place()
    if place.field:
        return answers.get(place.field, "")
    rows = answers.get(place.table) or []
    return next((row.get(place.column, "") for row in rows if row["_id"] == place.row), "")


def read(sheet: Sheet, section: Section, filing: Filing, data: QueryDict, *, partial: bool = False) -> Posted:
    """Return what the person changed on the page. A malformed base counts every posted value as a change.

    `partial`: the page sent only what was changed (autosave). Otherwise a value counts when it is not the one
    drawn, or when this very page stored another one meanwhile and the person then went back to the old one.
    `_version` stays the one the page was drawn from, however often it autosaved: only so is a change by another
    seen at a field that this page has not redrawn.
    """
    answers = filing.answers
    specs = dict(section_specs(sheet, section, answers))
    specs.update(_new_cells(section, data, specs))
    client = data.get("_client", "") if _CLIENT.fullmatch(data.get("_client", "")) else ""
    base = _base(data.get("_base", ""))
    changes = {}
    for path, value in typed(data, specs).items():
        mine = bool(client) and (filing.touched.get(path) or [0, ""])[1] == client
        if partial or mine or base.get(input_name(path)) != fingerprint(value):
            changes[path] = value
    version = data.get("_version", "")
    seen = min(int(version), MAX_VERSION) if version.isascii() and version.isdigit() and len(version) < 12 else 0
    return Posted(seen, client, changes, form_of(data))


def form_of(data: Mapping[str, str]) -> str:
    """Return the definition that the page says it was drawn under, "" where it names none."""
    name = data.get("_form", "")
    return name if _FORM.fullmatch(name) else ""


def _new_cells(section: Section, data: Mapping[str, Any], known: Mapping[str, Field]) -> dict[str, Field]:
    """Return the cells of rows that the page has and the store has not: removed by another, or drawn by script."""
    found = {}
    for name in data:
        place = parse(from_input_name(name)) if name not in known else None
        table = next((item for item in section.tables if place and item.key == place.table and not item.fixed), None)
        if place and table:
            column = next((item for item in table.columns if item.key == place.column and not item.formula), None)
            if column:
                found[name] = column
    return found


def _base(text: str) -> dict[str, str]:
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return {str(key): str(value) for key, value in parsed.items()} if isinstance(parsed, dict) else {}
