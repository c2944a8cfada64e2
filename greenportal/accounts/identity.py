"""Identity numbers that are never kept: a keyed print tells whether two numbers are one, nothing else."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from datetime import date

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from greenportal.findings.types import Invalid

#: An 18-character number as it may stand inside other text.
PATTERN = re.compile(r"(?<![0-9])[0-9]{17}[0-9Xx](?![0-9Xx])")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_WRONG = "核对身份证件号码：应为18位，最后一位是校验位。没有的留空。"


def _real(number: str) -> bool:
    """Whether the date and the check character of GB 11643-1999 hold."""
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    return _CHECKS[sum(int(d) * w for d, w in zip(number[:17], _WEIGHTS, strict=True)) % 11] == number[17]


def checked(text: str) -> str:
    """Return the number without spaces, last character upper case; Invalid without ever repeating what was typed."""
    number = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text)).upper()
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number) or not _real(number):
        raise Invalid(_WRONG, errors={"id_number": [_WRONG]})
    return number


def holds_number(text: str) -> bool:
    """Whether a real identity number stands somewhere in `text`, spaces and full-width digits or not."""
    plain = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text))
    return any(_real(found.upper()) for found in PATTERN.findall(plain))


def without_numbers(text: str) -> str:
    """Return `text` with the middle of each 18-character number starred; for names of uploaded files."""
    return PATTERN.sub(lambda found: f"{found[0][:4]}**********{found[0][-4:]}", text)


def print_of(number: str) -> str:
    """Return the keyed HMAC-SHA-256 of a checked number, 64 hex digits. The key is IDENTITY_KEY of the settings."""
    key = settings.IDENTITY_KEY
    if not key:
        raise ImproperlyConfigured("IDENTITY_KEY is not set: identity numbers cannot be compared.")
    return hmac.new(key.encode(), number.encode(), hashlib.sha256).hexdigest()
