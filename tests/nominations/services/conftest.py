"""What tests of verbs begin with."""

from __future__ import annotations

import pytest

from tests.factories import nominations as make


@pytest.fixture
def district(db: None) -> make.District:
    """A district with an officer and a lead, in the open round."""
    return make.make_district()
