"""Characters that no font has: named while typing, saved all the same."""

from __future__ import annotations

from django.urls import reverse

from greenportal.accounts.actors import Role
from greenportal.filings import services
from greenportal.filings.models import Filing
from greenportal.filings.selectors.glyphs import unprintable
from tests.factories import accounts, filings

RARE = "\ue863"
NAMED = f"“{RARE}”（U+E863）"


def test_each_place_is_named_with_its_characters():
    sheet = filings.demo_sheet()
    answers = {"name": f"大连{RARE}厂", "models": [{"_id": "r1", "model": f"Q{RARE}𠀍"}], "note": "喆堃䶮"}
    assert unprintable(sheet, answers) == [
        ("名称", NAMED),
        ("产品型号 第1行 型号", f"{NAMED}、“𠀍”（U+2000D）"),
    ]
    assert unprintable(sheet, answers, section="identity") == [("名称", NAMED)]


def test_a_hidden_answer_is_never_printed_and_so_never_named():
    sheet = filings.demo_sheet()
    assert unprintable(sheet, {"key_user": "no", "reason": RARE}) == []
    assert unprintable(sheet, {"key_user": "yes", "reason": RARE}) == [("认定理由", NAMED)]


def test_the_page_warns_and_the_text_is_stored(client, scope, db):
    owner = accounts.make_user(Role.APPLICANT)
    actor = accounts.actor_for(owner)
    filing = filings.make_filing(actor)
    signed, url = accounts.sign_in(client, owner), reverse("filings:section", args=[filing.pk, "identity"])
    assert "有打印不出的字" not in signed.get(url).content.decode()
    services.save(filing_id=filing.pk, seen_version=1, changes={"name": f"大连{RARE}厂"}, actor=actor)
    page = signed.get(url).content.decode()
    assert f"“名称”中的{NAMED}，现有字库没有，打印会缺字。" in page
    assert Filing.objects.get(pk=filing.pk).answers == {"name": f"大连{RARE}厂"}
