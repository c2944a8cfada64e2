"""Every page with a form × naughty texts in its fields: an exact answer, nothing live, nothing lost, no 5xx."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

import pytest
from django.forms.boundfield import BoundField
from django.test import Client

from greenportal.accounts.actors import Role
from tests.battery import naughty, places
from tests.battery.conftest import Keep
from tests.battery.seeding import FULL, chosen
from tests.battery.test_texts import BANNED, LIVE
from tests.battery.typed import Form, Forms, given_back, lost, untold
from tests.test_form_errors import Place
from tests.test_role_matrix import foreign

__all__ = ["foreign"]
pytestmark = [pytest.mark.battery, pytest.mark.django_db]
#: So many texts at a time: the things of a district are made once for them.
BATCH = 20
#: `make test` walks one role with one text, `make slow` each role, `make battery` each text.
QUICK = chosen(places.WALKS, 1, salt="forms")
#: Refused on a page without the form: no right, not there, changed meanwhile, too early or too late.
REFUSED = {400, 403, 404, 409, 422}
#: Pressing these ends the walk's own session, or is a button on every page.
TOO_LONG = naughty.TEXTS.index(naughty.LONG[0])
LEFT_OUT = {"/accounts/logout/", "/appearance/"}


def batches(salt: str) -> Iterator[list[int]]:
    numbers = chosen(range(len(naughty.TEXTS)), 1, salt=salt)
    yield from (numbers[start : start + BATCH] for start in range(0, len(numbers), BATCH))


CASES = [
    pytest.param(
        *walk,
        numbers,
        marks=[] if walk in QUICK else [pytest.mark.slow],
        id=f"{walk[0].__name__}-{walk[1]}-{numbers[0]}",
    )
    for walk in places.WALKS
    for numbers in batches(f"forms:{walk[0].__name__}:{walk[1]}")
]
KEYED = [
    pytest.param(name, numbers, id=f"{name}-{numbers[0]}")
    for name in places.KEYED
    for numbers in batches(f"forms:{name}")
]


@pytest.mark.parametrize(("place", "role", "numbers"), CASES)
def test_a_text_in_every_field_of_every_form_is_answered_harmless_and_kept(
    place: Place, role: Role, numbers: list[int], request: pytest.FixtureRequest, keep: Keep
) -> None:
    client, pages = places.walk(place, role, request)
    swept = sweep(client, pages, numbers)
    assert swept.wrong == {}
    assert len(swept.forms) >= places.AT_LEAST[place][role]
    assert swept.refused >= 1
    keep("forms", f"{place.__name__} · {role} · {numbers[0]}–{numbers[-1]}", "通过", **swept.figures())


@pytest.mark.parametrize(("name", "numbers"), KEYED)
def test_a_text_behind_a_link_or_at_the_door_is_answered_harmless_and_kept(
    name: str, numbers: list[int], keep: Keep
) -> None:
    client, pages = places.keyed(name)
    swept = sweep(client, pages, numbers)
    assert swept.wrong == {}
    assert swept.forms
    keep("forms", f"{name} · {numbers[0]}–{numbers[-1]}", "通过", **swept.figures())


@dataclass
class Swept:
    """What a sweep met: forms with something to type, answers, pages with errors among them, and troubles by address."""

    forms: set[str] = field(default_factory=set)
    answers: int = 0
    refused: int = 0
    wrong: dict[str, set[str]] = field(default_factory=dict)

    def figures(self) -> dict[str, int]:
        return {"表单": len(self.forms), "发送": self.answers, "带错误返回": self.refused}


def sweep(client: Client, pages: dict[str, str], numbers: Sequence[int]) -> Swept:
    """Send each text in every form of the pages by each of its buttons."""
    met = Swept()
    found = {key: row for address, page in pages.items() for key, row in targets(address, page)}
    for (url, names), (form, buttons) in found.items():
        met.forms.add(f"{url} {names}")
        for number, button in product(numbers, buttons):
            sent = form.filled(naughty.TEXTS[number], number)
            status, page = places.send(client, form.method, url, {**sent, **button})
            met.answers += 1
            met.refused += "data-error-summary" in page
            if trouble := trouble_of(form, sent, status, page):
                met.wrong.setdefault(f"{url} {button}", set()).add(trouble)
    return met


def targets(url: str, page: str) -> Iterator[tuple[tuple[str, str], tuple[Form, list[dict[str, list[str]]]]]]:
    """Yield (where it goes, its fields) → (form, its buttons) of each form with something to type."""
    for form in Forms(page).forms:
        where = places.target(url, form.action)
        if where not in LEFT_OUT and any(row.typed for row in form.open()):
            pressed = [{name: [value]} for name, value in dict(form.buttons).items()]
            yield (where, " ".join(sorted(form.inputs))), (form, pressed or [{}])


def trouble_of(form: Form, sent: dict[str, list[str]], status: int, page: str) -> str:
    """Return what is wrong with an answer, "" for nothing."""
    if status >= 500:
        return str(status)
    if LIVE.search(page):
        return "live markup"
    for message in re.findall(r'<p class="gp-error[^"]*"[^>]*>(.*?)</p>', page, re.DOTALL):
        if BANNED.search(html.unescape(message)):
            return f"says {message}"
    if told := given_back(form, sent, page):
        return f"gives back {told}"
    gone = []
    if form.method == "post" and "data-error-summary" in page:
        gone = lost(form, sent, page)
    elif form.method == "get" and status == 200:
        # A filter: what a list was asked for stands in its field again.
        typed = {row.name for row in form.open() if row.typed}
        gone = [name for name in lost(form, sent, page) if name in typed]
    elif form.method == "post" and page and status in REFUSED:
        gone = untold(form, sent, page)
    return f"loses {gone[:6]}" if gone else ""


def test_control_the_sweep_sees_a_page_that_fails_one_that_is_live_and_one_that_scolds() -> None:
    form = Form("", "post")
    assert trouble_of(form, {}, 500, "") == "500"
    assert trouble_of(form, {}, 200, "<p><script>alert(1)</script></p>") == "live markup"
    assert trouble_of(form, {}, 200, '<p class="gp-error" id="x">无效</p>') == "says 无效"
    assert FULL or len(CASES) == len(places.WALKS)


PAGE = (
    '<form method="post" action="/x/"><input type="hidden" name="v" value="1"><input name="a"><textarea name="b"></textarea>'
    '<select name="c"><option value="">-</option><option value="1" selected>1</option><option value="2">2</option></select>'
    '<input type="checkbox" name="d" value="y"><input type="password" name="e"><input type="file" name="f">'
    '<button name="go" value="1">x</button></form>'
)


def test_control_what_does_not_stand_in_the_answer_is_named() -> None:
    """Each field in turn: a page that dropped its value, and one that kept all."""
    form = Forms(PAGE).forms[0]
    sent = form.filled("<b>", 1)
    assert sent == {"v": ["1"], "a": ["<b>"], "b": ["<b>"], "c": ["2"], "d": ["y"], "e": ["<b>"]}
    kept = (
        PAGE.replace('name="a"', 'name="a" value="&lt;b&gt;"')
        .replace('"b">', '"b">\n&lt;b&gt;')
        .replace(" selected", "")
        .replace('value="2"', 'value="2" selected')
        .replace('value="y"', 'value="y" checked')
    )
    assert lost(form, sent, kept) == []
    assert lost(form, sent, PAGE) == ["a", "b", "c", "d"]
    assert (form.action, form.buttons) == ("/x/", [("go", "1")])
    assert given_back(form, sent, kept) == []
    assert given_back(form, sent, kept.replace('name="e"', 'name="e" value="&lt;b&gt;"')) == ["e"]
    assert untold(form, sent, "<dl><dd>&lt;b&gt;</dd></dl>") == []
    assert untold(form, sent, "<p>不能办理这项操作</p>") == ["a", "b"]
    assert trouble_of(form, sent, 403, "<p>不能办理这项操作</p>") == "loses ['a', 'b']"
    asked = Forms(PAGE.replace('method="post"', 'method="get"')).forms[0]
    assert trouble_of(asked, sent, 200, kept) == ""
    assert trouble_of(asked, sent, 200, PAGE) == "loses ['a', 'b']"


def test_control_a_form_that_draws_its_first_values_again_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "nominations:opinion_link"
    client, pages = places.keyed(name)
    honest = sweep(client, pages, [TOO_LONG])
    assert (honest.wrong, honest.refused) == ({}, 1)
    monkeypatch.setattr(BoundField, "value", lambda field: field.initial)
    assert [found[:5] for troubles in sweep(client, pages, [TOO_LONG]).wrong.values() for found in troubles] == [
        "loses"
    ]
