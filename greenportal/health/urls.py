"""Addresses without a trailing slash, as probes expect them."""

from django.urls import path

from greenportal.health import views

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
]
