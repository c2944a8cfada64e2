"""Names that look alike: what a person is asked about, never what a machine decides. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from dynamic_mgmt.naming import name_key

#: Words in which two ways of writing one legal person differ most often.
_FORMS = re.compile(r"(?:股份有限公司|有限责任公司|有限公司|集团公司|总公司|公司|集团|股份|总厂)")
_PLACES = re.compile(r"^(?:中国)?(?:辽宁省?)?(?:大连市?)?")
#: What tells two works of one firm from each other: never taken for a slip of the pen.
_TELLING = re.compile(r"[0-9a-z一二三四五六七八九十甲乙丙丁东南西北中新老上下]")
SHORTEST = 3


def core(name: str) -> str:
    """Return what is left of a name without brackets, legal form and leading place; the key itself if nothing is."""
    key = name_key(name)
    bare = _FORMS.sub("", re.sub(r"[()·\-—]", "", key))
    bare = _PLACES.sub("", bare).replace("大连", "").replace("辽宁", "")
    return bare or key


def _without_one(text: str) -> Iterator[tuple[int, str]]:
    for place in range(len(text)):
        yield place, text[:place] + text[place + 1 :]


def slip(one: str, other: str) -> bool:
    """Return whether two cores differ by one character written wrong, left out or doubled, or by two swapped.

    A difference in a number, letter or direction is no slip: 第一 and 第二 are two works.
    """
    if one == other or abs(len(one) - len(other)) > 1 or min(len(one), len(other)) < SHORTEST:
        return False
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    if len(one) == len(other):
        if one[start + 1 :] == other[start + 1 :]:
            return not (_TELLING.match(one[start]) or _TELLING.match(other[start]))
        swapped = one[start + 1 : start + 2] + one[start] + one[start + 2 :]
        return swapped == other[start:] and not _TELLING.search(one[start : start + 2])
    longer, shorter = (one, other) if len(one) > len(other) else (other, one)
    return longer[start + 1 :] == shorter[start:] and not _TELLING.match(longer[start])


@dataclass(slots=True)
class Index:
    """Names by what they look like; asked for those that another name may be.

    Built once over n names in O(n × length); a question costs O(length), not O(n).
    """

    _cores: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    _parts: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def add(self, number: int, name: str) -> None:
        """Enter a name under its owner's number; an owner may have several names."""
        bare = core(name)
        known = bare in self._cores
        self._cores[bare].add(number)
        if not known and len(bare) >= SHORTEST:
            self._parts[bare].add(bare)
            for _, part in _without_one(bare):
                self._parts[part].add(bare)

    def like(self, name: str) -> dict[int, str]:
        """Return the owners whose name looks like `name`, each with the reason in Chinese."""
        bare = core(name)
        found = dict.fromkeys(self._cores.get(bare, ()), "去掉地名、括号和公司形式后相同")
        near: set[str] = set()
        if len(bare) >= SHORTEST:
            near |= self._parts.get(bare, set())
            for _, part in _without_one(bare):
                near |= self._parts.get(part, set())
        for other in sorted(near):
            if slip(bare, other):
                for number in self._cores[other]:
                    found.setdefault(number, "只差一个字")
        return found


def index_of(names: Iterable[tuple[int, str]]) -> Index:
    """Return an index over (owner's number, name)."""
    index = Index()
    for number, name in names:
        index.add(number, name)
    return index
