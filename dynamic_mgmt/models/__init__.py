"""The register of listed units."""

from dynamic_mgmt.models.core import ListedUnit, RemovalProposal, UnitSource
from dynamic_mgmt.models.events import UnitChange, UnitName
from dynamic_mgmt.models.experience import Experience, Statement
from dynamic_mgmt.models.exports import ExportedTable, TableExport
from dynamic_mgmt.models.figures import UnitFigure
from dynamic_mgmt.models.incidents import Incident, IncidentRevision, IncidentStep
from dynamic_mgmt.models.matching import MatchDoubt
from dynamic_mgmt.models.tables import (
    Dispatch,
    DynamicTable,
    ExportMap,
    TableChange,
    TableEvidence,
    TableMark,
    TablePeriod,
    TableReceipt,
    UnitVisit,
)

__all__ = [
    "Dispatch",
    "DynamicTable",
    "Experience",
    "ExportMap",
    "ExportedTable",
    "Incident",
    "IncidentRevision",
    "IncidentStep",
    "ListedUnit",
    "MatchDoubt",
    "RemovalProposal",
    "Statement",
    "TableChange",
    "TableEvidence",
    "TableExport",
    "TableMark",
    "TablePeriod",
    "TableReceipt",
    "UnitChange",
    "UnitFigure",
    "UnitName",
    "UnitSource",
    "UnitVisit",
]
