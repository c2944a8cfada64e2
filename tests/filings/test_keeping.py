"""Fields kept for another party: what is sent for them is not stored, the rest is."""

from __future__ import annotations

import copy

import pytest
from django.urls import reverse

from greenportal.accounts.actors import Role
from greenportal.audit.models import AuditEntry
from greenportal.filings import services
from greenportal.filings.models import Filing
from greenportal.sheets import from_json
from tests.factories import accounts, filings

TOLD = "这一项由区市县主管部门填写，您填写的内容没有保存。"
ROWS = {"models": [{"_id": "r1", "model": "甲", "amount": "7"}, {"_id": "r2", "model": "乙"}]}


def kept_sheet():
    raw = copy.deepcopy(filings.definition())
    amount = raw["sections"][2]["tables"][0]["columns"][1]
    note = raw["sections"][0]["fields"][2]
    assert (amount["key"], note["key"]) == ("amount", "note")
    amount["who"] = note["who"] = "district"
    return from_json(raw)


@pytest.fixture
def filing(applicant):
    return filings.make_filing(applicant, sheet=kept_sheet(), answers=ROWS)


def save(filing, actor, changes):
    return services.save(filing_id=filing.pk, seen_version=filing.version, changes=changes, actor=actor)


def stored(filing):
    return Filing.objects.get(pk=filing.pk).answers


def test_anothers_column_is_not_stored_and_the_other_columns_are(filing, applicant):
    saved = save(
        filing, applicant, {"models[r1].amount": "9", "models[r1].model": "丙", "note": "我的", "name": "某厂"}
    )
    assert stored(filing) == {
        "models": [{"_id": "r1", "model": "丙", "amount": "7"}, {"_id": "r2", "model": "乙"}],
        "name": "某厂",
    }
    assert [(p.path, p.label, p.message) for p in saved.problems if p.message == TOLD] == [
        ("demo.models[r1].amount", "产品型号 第1行 数量", TOLD),
        ("demo.note", "说明", TOLD),
    ]
    entry = AuditEntry.objects.get(target=f"filings.filing:{filing.pk}", result="refused")
    assert entry.data["paths"] == ["models[r1].amount", "note"]


def test_the_party_itself_writes_its_column(filing, applicant, scope):
    scope["parties"].add("district")
    saved = save(filing, applicant, {"models[r1].amount": "9", "note": "已核"})
    assert stored(filing)["models"][0]["amount"] == "9"
    assert stored(filing)["note"] == "已核"
    assert TOLD not in {p.message for p in saved.problems}


def test_a_row_with_anothers_answer_stays_and_one_without_goes(filing, applicant):
    saved = save(filing, applicant, {"models[r1]": None, "models[r2]": None})
    assert [row["_id"] for row in stored(filing)["models"]] == ["r1"]
    assert "这一行有区市县主管部门填写的内容，不能删除。请联系其删除。" in {p.message for p in saved.problems}


def test_an_unchanged_value_sent_along_is_no_attempt(filing, applicant):
    saved = save(filing, applicant, {"models[r1].amount": "7", "name": "某厂"})
    assert TOLD not in {p.message for p in saved.problems}
    assert not AuditEntry.objects.filter(result="refused").exists()


@pytest.mark.parametrize(("parties", "typed"), [(set(), False), ({"district"}, True)])
def test_the_page_shows_anothers_column_as_text(client, scope, db, parties, typed):
    owner = accounts.make_user(Role.APPLICANT)
    answers = {**ROWS, "name": "某厂"}
    filing = filings.make_filing(accounts.actor_for(owner), sheet=kept_sheet(), answers=answers)
    Filing.objects.filter(pk=filing.pk).update(done_sections=["identity"])
    scope["parties"] |= parties
    page = accounts.sign_in(client, owner).get(reverse("filings:section", args=[filing.pk, "tables"])).content.decode()
    assert 'name="models__r1__model"' in page
    assert ('name="models__r1__amount"' in page) is typed
    assert "（由主管部门填写）" in page
