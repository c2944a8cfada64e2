"""Verbs of filings."""

from greenportal.filings.services.commenting import add_comment, answer_comment, current_text
from greenportal.filings.services.freezing import answers_sha256, freeze, set_locked
from greenportal.filings.services.importing import Imported, Preview, apply_workbook, preview, receive_workbook
from greenportal.filings.services.renewing import begin_anew, repin
from greenportal.filings.services.saving import (
    Conflict,
    Edit,
    FormMoved,
    Saved,
    confirm_section,
    require_form,
    save,
    save_all,
)
from greenportal.filings.services.starting import copy_answers, start, start_all, start_many

__all__ = [
    "Conflict",
    "Edit",
    "FormMoved",
    "Imported",
    "Preview",
    "Saved",
    "add_comment",
    "answer_comment",
    "answers_sha256",
    "apply_workbook",
    "begin_anew",
    "confirm_section",
    "copy_answers",
    "current_text",
    "freeze",
    "preview",
    "receive_workbook",
    "repin",
    "require_form",
    "save",
    "save_all",
    "set_locked",
    "start",
    "start_all",
    "start_many",
]
