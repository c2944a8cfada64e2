"""What the rules say of one section as it was just saved: few queries, nothing stored.

The stored findings stay the Celery job's. Here only those rules are asked whose answer hangs on what the section
holds; what needs other firms' figures, documents or the evaluator's standing waits for the job.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dynamic_mgmt.selectors import incident_facts, register_facts
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.filings.models import Filing
from greenportal.findings.types import Finding
from greenportal.rounds.selectors import rulebook_at
from greenportal.sheets import Section
from nominations.eligibility import comparing, judgements
from nominations.eligibility.engine import check_one
from nominations.models import Nomination
from nominations.selectors.content import contents
from nominations.selectors.facts import facts_of_answers, incidents_of, listings_of

_STATED = ("EX1", "EX2", "EX3", "EX4", "EX5", "EX6", "EXO")
FIGURES = ("FIG_SHARE", "FIG_RATIO", "FIG_UNIT", "FIG_JUMP")
#: Beginning of an answer's key → the rules that read it.
READ_BY: dict[str, tuple[str, ...]] = {
    **{f"{rule.lower()}_": (rule,) for rule in _STATED[:-1]},
    "other_": ("EXO",),
    "events": _STATED,
    "creditchina_": ("CREDIT", "EX2", "EX6"),
    "gsxt_": ("CREDIT", "EX2", "EX6"),
    "zxgk_": ("CREDIT", "EX6"),
    "entries": ("ENERGY",),
    "basic": ("BASIC",),
    "basic_met": ("BASIC", "GENERAL"),
    "general": ("GENERAL",),
    **dict.fromkeys(judgements.GROUPS, ("MUSTS",)),
    "requirements": ("PRODUCT_ROWS",),
    "lca_done": ("LCA",),
    "standard_no": ("PRODUCT",),
    "park_level": ("PARK_LEVEL",),
    "low_carbon_pilot": ("PARK_LEVEL",),
    "industrial_share": ("PARK_SHARE",),
    "industrial_value_added": ("PARK_SHARE",),
    "total_value_added": ("PARK_SHARE",),
    "production_main": ("PARK_FUNCTION",),
    "legal_boundary": ("PARK_BOUNDARY",),
    "one_body": ("PARK_BODY",),
    "system": ("SUPPLY_SYSTEM",),
    "industry_group": ("SUPPLY_SYSTEM",),
    "leading": ("SUPPLY_LEAD",),
}
#: End of the key of a sheet whose every section holds figures.
_REPORTS = ("_self", "_third", "_conditions")


def readable(actor: Actor, found: Sequence[Finding]) -> Sequence[Finding]:
    """Return findings as the actor may read them: what came of comparing with other firms is for officers only."""
    return found if actor.is_district or actor.is_city else comparing.withheld(found)


def rules_of(sheet_key: str, section: Section) -> tuple[str, ...]:
    """Return the ids of the rules that read this section, each once, in the order of the notice."""
    keys = [*(field.key for field in section.fields), *(table.key for table in section.tables)]
    wanted = {
        rule
        for start, rules in READ_BY.items()
        for key in keys
        if key == start or (start.endswith("_") and key.startswith(start))
        for rule in rules
    }
    if sheet_key.endswith(_REPORTS):
        wanted.update(FIGURES)
    known = dict.fromkeys(rule for rules in (*READ_BY.values(), FIGURES) for rule in rules)
    return tuple(rule for rule in known if rule in wanted)


def live_findings(actor: Actor, filing: Filing, section: Section) -> Sequence[Finding]:
    """Return the findings of the rules that read `section`, by what is stored now. None: no rule does, no query.

    Five queries at most; register (EX3) and reports of incidents (EX2, EX6) add two and four.
    """
    asked = rules_of(filing.sheet_key, section)
    nomination = (
        Nomination.objects.select_related("subject", "applicant", "authority").filter(pk=filing.scope_id).first()
        if asked
        else None
    )
    if nomination is None:
        return ()
    book, _ = rulebook_at(nomination.round_id)
    rules = [rule for rule in asked if rule in book.rules and book.rules[rule].applies_to(nomination.category)]
    now, applicant = clock.now(), nomination.applicant_id
    content = contents([nomination.pk])[nomination.pk]
    facts = facts_of_answers(nomination, content, book, as_of=now, figures=not set(rules).isdisjoint(FIGURES))
    if "EX3" in rules:
        listed = register_facts({applicant}, as_of=now).get(applicant, ())
        facts = replace(facts, listings=listings_of(listed))
    if not {"EX2", "EX6"}.isdisjoint(rules):
        told = incident_facts({applicant}, as_of=now).get(applicant, ())
        facts = replace(facts, incidents=incidents_of(told))
    return readable(actor, [check_one(rule, facts, book) for rule in rules])
