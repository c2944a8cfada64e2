"""The day that people type: bounded, so that no deadline leaves the calendar, and bounded in every form."""

from collections.abc import Iterator
from datetime import date, timedelta
from importlib import import_module

import pytest
from django import forms
from django.conf import settings

from greenportal import clock
from greenportal.directory.forms import DateField
from greenportal.sheets.forms import PortalForm
from tests.factories.rounds import DURING

FAR = timedelta(days=50 * 366)


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_day_is_taken_up_to_fifty_years_from_today(sign):
    field = DateField(label="修改期限")
    with clock.fixed(DURING):
        last = clock.today() + sign * FAR
        assert field.clean(last.isoformat()) == last
        with pytest.raises(forms.ValidationError) as caught:
            field.clean((last + sign * timedelta(days=1)).isoformat())
    assert caught.value.messages == ["修改期限离今天超过50年。核对后填写，如2022-10-15。"]


@pytest.mark.parametrize("typed", ["9999-12-31", "0001-01-01", "9999年12月31日"])
def test_the_ends_of_the_calendar_are_refused_by_every_form_that_asks_for_a_day(typed):
    """Each form counts an instant from its day: `clock.end_of(date.max)` does not exist."""
    with pytest.raises(OverflowError):
        clock.end_of(date.max)
    asked = [(form, name) for form in _forms(PortalForm) for name in _days(form)]
    assert len(asked) > 20, "control: the forms are loaded"
    with clock.fixed(DURING):
        for form, name in asked:
            with pytest.raises(forms.ValidationError, match="年。核对后填写"):
                form.base_fields[name].clean(typed)


def test_an_authority_may_be_older():
    with clock.fixed(DURING):
        assert DateField(years=150).clean("1949-10-01") == date(1949, 10, 1)


def _forms(kind: type[forms.BaseForm]) -> Iterator[type[forms.BaseForm]]:
    import_module(settings.ROOT_URLCONF)
    for form in kind.__subclasses__():
        if form.__module__.split(".")[0] != "tests":
            yield form
        yield from _forms(form)


def _days(form: type[forms.BaseForm]) -> list[str]:
    fields: dict[str, forms.Field] = getattr(form, "base_fields", {})
    return [name for name, field in fields.items() if isinstance(field, forms.DateField)]
