#!/usr/bin/env python
"""Entry point of the portal's management commands."""

import os
import sys
from pathlib import Path

from greenportal import env

OWNER_COMMANDS = {"migrate", "grant_app_role", "pgtrigger"}

if __name__ == "__main__":
    env.join_running_portal(Path(__file__).resolve().parent / ".local" / "run.json")
    if set(sys.argv[1:2]) & OWNER_COMMANDS:
        env.connect_as_owner()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "greenportal.settings.dev")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
