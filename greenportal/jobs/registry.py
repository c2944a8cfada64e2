"""What jobs exist, when periodic ones are planned, and who may watch a job."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, TypeVar

from greenportal import clock
from greenportal.accounts.actors import Actor

Handler = Callable[..., "dict[str, Any] | None"]
Predicate = Callable[[Actor, int], bool]
Function = TypeVar("Function", bound=Callable[..., Any])
#: A periodic run without `catch_up` is dropped when it would start later than this.
GRACE = timedelta(minutes=15)


class UnknownKind(LookupError):
    """No installed app registered this job kind."""


@dataclass(frozen=True, slots=True)
class JobKind:
    """A registered handler. `handler(ctx, **payload)` may return a JSON-safe result.

    stoppable: people may cancel it; without, it always runs (a check that others rely on).
    """

    kind: str
    handler: Handler
    max_attempts: int
    stoppable: bool = True


@dataclass(frozen=True, slots=True)
class Periodic:
    """A planned function: daily at `hour:minute` Dalian time, or every `every_seconds`."""

    name: str
    function: Callable[[], Any]
    hour: int | None
    minute: int
    every_seconds: int | None
    catch_up: bool
    queue: str

    def planned(self, at: datetime) -> datetime | None:
        """Return the planned instant that `at` falls to, or None when it was missed for good."""
        if self.every_seconds is not None:
            seconds = int(at.timestamp()) // self.every_seconds * self.every_seconds
            return datetime.fromtimestamp(seconds, tz=at.tzinfo)
        day = clock.local(at).date()
        moment = clock.local_instant(day, time(self.hour or 0, self.minute))
        if moment > at:
            moment = clock.local_instant(day - timedelta(days=1), time(self.hour or 0, self.minute))
        return moment if self.catch_up or at - moment <= GRACE else None


_kinds: dict[str, JobKind] = {}
_periodic: dict[str, Periodic] = {}
_predicates: dict[str, Predicate] = {}
_stoppers: dict[str, Predicate] = {}


def job(kind: str, *, max_attempts: int = 5, stoppable: bool = True) -> Callable[[Function], Function]:
    """Register the decorated `handler(ctx: JobContext, **payload) -> dict | None` under `kind`.

    Handlers live in `<app>/tasks.py`. They may run more than once: write through `ctx.fenced()`
    and end with `ctx.finish(...)` inside it, so that effect and end are one transaction.
    `stoppable=False`: nobody may cancel a job of this kind, since others rely on its being done.
    Raises ValueError when the kind is taken by another function.
    """

    def register(handler: Function) -> Function:
        known = _kinds.get(kind)
        if known and known.handler.__qualname__ != handler.__qualname__:
            raise ValueError(f"Job kind {kind!r} is registered twice.")
        _kinds[kind] = JobKind(kind, handler, max_attempts, stoppable)
        return handler

    return register


def periodic(
    name: str,
    *,
    hour: int | None = None,
    minute: int = 0,
    every_seconds: int | None = None,
    catch_up: bool = False,
    queue: str = "fast",
) -> Callable[[Function], Function]:
    """Plan the decorated function without arguments; each planned instant runs once, whoever ticks.

    `hour`/`minute` are Dalian time. `catch_up`: a planned instant that nobody ticked is run later,
    the latest one only, so the function asks the database what is due and not the clock.
    """
    if (hour is None) == (every_seconds is None):
        raise ValueError(f"Periodic {name!r} needs either hour or every_seconds.")

    def register(function: Function) -> Function:
        known = _periodic.get(name)
        if known and known.function.__qualname__ != function.__qualname__:
            raise ValueError(f"Periodic {name!r} is registered twice.")
        _periodic[name] = Periodic(name, function, hour, minute, every_seconds, catch_up, queue)
        return function

    return register


def visible(scope: str, predicate: Predicate, *, may_cancel: Predicate | None = None) -> None:
    """Let `predicate(actor, scope_id)` decide who sees progress of jobs of `scope`.

    may_cancel: who of those may stop one besides the one who asked for it; nobody when left out.
    """
    _predicates[scope] = predicate
    if may_cancel is None:
        _stoppers.pop(scope, None)
    else:
        _stoppers[scope] = may_cancel


def may_see(actor: Actor, scope: str, scope_id: int | None) -> bool:
    """True when the scope is registered and its predicate says yes; nobody else sees."""
    predicate = _predicates.get(scope)
    return predicate is not None and scope_id is not None and predicate(actor, scope_id)


def may_stop(actor: Actor, kind: str, scope: str, scope_id: int | None, *, own: bool) -> bool:
    """True when `actor`, who sees a job of this kind and scope, may stop it. own: the actor asked for it."""
    known = _kinds.get(kind)
    if known is not None and not known.stoppable:
        return False
    predicate = _stoppers.get(scope)
    return own or (predicate is not None and scope_id is not None and predicate(actor, scope_id))


def kind_of(kind: str) -> JobKind:
    """Return the registered kind; raises UnknownKind."""
    try:
        return _kinds[kind]
    except KeyError:
        raise UnknownKind(kind) from None


def kinds() -> frozenset[str]:
    """Return the names of all registered kinds (a test resolves every enqueue by name)."""
    return frozenset(_kinds)


def periodics() -> tuple[Periodic, ...]:
    """Return all planned functions, by name."""
    return tuple(_periodic[name] for name in sorted(_periodic))


def periodic_of(name: str) -> Periodic:
    """Return the planned function `name`; raises UnknownKind."""
    try:
        return _periodic[name]
    except KeyError:
        raise UnknownKind(name) from None
