"""Who may import whom: the contracts hold, and a planted violation of each kind is seen."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from greenportal.devtools.places import BIN, ROOT
from tests.architecture.scan import PACKAGES


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / "lint-imports", "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture(scope="module")
def copied_tree(tmp_path_factory) -> Path:
    """A copy of the packages in which a violation can be planted."""
    folder = tmp_path_factory.mktemp("tree")
    shutil.copy2(ROOT / "pyproject.toml", folder)
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "migrations", "*.json")
        )
    return folder


def test_contracts_hold():
    result = lint_imports(ROOT)

    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("where", "planted", "contract"),
    [
        ("greenportal/jobs", "import nominations.states", "The foundation knows no business app"),
        ("evaluators/services", "import nominations.states", "Apps: nominations stands on evaluators"),
        ("evaluators/selectors", "import dynamic_mgmt.models", "Apps: nominations stands on evaluators"),
        ("nominations/models", "import nominations.services", "Inside each business app"),
        ("greenportal/sheets", "import django.db", "Pure engines know neither database nor request"),
        ("nominations/services", "import celery", "Domain code starts no job runner"),
    ],
)
def test_planted_import_breaks_its_contract(copied_tree, where, planted, contract):
    module = copied_tree / where / "planted.py"
    module.write_text(f"{planted}\n", encoding="utf-8")

    result = lint_imports(copied_tree)

    module.unlink()
    assert result.returncode == 1
    broken = " ".join(result.stdout.split()).partition("Broken contracts")[2]
    assert contract in broken
    assert f"{where.replace('/', '.')}.planted -> {planted.split()[1].split('.')[0]}" in broken


def ruff(folder: Path, path: str, code: str) -> str:
    """Return what ruff says of `code` at `path` under the project's configuration."""
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(code, encoding="utf-8")
    shutil.copy2(ROOT / "pyproject.toml", folder)
    return subprocess.run(
        [BIN / "ruff", "check", "--no-cache", "--output-format", "concise", path],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    ).stdout


@pytest.mark.parametrize(
    "code",
    [
        "from django.utils.timezone import now\n\nprint_now = now\n",
        "from datetime import datetime\n\nmoment = datetime.now()\n",
        "from datetime import date\n\nday = date.today()\n",
        "from django.http import HttpRequest\n\nkind = HttpRequest\n",
        "from django.db.models.signals import post_save\n\nsignal = post_save\n",
    ],
)
def test_ruff_refuses_what_the_house_bans_in_a_service(tmp_path, code):
    assert "TID251" in ruff(tmp_path, "nominations/services/planted.py", code)


def test_ruff_lets_a_view_know_http(tmp_path):
    assert "TID251" not in ruff(
        tmp_path, "nominations/views/planted.py", "from django.http import HttpRequest\n\nkind = HttpRequest\n"
    )
