"""A Redis transport for ringing: each command is tried once.

redis-py tries a dead server again for seconds; a request must not wait for that, and need not:
the sweeper rings again. Workers keep the patient transport of kombu.
"""

from __future__ import annotations

from typing import Any

from kombu.transport import redis as kombu_redis
from redis.backoff import NoBackoff
from redis.retry import Retry


class Channel(kombu_redis.Channel):
    """Opens connections that never repeat a command."""

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        known: dict[str, Any] = super()._connparams(asynchronous=asynchronous)  # type: ignore[misc]  # not in the stubs
        return {**known, "retry": Retry(NoBackoff(), 0)}


class Transport(kombu_redis.Transport):
    """kombu's Redis transport with the impatient channel."""

    Channel = Channel
