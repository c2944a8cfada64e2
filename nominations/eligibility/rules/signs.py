"""通知 二、第1段: signs that an evaluator is not independent of the self-evaluation. For a person to judge, never a refusal."""

from __future__ import annotations

from collections.abc import Iterable

from greenportal.findings.engine import rule
from greenportal.findings.types import Finding
from greenportal.rounds.rulebook import Rulebook, RuleSpec
from nominations.eligibility.answers import manual, met
from nominations.eligibility.facts import EvaluatorFacts, IndependenceFacts, NominationFacts

#: Providers whose addresses say nothing of who owns them; the last are reserved names that belong to nobody (RFC 2606).
PUBLIC_MAIL = frozenset(
    [
        "126.com",
        "139.com",
        "163.com",
        "188.com",
        "189.cn",
        "21cn.com",
        "aliyun.com",
        "foxmail.com",
        "gmail.com",
        "hotmail.com",
        "icloud.com",
        "live.com",
        "msn.com",
        "outlook.com",
        "qq.com",
        "sina.cn",
        "sina.com",
        "sohu.com",
        "tom.com",
        "vip.126.com",
        "vip.163.com",
        "vip.qq.com",
        "vip.sina.com",
        "wo.cn",
        "yeah.net",
        "example.com",
        "example.net",
        "example.org",
    ]
)
#: What programs write as author where nobody was named: of two documents it says nothing.
NOBODY = frozenset(
    [
        "admin",
        "administrator",
        "dell",
        "hp",
        "lenovo",
        "microsoft",
        "pc",
        "user",
        "windowsuser",
        "windows用户",
        "微软用户",
        "用户",
    ]
)
_LOCAL_DIGITS = 8
#: Shorter names are found inside other words too often.
_LEAST_NAME = 2


@rule("INDEPENDENCE_SIGNS")
def independence_signs(facts: NominationFacts, book: Rulebook, spec: RuleSpec) -> Finding:
    """Same code, representative, phone, mail, people or documents on both sides, or a confirmed relation of the two."""
    evaluator, told = facts.evaluator, facts.independence
    if evaluator is None or not (evaluator.name or evaluator.uscc):
        return manual(spec, "第三方评价机构尚未填写，填写后核查。")
    if told is None:
        return manual(spec, "尚未比对申报单位与评价机构的联系方式、人员和文档信息。")
    found: dict[str, str] = {}
    if evaluator.uscc and evaluator.uscc == facts.uscc:
        found["code"] = "统一社会信用代码相同"
    if _same_name(evaluator.legal_representative, facts.legal_representative):
        found["representative"] = "法定代表人同名"
    found |= _contacts(told)
    found |= _people(told, evaluator.name)
    if told.affiliated:
        found["affiliate"] = "市局已认定评价机构与申报单位有关联关系"
    if found:
        words = "；".join(found.values())
        return manual(spec, f"发现独立性线索：{words}。线索不等于结论，请核实后写明判断。", signs=sorted(found))
    looked, blank = _compared(facts, evaluator, told)
    if not looked:
        return manual(spec, f"{'、'.join(blank)}缺少一方信息，尚不能比对。")
    rest = f"；{'、'.join(blank)}缺少一方信息，未比对" if blank else ""
    return met(spec, f"比对{'、'.join(looked)}，未发现独立性线索{rest}。", signs=[])


def _compared(
    facts: NominationFacts, evaluator: EvaluatorFacts, told: IndependenceFacts
) -> tuple[list[str], list[str]]:
    """Return what both sides tell, and what one of them does not: an empty side shows nothing and must not read as looked at."""
    both = {
        "统一社会信用代码": evaluator.uscc and facts.uscc,
        "法定代表人": evaluator.legal_representative and facts.legal_representative,
        "联系电话": _keys(told.applicant_phones) and _keys(told.evaluator_phones),
        "电子邮箱": _folded(told.applicant_mails) and _folded(told.evaluator_mails),
        "编写人与机构人员": _names(told.report_authors) and _names(told.staff),
        "自评价报告文档信息": _names(told.document_authors) and (evaluator.name or _names(told.staff)),
        "两份报告的文档作者": _persons(told.self_authors) and _persons(told.third_authors),
        "已认定的关联关系": told.affiliated is not None,
    }
    return [name for name, known in both.items() if known], [name for name, known in both.items() if not known]


def _contacts(told: IndependenceFacts) -> dict[str, str]:
    found: dict[str, str] = {}
    phones = _keys(told.applicant_phones) & _keys(told.evaluator_phones)
    if phones:
        found["phone"] = "联系电话相同"
    ours, theirs = _folded(told.applicant_mails), _folded(told.evaluator_mails)
    if ours & theirs:
        found["mail"] = "电子邮箱相同"
    shared = (_domains(ours) & _domains(theirs)) - PUBLIC_MAIL
    if shared:
        found["mail_domain"] = f"电子邮箱域名相同（{'、'.join(sorted(shared))}）"
    return found


def _people(told: IndependenceFacts, name: str) -> dict[str, str]:
    """Staff named as author; an author or program of the PDF that is the evaluator or one of its staff. No name is told."""
    found: dict[str, str] = {}
    staff = _names(told.staff)
    if staff & _names(told.report_authors):
        found["author"] = "自评价报告编写人与评价机构人员同名"
    words = _names(told.document_authors)
    body = "".join(name.split())
    if (body and any(body in word for word in words)) or staff & words:
        found["document"] = "自评价报告文档信息中的作者为评价机构或其人员"
    if _persons(told.self_authors) & _persons(told.third_authors):
        found["same_author"] = "自评价报告与第三方评价报告的文档作者相同"
    return found


def phone_key(text: str) -> str:
    """Return what of a phone number is compared: all digits of a mobile, the last eight of a landline; "" for too few."""
    digits = "".join(c for c in text if c.isascii() and c.isdigit()).removeprefix("86")
    if len(digits) < _LOCAL_DIGITS:
        return ""
    return digits if digits.startswith("1") and len(digits) == 11 else digits[-_LOCAL_DIGITS:]


def _keys(phones: Iterable[str] | None) -> set[str]:
    return {key for key in map(phone_key, phones or ()) if key}


def _folded(mails: Iterable[str] | None) -> set[str]:
    return {mail.strip().lower() for mail in mails or () if "@" in mail}


def _domains(mails: Iterable[str]) -> set[str]:
    return {mail.rpartition("@")[2] for mail in mails}


def _same_name(first: str, second: str) -> bool:
    """Whether two names are one: blanks inside are how a two-character name is often written."""
    return bool(first.split()) and "".join(first.split()) == "".join(second.split())


def _persons(authors: Iterable[str] | None) -> set[str]:
    """Return authors without what programs write for nobody."""
    return {name.casefold() for name in _names(authors)} - NOBODY


def _names(names: Iterable[str] | None) -> set[str]:
    folded = {"".join(name.split()) for name in names or ()}
    return {name for name in folded if len(name) >= _LEAST_NAME}
