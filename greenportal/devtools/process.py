"""Child processes that never outlive us."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from greenportal.devtools.account import Account

PR_SET_PDEATHSIG = 1


def _tied_to_parent(death_signal: int) -> None:
    """In the child: ask Linux for `death_signal` when our parent dies, even by SIGKILL."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)


def spawn(
    command: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str],
    cwd: Path,
    account: Account | None = None,
    death_signal: int = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start `command` in a session of its own, so that Ctrl-C reaches only us and we choose the order of ending."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(env),
            cwd=cwd,
            start_new_session=True,
            preexec_fn=lambda: _tied_to_parent(death_signal),
            **(account.popen_arguments() if account else {}),
        )


def end(process: subprocess.Popen[bytes], *, first: int = signal.SIGTERM, patience: float = 10) -> None:
    """Ask the process to end; after `patience` seconds kill its whole group. Returns when nothing is left."""
    if process.poll() is None:
        process.send_signal(first)
        try:
            process.wait(timeout=patience)
        except subprocess.TimeoutExpired:
            process.kill()
    # Children of the process (prefork workers) share its group.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
