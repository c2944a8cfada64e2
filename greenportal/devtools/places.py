"""Where this checkout keeps what it makes, and which ports are its own."""

from __future__ import annotations

import hashlib
import socket
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCAL = ROOT / ".local"
LOGS = LOCAL / "log"
BIN = ROOT / ".venv" / "bin"
FIRST_PORT, PORT_SPAN = 20_000, 10_000


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Tell whether a server could listen on `port` now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def private_port(name: str, *, root: Path = ROOT) -> int:
    """Return a free port of this checkout for `name`.

    Between 20000 and 30099: below the kernel's range for outgoing connections, so that none of those takes it first,
    and never a standard one. The same checkout gets the same port as long as it is free.
    """
    digest = hashlib.sha256(f"{root}:{name}".encode()).digest()
    first = FIRST_PORT + int.from_bytes(digest[:4], "big") % PORT_SPAN
    for port in range(first, first + 100):
        if is_free(port):
            return port
    raise RuntimeError(f"No free port between {first} and {first + 99} for {name}.")
