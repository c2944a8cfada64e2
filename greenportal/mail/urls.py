"""Addresses of the outbox pages."""

from django.urls import path

from greenportal.mail.views import trouble

app_name = "mail"
urlpatterns = [
    path("", trouble.troubled, name="troubled"),
    path("<int:mail_id>/retry/", trouble.retry, name="retry"),
    path("<int:mail_id>/abandon/", trouble.abandon, name="abandon"),
]
