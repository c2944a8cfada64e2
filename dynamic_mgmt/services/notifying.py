"""Make a notice to a unit (通知文本). Nothing is sent and no state moves: the office seals and delivers it."""

from __future__ import annotations

from hashlib import sha256

from django.db import transaction

from dynamic_mgmt.models import DynamicTable
from dynamic_mgmt.notices import NoticeKind, NoticeText, may_write
from dynamic_mgmt.packets.notice import notice_docx, notice_pdf
from dynamic_mgmt.selectors.tables import visible_to
from dynamic_mgmt.services.table_moving import clean
from greenportal import clock
from greenportal.accounts.actors import Actor
from greenportal.audit.services import record
from greenportal.documents.fonts import GlyphMissing
from greenportal.findings.types import Invalid, NotVisible

MAKERS = {"docx": notice_docx, "pdf": notice_pdf}


def make_notice(*, actor: Actor, table_id: int, kind: NoticeKind, text: NoticeText, form: str) -> bytes:
    """Return the notice as `docx` or `pdf`; who made it, of which kind, and its hash stand in the audit.

    Raises NotVisible (foreign table, other form), Refused (role, state), Invalid (too long, a glyph that no font has).
    """
    with transaction.atomic():
        table = visible_to(actor).filter(pk=table_id).first()
        if table is None or form not in MAKERS:
            raise NotVisible
        may_write(kind, role=actor.role, state=table.state, decision=table.decision).require()
        checked = NoticeText(
            title=clean(text.title, label="标题", field="title", limit=80),
            addressee=clean(text.addressee, label="主送单位", field="addressee", limit=120),
            body=clean(text.body, label="正文", field="body", limit=4000),
            signed=clean(text.signed, label="落款", field="signed", limit=80),
            day=clean(text.day, label="成文日期", field="day", limit=20),
        )
        try:
            content = MAKERS[form](checked, issued_at=clock.now())
        except GlyphMissing as error:
            raise Invalid(str(error)) from error
        _audit(actor, table, kind, form, content)
    return content


def _audit(actor: Actor, table: DynamicTable, kind: NoticeKind, form: str, content: bytes) -> None:
    data = {"kind": kind.value, "form": form, "sha256": sha256(content).hexdigest(), "state": table.state}
    record(actor=actor, action="dynamic_mgmt.notice", target=f"dynamic_mgmt.dynamic_table:{table.pk}", data=data)
