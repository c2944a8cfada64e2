"""What the owner of a filing (a nomination, a registration) tells about itself: who sees, who edits, what follows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from greenportal.accounts.actors import Actor
from greenportal.accounts.identity import told_of
from greenportal.filings.models import Filing
from greenportal.findings.types import Finding, NotVisible, Verdict, denied
from greenportal.sheets import Section, Settled

View = Callable[[Actor, int], Verdict]
Edit = Callable[[Actor, int, str], Verdict]
Text = Callable[[int], str]
Fill = Callable[[Actor, int, str], Verdict]
Screen = Callable[[str], str]
Hints = Callable[[Actor, int, Mapping[str, Any]], Sequence[str]]
Check = Callable[[Actor, Filing, Section], Sequence[Finding]]
Follow = Callable[[Filing], bool]
Words = Callable[[Filing], Mapping[str, str]]
Settle = Callable[[Filing, Collection[str]], Mapping[str, Settled]]


@dataclass(frozen=True, slots=True)
class Scope:
    """The answers of one kind of owner. `changed` is the job kind that follows a change, "" for none."""

    name: str
    view: View
    edit: Edit
    changed: str
    back_url: Text
    title: Text
    fill: Fill
    hints: Hints
    screen: Screen
    check: Check
    settled: Settle
    follow: Follow
    words: Words


_scopes: dict[str, Scope] = {}


def _no_title(_scope_id: int) -> str:
    return "返回"


def _no_hints(_actor: Actor, _scope_id: int, _answers: Mapping[str, Any]) -> Sequence[str]:
    return ()


def _nobody(_actor: Actor, _scope_id: int, _who: str) -> Verdict:
    return denied("这一项不由您填写。")


def _unchecked(_actor: Actor, _filing: Filing, _section: Section) -> Sequence[Finding]:
    return ()


def _nothing_settled(_filing: Filing, _keys: Collection[str]) -> Mapping[str, Settled]:
    return {}


def _no_words(_filing: Filing) -> Mapping[str, str]:
    return {}


def _stays(_filing: Filing) -> bool:
    return False


def register(
    scope: str,
    *,
    view: View,
    edit: Edit,
    back_url: Text,
    changed: str | None = None,
    title: Text = _no_title,
    fill: Fill = _nobody,
    hints: Hints = _no_hints,
    screen: Screen = told_of,
    check: Check = _unchecked,
    settled: Settle = _nothing_settled,
    follow: Follow = _stays,
    words: Words = _no_words,
) -> None:
    """Declare a kind of owner, in its app's `ready()`.

    view(actor, scope_id) and edit(actor, scope_id, sheet_key) answer with a Verdict whose reason is Chinese;
    fill(actor, scope_id, who) says whether the actor belongs to the party that a field is kept for (`Field.who`);
    without it such fields are nobody's. screen(text) answers why a typed text may not be stored at all, "" when it
    may: the place is then refused and named, the rest is stored; without one, full identity numbers are refused. `back_url(scope_id)` is the owner's page and `title(scope_id)` its name in the breadcrumbs.
    `hints(actor, scope_id, answers)`, answers with formulas computed, are sentences that the check page shows and that
    never refuse. `check(actor, filing, section)` are the findings that hang on what the section holds now, as the
    actor may read them: computed at each save and each drawing of the page, so cheap, and stored nowhere.
    `settled(filing, keys)` answers key → `Settled`, of those fields whose content the owner chose at another page: a
    change to anything else is refused and named, the rest is stored; page and workbook show them locked.
    `follow(filing)` brings a filing that is being opened to fill it in to the definition now in force for it, where it
    was begun under an older one; True when it changed. Without it a filing keeps its own.
    `words(filing)` are words of units that another sheet of the owner states (`sheets.units`).
    A scope that nobody registered is invisible to all.
    """
    _scopes[scope] = Scope(
        scope, view, edit, changed or "", back_url, title, fill, hints, screen, check, settled, follow, words
    )


def scope(name: str) -> Scope:
    """Return the declaration; NotVisible when nobody made it."""
    if name not in _scopes:
        raise NotVisible
    return _scopes[name]
