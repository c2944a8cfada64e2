"""征求意见 of the demonstration: every kind of answer that a department can give, by district."""

from __future__ import annotations

from datetime import date

from django.core.files.uploadedfile import SimpleUploadedFile

from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.files.services import receive
from greenportal.rounds.models import Round
from greenportal.rounds.selectors import rulebook_at
from nominations.constants import FILE_REPLY
from nominations.demo.opening import at
from nominations.demo.reports import ReportSpec, make_reports
from nominations.models import ConsultationItem, Nomination
from nominations.services import consulting
from nominations.services.consulting import Asked, OpinionGiven

Opinion = ConsultationItem.Opinion
DUE_ON = date(2022, 10, 14)
#: District → how far its departments came; the others all answered without objection.
NOT_ASKED, SILENT, PARTLY, OBJECTED = "not_asked", "silent", "partly", "objected"
COURSE = {"210202": NOT_ASKED, "210211": SILENT, "210212": PARTLY, "210214": OBJECTED}
#: The district whose last answer came on sealed paper.
ON_PAPER = "210281"
_OBJECTION = "演示：该单位有一项环境问题正在整改，建议核实后推荐。"


def consult(year: Round, district: str, officer: Actor) -> None:
    """Ask the departments about what the district has in hand, and let them answer as `COURSE` says."""
    course = COURSE.get(district, "")
    authority_id = officer.authority_id or 0
    askable = Nomination.objects.filter(round=year, authority_id=authority_id, state__in=consulting.ASKABLE)
    if course == NOT_ASKED or not askable.exists():
        return
    book, _ = rulebook_at(year.pk)
    with clock.fixed(at(9, 29, 11)):
        asked = consulting.ask(
            actor=officer,
            round_id=year.pk,
            authority_id=authority_id,
            departments=[department.label for department in book.departments.values()],
            due_on=DUE_ON,
        )
    answering = {SILENT: 0, PARTLY: 1}.get(course, len(asked))
    for number, request in enumerate(asked[:answering]):
        with clock.fixed(at(9, 30, 15, number)):
            if district == ON_PAPER and number == len(asked) - 1:
                _on_paper(request, officer)
            else:
                given = _given(request, objects=course == OBJECTED and number == 0)
                consulting.answer_by_link(token=request.token, name="示例·科员", opinions=given)


def _given(request: Asked, *, objects: bool = False) -> list[OpinionGiven]:
    """No objection to anybody, or one to the first."""
    items = list(request.consultation.items.order_by("pk"))
    return [
        OpinionGiven(item.pk, Opinion.OBJECTION, _OBJECTION)
        if objects and number == 0
        else OpinionGiven(item.pk, Opinion.NO_OBJECTION)
        for number, item in enumerate(items)
    ]


def _on_paper(request: Asked, officer: Actor) -> None:
    """Record a sealed reply with its scan."""
    spec = ReportSpec("reply", "关于征求意见的复函", "演示推荐单位", request.consultation.department, pages=1)
    _, pdf = next(make_reports([spec]))
    file = receive(
        actor=officer,
        upload=SimpleUploadedFile("复函.pdf", pdf, "application/pdf"),
        kind=FILE_REPLY,
        accept=["pdf"],
        owner_authority_id=officer.authority_id,
    )
    consulting.record_reply(
        actor=officer,
        consultation_id=request.consultation.pk,
        name="示例·科员",
        opinions=_given(request),
        file_id=file.pk,
    )
