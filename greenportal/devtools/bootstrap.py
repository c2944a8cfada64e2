"""Makes a machine ready: system packages, `.venv`, locked dependencies.

Runs under the system's Python before any dependency exists, so it imports the standard library only
and is started as a file. Usage: `python3 greenportal/devtools/bootstrap.py run|test`.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
INSTALLER = ROOT / ".local" / "installer"
STAMP = VENV / ".greenportal-requirements"
REQUIREMENTS = (ROOT / "requirements.txt", ROOT / "requirements" / "dev.txt")
FONT_DIRECTORIES = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")
BOLD_FONTS = ("NotoSerifCJK-Bold*", "NotoSerifSC-Bold*", "NotoSerifCJKsc-Bold*", "SourceHanSerif*-Bold*")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class Need(NamedTuple):
    """A thing of the operating system: the Debian package that brings it and how to see that it is there."""

    package: str
    present: Callable[[], bool]


def say(text: str) -> None:
    """Print a line of progress at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def stop(text: str) -> NoReturn:
    """Say what the operator must do and end with status 1."""
    sys.stderr.write(f"\n{text}\n")
    raise SystemExit(1)


def library(name: str) -> Callable[[], bool]:
    """Return a test whether the shared library `name` can be loaded."""

    def present() -> bool:
        try:
            ctypes.CDLL(name)
        except OSError:
            return False
        return True

    return present


def program(*names: str) -> Callable[[], bool]:
    """Return a test whether one of the programs is on the PATH."""
    return lambda: any(shutil.which(name) for name in names)


def has_bold_font() -> bool:
    """Tell whether a Song font with a real bold is installed: the red-headed title is never a fake bold."""
    for directory in FONT_DIRECTORIES:
        folder = Path(directory).expanduser()
        if folder.is_dir() and any(next(folder.rglob(pattern), None) for pattern in BOLD_FONTS):
            return True
    return False


def has_venv() -> bool:
    """Tell whether this Python can make virtual environments (Debian splits them off)."""
    return importlib.util.find_spec("ensurepip") is not None and importlib.util.find_spec("venv") is not None


def has_browser() -> bool:
    """Tell whether the browser tests find a Chromium; CHROMIUM names one elsewhere."""
    chosen = os.environ.get("CHROMIUM", "")
    return Path(chosen).is_file() if chosen else program(*BROWSERS)()


def needs(purpose: str) -> list[Need]:
    """Return what `run` or `test` needs of the operating system."""
    wanted = [
        Need("python3-venv", has_venv),
        Need("libpango-1.0-0", library("libpango-1.0.so.0")),
        Need("libpangoft2-1.0-0", library("libpangoft2-1.0.so.0")),
        Need("libharfbuzz-subset0", library("libharfbuzz-subset.so.0")),
        Need("fontconfig", program("fc-match")),
        Need("fonts-noto-cjk", has_bold_font),
    ]
    if purpose == "test":
        wanted += [
            Need("git", program("git")),
            Need("poppler-utils", program("pdftoppm")),
            Need("libatomic1", library("libatomic.so.1")),  # Playwright's driver
            Need("chromium", has_browser),
        ]
    return wanted


def install_command(packages: list[str]) -> str:
    """Return the command that installs `packages`, for people."""
    names = " ".join(packages)
    return f"sudo apt-get update && sudo apt-get install -y --no-install-recommends {names}"


def install_system_packages(purpose: str) -> None:
    """Install the Debian packages that are missing, or say exactly which command would."""
    missing = [need.package for need in needs(purpose) if not need.present()]
    if not missing:
        return
    prefix = privileges()
    if shutil.which("apt-get") is None:
        stop(
            "These parts of the system are missing (Debian names): "
            f"{' '.join(missing)}\nInstall them with your system's package manager, then try again."
        )
    if prefix is None:
        stop(
            f"These system packages are missing, and this account may not install them. Run:\n\n  {install_command(missing)}\n"
        )
    say(f"Installing system packages: {' '.join(missing)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    update = [*prefix, "apt-get", "update", "-qq"]
    install = [*prefix, "apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing]
    for command in (update, install):
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        if done.returncode:
            stop(f"{done.stdout[-2000:]}{done.stderr[-2000:]}\nThis command failed: {shlex.join(command)}")
    left = [need.package for need in needs(purpose) if not need.present()]
    if left == ["python3-venv"]:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        stop(f"{sys.executable} has no venv module. Install python{version}-venv or use PYTHON=/usr/bin/python3.")
    if left:
        stop(f"Installed, yet still not found: {' '.join(left)}")


def privileges() -> list[str] | None:
    """Return the prefix that makes a command privileged, or None where nothing does."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        return None
    if subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0:
        return ["sudo", "-n"]
    if sys.stdin.isatty() and subprocess.run(["sudo", "-v"], check=False).returncode == 0:
        return ["sudo"]
    return None


def fingerprint() -> str:
    """Return the hash of all that decides what `.venv` holds."""
    digest = hashlib.sha256(f"{sys.version_info[:2]}".encode())
    for path in REQUIREMENTS:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def make_venv() -> None:
    """Create `.venv` unless a working one of this Python version is there."""
    python = VENV / "bin" / "python"
    if python.exists():
        probe = subprocess.run(
            [str(python), "-c", "import sys; print(sys.version_info[:2])"], capture_output=True, text=True, check=False
        )
        if probe.stdout.strip() == str(tuple(sys.version_info[:2])):
            return
        say("Replacing .venv: it belongs to another Python")
    run_or_stop([sys.executable, "-m", "venv", "--clear", "--without-pip", str(VENV)])


def run_or_stop(command: list[str], environment: dict[str, str] | None = None) -> None:
    """Run `command`; where it fails, show its output and end."""
    done = subprocess.run(
        command, env=environment, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        stop(f"{done.stdout[-4000:]}{done.stderr[-4000:]}\nThis command failed: {shlex.join(command)}")


def pip_settings() -> dict[str, str]:
    """Return, as uv's variables, the mirror and certificate that this machine's pip is told to use.

    uv reads none of pip's configuration, and many offices reach PyPI only through a mirror named there.
    """
    pip = INSTALLER / "bin" / "pip"
    listed = subprocess.run([str(pip), "config", "list"], capture_output=True, text=True, check=False).stdout
    found: dict[str, str] = {}
    for line in listed.splitlines():
        key, _, value = line.partition("=")
        found[key.split(".")[-1].lstrip(".")] = value.strip("'\"")
    translated = {
        "UV_DEFAULT_INDEX": found.get("index-url", ""),
        "UV_INSECURE_HOST": found.get("trusted-host", ""),
        "SSL_CERT_FILE": found.get("cert", ""),
    }
    return {name: value for name, value in translated.items() if value and name not in os.environ}


def install_dependencies() -> None:
    """Bring `.venv` to exactly the locked packages: with uv, else with plain pip. Hashes are always checked."""
    started = fingerprint()
    if STAMP.exists() and STAMP.read_text(encoding="ascii") == started:
        return
    make_venv()
    say("Installing the locked Python packages into .venv")
    if not install_with_uv():
        say("uv could not do it; using pip, which takes about a minute")
        install_with_pip()
    STAMP.write_text(started, encoding="ascii")


def install_with_uv() -> bool:
    """Install with uv from an environment of its own; False where uv cannot be had or fails."""
    if os.environ.get("GREENPORTAL_INSTALLER") == "pip":
        return False
    uv = INSTALLER / "bin" / "uv"
    if not uv.exists():
        run_or_stop([sys.executable, "-m", "venv", "--clear", str(INSTALLER)])
        pip = [str(INSTALLER / "bin" / "pip"), "install", "-q", "--disable-pip-version-check", "--require-hashes"]
        got = subprocess.run(
            [*pip, "-r", str(ROOT / "requirements" / "bootstrap.txt")],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if got.returncode:
            say(got.stderr.strip()[-500:])
            return False
    environment = {
        **os.environ,
        **pip_settings(),
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_HTTP_TIMEOUT": "180",
        "UV_LINK_MODE": "copy",
    }
    command = [str(uv), "pip", "sync", "-q", "--python", str(VENV / "bin" / "python"), "--require-hashes"]
    done = subprocess.run(
        [*command, *map(str, REQUIREMENTS)],
        env=environment,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        say(done.stderr.strip()[-1500:])
    return done.returncode == 0


def install_with_pip() -> None:
    """Install with the pip that Python brings along."""
    python = str(VENV / "bin" / "python")
    run_or_stop([python, "-m", "ensurepip", "--upgrade"])
    pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes"]
    run_or_stop([*pip, *(part for path in REQUIREMENTS for part in ("-r", str(path)))])


def main() -> None:
    """Make the machine ready for the purpose named on the command line."""
    purpose = sys.argv[1] if len(sys.argv) > 1 else "run"
    if sys.version_info < (3, 11):  # noqa: UP036  (an older Python reads this file to be told so)
        stop(
            f"Python 3.11 or newer is needed; {sys.executable} is {sys.version.split()[0]}.\n"
            "Install one (Ubuntu 22.04: sudo apt-get install -y python3.11 python3.11-venv) and run:\n\n"
            f"  make {purpose} PYTHON=python3.11\n"
        )
    if purpose == "report":
        say(json.dumps({need.package: need.present() for need in needs("test")}, indent=1))
        return
    install_system_packages(purpose)
    install_dependencies()


if __name__ == "__main__":
    main()
