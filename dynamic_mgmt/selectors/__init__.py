"""Reads of the register."""

from dynamic_mgmt.selectors.facts import ListedFact, register_facts
from dynamic_mgmt.selectors.incidents import IncidentFact, incident_facts
from dynamic_mgmt.selectors.lists import Filters, filtered, visible_to

__all__ = ["Filters", "IncidentFact", "ListedFact", "filtered", "incident_facts", "register_facts", "visible_to"]
