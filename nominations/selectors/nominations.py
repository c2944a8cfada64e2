"""What an actor may see of nominations, lists, versions, documents and files. Every read starts here."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from greenportal.accounts.actors import Actor
from greenportal.files.models import StoredFile
from greenportal.findings.types import NotVisible
from nominations.constants import FILE_DOCUMENT, FILE_PACKET, FILE_PART, FILE_REPLY, FILE_SCAN
from nominations.models import (
    Consultation,
    Correction,
    ListEntry,
    ListVersion,
    Nomination,
    NominationDocument,
    NominationVersion,
    Packet,
    RecommendationList,
    SealScan,
    StateChange,
    VersionDocument,
)
from nominations.states import PUBLIC_TO_CITY, NominationState


def _sent() -> Q:
    """Nominations the city has received: by state, or withdrawn after it had received them."""
    submitted = StateChange.objects.filter(nomination=OuterRef("pk"), action="submit")
    return Q(state__in=PUBLIC_TO_CITY) | Q(Exists(submitted), state=NominationState.WITHDRAWN)


def visible_to(actor: Actor) -> QuerySet[Nomination]:
    """Return the nominations the actor may see.

    District: its own. Applicant: its organisation's. Evaluator: those that name it. City: from
    submission on, never drafts. System: all (scheduled work). Everybody else: none.
    """
    rows = Nomination.objects.all()
    if actor.is_system:
        return rows
    if actor.is_district and actor.authority_id is not None:
        return rows.filter(authority_id=actor.authority_id)
    if actor.is_applicant and actor.organisation_id is not None:
        return rows.filter(applicant_id=actor.organisation_id)
    if actor.is_evaluator and actor.organisation_id is not None:
        named = Q(evaluator__organisation_id=actor.organisation_id)
        return rows.filter(named).exclude(state=NominationState.WITHDRAWN)
    if actor.is_city:
        return rows.filter(_sent())
    return rows.none()


def get_visible(actor: Actor, nomination_id: int) -> Nomination:
    """Return one visible nomination with its subject, applicant and district; NotVisible otherwise."""
    rows = visible_to(actor).select_related("subject", "applicant", "authority", "industry", "evaluator__organisation")
    found = rows.filter(pk=nomination_id).first()
    if found is None:
        raise NotVisible
    return found


def lists_visible_to(actor: Actor) -> QuerySet[RecommendationList]:
    """Return the recommendation lists the actor may see: the district its own, the city those submitted."""
    rows = RecommendationList.objects.all()
    if actor.is_system:
        return rows
    if actor.is_district and actor.authority_id is not None:
        return rows.filter(authority_id=actor.authority_id)
    if actor.is_city:
        return rows.filter(submission__isnull=False)
    return rows.none()


def list_versions_visible_to(actor: Actor) -> QuerySet[ListVersion]:
    """Return the list versions the actor may see: the city only the one that was submitted."""
    rows = ListVersion.objects.all()
    if actor.is_system:
        return rows
    if actor.is_district and actor.authority_id is not None:
        return rows.filter(list__authority_id=actor.authority_id)
    if actor.is_city:
        return rows.filter(submission__isnull=False)
    return rows.none()


def versions_visible_to(actor: Actor) -> QuerySet[NominationVersion]:
    """Return the frozen versions the actor may see.

    The city sees a version that was on a submitted list, or that answered its own return; a version
    finalised and reopened before submission stays the district's.
    """
    rows = NominationVersion.objects.all()
    if actor.is_system:
        return rows
    if actor.is_district and actor.authority_id is not None:
        return rows.filter(nomination__authority_id=actor.authority_id)
    if actor.is_applicant and actor.organisation_id is not None:
        return rows.filter(nomination__applicant_id=actor.organisation_id)
    if actor.is_city:
        listed = ListEntry.objects.filter(version=OuterRef("pk"), list_version__submission__isnull=False)
        answered = Correction.objects.filter(answered_version=OuterRef("pk"), stage=Correction.Stage.CITY)
        return rows.filter(Exists(listed) | Exists(answered))
    return rows.none()


def documents_visible_to(actor: Actor) -> QuerySet[NominationDocument]:
    """Return the documents the actor may see: the city those inside a version it may see; evaluators none."""
    rows = NominationDocument.objects.all()
    if actor.is_system:
        return rows
    if actor.is_district and actor.authority_id is not None:
        return rows.filter(nomination__authority_id=actor.authority_id)
    if actor.is_applicant and actor.organisation_id is not None:
        return rows.filter(nomination__applicant_id=actor.organisation_id)
    if actor.is_city:
        frozen = VersionDocument.objects.filter(document=OuterRef("pk"), version__in=versions_visible_to(actor))
        return rows.filter(Exists(frozen))
    return rows.none()


def consultations_visible_to(actor: Actor) -> QuerySet[Consultation]:
    """Return the requests for opinion the actor may see: the district its own, the city those of submitted lists."""
    rows = Consultation.objects.all()
    if actor.is_system:
        return rows
    if actor.is_district and actor.authority_id is not None:
        return rows.filter(authority_id=actor.authority_id)
    if actor.is_city:
        sent = RecommendationList.objects.filter(
            round=OuterRef("round"), authority=OuterRef("authority"), submission__isnull=False
        )
        return rows.filter(Exists(sent))
    return rows.none()


def visible_files(actor: Actor, rows: QuerySet[StoredFile]) -> QuerySet[StoredFile]:
    """Filter stored files of our kinds to what the actor may download: the same sight as the rows they hang on."""
    documents = documents_visible_to(actor).values("file_id")
    versions = list_versions_visible_to(actor)
    packets = Packet.objects.filter(list_version__in=versions).values("file_id")
    scans = SealScan.objects.filter(list_version__in=versions).values("file_id")
    replies = consultations_visible_to(actor).exclude(reply_file=None).values("reply_file_id")
    own = Q(pk__in=[])
    if actor.user_id is not None:
        # Just uploaded, not yet attached: only the person who uploaded it, in the place it was uploaded for.
        place = Q(owner_organisation_id=actor.organisation_id, owner_authority_id=actor.authority_id)
        own = Q(uploaded_by_id=actor.user_id) & place
    return rows.filter(
        (Q(kind=FILE_DOCUMENT) & (Q(pk__in=documents) | own))
        | (Q(kind__in=[FILE_PACKET, FILE_PART]) & Q(pk__in=packets))
        | (Q(kind=FILE_SCAN) & (Q(pk__in=scans) | own))
        | (Q(kind=FILE_REPLY) & (Q(pk__in=replies) | own))
    )
