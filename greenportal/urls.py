"""Addresses of the portal."""

from django.urls import include, path

from greenportal.filings.views import home
from nominations.views import precheck

urlpatterns = [
    path("", home.home, name="home"),
    path("appearance/", home.appearance, name="appearance"),
    path("nominations/", include("nominations.urls")),
    path("directory/", include("greenportal.directory.urls")),
    path("evaluators/", include("evaluators.urls")),
    path("register/", include("dynamic_mgmt.urls")),
    path("files/", include("greenportal.files.urls")),
    path("rounds/", include("greenportal.rounds.urls")),
    path("precheck/", precheck.page, name="precheck"),
    path("precheck/template/", precheck.template, name="precheck_template"),
    path("jobs/", include("greenportal.jobs.urls")),
    path("filings/", include("greenportal.filings.urls")),
    path("", include("greenportal.health.urls")),
    path("accounts/", include("greenportal.accounts.allauth_urls")),
    path("accounts/", include("greenportal.accounts.urls")),
    path("audit/", include("greenportal.audit.urls")),
    path("mail/", include("greenportal.mail.urls")),
]

handler500 = "greenportal.filings.views.home.server_error"
