"""`python -m greenportal.devtools COMMAND`: what the Makefile calls."""

from __future__ import annotations

import sys

from greenportal.devtools import portal, upkeep, verify
from greenportal.devtools.console import stop

COMMANDS = {
    "run": portal.run,
    "stop": portal.stop_running,
    "test": verify.everything,
    "check": verify.fast,
    "slow": verify.slow,
    "e2e": verify.browser,
    "battery": verify.battery,
    "bench": upkeep.bench,
    "fonts": upkeep.fonts,
    "packet": upkeep.packet,
    "clean": upkeep.clean,
    "lock": upkeep.lock,
}


def main() -> None:
    """Run the command named on the command line."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in COMMANDS:
        stop(f"Usage: python -m greenportal.devtools {{{'|'.join(COMMANDS)}}}")
    COMMANDS[name]()


if __name__ == "__main__":
    main()
