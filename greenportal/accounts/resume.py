"""What was typed outlives the session: a POST that came too late is handed back, signed, in its page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.core import signing
from django.http import HttpRequest

_SALT = "greenportal.accounts.resume"
#: Characters of field names and values that a page carries; beyond it the text is shown for copying.
LIMIT = 400_000
#: How long a page may lie open before its content must be sent, in seconds.
LASTS = 12 * 3600
_NEVER_KEPT = frozenset(
    {"csrfmiddlewaretoken", "password", "password1", "password2", "oldpassword", "again", "code", "id_number"}
)
#: What our forms carry along without anybody having typed it.
_CARRIED = re.compile(r"_.*|version|sha256|rows|batch|file_id|.*-(TOTAL|INITIAL|MIN_NUM|MAX_NUM)_FORMS")


@dataclass(frozen=True, slots=True)
class Packet:
    """A POST that was not carried out.

    path: where it went; fields: names and values in order; user_id: whose session it was, None
    when no session was known; files: names of uploads, which a page cannot carry.
    """

    path: str
    fields: tuple[tuple[str, str], ...]
    user_id: int | None
    files: tuple[str, ...] = ()

    @property
    def typed(self) -> list[tuple[str, str]]:
        """The fields that a person filled in, for reading and copying."""
        return [(name, value) for name, value in self.fields if value and not _CARRIED.fullmatch(name)]

    @property
    def fits(self) -> bool:
        """True when a page can carry it."""
        return sum(len(name) + len(value) for name, value in self.fields) <= LIMIT

    def signed(self) -> str:
        """Return the sealed text for a hidden field; empty when it does not fit."""
        if not self.fits:
            return ""
        return signing.dumps([self.path, self.fields, self.user_id, self.files], salt=_SALT, compress=True)


def packet_of(request: HttpRequest, *, user_id: int | None) -> Packet:
    """Return what `request` carried, without passwords and codes."""
    fields = tuple(
        (name, value)
        for name, values in request.POST.lists()
        if name not in _NEVER_KEPT
        for value in values
        if isinstance(value, str)
    )
    files = tuple(str(upload.name) for _, uploads in request.FILES.lists() for upload in uploads)
    return Packet(request.get_full_path(), fields, user_id, files)


def opened(text: str) -> Packet | None:
    """Return the packet that we signed within the last hours, None for anything else."""
    try:
        path, fields, user_id, files = signing.loads(text, salt=_SALT, max_age=LASTS)
    except signing.BadSignature:
        return None
    return Packet(path, tuple((name, value) for name, value in fields), user_id, tuple(files))


def from_our_page(request: HttpRequest) -> bool:
    """True when the browser says that a page of this site sent the request.

    Used where the CSRF token cannot be asked for, since signing in again changed it.
    """
    source = request.headers.get("Origin") or request.headers.get("Referer") or ""
    parts = urlsplit(source)
    return parts.netloc == request.get_host() and parts.scheme == request.scheme
