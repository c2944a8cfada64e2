"""The form that keeps no identity number: what every form stands on whose texts are stored."""

from __future__ import annotations

from typing import ClassVar

from django import forms

from greenportal.accounts.identity import told_of


class ScreenedForm(forms.Form):
    """A form that refuses a full identity number at the field in which it was typed; the rest is kept."""

    #: Fields for numbers, which their service checks: of a person (kept as a print) and of a legal person.
    holding_codes: ClassVar[frozenset[str]] = frozenset({"id_number", "uscc"})

    def full_clean(self) -> None:
        """Check as Django does, then refuse identity numbers. Of a password nothing but its hash is stored."""
        super().full_clean()
        for name, value in list(getattr(self, "cleaned_data", {}).items()):
            if not isinstance(value, str) or name in self.holding_codes:
                continue
            if not isinstance(self.fields[name].widget, forms.PasswordInput) and (told := told_of(value)):
                self.add_error(name, told)
