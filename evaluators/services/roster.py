"""The roster: one person at a time, or an Excel looked through first. Identity numbers never reach the database."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from django.db import IntegrityError, transaction

from evaluators.constants import SCOPE_EVALUATOR
from evaluators.models import Evaluator, StaffMember
from evaluators.rules import may_keep_own
from evaluators.selectors import visible_to
from evaluators.selectors.roster import roster_sheet, staff_visible_to
from greenportal import clock
from greenportal.accounts import identity
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record, record_read
from greenportal.findings.types import Invalid, NotVisible, ReasonRequired, WrongState
from greenportal.rounds.models import Round
from greenportal.rounds.selectors import open_round
from greenportal.sheets import Level, Sheet, validate
from greenportal.sheets.values import normalise

SAME_PERSON = "这个身份证件号码已登记在本机构的名册中，核对是否重复填写。"
NUMBER_ELSEWHERE = "这一项含有身份证件号码。系统不保存身份证件号码，请改填不含号码的内容。"


@dataclass(frozen=True, slots=True)
class StaffFields:
    """What is kept of one person; `field_text` names a field outside the notice's list."""

    name: str
    title: str
    field: str
    full_time: bool
    title_name: str = ""
    field_text: str = ""
    education: str = ""
    major: str = ""
    years: int | None = None
    certificate_no: str = ""


def current_sheet() -> Sheet:
    """Return the roster's columns: those of the open round's rulebook, else of the newest round's."""
    found = open_round() or Round.objects.order_by("-year", "-id").first()
    if found is None:
        raise WrongState("目前没有年度批次。市局启动年度批次后再办理人员名册。")
    return roster_sheet(found.rulebook_key)


def read_row(sheet: Sheet, typed: dict[str, Any]) -> tuple[StaffFields | None, dict[str, list[str]]]:
    """Return the person that `typed` (column → text) describes and messages by column; never with what was typed.

    The identity number is not looked at here. A number that stands in another column is refused: it
    would be stored.
    """
    table = sheet.table("staff")
    row = {c.key: normalise(c, typed.get(c.key, "")) for c in table.columns if c.key != "id_number"}
    errors: dict[str, list[str]] = {}
    for key, value in row.items():
        if isinstance(value, str) and identity.holds_number(value):
            errors.setdefault(key, []).append(NUMBER_ELSEWHERE)
    answers = {"staff": [{"_id": "r", **{k: v for k, v in row.items() if v and k not in errors}}]}
    place = f"{table.label} 第1行 "
    for problem in validate(sheet, answers):
        column = problem.path.rpartition(".")[2]
        if problem.level != Level.SOFT and column not in errors:
            errors.setdefault(column, []).append(f"{problem.message.replace(place, '')}。")
    if not any(row.values()):
        # The sheet's validation passes over rows in which nothing is typed.
        wanted = [c for c in table.columns if str(c.required) == "hard" and not c.show_if]
        errors |= {c.key: [f"填写{c.label}。"] for c in wanted if c.key != "id_number"}
    if errors:
        return None, errors
    years = row.pop("years")
    row["field_text"] = row["field_text"] if row["field"] == "other" else ""
    return StaffFields(full_time=row.pop("full_time") == "yes", years=int(years) if years else None, **row), {}


def prints(id_number: str) -> tuple[str, str]:
    """Return (print, last four) of a typed identity number; two empty texts for none. Invalid when it is none."""
    if not id_number.strip():
        return "", ""
    number = identity.checked(id_number)
    return identity.print_of(number), number[-4:]


def lock_own(actor: Actor, evaluator_id: int) -> Evaluator:
    """Lock and return the actor's own evaluator; foreign and absent answer alike, another role is refused."""
    found = Evaluator.objects.select_for_update(of=("self",), no_key=True).filter(pk=evaluator_id).first()
    if found is None or (not actor.is_city and actor.organisation_id != found.organisation_id):
        raise NotVisible
    may_keep_own(actor, organisation_id=found.organisation_id).require()
    return found


def write_member(
    *,
    actor: Actor,
    evaluator: Evaluator,
    entered: StaffFields,
    id_print: str = "",
    id_tail: str = "",
    before: StaffMember | None = None,
) -> StaffMember:
    """Write one person under the evaluator's lock; `before` is the row that it replaces, which keeps its print.

    The same content again writes nothing. Raises Invalid when the number stands on this roster already.
    """
    now = clock.now()
    if before is not None and not id_print:
        id_print, id_tail = before.id_print, before.id_tail
    if before is not None and same_member(before, entered, id_print):
        return before
    try:
        with transaction.atomic():
            if before is not None:
                before.removed_at, before.removed_by_id = now, actor.user_id
                before.save(update_fields=["removed_at", "removed_by"])
            member = StaffMember.objects.create(
                evaluator=evaluator,
                id_print=id_print,
                id_tail=id_tail,
                replaces=before,
                created_by_id=actor.user_id,
                created_at=now,
                **asdict(entered),
            )
    except IntegrityError as error:
        if "staff_person_once" not in str(error):
            raise
        raise Invalid(SAME_PERSON, errors={"id_number": [SAME_PERSON]}) from error
    _audit(actor, "change_staff" if before else "add_staff", evaluator.pk, staff=member.pk)
    return member


def same_member(before: StaffMember, entered: StaffFields, id_print: str) -> bool:
    """Whether a row says all that was entered, and bears the same print."""
    known = all(getattr(before, f.name) == getattr(entered, f.name) for f in fields(entered))
    return known and before.id_print == id_print


def _audit(actor: Actor, verb: str, evaluator_id: int, **data: Any) -> None:
    # Row ids only: names belong to the roster, not to a trail that is never deleted.
    record(actor=actor, action=f"evaluators.{verb}", target=f"{SCOPE_EVALUATOR}:{evaluator_id}", data=data)


def add_staff(*, actor: Actor, evaluator_id: int, entered: StaffFields, id_number: str = "") -> StaffMember:
    """Put one person on the roster. The number is turned into a print at once and kept nowhere."""
    id_print, id_tail = prints(id_number)
    with transaction.atomic():
        evaluator = lock_own(actor, evaluator_id)
        return write_member(actor=actor, evaluator=evaluator, entered=entered, id_print=id_print, id_tail=id_tail)


def _locked(actor: Actor, staff_id: int) -> tuple[Evaluator, StaffMember]:
    seen = staff_visible_to(actor).filter(pk=staff_id).first()
    if seen is None:
        raise NotVisible
    evaluator = lock_own(actor, seen.evaluator_id)
    row = StaffMember.objects.select_for_update().get(pk=staff_id)
    if row.removed_at is not None:
        raise Invalid("这名人员的信息刚被更新或移出名册，刷新后核对。")
    return evaluator, row


def change_staff(*, actor: Actor, staff_id: int, entered: StaffFields, id_number: str = "") -> StaffMember:
    """Correct what is known of a person; an empty number leaves the print as it is. The former row stays as history."""
    id_print, id_tail = prints(id_number)
    with transaction.atomic():
        evaluator, row = _locked(actor, staff_id)
        return write_member(
            actor=actor, evaluator=evaluator, entered=entered, id_print=id_print, id_tail=id_tail, before=row
        )


def remove_staff(*, actor: Actor, staff_id: int) -> None:
    """Take a person off the roster from now on; what was counted before stays as it was."""
    with transaction.atomic():
        evaluator, row = _locked(actor, staff_id)
        row.removed_at, row.removed_by_id = clock.now(), actor.user_id
        row.save(update_fields=["removed_at", "removed_by"])
        _audit(actor, "remove_staff", evaluator.pk, staff=row.pk)


def unmask(*, actor: Actor, evaluator_id: int, reason: str) -> list[StaffMember]:
    """Return the roster of an evaluator to be shown in full: needs a reason, and the reading is audited.

    For the city and for the evaluator's own administrator. Raises NotVisible, Refused, ReasonRequired.
    """
    evaluator = visible_to(actor).filter(pk=evaluator_id).first()
    if evaluator is None or actor.user_id is None:
        raise NotVisible
    if not actor.is_city:
        may_keep_own(actor, organisation_id=evaluator.organisation_id).require()
    text = " ".join(reason.split())[:300]
    if not text:
        raise ReasonRequired("写明查看完整人员信息的理由。")
    if identity.holds_number(text):
        raise Invalid(NUMBER_ELSEWHERE, errors={"reason": [NUMBER_ELSEWHERE]})
    rows = list(staff_visible_to(actor).filter(evaluator_id=evaluator_id, removed_at=None))
    data = {"reason": text, "rows": len(rows)}
    record_read(actor=actor, target=f"{SCOPE_EVALUATOR}:{evaluator_id}", what="evaluators.roster", data=data)
    return rows
