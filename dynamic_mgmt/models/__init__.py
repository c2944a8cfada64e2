"""The register of listed units."""

from dynamic_mgmt.models.core import ListedUnit, RemovalProposal
from dynamic_mgmt.models.events import UnitChange, UnitName
from dynamic_mgmt.models.figures import UnitFigure
from dynamic_mgmt.models.incidents import Incident, IncidentRevision, IncidentStep
from dynamic_mgmt.models.matching import MatchDoubt

__all__ = [
    "Incident",
    "IncidentRevision",
    "IncidentStep",
    "ListedUnit",
    "MatchDoubt",
    "RemovalProposal",
    "UnitChange",
    "UnitFigure",
    "UnitName",
]
