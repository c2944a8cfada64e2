"""Addresses of filings."""

from __future__ import annotations

from django.urls import path

from greenportal.filings.views import autosave, comment, pages, section, workbook

app_name = "filings"
urlpatterns = [
    path("<int:filing_id>/", pages.sheet_page, name="sheet"),
    path("<int:filing_id>/check/", pages.check_page, name="check"),
    path("<int:filing_id>/comments/<int:comment_id>/", comment.comment_page, name="comment"),
    path("<int:filing_id>/workbook/", workbook.workbook_page, name="workbook"),
    path("<int:filing_id>/workbook/file/", workbook.workbook_file, name="workbook_file"),
    path("<int:filing_id>/workbook/<uuid:file_id>/", workbook.checked_page, name="workbook_checked"),
    path("<int:filing_id>/workbook/<uuid:file_id>/file/", workbook.annotated_file, name="workbook_annotated"),
    path("<int:filing_id>/<slug:section>/", section.section_page, name="section"),
    path("<int:filing_id>/<slug:section>/autosave/", autosave.autosave, name="autosave"),
]
