"""Entry of the jailed child: one JSON request on stdin, JSON lines on stdout.

Limits are set before any parser is imported, by the child on itself.
"""

from __future__ import annotations

import importlib
import json
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from greenportal.files.child.refusal import Refusal


def main() -> None:
    """Serve one request and exit. Exit code 0: an answer was written; anything else: the parser died."""
    request = json.loads(sys.stdin.readline())
    _limit(request["limits"])
    out = sys.stdout
    try:
        for item in _answers(request):
            out.write(json.dumps(item, ensure_ascii=False, separators=(",", ":"), allow_nan=True) + "\n")
        out.write('{"end":true}\n')
    except Refusal as refusal:
        out.write(json.dumps({"refused": refusal.cause, "figures": refusal.figures}) + "\n")
    except MemoryError:
        out.write('{"refused":"too_complex","figures":{}}\n')
    except BaseException as exc:  # noqa: BLE001  parsers leak every class there is; see research 3.5 [M6]
        out.write(json.dumps({"refused": "damaged", "figures": {}, "why": type(exc).__name__}) + "\n")
    out.flush()


def _limit(limits: dict[str, int]) -> None:
    """Bound address space, processor time, files written, and forbid a core dump."""
    resource.setrlimit(resource.RLIMIT_AS, (limits["memory"], limits["memory"]))
    resource.setrlimit(resource.RLIMIT_CPU, (limits["cpu"], limits["cpu"] + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits["file"], limits["file"]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


def _answers(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    path, options = Path(request["path"]), request["options"]
    module = importlib.import_module(f"greenportal.files.child.{request['parser']}")
    if request["parser"] == "pdf":
        cleaned = options.get("cleaned")
        yield {"facts": module.inspect(path, cleaned=Path(cleaned) if cleaned else None)}
    elif request["parser"] == "image":
        yield {"facts": module.inspect(path)}
    elif request["parser"] == "archive":
        module.check(path, options["kind"])
        yield {"facts": {}}
    elif request["parser"] == "codes":
        yield from module.pages(path)
    elif request["action"] == "rows":
        yield from module.rows(path, **options)
    else:
        yield {"facts": module.inspect(path, **options)}
