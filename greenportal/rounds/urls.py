"""Addresses of rounds, under rounds/."""

from django.urls import path

from greenportal.rounds.views import evaluation, leading, reading, standards

app_name = "rounds"
urlpatterns = [
    path("", reading.index, name="index"),
    path("prepare/", leading.prepare, name="prepare"),
    path("evaluation-tables/template/", evaluation.template, name="evaluation_template"),
    path("<int:round_id>/evaluation-tables/", evaluation.tables, name="evaluation_tables"),
    path("standards/template/", standards.template, name="standards_template"),
    path("extensions/<int:extension_id>/revoke/", leading.revoke, name="revoke"),
    path("<int:round_id>/", reading.detail, name="detail"),
    path("<int:round_id>/rulebook/", reading.book, name="rulebook"),
    path("<int:round_id>/revisions/<int:number>/", reading.revision, name="revision"),
    path("<int:round_id>/revise/", leading.revise, name="revise"),
    path("<int:round_id>/open/", leading.open_round, name="open"),
    path("<int:round_id>/close/", leading.close, name="close"),
    path("<int:round_id>/extend/", leading.extend, name="extend"),
    path("<int:round_id>/cut-off/", leading.cut_off, name="cut_off"),
    path("<int:round_id>/standards/", standards.upload, name="standards"),
    path("<int:round_id>/standards/take/", standards.take, name="standards_take"),
]
