"""Addresses of evaluators, by actor."""

from __future__ import annotations

from django.urls import path

from evaluators.views import city, desk, listing, own, papers, registering, reporting, roster

app_name = "evaluators"
urlpatterns = [
    path("", listing.index, name="index"),
    path("new/", listing.create, name="create"),
    path("import/", listing.bring_in, name="import"),
    path("mine/", desk.mine, name="mine"),
    path("mine/years/", desk.over_years, name="years"),
    path("engagements/<int:engagement_id>/lead/", desk.lead, name="lead"),
    path("registrations/", papers.cases, name="cases"),
    path("registrations/begin/", registering.begin, name="case_begin"),
    path("registrations/<int:case_id>/", registering.case, name="case"),
    path("registrations/<int:case_id>/evidence/", registering.evidence, name="evidence"),
    path("registrations/<int:case_id>/remarks/<int:comment_id>/", registering.explain, name="case_explain"),
    path("registrations/<int:case_id>/file/", registering.file, name="case_file"),
    path("registrations/<int:case_id>/take-back/", registering.take_back, name="case_take_back"),
    path("registrations/<int:case_id>/amend/", registering.amend, name="case_amend"),
    path("registrations/<int:case_id>/desk/", registering.desk, name="case_desk"),
    path("registrations/<int:case_id>/return/", registering.send_back, name="case_return"),
    path("registrations/<int:case_id>/acknowledge/", registering.acknowledge, name="case_acknowledge"),
    path("registrations/evidence/<int:evidence_id>/remove/", registering.evidence_remove, name="evidence_remove"),
    path("reports/", reporting.index, name="reports"),
    path("reports/begin/", reporting.begin, name="report_begin"),
    path("reports/<int:report_id>/", reporting.report, name="report"),
    path("reports/<int:report_id>/take-in/", reporting.take_in, name="report_take_in"),
    path("reports/<int:report_id>/file/", reporting.file, name="report_file"),
    path("reports/<int:report_id>/seal/", reporting.seal, name="report_seal"),
    path("reports/<int:report_id>/paper.<slug:form>", reporting.paper, name="report_paper"),
    path("reports/<int:report_id>/desk/", reporting.desk, name="report_desk"),
    path("reports/<int:report_id>/accept/", reporting.accept, name="report_accept"),
    path("reports/<int:report_id>/return/", reporting.send_back, name="report_return"),
    path("<int:evaluator_id>/late/", reporting.late, name="report_late"),
    path("staff/", roster.own, name="staff"),
    path("staff/add/", roster.add, name="staff_add"),
    path("staff/export/", roster.export, name="staff_export"),
    path("staff/import/", roster.bring_in, name="staff_import"),
    path("staff/shared/", roster.shared, name="staff_shared"),
    path("staff/<int:staff_id>/", roster.change, name="staff_change"),
    path("staff/<int:staff_id>/remove/", roster.remove, name="staff_remove"),
    path("<int:evaluator_id>/roster/", roster.of, name="roster"),
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
