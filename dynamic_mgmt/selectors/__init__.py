"""Reads of the register."""

from dynamic_mgmt.selectors.facts import ListedFact, register_facts
from dynamic_mgmt.selectors.lists import Filters, filtered, visible_to

__all__ = ["Filters", "ListedFact", "filtered", "register_facts", "visible_to"]
