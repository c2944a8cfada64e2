"""What is done to the register: one verb, one function."""

from dynamic_mgmt.services.enrolling import EnrolItem, enrol
from dynamic_mgmt.services.importing import ListedPreview, import_listed, preview_listed
from dynamic_mgmt.services.linking import link_unit
from dynamic_mgmt.services.removing import decide_removal, propose_removal

__all__ = [
    "EnrolItem",
    "ListedPreview",
    "decide_removal",
    "enrol",
    "import_listed",
    "link_unit",
    "preview_listed",
    "propose_removal",
]
