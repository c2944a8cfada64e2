"""Codes of bodies that do not exist, with right check characters: for demonstration and tests.

Codes made here have `TE5T` as characters 9–12. A real organisation code has eight digits or begins
with M, so none of them can belong to anybody. A few test codes of the domain pages have it later.
"""

from __future__ import annotations

from greenportal.directory.validators import ALPHABET, credit_check_char, organisation_check_char

MARK = "TE5T"
CAPACITY = len(ALPHABET) ** 4


def fictional_uscc(n: int, *, prefix: str = "91", region: str = "210200") -> str:
    """Return the n-th fictional code (0 ≤ n < 923521), unique per `prefix` and `region`."""
    if not 0 <= n < CAPACITY:
        raise ValueError(f"fictional codes are numbered from 0 to {CAPACITY - 1}, not {n}")
    digits = ""
    rest = n
    for _ in range(4):
        rest, index = divmod(rest, len(ALPHABET))
        digits = ALPHABET[index] + digits
    body = MARK + digits
    first17 = prefix + region + body + organisation_check_char(body)
    return first17 + credit_check_char(first17)


def is_fictional(uscc: str) -> bool:
    """Return whether `uscc` bears the mark of this module."""
    return MARK in uscc[8:16]


_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def fictional_id_number(n: int) -> str:
    """Return an identity number of nobody: right check character, area code 999999, which is not in use."""
    body = f"999999{1960 + n % 40}0{1 + n % 9}1{n % 9}{n % 1000:03d}"
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, _ID_WEIGHTS, strict=True)) % 11]
