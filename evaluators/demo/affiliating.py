"""Two fictional agencies found to be related, with an evidence page that says that it is a demonstration."""

from __future__ import annotations

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.html import escape

from evaluators.constants import FILE_RELATION
from evaluators.models import AffiliateRelation, Evaluator
from evaluators.services import RelationFields, confirm_relation, propose_relation
from greenportal.accounts.actors import Actor
from greenportal.documents.pdf import render_pdf
from greenportal.files.models import StoredFile
from greenportal.files.services import receive


def page(actor: Actor, title: str, *, kind: str) -> StoredFile:
    """Upload one page that bears a title, as the actor."""
    pdf = render_pdf(f"<h1>{escape(title)}</h1><p>演示材料，内容均为虚构。</p>", title=title)
    return receive(
        actor=actor,
        upload=SimpleUploadedFile(f"{title}.pdf", pdf, "application/pdf"),
        kind=kind,
        accept=["pdf"],
        data_class="restricted",
        owner_organisation_id=actor.organisation_id,
    )


def told(first: Evaluator, second: Evaluator, actor: Actor, *, kind: str = "representative") -> AffiliateRelation:
    """Return the relation of two bodies, told with evidence. Safe to repeat."""
    ids = sorted((first.organisation_id, second.organisation_id))
    found = AffiliateRelation.objects.filter(first_id=ids[0], second_id=ids[1], kind=kind).first()
    if found is not None:
        return found
    return propose_relation(
        actor=actor,
        organisation_id=ids[0],
        other_id=ids[1],
        told=RelationFields(kind=kind, basis="演示：国家企业信用信息公示系统查询件"),
        evidence_id=page(actor, "演示关联关系证明", kind=FILE_RELATION).pk,
    )


def related(first: Evaluator, second: Evaluator, actor: Actor) -> AffiliateRelation:
    """Return a relation that the city confirmed. Safe to repeat."""
    relation = told(first, second, actor)
    if relation.state == "proposed":
        return confirm_relation(actor=actor, relation_id=relation.pk)
    return relation
