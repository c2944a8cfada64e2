"""`manage.py first_account`: the security administrator who invites everybody else."""

from __future__ import annotations

import secrets
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from greenportal.accounts import selectors
from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.models import Membership
from greenportal.accounts.services import create_account, grant_membership
from greenportal.findings.types import DomainError


class Command(BaseCommand):
    """Works once: while nobody is security administrator. The password is shown once and changed at sign-in."""

    help = "Create the first security administrator."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", required=True)
        parser.add_argument("--email", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        actor = Actor.system("首个账户")
        # Letters, a capital, digits and a sign: what the password rules ask for.
        password = f"Gp1-{secrets.token_urlsafe(15)}"
        with transaction.atomic():
            held = Membership.objects.filter(selectors.valid_at(), role=Role.SECURITY_ADMIN, user__is_active=True)
            if held.exists():
                raise CommandError("已有安全管理员，请由其邀请其他人员。")
            try:
                user = create_account(
                    actor=actor,
                    username=options["username"],
                    name=options["name"],
                    email=options["email"],
                    password=password,
                )
                grant_membership(actor=actor, user_id=user.pk, role=Role.SECURITY_ADMIN)
            except DomainError as error:
                raise CommandError(error.message) from error
        self.stdout.write(f"登录名：{user.username}\n一次性密码：{password}\n首次登录须更改密码并登记动态口令。")
