"""The demonstration's clock: October 2022 at the first start, continuous afterwards, off on request."""

import pytest

from greenportal.devtools import demo_clock

OPENING = 1665363600  # 2022-10-10 09:00 in Dalian


def test_first_start_plays_the_morning_of_the_tenth_of_october(tmp_path):
    offset = demo_clock.offset_seconds("demo", tmp_path / "local" / "clock.json", present=1_800_000_000)

    assert 1_800_000_000 + offset == OPENING


def test_later_start_goes_on_where_time_has_come_to(tmp_path):
    note = tmp_path / "clock.json"
    first = demo_clock.offset_seconds("demo", note, present=1_800_000_000)

    assert demo_clock.offset_seconds("demo", note, present=1_800_003_600) == first


def test_reset_starts_the_morning_again(tmp_path):
    note = tmp_path / "clock.json"
    demo_clock.offset_seconds("demo", note, present=1_800_000_000)
    again = demo_clock.offset_seconds("reset", note, present=1_800_003_600)

    assert 1_800_003_600 + again == OPENING
    assert demo_clock.offset_seconds("demo", note, present=1_900_000_000) == again


def test_real_time_leaves_the_note_alone(tmp_path):
    note = tmp_path / "clock.json"

    assert demo_clock.offset_seconds("real", note) == 0
    assert not note.exists()


def test_another_mode_is_refused(tmp_path):
    with pytest.raises(ValueError, match="CLOCK must be one of demo, reset, real, got 'fast'"):
        demo_clock.offset_seconds("fast", tmp_path / "clock.json")


def test_shown_in_dalian_time(monkeypatch):
    monkeypatch.setattr(demo_clock.time, "time", lambda: 1_800_000_000.0)

    assert demo_clock.shown(OPENING - 1_800_000_000) == "2022年10月10日 09:00"
