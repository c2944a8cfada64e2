"""通知 一、（一）第1段 and （二）: by which standard."""

from __future__ import annotations

from greenportal.findings.engine import rule
from greenportal.findings.types import Finding
from greenportal.rounds.rulebook import Rulebook, RuleSpec, standard_key
from nominations.eligibility.answers import manual, met, not_met
from nominations.eligibility.facts import NominationFacts


@rule("STANDARD")
def standard(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """GB/T 36132-2018, or the industry's own 绿色工厂 standard once one is published."""
    used = (facts.standard or "").strip()
    if not used:
        return manual(spec, "评价标准尚未填写。")
    general = str(spec.params["general"])
    published = facts.industry_standard
    if published is None:
        return manual(spec, f"所用标准为{used}，本行业是否已发布绿色工厂评价行业标准尚未核实。", used=used)
    if published and standard_key(used) != standard_key(published):
        return not_met(spec, f"本行业已发布{published}，应按该标准评价，现用{used}。", used=used, published=published)
    if not published and standard_key(used) != standard_key(general):
        return not_met(spec, f"本行业未发布行业标准，应参照{general}评价，现用{used}。", used=used)
    return met(spec, f"按{used}评价。", used=used, published=published)


@rule("PRODUCT")
def product(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """Only standards of 绿色设计产品标准清单; while our copy is not complete an absent one is asked about.

    The standard chosen on the nomination counts; what the basic sheet says is asked to be the same.
    """
    written = ((facts.product.standard_no if facts.product else None) or "").strip()
    used = (facts.standard or "").strip() or written
    if not used:
        return manual(spec, "产品适用标准尚未填写。")
    if standard_key(used) not in book.standard_numbers:
        return _not_listed(used, book, spec)
    if written and standard_key(written) != standard_key(used):
        told = f"申报所选适用标准为{used}，基本信息表填写为{written}，请改为一致。"
        return manual(spec, told, standard=used, written=written)
    return met(spec, f"{used}在“绿色设计产品标准清单”中。", standard=used)


def _not_listed(used: str, book: Rulebook, spec: RuleSpec) -> Finding:
    if book.product_standards.complete:
        return not_met(spec, f"{used}不在“绿色设计产品标准清单”中。", standard=used)
    return manual(
        spec,
        f"本系统没有收录完整的“绿色设计产品标准清单”，请对照官方清单核实{used}。",
        todo="市局导入标准清单，或由经办人对照工信部网站核实。",
        standard=used,
    )
