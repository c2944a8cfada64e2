"""Our system checks, each with the condition that makes it speak."""

import pytest
from django.core.checks import registry
from django.core.management import call_command

from greenportal import checks
from greenportal.documents import fonts, pdf


def ids(messages):
    return [message.id for message in messages]


def test_this_machine_has_library_and_bold_font():
    assert ids([*checks.subset_library(None), *checks.bold_font(None)]) == []


def test_missing_library_is_an_error_that_names_the_package(monkeypatch):
    monkeypatch.setattr(checks, "_library_loads", lambda name: False)

    [message] = checks.subset_library(None)

    assert message.id == "greenportal.E001"
    assert message.hint == "sudo apt-get install -y libharfbuzz-subset0"


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([], ["greenportal.E002"]),
        (["Noto Serif CJK SC|80"], ["greenportal.E002"]),
        (["Noto Sans CJK SC|200"], ["greenportal.E002"]),
        (["Noto Serif CJK SC|200"], []),
        (["Noto Serif SC,Noto Serif SC Bold|[40 210]"], []),
    ],
)
def test_bold_font_must_be_a_song_and_really_bold(monkeypatch, lines, found):
    monkeypatch.setattr(checks, "_font_lines", lambda: lines)

    assert ids(checks.bold_font(None)) == found


def test_the_document_engine_of_this_machine_is_whole():
    assert ids(checks.document_engine(None)) == []


@pytest.mark.parametrize("error", [pdf.SlowSubsetting("没有子集化"), fonts.NoFonts("没有中文字体")])
def test_a_document_engine_that_is_not_whole_is_an_error_with_its_remedy(monkeypatch, error):
    def broken():
        raise error

    monkeypatch.setattr(pdf, "check_engine", broken)

    [message] = checks.document_engine(None)

    assert message.id == "greenportal.E010"
    assert str(error) in message.msg
    assert "fonts-noto-cjk" in message.hint


@pytest.mark.parametrize(
    ("locale", "found"), [("C", ["greenportal.E007"]), ("POSIX", ["greenportal.E007"]), ("C.UTF-8", [])]
)
def test_database_locale(monkeypatch, locale, found):
    class Cursor:
        def __enter__(self):
            return self

        def __exit__(self, *args):
            return None

        def execute(self, statement):
            assert "datctype" in statement

        def fetchone(self):
            return (locale,)

    class Connection:
        cursor = staticmethod(Cursor)

    monkeypatch.setattr(checks, "connections", {"default": Connection})

    assert ids(checks.database_locale(None, databases=["default"])) == found


@pytest.mark.django_db
def test_database_of_the_tests_sees_chinese():
    assert checks.database_locale(None, databases=["default"]) == []
    call_command("check", databases=["default"], fail_level="WARNING")


def test_all_checks_are_registered():
    known = registry.registry.get_checks(include_deployment_checks=True)

    assert [check.__name__ for check in checks.ALL if check not in known] == []
