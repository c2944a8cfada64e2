"""A hasher for one machine with public accounts: real PBKDF2, few iterations, so that forty accounts take a second."""

from __future__ import annotations

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class QuickHasher(PBKDF2PasswordHasher):
    """Django's default with 2 % of its iterations. Its password is printed at every start; there is nothing to guard."""

    iterations = 20_000
