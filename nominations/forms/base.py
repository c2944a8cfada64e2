"""The manner of the forms of nominations: nothing typed is lost, whatever a service answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms

from greenportal.directory.forms import DateField, ServiceForm
from greenportal.findings.types import DomainError, Stale

Result = TypeVar("Result")

FILE_LOST = "已选的文件没有保留，请重新选择。"
#: Postgres' integer; a longer number in a hidden field was not written by our page.
_DIGITS = 9

__all__ = ["FILE_LOST", "DateField", "PlainForm", "SeenForm", "UploadField"]


class UploadField(forms.FileField):
    """A file to choose; the two messages say what to do."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.error_messages["empty"] = "所选文件是空的，核对后重新选择。"


class PlainForm(ServiceForm):
    """A form before one service call. `status` is the answer's HTTP status when it is shown again."""

    status = 400

    def add_error(self, field: str | None, error: Any) -> None:
        """Put an error beside its field; a file that was chosen is lost by it, and that is said."""
        super().add_error(field, error)
        self.lose_files()

    def lose_files(self) -> None:
        """Say at every file field that had a file: browsers do not give it back."""
        for name, item in self.fields.items():
            if isinstance(item, forms.FileField) and self.files.get(self.add_prefix(name)) is not None:
                item.soft_message = FILE_LOST  # type: ignore[attr-defined]

    def run(self, verb: Callable[[], Result]) -> Result | None:
        """Return what `verb` returns; None when it refused, told in the form, with the refusal's status."""

        def told() -> Result:
            try:
                return verb()
            except DomainError as error:
                self.status = error.status
                if isinstance(error, Stale):
                    self.seen(error.current)
                raise

        return super().run(told)

    def seen(self, version: object) -> None:
        """Take note of the row's version of now: forms about a row override this."""


def whole(text: object) -> int:
    """Return the whole number that a client sent where only our own numbers make sense; 0 for anything else.

    `str.isdigit` alone lets ² pass, and thousands of digits cost seconds: both end here.
    """
    typed = str(text or "").strip()
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= _DIGITS else 0


class VersionField(forms.IntegerField):
    """The version that the page showed. What is no number of ours is 0: stale for every service."""

    widget = forms.HiddenInput

    def clean(self, value: Any) -> int:
        """Return the number; never an error of its own, since nobody can mend a hidden field."""
        return whole(value)


class SeenForm(PlainForm):
    """A form about a row that others may change meanwhile: it posts back the version that was shown.

    After a conflict it is shown again with what was typed and the row's new version, so that the person
    who has read the message can press again.
    """

    version = VersionField()

    def seen(self, version: object) -> None:
        if isinstance(version, int):
            # Forms show what their data says: the rest of it stays as it was typed.
            self.data = {**dict(self.data.items()), self.add_prefix("version"): str(version)}
