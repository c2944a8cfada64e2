"""Addresses of the directory."""

from __future__ import annotations

from django.urls import path

from greenportal.directory.views import authorities, industries

app_name = "directory"
urlpatterns = [
    path("authorities/", authorities.index, name="authorities"),
    path("authorities/<int:authority_id>/", authorities.edit, name="authority"),
    path("industries/", industries.index, name="industries"),
    path("industries/search/", industries.search, name="industry_search"),
    path("industries/import/", industries.bring_in, name="import_industries"),
]
