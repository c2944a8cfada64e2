"""How a person comes to have an account: by invitation only."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.urls import reverse

from greenportal import clock
from greenportal.accounts import rules, selectors
from greenportal.accounts.actors import DISTRICT_ROLES, Actor, Role
from greenportal.accounts.models import DatedLink, Membership, User
from greenportal.accounts.services import links, memberships
from greenportal.audit import services as audit
from greenportal.directory.models import Authority, Organisation, Subject
from greenportal.findings.types import Invalid, NotVisible, Refused, WrongState
from greenportal.mail.services import post

INVITATION_LASTS = timedelta(days=14)
_SCOPE = {"organisation": "directory.organisation", "authority": "directory.authority", "": "accounts.administration"}


def invite(
    *,
    actor: Actor,
    role: Role,
    email: str,
    name: str,
    authority_id: int | None = None,
    organisation_id: int | None = None,
    replaces_membership_id: int | None = None,
) -> tuple[DatedLink, str]:
    """Invite a person by e-mail to act in `role` at that place; return the link and its token, once.

    `replaces_membership_id`: that membership ends when the invitation is accepted (hand-over).
    A district invites only the first handler of an organisation, and only of one that has
    something in the district: otherwise it could make itself a reader of another district's drafts.
    Raises Refused, Invalid (address, name), NotVisible.
    """
    address, person = _checked_contact(email, name)
    rules.may_give(actor, role, authority_id=authority_id, organisation_id=organisation_id).require()
    with transaction.atomic():
        memberships.lock_place(role, authority_id=authority_id, organisation_id=organisation_id)
        if actor.role in DISTRICT_ROLES and organisation_id is not None:
            _district_may_invite(actor, organisation_id)
        if replaces_membership_id is not None:
            _replaceable(actor, replaces_membership_id, role, authority_id, organisation_id)
        kind = "organisation" if organisation_id else "authority" if authority_id else ""
        link, token = links.issue_link(
            actor=actor,
            purpose=DatedLink.Purpose.INVITATION,
            scope=_SCOPE[kind],
            scope_id=organisation_id or authority_id or 0,
            expires_at=clock.now() + INVITATION_LASTS,
            email=address,
            payload={"role": str(role), "name": person, "authority_id": authority_id,
                     "organisation_id": organisation_id, "replaces": replaces_membership_id},
        )  # fmt: skip
        post(
            event=f"accounts.invitation:{link.pk}",
            recipient=address,
            template="invitation",
            context={"name": person, "role": role.label, "place": place_name(authority_id, organisation_id),
                     "path": reverse("accounts:invitation", args=[token]), "until": clock.spoken(link.expires_at),
                     "inviter": actor.name},
        )  # fmt: skip
    return link, token


def accept_invitation(
    *, token: str, password: str = "", username: str = "", phone: str = "", user_id: int | None = None,
    address: str = "",
) -> User:  # fmt: skip
    """Use the invitation up: make the account (or take the signed-in one with that e-mail) and its membership.

    `user_id` is the person signed in, if any: an invitation to an address that has an account is
    accepted only by that account. Raises what `use_link` raises, Refused, Invalid with errors per field.
    """
    with transaction.atomic():
        link = links.use_link(token=token, purpose=DatedLink.Purpose.INVITATION, actor=Actor.anonymous(address))
        payload = link.payload
        role = Role(payload["role"])
        memberships.lock_place(role, authority_id=payload["authority_id"], organisation_id=payload["organisation_id"])
        user = _accepting_user(link, user_id) or _new_user(link, username, password, phone)
        actor = Actor(role=Role.ANONYMOUS, user_id=user.pk, name=user.name, address=address)
        memberships.add(
            actor=actor, user=user, role=role, authority_id=payload["authority_id"],
            organisation_id=payload["organisation_id"], starts_at=clock.now(),
        )  # fmt: skip
        if payload.get("replaces"):
            leaving = Membership.objects.select_for_update().get(pk=payload["replaces"])
            if leaving.ends_at is None or leaving.ends_at > clock.now():
                leaving.ends_at = max(clock.now(), leaving.starts_at)
                leaving.ended_reason = f"移交{user.name}"
                leaving.save(update_fields=["ends_at", "ended_reason"])
                audit.record(actor=actor, action="accounts.end", target=f"accounts.user:{leaving.user_id}",
                             data={"membership": leaving.pk, "replaced_by": user.pk})  # fmt: skip
    return user


def place_name(authority_id: int | None, organisation_id: int | None) -> str:
    """Return the name of the place of a role; empty for administrators. Raises NotVisible."""
    if organisation_id is not None:
        name = Organisation.objects.filter(pk=organisation_id).values_list("name", flat=True).first()
    elif authority_id is not None:
        name = Authority.objects.filter(pk=authority_id).values_list("name", flat=True).first()
    else:
        return ""
    if name is None:
        raise NotVisible("没有找到所选的主管部门或单位，请重新选择。")
    return str(name)


def _checked_contact(email: str, name: str) -> tuple[str, str]:
    errors: dict[str, list[str]] = {}
    address, person = email.strip().lower(), name.strip()
    try:
        validate_email(address)
    except ValidationError:
        errors["email"] = ["填写电子邮箱，例如 name@example.com。"]
    if not 1 <= len(person) <= 40:
        errors["name"] = ["填写姓名（40字以内）。"]
    if errors:
        raise Invalid("邀请没有发出，请修改标出的内容。", errors=errors)
    return address, person


def _district_may_invite(actor: Actor, organisation_id: int) -> None:
    """Refuse a district that has nothing of the organisation, or where somebody already acts for it."""
    districts = set(Subject.objects.filter(organisation_id=organisation_id).values_list("authority_id", flat=True))
    if districts and actor.authority_id not in districts:
        raise NotVisible
    if selectors.handlers_of(organisation_id=organisation_id, roles=[Role.APPLICANT]).exists():
        raise Refused("该单位已有经办人，请由其经办人邀请同事；经办人已离职的，请联系安全管理员办理移交。")


def _replaceable(
    actor: Actor, membership_id: int, role: Role, authority_id: int | None, organisation_id: int | None
) -> None:
    row = Membership.objects.filter(pk=membership_id).first()
    same = row is not None and (row.role, row.authority_id, row.organisation_id) == (
        str(role),
        authority_id,
        organisation_id,
    )
    if row is None or not same:
        raise NotVisible("没有找到要移交的任职，请重新选择。")
    if row.user_id != actor.user_id:
        rules.may_end(actor, user_id=row.user_id, role=role, organisation_id=organisation_id).require()


def _accepting_user(link: DatedLink, user_id: int | None) -> User | None:
    """Return the signed-in account that the invitation is for; None when the address has no account yet."""
    known = User.objects.select_for_update().filter(email__iexact=link.email).first()
    if known is None:
        if user_id is not None:
            raise Refused("您已登录另一个账户。请先退出，再打开邀请链接注册。")
        return None
    if not known.is_active:
        raise WrongState("该邮箱的账户已停用，请联系安全管理员启用后再接受邀请。")
    if user_id != known.pk:
        raise Refused("该邮箱已有账户，请用这个账户登录后，再打开邀请链接确认。")
    return known


def _new_user(link: DatedLink, username: str, password: str, phone: str) -> User:
    """Make the account; raises Invalid with one message per field."""
    errors: dict[str, list[str]] = {}
    login = (username.strip() or link.email).lower()
    person = User(username=login, email=link.email, name=link.payload["name"], phone=phone.strip()[:20])
    try:
        person.clean_fields(exclude=["password"])
    except ValidationError:
        errors["username"] = ["登录名由字母、数字和 @ . + - _ 组成，最多150个字符，请修改。"]
    if User.objects.filter(username__iexact=login).exists():
        errors["username"] = ["这个登录名已被使用，请换一个，或留空以邮箱作为登录名。"]
    try:
        validate_password(password, person)
    except ValidationError as error:
        errors["password"] = list(error.messages)
    if errors:
        raise Invalid("注册没有完成，请修改标出的内容。", errors=errors)
    now = clock.now()
    person.set_password(password)
    person.password_changed_at = person.date_joined = person.last_seen_at = now
    person.save(force_insert=True)
    audit.record(
        actor=Actor(role=Role.ANONYMOUS, user_id=person.pk, name=person.name),
        action="accounts.register",
        target=f"accounts.user:{person.pk}",
        data={"invitation": link.pk, "username": login, "site": settings.SITE_OWNER["name"]},
    )
    return person
