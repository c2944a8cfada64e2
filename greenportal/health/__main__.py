"""`python -m greenportal.health`: asks the web server of this container, as its health check. Exit status 0 or 1."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request

from greenportal import env


def main() -> int:
    """Return 0 when /readyz answers 200. The Host header is one that the portal accepts."""
    address = f"http://127.0.0.1:{env.integer('PORT', 8000)}/readyz"
    host = env.text("ALLOWED_HOSTS", "localhost").split(",")[0].lstrip(".")
    request = urllib.request.Request(address, headers={"Host": host})
    try:
        with urllib.request.urlopen(request, timeout=3) as answer:  # noqa: S310
            return 0 if answer.status == 200 else 1
    except (urllib.error.URLError, TimeoutError):
        return 1


if __name__ == "__main__":
    sys.exit(main())
