"""What may be done with people, memberships and links. One verb, one function."""

from greenportal.accounts.services.invitations import accept_invitation, invite
from greenportal.accounts.services.links import issue_link, peek_link, revoke_link, use_link
from greenportal.accounts.services.memberships import (
    delegate,
    end_membership,
    grant_membership,
    hand_over,
)
from greenportal.accounts.services.people import (
    create_account,
    disable_unused,
    disable_user,
    enable_user,
    enrol_second_factor,
    note_password_set,
    note_seen,
    reset_second_factor,
)

__all__ = [
    "accept_invitation",
    "create_account",
    "delegate",
    "disable_unused",
    "disable_user",
    "enable_user",
    "end_membership",
    "enrol_second_factor",
    "grant_membership",
    "hand_over",
    "invite",
    "issue_link",
    "note_password_set",
    "note_seen",
    "peek_link",
    "reset_second_factor",
    "revoke_link",
    "use_link",
]
