"""Addresses of filings."""

from __future__ import annotations

from django.urls import path

from greenportal.filings.views import autosave, comment, pages, section

app_name = "filings"
urlpatterns = [
    path("<int:filing_id>/", pages.sheet_page, name="sheet"),
    path("<int:filing_id>/check/", pages.check_page, name="check"),
    path("<int:filing_id>/comments/<int:comment_id>/", comment.comment_page, name="comment"),
    path("<int:filing_id>/<slug:section>/", section.section_page, name="section"),
    path("<int:filing_id>/<slug:section>/autosave/", autosave.autosave, name="autosave"),
]
