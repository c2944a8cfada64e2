"""The budgets of DESIGN §7: sizes, annotations, docstrings, dependencies."""

from __future__ import annotations

import re

from greenportal.devtools.places import ROOT
from tests.architecture import scan
from tests.architecture.scan import Source, offences


def test_functions_are_at_most_60_lines_and_95_of_100_at_most_35():
    lengths = {
        f"{source.path}:{node.lineno} {node.name}": scan.length(node)
        for source in scan.sources()
        for node in scan.functions(source.tree)
    }

    assert {name: lines for name, lines in lengths.items() if lines > 60} == {}
    assert scan.percentile(list(lengths.values()), 0.95) <= 35


def test_modules_are_at_most_500_lines_and_95_of_100_at_most_350():
    lengths = {source.path: len(source.text.splitlines()) for source in scan.sources()}

    assert {path: lines for path, lines in lengths.items() if lines > 500} == {}
    assert scan.percentile(list(lengths.values()), 0.95) <= 350


def test_modules_of_tests_are_at_most_500_lines():
    lengths = {source.path: len(source.text.splitlines()) for source in scan.tests()}

    assert len(lengths) >= 200
    assert {path: lines for path, lines in lengths.items() if lines > 500} == {}


def test_templates_are_at_most_250_lines_and_95_of_100_at_most_120():
    lengths = {source.path: len(source.text.splitlines()) for source in scan.templates()}

    assert {path: lines for path, lines in lengths.items() if lines > 250} == {}
    assert scan.percentile(list(lengths.values()), 0.95) <= 120


def test_percentile_is_the_nearest_rank():
    assert scan.percentile(list(range(1, 101)), 0.95) == 95
    assert scan.percentile([7], 0.95) == 7


def test_public_names_of_the_documented_layers_say_what_they_mean():
    assert offences(scan.undocumented) == []


def test_docstring_scan_sees_a_bare_service_and_passes_private_names():
    planted = "def submit():\n    pass\n\ndef _helper():\n    pass\n"

    assert scan.undocumented(Source("nominations/services/submitting.py", planted)) == ["1 submit"]
    assert scan.undocumented(Source("nominations/views/lead.py", planted)) == []


def test_every_parameter_and_result_is_annotated():
    assert offences(scan.unannotated) == []
    assert scan.unannotated(Source("x.py", "def f(a) -> int: ...")) == ["1 f"]


def direct(name: str) -> list[str]:
    """Return the package names of requirements/<name>.in, extras and versions left out."""
    lines = (ROOT / "requirements" / f"{name}.in").read_text(encoding="utf-8").splitlines()
    return [re.split(r"[\[<>=~! ]", line)[0] for line in lines if line and not line.startswith(("#", "-"))]


def test_direct_dependencies_stay_within_the_budget():
    assert len(direct("runtime")) <= 30
    assert len(direct("dev")) <= 20


def test_every_direct_dependency_has_its_line_of_reason():
    page = (ROOT / "docs" / "reference" / "dependencies.md").read_text(encoding="utf-8")
    reasons = set(re.findall(r"^\| `([a-z0-9-]+)` \| .{10,} \|", page, flags=re.MULTILINE))

    assert reasons == {*direct("runtime"), *direct("dev"), *direct("bootstrap")}


def test_every_locked_package_bears_a_hash():
    for name in ("requirements.txt", "requirements/dev.txt", "requirements/bootstrap.txt"):
        text = (ROOT / name).read_text(encoding="utf-8")
        pins = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
        assert [pin.split("==")[0] for pin in pins if "--hash=sha256:" not in pin] == []
        assert "index-url" not in text and "://" not in text
