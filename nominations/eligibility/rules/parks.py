"""通知 一、（三）: what an industrial park must be."""

from __future__ import annotations

from decimal import Decimal

from greenportal.findings.engine import rule
from greenportal.findings.types import Finding
from greenportal.rounds.rulebook import Rulebook, RuleSpec
from nominations.eligibility.answers import manual, met, not_met, number, yes_no
from nominations.eligibility.facts import NominationFacts, ParkFacts

UNKNOWN = ParkFacts()
LEVELS = {"national": "国家级", "provincial": "省级"}


@rule("PARK_FUNCTION")
def park_function(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """以产品制造和能源供给为主要功能."""
    return yes_no(
        spec,
        (facts.park or UNKNOWN).production_main,
        good="园区以产品制造和能源供给为主要功能。",
        bad="园区不以产品制造和能源供给为主要功能。",
        unknown="园区主要功能尚未填写。",
    )


@rule("PARK_SHARE")
def park_share(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """工业增加值占比超过50%: strictly above; in percent."""
    share = (facts.park or UNKNOWN).industrial_share
    if share is None:
        return manual(spec, "工业增加值占比尚未填写。")
    if not Decimal(0) <= share <= Decimal(100):
        return manual(spec, f"工业增加值占比填写为{number(share)}%，应在0到100之间，请核对。", share=number(share))
    limit = book.numbers["park_industrial_share"].value
    if share > limit:
        return met(spec, f"工业增加值占比{number(share)}%，超过{number(limit)}%。", share=number(share))
    return not_met(spec, f"工业增加值占比{number(share)}%，未超过{number(limit)}%。", share=number(share))


@rule("PARK_BOUNDARY")
def park_boundary(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """具有法定边界和范围."""
    return yes_no(
        spec,
        (facts.park or UNKNOWN).legal_boundary,
        good="园区具有法定边界和范围。",
        bad="园区没有法定边界和范围。",
        unknown="是否具有法定边界和范围尚未填写。",
    )


@rule("PARK_BODY")
def park_body(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """具备统一管理机构."""
    return yes_no(
        spec,
        (facts.park or UNKNOWN).one_body,
        good="园区具备统一管理机构。",
        bad="园区不具备统一管理机构。",
        unknown="是否具备统一管理机构尚未填写。",
    )


@rule("PARK_LEVEL")
def park_level(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """省级及以上工业园区."""
    level = (facts.park or UNKNOWN).level
    if not level:
        return manual(spec, "园区级别尚未填写。")
    if level in LEVELS:
        return met(spec, f"园区为{LEVELS[level]}。", level=level)
    if level == "below":
        return not_met(spec, "园区级别低于省级。", level=level)
    return manual(spec, f"园区级别“{level}”无法识别，请按国家级、省级、省级以下填写。", level=level)
