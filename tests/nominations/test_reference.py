from __future__ import annotations

from io import StringIO

from django.conf import settings
from django.core.management import call_command

from dynamic_mgmt.table_states import EXPERIENCE_TRANSITIONS, TABLE_TRANSITIONS
from nominations.selectors.tables import markdown
from nominations.states import LIST_TRANSITIONS, NOMINATION_TRANSITIONS


def test_the_reference_page_says_what_the_tables_say():
    page = settings.BASE_DIR / "docs" / "reference" / "states.md"
    assert page.read_text(encoding="utf-8") == markdown()


def test_the_command_prints_the_same_page():
    out = StringIO()
    call_command("show_states", stdout=out)
    assert out.getvalue().strip() == markdown().strip()


def test_every_move_is_in_the_page():
    text = markdown()
    assert [
        t.action
        for t in (*NOMINATION_TRANSITIONS, *LIST_TRANSITIONS, *TABLE_TRANSITIONS, *EXPERIENCE_TRANSITIONS)
        if f"`{t.action}` {t.label}" not in text
    ] == []
