"""The smaller commands of the Makefile."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from greenportal.devtools import verify
from greenportal.devtools.console import say, stop
from greenportal.devtools.places import BIN, LOCAL, ROOT
from greenportal.devtools.portal import STATE, has_command, stop_running

FANDOL = "texlive-lang-chinese"
FANDOL_FACES = ("FandolFang-Regular.otf", "FandolKai-Regular.otf")


def bench() -> None:
    """Run the measurements of tests/bench on a throwaway database; they print a table and write results.json."""
    with verify.test_environment() as env:
        done = subprocess.run([*verify.tool("python"), "-m", "tests.bench"], cwd=ROOT, env=env, check=False)
    raise SystemExit(done.returncode)


def fonts() -> None:
    """Fetch 仿宋 and 楷体 (Fandol, GPL with font exception) from Debian's package into .local/fonts.

    Needs no root: the package is downloaded and unpacked, not installed. Regular faces only: the bold files claim
    the same weight, so that fontconfig would take them for normal text.
    """
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        stop(f"Debian or Ubuntu is needed. Elsewhere put {' and '.join(FANDOL_FACES)} into {LOCAL / 'fonts'}.")
    target = LOCAL / "fonts"
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        # apt drops its rights to another account, which must be able to write here.
        work.chmod(0o777)
        fetched = subprocess.run(["apt-get", "download", "-q", FANDOL], cwd=work, check=False)
        packages = list(work.glob(f"{FANDOL}_*.deb"))
        if fetched.returncode or not packages:
            stop("The package could not be fetched. Run: sudo apt-get update, then make fonts again.")
        subprocess.run(["dpkg-deb", "--extract", packages[0], work / "unpacked"], check=True)
        for face in FANDOL_FACES:
            found = next((work / "unpacked").rglob(face), None)
            if found is None:
                stop(f"{FANDOL} holds no {face} any more.")
            shutil.copy2(found, target / face)
            say(f"{target / face}")


def packet() -> None:
    """Build the packet of one recommendation list again, in the database of a running `make run`."""
    number = sys.argv[2] if len(sys.argv) > 2 else ""
    if not number.isdigit():
        stop("Which list? make packet ID=1")
    if not STATE.is_file():
        stop("Start the portal first: make run")
    if not has_command("build_packet"):
        stop("manage.py build_packet is not part of this version.")
    env = {**os.environ, **json.loads(STATE.read_text(encoding="utf-8"))["environment"]}
    done = subprocess.run([BIN / "python", "manage.py", "build_packet", number], cwd=ROOT, env=env, check=False)
    raise SystemExit(done.returncode)


def clean() -> None:
    """Remove what this checkout made: data, logs, the servers' folder wherever it lies."""
    stop_running()
    note = LOCAL / "servers.json"
    if note.is_file():
        home = Path(json.loads(note.read_text(encoding="utf-8"))["home"])
        if home.name.startswith("greenportal-servers-"):
            shutil.rmtree(home, ignore_errors=True)
    shutil.rmtree(LOCAL, ignore_errors=True)
    say("Removed .local")


def lock() -> None:
    """Resolve requirements/*.in into hashed files for every platform and Python from 3.11 on."""
    uv = LOCAL / "installer" / "bin" / "uv"
    options = ["pip", "compile", "--universal", "--generate-hashes", "--no-header", "--python-version", "3.11", "-q"]
    for source, target in (
        ("requirements/bootstrap.in", "requirements/bootstrap.txt"),
        ("requirements/runtime.in", "requirements.txt"),
        ("requirements/dev.in", "requirements/dev.txt"),
    ):
        subprocess.run([uv, *options, source, "-o", target], cwd=ROOT, check=True)
        say(target)
