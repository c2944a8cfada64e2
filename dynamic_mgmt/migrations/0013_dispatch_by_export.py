from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('dynamic_mgmt', '0012_exports_kept'),
    ]

    operations = [
        migrations.RemoveField(
            model_name='dispatch',
            name='tables',
        ),
    ]
