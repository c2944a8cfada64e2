"""Proofs of a registration may show identity numbers, whatever condition they prove: all are of the restricted class."""

from __future__ import annotations

from typing import ClassVar

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def restrict(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Mark what was uploaded before."""
    files = apps.get_model("files", "StoredFile").objects.filter(kind="evaluators.evidence")
    files.exclude(data_class="restricted").update(data_class="restricted")


class Migration(migrations.Migration):
    dependencies: ClassVar = [("evaluators", "0004_capguard"), ("files", "0001_initial")]
    operations: ClassVar = [migrations.RunPython(restrict, migrations.RunPython.noop)]
