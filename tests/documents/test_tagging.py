"""Tags of rendered parts survive the merge; uploads get none and leave no key behind."""

from __future__ import annotations

import io

import pikepdf
import pytest

from greenportal.documents import merge, pdf, tagging


def ours(*words):
    body = "".join(
        f"<h1>{w}</h1><p><a href='https://example.com'>{w}</a></p><p class='new-page'>后页</p>" for w in words
    )
    return pdf.render_pdf(f"<html lang='zh-CN'><body class='form'>{body}</body></html>", tagged=True)


def elements(node):
    if isinstance(node, pikepdf.Dictionary):
        if "/S" in node and "/K" in node:
            yield node
        kids = node.get("/K")
        for kid in kids.as_list() if isinstance(kids, pikepdf.Array) else [kids]:
            yield from elements(kid)


def check(document):
    """Every tagged page's key leads to elements of that very page; no other page has a key."""
    root = document.Root.StructTreeRoot
    numbers = root.ParentTree.Nums.as_list()
    tree = {int(key): entry for key, entry in zip(numbers[::2], numbers[1::2], strict=True)}
    assert len(tree) == len(numbers) // 2
    tagged = []
    for index, page in enumerate(document.pages):
        key = page.obj.get("/StructParents")
        if key is None:
            continue
        tagged.append(index)
        entries = [entry for entry in tree[int(key)].as_list() if isinstance(entry, pikepdf.Dictionary)]
        assert {entry.Pg.objgen for entry in entries} == {page.obj.objgen}
    for page in document.pages:
        for note in page.obj.get("/Annots", pikepdf.Array()).as_list():
            if "/StructParent" in note:
                assert tree[int(note.StructParent)].S in {"/Link", "/Span"}
    return tagged


def test_joined_documents_keep_tags_of_both_in_reading_order():
    content = merge.join([ours("甲", "乙"), ours("丙")], title="合")
    with pikepdf.open(io.BytesIO(content)) as document:
        assert check(document) == list(range(len(document.pages)))
        kinds = [str(e.S) for e in elements(document.Root.StructTreeRoot)]
        assert kinds.count("/H1") == 3
        assert str(document.Root.Lang) == "zh-CN"
        assert bool(document.Root.MarkInfo.Marked) is True


def test_merged_file_with_uploads_keeps_our_tags_and_claims_nothing(tmp_path):
    parts = [
        merge.Part("甲", ours("甲"), code="GP1:N:1:1:a"),
        merge.Part("件", ours("丁"), label="A01"),
        merge.Part("乙", ours("乙"), code="GP1:N:2:1:b"),
    ]
    done = merge.merge(parts, output=tmp_path / "x.pdf", stamp=merge.Stamp())
    with pikepdf.open(done.path) as document:
        assert check(document) == [0, 1, 4, 5]
        assert [str(e.S) for e in elements(document.Root.StructTreeRoot)].count("/H1") == 2
        assert "/MarkInfo" not in document.Root
        assert "/Metadata" not in document.Root
    again = merge.merge(parts, output=tmp_path / "y.pdf", stamp=merge.Stamp())
    assert again.sha256 == done.sha256


def test_without_the_shift_of_keys_two_parts_would_share_one(monkeypatch):
    monkeypatch.setattr(tagging, "_marked", lambda pages: [])
    with pikepdf.open(io.BytesIO(merge.join([ours("甲"), ours("丙")]))) as document, pytest.raises(AssertionError):
        check(document)


def test_untagged_documents_stay_untagged(tmp_path):
    plain = pdf.render_pdf("<html><body>x</body></html>")
    with pikepdf.open(io.BytesIO(merge.join([plain, plain]))) as document:
        assert "/StructTreeRoot" not in document.Root
