"""Reads of the trail: for the auditor alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.audit import actions
from greenportal.audit.chain import canonical
from greenportal.audit.models import AuditEntry

HEADINGS = ("时间", "操作人", "身份", "来源地址", "动作", "动作代码", "对象", "结果", "内容", "流", "序号", "摘要")
#: Characters that a spreadsheet takes for the start of a formula (OWASP ASVS 1.2.10).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\0", "＝", "＋", "－", "＠")


def visible_to(actor: Actor) -> QuerySet[AuditEntry]:
    """Return the entries that `actor` may read: all for the auditor, none for anybody else."""
    return AuditEntry.objects.all() if actor.role == Role.AUDITOR else AuditEntry.objects.none()


def entries(
    actor: Actor,
    *,
    person: str = "",
    action: str = "",
    target: str = "",
    result: str = "",
    first: date | None = None,
    last: date | None = None,
) -> QuerySet[AuditEntry]:
    """Return visible entries, newest first, narrowed. `action` is a part of a name or the start of a code."""
    found = visible_to(actor).order_by("-at", "-id")
    if person:
        found = found.filter(Q(actor_name__icontains=person) | (Q(user_id=int(person)) if person.isdecimal() else Q()))
    if action:
        found = found.filter(Q(action__startswith=action) | Q(action__in=actions.codes_named(action)))
    if target:
        found = found.filter(target__startswith=target)
    if result:
        found = found.filter(result=result)
    if first:
        found = found.filter(at__gte=clock.local_instant(first))
    if last:
        found = found.filter(at__lt=clock.local_instant(last + timedelta(days=1)))
    return found


def row_of(entry: AuditEntry) -> list[str]:
    """Return what page and export both show of an entry, in the order of HEADINGS. All text."""
    role = Role(entry.role).label if entry.role in Role.values else entry.role
    return [
        f"{clock.local(entry.at):%Y-%m-%d %H:%M:%S} +08:00",
        entry.actor_name,
        str(role),
        entry.address,
        actions.name_of(entry.action),
        entry.action,
        entry.target,
        entry.get_result_display(),
        canonical(entry.data).decode() if entry.data else "",
        entry.stream,
        str(entry.position),
        entry.digest,
    ]


def csv_rows(found: Iterable[AuditEntry]) -> Iterator[list[str]]:
    """Yield headings, then rows in which a text cell cannot be taken for a formula."""
    yield list(HEADINGS)
    for entry in found:
        yield [neutral(cell) for cell in row_of(entry)]


def neutral(text: str) -> str:
    """Return `text` with an apostrophe before what a spreadsheet would compute. Numbers never come here."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def filters_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the filters that are set, as `entries` takes them."""
    return {name: value for name, value in values.items() if value}
