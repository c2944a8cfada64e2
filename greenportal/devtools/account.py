"""The account under which local servers run, and private folders that it can reach.

PostgreSQL refuses root. No account is created and no folder but our own changes its rights.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CANDIDATES = ("postgres", "nobody")
LONGEST_SOCKET_DIRECTORY = 80  # the kernel's limit is 107 bytes, file name included


@dataclass(frozen=True)
class Account:
    """An account of the machine; `switch` says whether processes must be started as it."""

    name: str
    uid: int
    gid: int
    switch: bool

    def popen_arguments(self) -> dict[str, Any]:
        """Return what `subprocess` needs to start a process as this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switch else {}

    def own(self, path: Path) -> None:
        """Hand `path`, and what is in it, to this account. Only for paths that we made."""
        if not self.switch:
            return
        os.chown(path, self.uid, self.gid)
        if path.is_dir():
            for folder, directories, files in os.walk(path):
                for name in (*directories, *files):
                    os.chown(Path(folder) / name, self.uid, self.gid, follow_symlinks=False)


def service_account() -> Account:
    """Return the present account, or for root the first unprivileged one that exists."""
    if os.geteuid() != 0:
        me = pwd.getpwuid(os.geteuid())
        return Account(me.pw_name, me.pw_uid, me.pw_gid, switch=False)
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, switch=True)
    raise RuntimeError(f"Root may not run PostgreSQL, and none of these accounts exists: {', '.join(CANDIDATES)}.")


def reaches(account: Account, folder: Path) -> bool:
    """Tell whether `account` can pass through `folder` and all its parents."""
    if not account.switch:
        return os.access(folder, os.X_OK)
    done = subprocess.run(["test", "-x", str(folder)], cwd="/", check=False, **account.popen_arguments())
    return done.returncode == 0


def private_home(local: Path, account: Account) -> Path:
    """Return the folder for the servers' data, mode 0700, owned by `account`.

    It is `local/servers`; where the account cannot reach that (a checkout below /root), a private folder
    in the system's temporary directory, remembered in `local/servers.json`.
    """
    local.mkdir(parents=True, exist_ok=True)
    note = local / "servers.json"
    if note.is_file():
        remembered = Path(json.loads(note.read_text(encoding="utf-8"))["home"])
        if remembered.is_dir():
            return remembered
    if reaches(account, local):
        home = local / "servers"
        home.mkdir(mode=0o700, exist_ok=True)
    else:
        home = Path(tempfile.mkdtemp(prefix="greenportal-servers-"))
        note.write_text(json.dumps({"home": str(home)}), encoding="utf-8")
    if account.switch:
        os.chown(home, account.uid, account.gid)
    return home


def socket_directory(home: Path, account: Account) -> Path:
    """Return a private folder for sockets: below `home`, or a short temporary one where that path is too long."""
    folder = home / "socket"
    if len(os.fsencode(folder)) > LONGEST_SOCKET_DIRECTORY:
        folder = Path(tempfile.mkdtemp(prefix="gp-"))
    folder.mkdir(mode=0o700, exist_ok=True)
    account.own(folder)
    return folder


def own_copy(source: Path, target: Path, account: Account) -> Path:
    """Copy a file or tree to `target` once and hand the copy to `account`: a venv below /root cannot be entered."""
    if not target.exists():
        if source.is_dir():
            shutil.copytree(source, target, symlinks=True)
        else:
            shutil.copy2(source, target)
        account.own(target)
    return target
