"""How a parser in the child says that a file cannot be taken."""

from __future__ import annotations


class Refusal(Exception):
    """The file is refused for `cause`, a key of `greenportal.files.messages.MESSAGES`, with its figures."""

    def __init__(self, cause: str, **figures: str | int) -> None:
        super().__init__(cause)
        self.cause = cause
        self.figures = figures
