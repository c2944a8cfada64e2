"""Logs: one JSON object a line with time, level, event and the number of the request.

Nothing personal is logged by us: no form values, no names; audit is where people's deeds are kept.
The token of a dated link is a key to the house: it is cut out of every line, ours and the libraries'.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from contextlib import AbstractContextManager
from typing import Any

import structlog
from structlog.typing import Processor

#: What stands where a token stood.
MASK = "<token>"
#: One part of a path as long as a token: 43 characters of `secrets.token_urlsafe(32)`, about 40 of a
#: password reset key. Shorter parts name things and stay readable.
_LONG = re.compile(r"(?:(?<=/)|(?<=%2F))[A-Za-z0-9_-]{38,}(?![A-Za-z0-9_.-])")
#: Hashes are as long and open nothing; the log of a damaged file needs them.
_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def masked(text: str) -> str:
    """Return `text` with each part of a path that may be the token of a link replaced by `<token>`.

    By shape, not by route: a path that matches no route (a slash forgotten, a sub-path) may hold a usable token too.
    """
    return _LONG.sub(lambda found: found[0] if _HASH.fullmatch(found[0]) else MASK, text)


def mask_tokens(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Cut tokens out of every text of a log line: the message, bound values and the trace of an error."""
    for name, value in line.items():
        if isinstance(value, str):
            line[name] = masked(value)
    return line


SHARED: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    mask_tokens,
)


def bound(**values: Any) -> AbstractContextManager[None]:
    """Add `values` to every log line of the block, in this thread."""
    return structlog.contextvars.bound_contextvars(**values)


def configuration(*, style: str, level: str) -> dict[str, Any]:
    """Return Django's LOGGING. `style` is json or plain; `level` the lowest level that is written.

    structlog's own loggers and those of the libraries go through the same formatter to standard error.
    """
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
        if style == "plain"
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": SHARED,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # The request line of the development server and of DisallowedHost says what we say ourselves.
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "level": level, "propagate": True},
            "django.security.DisallowedHost": {"handlers": [], "propagate": False},
            "pikepdf": {"level": "WARNING"},
            "fontTools": {"level": "WARNING"},
            "weasyprint": {"level": "ERROR"},
        },
    }
