"""Addresses of evaluators, by actor."""

from __future__ import annotations

from django.urls import path

from evaluators.views import city, listing, own

app_name = "evaluators"
urlpatterns = [
    path("", listing.index, name="index"),
    path("new/", listing.create, name="create"),
    path("import/", listing.bring_in, name="import"),
    path("mine/", own.mine, name="mine"),
    path("<int:evaluator_id>/", city.detail, name="detail"),
    path("<int:evaluator_id>/registration/", city.registration, name="registration"),
    path("<int:evaluator_id>/affiliates/", city.affiliates, name="affiliates"),
    path("<int:evaluator_id>/leave/", city.leave, name="leave"),
    path("<int:evaluator_id>/sanction/", city.sanction, name="sanction"),
    path("sanctions/<int:sanction_id>/second/", city.second, name="second"),
    path("sanctions/<int:sanction_id>/lift/", city.lift, name="lift"),
    path("engagements/<int:engagement_id>/decide/", city.decide, name="decide"),
    path("engagements/<int:engagement_id>/confirm/", own.confirm_engagement, name="confirm"),
    path("engagements/<int:engagement_id>/dispute/", own.dispute_engagement, name="dispute"),
]
