"""Carries the tags (structure tree) of documents of ours into a file put together from several.

Uploads are bound as they are and get none, so the whole makes no claim to be a tagged PDF: no MarkInfo, no metadata.
A reader still finds headings and tables in the parts that we rendered.
"""

from __future__ import annotations

from collections.abc import Sequence

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf


class Tags:
    """Gathers the structure trees of the parts of one file."""

    def __init__(self, whole: Pdf) -> None:
        self.whole = whole
        self.numbers: list[pikepdf.Object | int] = []
        self.kids: list[pikepdf.Object] = []
        self.spaces: list[pikepdf.Object] = []
        self.next = 0

    def take(self, source: Pdf, *, first: int) -> None:
        """Take over the tags of `source`, whose pages stand in the whole from `first` (0-based); none: drop its marks.

        Call right after its pages were appended, so that the copied tree points at those pages.
        """
        pages = [page.obj for page in list(self.whole.pages)[first : first + len(source.pages)]]
        root = source.Root.get("/StructTreeRoot")
        if root is None or "/ParentTree" not in root or "/Nums" not in root.ParentTree:
            for page in pages:
                untag(page)
            return
        copied = self.whole.copy_foreign(root)
        taken = copied.ParentTree.Nums.as_list()
        for key, entry in zip(taken[::2], taken[1::2], strict=True):
            self.numbers += [int(key) + self.next, entry]
        for holder, name in _marked(pages):
            holder[name] = int(holder[name]) + self.next
        kids = copied.K
        self.kids += kids.as_list() if isinstance(kids, Array) else [kids]
        self.spaces += copied.get("/Namespaces", Array()).as_list()
        self.next += max((int(key) for key in taken[::2]), default=-1) + 1

    def finish(self) -> None:
        """Write the gathered tree into the whole; nothing when no part had tags."""
        if not self.kids:
            return
        root = self.whole.make_indirect(Dictionary(Type=Name.StructTreeRoot))
        for kid in self.kids:
            kid.P = root
        root.K = Array(self.kids)
        root.ParentTree = self.whole.make_indirect(Dictionary(Nums=Array(self.numbers)))
        root.ParentTreeNextKey = self.next
        if self.spaces:
            root.Namespaces = Array(self.spaces)
        self.whole.Root.StructTreeRoot = root


def _marked(pages: Sequence[pikepdf.Object]) -> list[tuple[pikepdf.Object, str]]:
    """Return the places that hold a key of the parent tree: pages and their annotations."""
    found = [(page, "/StructParents") for page in pages if "/StructParents" in page]
    for page in pages:
        annotations = page.get("/Annots")
        if isinstance(annotations, Array):
            found += [(note, "/StructParent") for note in annotations.as_list() if "/StructParent" in note]
    return found


def untag(page: pikepdf.Object) -> None:
    """Take the keys of a parent tree off a page that comes without its tree."""
    for holder, name in _marked([page]):
        del holder[name]
