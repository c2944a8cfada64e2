"""A filing remembers the definition it was filled in under before it followed a newer one."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("filings", "0001_initial")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="filing",
            name="former_sha256",
            field=models.CharField(blank=True, default="", max_length=64),
        ),
    ]
