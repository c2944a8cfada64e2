"""Addresses of the register."""

from __future__ import annotations

from django.urls import path

from dynamic_mgmt.views import register

app_name = "dynamic_mgmt"
urlpatterns = [
    path("", register.index, name="index"),
    path("import/", register.bring_in, name="import"),
    path("<int:unit_id>/", register.detail, name="unit"),
    path("<int:unit_id>/remove/", register.remove, name="remove"),
    path("<int:unit_id>/link/", register.link, name="link"),
    path("removals/<int:proposal_id>/decide/", register.decide, name="decide"),
]
