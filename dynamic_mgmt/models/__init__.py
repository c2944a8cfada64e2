"""The register of listed units."""

from dynamic_mgmt.models.core import ListedUnit, RemovalProposal

__all__ = ["ListedUnit", "RemovalProposal"]
