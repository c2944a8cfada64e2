"""Identity numbers that are never kept: a keyed print tells whether two numbers are one, nothing else."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from datetime import date
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from greenportal.findings.types import Invalid

#: An 18-character number as it may stand inside other text.
PATTERN = re.compile(r"(?<![0-9])[0-9]{17}[0-9Xx](?![0-9Xx])")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_LENGTH = 18
_CHECKS = "10X98765432"
#: What is said of a text that holds a number: what happened and what to do.
NO_NUMBERS = "含有身份证件号码，没有保存。系统不保存身份证件号码，请改填不含号码的内容。"
#: Nobody alive was born before; what stands there in a 18-digit code of a legal person is its place.
_FIRST_YEAR = 1900
_WRONG = "核对身份证件号码：应为18位，最后一位是校验位。没有的留空。"


def _dated(number: str) -> bool:
    """Whether a day of birth stands where GB 11643-1999 puts it."""
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    return born.year >= _FIRST_YEAR


def _real(number: str) -> bool:
    """Whether the date and the check character of GB 11643-1999 hold."""
    return (
        _dated(number)
        and _CHECKS[sum(int(d) * w for d, w in zip(number[:17], _WEIGHTS, strict=True)) % 11] == number[17]
    )


def checked(text: str) -> str:
    """Return the number without spaces, last character upper case; Invalid without ever repeating what was typed."""
    number = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text)).upper()
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number) or not _real(number):
        raise Invalid(_WRONG, errors={"id_number": [_WRONG]})
    return number


def holds_number(text: str) -> bool:
    """Whether a real identity number stands somewhere in `text`, spaces and full-width digits or not.

    Asked of every text that is typed, so the short ones, which are nearly all, are answered at once.
    """
    if len(text) < _LENGTH:
        return False
    plain = unicodedata.normalize("NFKC", text)
    found = {*PATTERN.findall(plain), *PATTERN.findall(re.sub(r"[\s-]", "", plain))}
    return any(_real(number.upper()) for number in found)


def told_of(text: str) -> str:
    """Return why `text` may not be stored, "" when it may: the screen of everything that people type."""
    return NO_NUMBERS if holds_number(text) else ""


def refuse_numbers(**texts: str) -> None:
    """Refuse texts that hold a full identity number, each at its field: the portal keeps none, its trail neither."""
    errors = {field: [NO_NUMBERS] for field, text in texts.items() if holds_number(text)}
    if errors:
        raise Invalid(NO_NUMBERS, errors=errors)


def without_numbers(text: str) -> str:
    """Return `text` with the middle of each 18-character number that bears a day of birth starred.

    For what is written without being typed as a text: names of uploaded files, the trail. The check character is
    not asked: a number with one wrong digit still says who it is.
    """
    return PATTERN.sub(lambda found: _starred(found[0]) if _dated(found[0]) else found[0], text)


def _starred(number: str) -> str:
    return f"{number[:4]}**********{number[-4:]}"


def scrubbed(value: Any) -> Any:
    """Return a JSON-like value with `without_numbers` done to every text in it."""
    if isinstance(value, str):
        return without_numbers(value) if len(value) >= _LENGTH else value
    if isinstance(value, dict):
        return {name: scrubbed(item) for name, item in value.items()}
    return [scrubbed(item) for item in value] if isinstance(value, list | tuple) else value


def print_of(number: str) -> str:
    """Return the keyed HMAC-SHA-256 of a checked number, 64 hex digits. The key is IDENTITY_KEY of the settings."""
    key = settings.IDENTITY_KEY
    if not key:
        raise ImproperlyConfigured("IDENTITY_KEY is not set: identity numbers cannot be compared.")
    return hmac.new(key.encode(), number.encode(), hashlib.sha256).hexdigest()
