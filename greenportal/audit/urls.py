"""Addresses of the auditor's pages."""

from django.urls import path

from greenportal.audit.views import auditor

app_name = "audit"
urlpatterns = [
    path("", auditor.entries, name="entries"),
    path("export/", auditor.export, name="export"),
    path("verify/", auditor.verify, name="verify"),
]
