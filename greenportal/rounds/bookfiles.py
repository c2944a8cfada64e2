"""Reading a rulebook's folder: TOML files, where each key stands, and what a year inherits.

`tomllib` forgets line numbers, so a second small scanner remembers them: a refusal names file and line.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from greenportal.rounds.booktypes import RulebookError

FOLDER = Path(__file__).resolve().parent / "rulebooks"
KEY = re.compile(r"^[0-9]{4}[a-z0-9-]{0,16}$")
_HEADER = re.compile(r"^\[(\[)?\s*([^\]]+?)\s*\]")
_ASSIGN = re.compile(r"""^("[^"]+"|[A-Za-z0-9_.-]+)\s*=""")
_TOML_PLACE = re.compile(r"\(at line (\d+),")
Places = dict[tuple[str, ...], tuple[str, int]]


@dataclass(frozen=True, slots=True)
class RawBook:
    """The merged tables of a rulebook and where each path stands."""

    tables: dict[str, Any]
    places: Places = field(default_factory=dict)

    def where(self, path: tuple[str, ...]) -> tuple[str, int]:
        """Return file and line of `path`, or of the nearest thing above it."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.places:
                return self.places[path[:length]]
        return next(iter(self.places.values()), ("", 0))


def read(key: str, *, folder: Path | None = None) -> RawBook:
    """Return the raw tables of rulebook `key`, its parent's where it `extends` one; raises RulebookError."""
    return _read(key, folder or FOLDER, ())


def keys(*, folder: Path | None = None) -> list[str]:
    """Return the keys of the rulebooks that are shipped, newest first."""
    return sorted((p.name for p in (folder or FOLDER).iterdir() if KEY.match(p.name) and p.is_dir()), reverse=True)


def _read(key: str, folder: Path, seen: tuple[str, ...]) -> RawBook:
    here = folder / key
    if not KEY.match(key) or not here.is_dir():
        raise RulebookError(key, 0, f"没有规则书“{key}”")
    if key in seen:
        raise RulebookError(key, 0, f"规则书互相继承：{' → '.join((*seen, key))}")
    own = RawBook({}, {})
    for path in sorted(here.glob("*.toml")):
        _add_file(own, path, f"{key}/{path.name}")
    if not own.tables:
        raise RulebookError(key, 0, "规则书里没有 .toml 文件")
    parent = own.tables.get("extends")
    if not parent:
        if "remove" in own.tables:
            raise RulebookError(*own.where(("remove",)), "没有 extends 的规则书不能写 remove")
        return own
    if not isinstance(parent, str):
        raise RulebookError(*own.where(("extends",)), "extends 应为规则书的键")
    return _inherit(_read(parent, folder, (*seen, key)), own)


def _add_file(book: RawBook, path: Path, name: str) -> None:
    text = path.read_text(encoding="utf-8")
    try:
        tables = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        place = _TOML_PLACE.search(str(error))
        line = int(place.group(1)) if place else text.count("\n") + 1
        raise RulebookError(name, line, f"TOML 语法错误：{error}") from error
    places = dict(_places(text, name))
    for top in tables:
        if top in book.tables:
            raise RulebookError(*places.get((top,), (name, 1)), f"“{top}”已写在另一个文件里")
    book.tables.update(tables)
    book.places.update(places)


def _places(text: str, name: str) -> Iterator[tuple[tuple[str, ...], tuple[str, int]]]:
    """Yield (path, (file, line)) for each header and each key that starts a line."""
    prefix: tuple[str, ...] = ()
    counts: dict[tuple[str, ...], int] = {}
    known: set[tuple[str, ...]] = set()
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if header := _HEADER.match(stripped):
            prefix = tuple(part.strip().strip('"') for part in header.group(2).split("."))
            if header.group(1):
                index = counts.get(prefix, 0)
                counts[prefix] = index + 1
                prefix = (*prefix, str(index))
            found = prefix
        elif assign := _ASSIGN.match(stripped):
            found = (*prefix, *(part.strip('"') for part in assign.group(1).split(".")))
        else:
            continue
        for length in range(1, len(found) + 1):
            if found[:length] not in known:
                known.add(found[:length])
                yield found[:length], (name, number)


def _inherit(parent: RawBook, child: RawBook) -> RawBook:
    """Return the parent's tables with the child's over them; `remove` takes paths out first."""
    tables = _copy(parent.tables)
    removals = child.tables.get("remove", [])
    if not isinstance(removals, list) or not all(isinstance(item, str) for item in removals):
        raise RulebookError(*child.where(("remove",)), "remove 应为路径的列表，例如 categories.product")
    for path in removals:
        _remove(tables, path.split("."), child)
    _overlay(tables, {k: v for k, v in child.tables.items() if k != "remove"})
    return RawBook(tables, {**parent.places, **child.places})


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copy(item) for key, item in value.items()}
    return list(value) if isinstance(value, list) else value


def _remove(tables: dict[str, Any], parts: list[str], child: RawBook) -> None:
    at: Any = tables
    for part in parts[:-1]:
        at = at.get(part) if isinstance(at, dict) else None
    if not isinstance(at, dict) or parts[-1] not in at:
        raise RulebookError(*child.where(("remove",)), f"上一级规则书里没有“{'.'.join(parts)}”，不能去掉")
    del at[parts[-1]]


def _overlay(under: dict[str, Any], over: Mapping[str, Any]) -> None:
    for key, value in over.items():
        if isinstance(value, Mapping) and isinstance(under.get(key), dict):
            _overlay(under[key], value)
        else:
            under[key] = value
