"""The form that keeps no identity number: what every form stands on whose texts are stored."""

from __future__ import annotations

from typing import ClassVar

from django import forms

from greenportal.accounts.identity import told_of

#: Instead of Django's words, which speak of a variable.
TOO_LONG = "最多%(limit_value)d个字，现在有%(show_value)d个字，请删减。"
TOO_SHORT = "至少%(limit_value)d个字，现在有%(show_value)d个字，请补充。"


class ScreenedForm(forms.Form):
    """A form that refuses a full identity number at the field in which it was typed; the rest is kept."""

    #: Fields for numbers, which their service checks: of a person (kept as a print) and of a legal person.
    holding_codes: ClassVar[frozenset[str]] = frozenset({"id_number", "uscc"})

    def full_clean(self) -> None:
        """Check as Django does, in our words, then refuse identity numbers. Of a password only its hash is stored."""
        # Here and not earlier: some forms take their fields after they are made.
        for field in self.fields.values():
            if isinstance(field, forms.CharField):
                field.error_messages.setdefault("max_length", TOO_LONG)
                field.error_messages.setdefault("min_length", TOO_SHORT)
        super().full_clean()
        for name, value in list(getattr(self, "cleaned_data", {}).items()):
            if not isinstance(value, str) or name in self.holding_codes:
                continue
            if not isinstance(self.fields[name].widget, forms.PasswordInput) and (told := told_of(value)):
                self.add_error(name, told)
