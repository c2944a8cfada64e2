"""What a newcomer gets: commands that exist, no paths of our machines, nothing of third parties."""

from __future__ import annotations

import re
import subprocess

import pytest
from django.core.management import get_commands

from greenportal.devtools.__main__ import COMMANDS
from greenportal.devtools.places import ROOT
from tests.architecture import scan

PAGES = ("README.md", "CONTRIBUTING.md", "docs/howto/deploy.md")
MACHINE_PATHS = re.compile("/" + r"(?:work|root|home/[a-z]+)/(?:main|shared|\.pyenv|\.venv|\.library)\b")


def make_targets() -> set[str]:
    """Return the targets of the Makefile."""
    return set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))


@pytest.mark.parametrize("page", PAGES)
def test_make_commands_of_the_page_exist(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    named = set(re.findall(r"(?:^|`|\$ )make ([a-z0-9-]+)", text, flags=re.MULTILINE))

    assert named - make_targets() == set()


@pytest.mark.parametrize("page", PAGES)
def test_files_that_the_page_links_to_exist(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    linked = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
    folder = (ROOT / page).parent

    assert [target for target in linked if not (folder / target).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_management_commands_of_the_page_exist(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    named = set(re.findall(r"manage\.py ([a-z_]+)", text))

    assert named - set(get_commands()) == set()


def test_readme_names_the_two_commands():
    text = (ROOT / "README.md").read_text(encoding="utf-8")

    assert "make run" in text
    assert "make test" in text


def test_every_make_target_says_what_it_does_and_every_command_has_a_target():
    shown = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    described = set(re.findall(r"^  make ([a-z0-9-]+) +\S", shown, flags=re.MULTILINE))

    assert make_targets() - described == {"python"}
    assert set(COMMANDS) - described == set()


def test_repository_names_no_path_of_a_machine():
    found = [
        path
        for path in scan.tracked()
        if not path.endswith((".png", ".pdf", ".xlsx", ".otf", ".ttf"))
        and MACHINE_PATHS.search((ROOT / path).read_text(encoding="utf-8", errors="ignore"))
    ]

    assert found == []
    assert MACHINE_PATHS.search("/".join(["", "work", "main", "x"])) is not None


def test_repository_holds_no_vendored_assets():
    vendored = [
        path
        for path in scan.tracked()
        if re.search(r"(node_modules|vendor/|\.min\.(js|css)$|(bootstrap|htmx).*\.(js|css)$)", path)
    ]

    assert vendored == []


def test_ci_runs_what_the_readme_tells():
    text = (ROOT / ".ci" / "run").read_text(encoding="utf-8")

    assert re.findall(r"^exec (.+)$", text, flags=re.MULTILINE) == ["make test"]
