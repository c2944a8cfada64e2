"""The register of listed units."""

from dynamic_mgmt.models.core import ListedUnit, RemovalProposal
from dynamic_mgmt.models.figures import UnitFigure

__all__ = ["ListedUnit", "RemovalProposal", "UnitFigure"]
