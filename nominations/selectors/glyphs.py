"""What of a nomination cannot be printed as it stands: named before 定稿, so that no packet stops half-way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from greenportal.documents.fonts import missing_glyphs, named
from greenportal.filings.selectors.glyphs import unprintable
from nominations.models import Consultation, ConsultationItem, Decision, Nomination
from nominations.selectors.content import Content


def glyph_problem(label: str, characters: str) -> str:
    """Return the message for one place; `characters` as `fonts.named` words them."""
    return f"“{label}”中有字库没有的字符{characters}，打印会缺字。改用规范汉字，或由系统管理员安装含有该字的字体。"


def opinion_texts(nomination_ids: Sequence[int]) -> dict[int, list[str]]:
    """Return the words of departments on the nominations; cancelled requests do not count. One query."""
    rows = ConsultationItem.objects.filter(nomination_id__in=nomination_ids).exclude(text="")
    found: dict[int, list[str]] = defaultdict(list)
    for pk, text in rows.exclude(consultation__state=Consultation.State.CANCELLED).values_list("nomination_id", "text"):
        found[pk].append(text)
    return found


def glyph_problems(
    nomination: Nomination, content: Content, *, decisions: Iterable[Decision] = (), opinions: Iterable[str] = ()
) -> list[str]:
    """Return a message per place of the nomination that prints a character which no font has.

    Call with subject, applicant, industry and evaluator__organisation loaded. opinions: words of departments.
    """
    found = [(label, named(missing_glyphs(text))) for label, text in _typed(nomination, content)]
    found += [("书面决定", named(missing_glyphs(decision.reason))) for decision in decisions]
    found += [("部门意见", named(missing_glyphs(text))) for text in opinions]
    for part in content.sheets:
        found += unprintable(part.sheet, part.answers)
    return list(dict.fromkeys(glyph_problem(label, characters) for label, characters in found if characters))


def _typed(nomination: Nomination, content: Content) -> Iterator[tuple[str, str]]:
    """Texts beside the sheets that stand on our pages."""
    yield "申报对象", nomination.subject.name
    yield "申报单位", nomination.applicant.name
    yield "法定代表人", nomination.applicant.legal_representative
    yield "确认的法定代表人", nomination.confirmed_by_name
    yield "地址", nomination.subject.address
    yield "评价标准", nomination.standard
    yield "认定理由", nomination.key_energy_reason
    if nomination.evaluator is not None:
        yield "第三方评价机构", nomination.evaluator.organisation.name
    for document in content.documents:
        yield "材料名称", f"{document.title}{document.file.name}"
