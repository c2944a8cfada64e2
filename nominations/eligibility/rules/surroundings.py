"""Opinions of departments (通知 一、第2段), and two reminders that the notice does not contain."""

from __future__ import annotations

from greenportal.findings.engine import rule
from greenportal.findings.types import Finding
from greenportal.rounds.rulebook import Rulebook, RuleSpec
from nominations.eligibility.answers import manual, met, not_met, spoken
from nominations.eligibility.facts import NominationFacts


@rule("OPINIONS")
def opinions(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """充分征求…意见: an objection is decided on in writing, a missing answer is chased."""
    if facts.opinions is None:
        return manual(spec, "部门意见情况不明。")
    against = [row for row in facts.opinions if row.opinion == "objection"]
    if against:
        told = "；".join(f"{_label(book, row.department)}：{row.text or '未写明内容'}" for row in against)
        return not_met(spec, f"有部门提出意见：{told}。", against=[row.department for row in against])
    clear = {row.department for row in facts.opinions if row.opinion == "no_objection"}
    waiting = [item.label for key, item in book.departments.items() if key not in clear and item.label not in clear]
    waiting += [
        _label(book, row.department)
        for row in facts.opinions
        if row.opinion == "none" and _label(book, row.department) not in waiting
    ]
    if waiting:
        return manual(spec, f"尚未收到{'、'.join(waiting)}的意见。", waiting=waiting)
    return met(spec, f"{len(clear)}个部门均无意见。", clear=sorted(clear))


def _label(book: Rulebook, department: str) -> str:
    """Return a department's name, whether it was given by key or by name."""
    found = book.departments.get(department)
    return found.label if found else department


@rule("LISTED")
def listed(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """Already on the national list in this category: a reminder, the notice has no such clause."""
    if facts.listings is None:
        return manual(spec, "尚未与名单库核对。")
    standing = [
        row
        for row in facts.listings
        if row.level == "national"
        and row.category == facts.category
        and not (row.removed and row.removed_on is None)
        and (row.removed_on is None or row.removed_on > facts.as_of)
        and (row.listed_on is None or row.listed_on <= facts.as_of)
    ]
    if standing:
        row = standing[0]
        when = f"{spoken(row.listed_on)}公布的" if row.listed_on else ""
        return not_met(spec, f"“{row.name}”已列入{when}国家绿色制造名单{row.batch}。", name=row.name, batch=row.batch)
    return met(spec, "名单库中没有同类别的国家级记录。", asked=len(facts.listings))


@rule("DUPLICATE")
def duplicate(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """The same thing twice in one round: a reminder; true duplicates cannot be stored."""
    if facts.duplicates is None:
        return manual(spec, "尚未核对是否重复申报。")
    if facts.duplicates:
        return not_met(spec, f"可能与以下申报重复：{'、'.join(facts.duplicates)}。", duplicates=list(facts.duplicates))
    return met(spec, "本批次没有重复申报。")
