"""Addresses of the register."""

from __future__ import annotations

from django.urls import path

from dynamic_mgmt.views import changes, incidents, lists, matching, register

app_name = "dynamic_mgmt"
urlpatterns = [
    path("", register.index, name="index"),
    path("import/", register.bring_in, name="import"),
    path("<int:unit_id>/", register.detail, name="unit"),
    path("<int:unit_id>/remove/", register.remove, name="remove"),
    path("<int:unit_id>/link/", register.link, name="link"),
    path("removals/<int:proposal_id>/decide/", register.decide, name="decide"),
    path("removals/", register.removals, name="removals"),
    path("import/paste/", lists.paste, name="paste"),
    path("published/", lists.published, name="published"),
    path("matches/", matching.index, name="matches"),
    path("matches/seek/", matching.seek, name="match_seek"),
    path("matches/<int:doubt_id>/", matching.detail, name="match"),
    path("<int:unit_id>/place/", matching.place, name="place"),
    path("<int:unit_id>/change/", changes.propose, name="change_propose"),
    path("changes/", changes.index, name="changes"),
    path("changes/confirm/", changes.confirm_many, name="confirm_changes"),
    path("changes/<int:change_id>/", changes.detail, name="change"),
    path("<int:unit_id>/incident/", incidents.report, name="unit_incident"),
    path("incidents/", incidents.index, name="incidents"),
    path("incidents/report/", incidents.report, name="incident_report"),
    path("incidents/<int:incident_id>/", incidents.detail, name="incident"),
    path("incidents/<int:incident_id>/correct/", incidents.correct, name="incident_correct"),
]
