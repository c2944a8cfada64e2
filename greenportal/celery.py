"""The Celery application: a doorbell for jobs, nothing more."""

import os

from celery import Celery

from greenportal.jobs.conf import celery_settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "greenportal.settings.dev")
app = Celery("greenportal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(celery_settings())
