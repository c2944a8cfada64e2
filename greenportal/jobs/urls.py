"""Addresses of background jobs."""

from django.urls import path

from greenportal.jobs import views

app_name = "jobs"
urlpatterns = [
    path("stopped/", views.dead, name="dead"),
    path("stopped/<uuid:job_id>/", views.decide, name="decide"),
    path("<uuid:job_id>/", views.progress, name="progress"),
    path("<uuid:job_id>/part/", views.part, name="part"),
    path("<uuid:job_id>/cancel/", views.cancel, name="cancel"),
]
