"""What these tests share."""

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def no_rate_limits_of_other_tests():
    """allauth counts sign-ins per address in the cache; each test starts at nought."""
    cache.clear()
