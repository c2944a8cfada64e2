"""Rows of nominations: what a district proposes."""

from nominations.models.city_lists import CityList, CityListEntry
from nominations.models.consultation import Consultation, ConsultationItem
from nominations.models.lists import (
    DeadlineMark,
    ListEntry,
    ListVersion,
    Packet,
    PacketPart,
    PaperCount,
    RecommendationList,
    SealScan,
    Submission,
)
from nominations.models.nomination import (
    ConfirmedVia,
    Correction,
    Decision,
    Nomination,
    NominationDocument,
    NominationSheet,
    NominationVersion,
    StateChange,
    VersionDocument,
)
from nominations.models.report import ReportStatement

__all__ = [
    "CityList",
    "CityListEntry",
    "ConfirmedVia",
    "Consultation",
    "ConsultationItem",
    "Correction",
    "DeadlineMark",
    "Decision",
    "ListEntry",
    "ListVersion",
    "Nomination",
    "NominationDocument",
    "NominationSheet",
    "NominationVersion",
    "Packet",
    "PacketPart",
    "PaperCount",
    "RecommendationList",
    "ReportStatement",
    "SealScan",
    "StateChange",
    "Submission",
    "VersionDocument",
]
