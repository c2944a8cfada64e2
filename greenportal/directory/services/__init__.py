"""What officers do to the directory: one verb, one function."""

from greenportal.directory.services.authorities import edit_authority
from greenportal.directory.services.industries import apply_industries, ensure_industry, preview_industries
from greenportal.directory.services.loading import load_directory
from greenportal.directory.services.organisations import (
    NameConflict,
    register_organisation,
    register_subject,
    rename_organisation,
)

__all__ = [
    "NameConflict",
    "apply_industries",
    "edit_authority",
    "ensure_industry",
    "load_directory",
    "preview_industries",
    "register_organisation",
    "register_subject",
    "rename_organisation",
]
