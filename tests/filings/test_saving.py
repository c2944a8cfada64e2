from __future__ import annotations

import pytest

from greenportal.accounts.actors import Role
from greenportal.audit.models import AuditEntry
from greenportal.filings import services
from greenportal.filings.models import Filing
from greenportal.filings.selectors.reading import forget_sheets
from greenportal.findings.types import Invalid, NotVisible, Refused, Stale
from tests.factories import accounts, filings


def save(filing, actor, changes, *, seen=None, client=""):
    version = filing.version if seen is None else seen
    return services.save(filing_id=filing.pk, seen_version=version, changes=changes, actor=actor, client=client)


def stored(filing):
    return Filing.objects.get(pk=filing.pk)


def test_save_normalises_and_counts_one_version(applicant):
    filing = filings.make_filing(applicant)
    saved = save(filing, applicant, {"name": " 某　厂１ ", "output": "１，２３４.50 吨"})
    assert (saved.filing.answers, saved.filing.version) == ({"name": "某　厂1", "output": "1234.5"}, 2)


def test_save_of_nothing_new_changes_nothing(applicant):
    filing = filings.make_filing(applicant, answers={"name": "甲"})
    before = AuditEntry.objects.count()
    assert save(filing, applicant, {"name": "甲 ", "note": "", "kinds": []}).filing.version == 1
    assert AuditEntry.objects.count() == before


def test_unusable_text_is_stored_as_typed_and_named(applicant):
    filing = filings.make_filing(applicant)
    saved = save(filing, applicant, {"output": "大约一百"})
    assert stored(filing).answers == {"output": "大约一百"}
    assert [(p.path, p.level) for p in saved.problems if p.level == "error"] == [("demo.output", "error")]


def test_another_field_changed_meanwhile_is_merged(applicant):
    filing = filings.make_filing(applicant)
    save(filing, applicant, {"name": "甲"}, seen=1, client="a" * 16)
    save(filing, applicant, {"note": "乙"}, seen=1, client="b" * 16)
    assert stored(filing).answers == {"name": "甲", "note": "乙"}


def test_same_field_changed_by_another_page_is_stale_with_both_texts(applicant):
    filing = filings.make_filing(applicant)
    save(filing, applicant, {"name": "甲"}, seen=1, client="a" * 16)
    with pytest.raises(Stale) as refused:
        save(filing, applicant, {"name": "乙", "note": "丙"}, seen=1, client="b" * 16)
    [conflict] = refused.value.current
    assert (conflict.path, conflict.label, conflict.mine, conflict.theirs, conflict.by) == (
        "name", "名称", "乙", "甲", applicant.name,
    )  # fmt: skip
    assert stored(filing).answers == {"name": "甲"}


def test_same_text_from_two_pages_is_no_conflict(applicant):
    filing = filings.make_filing(applicant)
    save(filing, applicant, {"name": "甲"}, seen=1, client="a" * 16)
    assert save(filing, applicant, {"name": "甲"}, seen=1, client="b" * 16).filing.version == 2


def test_own_earlier_save_never_conflicts_though_its_answer_was_lost(applicant):
    filing = filings.make_filing(applicant)
    save(filing, applicant, {"name": "甲"}, seen=1, client="a" * 16)
    assert save(filing, applicant, {"name": "甲乙"}, seen=1, client="a" * 16).filing.answers == {"name": "甲乙"}


def test_pages_without_a_name_conflict(applicant):
    """Control of the test above: it is the page's name that lets its own save pass."""
    filing = filings.make_filing(applicant)
    save(filing, applicant, {"name": "甲"}, seen=1)
    with pytest.raises(Stale):
        save(filing, applicant, {"name": "甲乙"}, seen=1)


def test_cells_make_rows_keep_ids_and_rows_are_removed(applicant):
    filing = filings.make_filing(applicant)
    save(filing, applicant, {"models[r1].model": "甲"}, seen=1)
    save(filing, applicant, {"models[r2].model": "乙", "models[r2].amount": "三"}, seen=2)
    assert stored(filing).answers["models"] == [
        {"_id": "r1", "model": "甲"},
        {"_id": "r2", "model": "乙", "amount": "3"},
    ]
    save(filing, applicant, {"models[r1]": None}, seen=3)
    assert [row["_id"] for row in stored(filing).answers["models"]] == ["r2"]


def test_cell_of_a_row_that_another_removed_is_stale(applicant):
    filing = filings.make_filing(applicant, answers={"models": [{"_id": "r1", "model": "甲"}]})
    save(filing, applicant, {"models[r1]": None}, client="a" * 16)
    with pytest.raises(Stale):
        save(filing, applicant, {"models[r1].model": "乙"}, seen=1, client="b" * 16)


def test_removing_a_row_that_another_changed_is_stale(applicant):
    filing = filings.make_filing(applicant, answers={"models": [{"_id": "r1", "model": "甲"}]})
    save(filing, applicant, {"models[r1].model": "乙"}, client="a" * 16)
    with pytest.raises(Stale):
        save(filing, applicant, {"models[r1]": None}, seen=1, client="b" * 16)


@pytest.mark.parametrize(
    "path",
    ["unknown", "ratio", "basic[1].text", "basic[9].met", "basic[1]", "models[r1].nothing", "nowhere[r1].x", "a b", ""],
)
def test_path_that_is_not_typed_is_refused(applicant, path):
    filing = filings.make_filing(applicant)
    with pytest.raises(Invalid):
        save(filing, applicant, {path: None if path.endswith("]") else "x"})
    assert stored(filing).answers == {}


def test_locked_filing_is_refused_and_unlocked_is_not(applicant):
    filing = filings.make_filing(applicant)
    assert services.set_locked(filing_ids=[filing.pk], locked=True) == 1
    with pytest.raises(Refused):
        save(filing, applicant, {"name": "甲"})
    assert services.set_locked(filing_ids=[filing.pk], locked=False) == 1
    assert save(filing, applicant, {"name": "甲"}).filing.version == 2


def test_after_closing_the_reason_is_the_owners(applicant, scope):
    filing = filings.make_filing(applicant)
    scope["open"] = False
    with pytest.raises(Refused, match="已过截止时间"):
        save(filing, applicant, {"name": "甲"})


@pytest.mark.parametrize("role", [Role.CITY_REVIEWER, Role.CITY_LEAD, Role.DISTRICT_OFFICER])
def test_city_and_district_never_write_the_applicants_answers(applicant, role):
    filing = filings.make_filing(applicant)
    with pytest.raises(Refused):
        save(filing, accounts.make_actor(role), {"name": "甲"})


def test_foreign_and_absent_filings_answer_alike(db):
    owner = accounts.make_actor(Role.APPLICANT)
    other = accounts.make_actor(Role.APPLICANT)
    with filings.thing_scope(organisation_id=owner.organisation_id):
        filing = filings.make_filing(owner)
        with pytest.raises(NotVisible) as foreign:
            save(filing, other, {"name": "甲"})
        with pytest.raises(NotVisible) as absent:
            services.save(filing_id=filing.pk + 999, seen_version=1, changes={"name": "甲"}, actor=other)
        assert foreign.value.message == absent.value.message
        assert save(filing, owner, {"name": "甲"}).filing.version == 2


def test_save_is_audited_by_places_without_texts(applicant):
    filing = filings.make_filing(applicant)
    save(filing, applicant, {"name": "某某工厂"})
    entry = AuditEntry.objects.filter(action="filings.save").get()
    assert entry.data == {"paths": ["name"], "version": 2}


def test_confirm_needs_everything_hard_and_nothing_unusable(applicant):
    filing = filings.make_filing(applicant, answers={"name": "甲"})
    with pytest.raises(Invalid) as refused:
        services.confirm_section(filing_id=filing.pk, section="identity", done=True, actor=applicant)
    assert refused.value.errors == {"demo.uscc": ["填写统一社会信用代码（18位）"]}
    save(filing, applicant, {"uscc": "91210202MA0TE5T16A"})
    done = services.confirm_section(filing_id=filing.pk, section="identity", done=True, actor=applicant)
    assert done.done_sections == ["identity"]
    undone = services.confirm_section(filing_id=filing.pk, section="identity", done=False, actor=applicant)
    assert undone.done_sections == []


def test_section_waits_for_the_one_before(applicant):
    filing = filings.make_filing(applicant, answers=filings.COMPLETE)
    with pytest.raises(Exception, match="先完成“基本情况”"):
        services.confirm_section(filing_id=filing.pk, section="tables", done=True, actor=applicant)
    services.confirm_section(filing_id=filing.pk, section="identity", done=True, actor=applicant)
    assert services.confirm_section(filing_id=filing.pk, section="tables", done=True, actor=applicant).done_sections == [
        "identity", "tables",
    ]  # fmt: skip


def test_save_costs_a_constant_number_of_queries(applicant, django_assert_num_queries):
    filing = filings.make_filing(applicant)
    save(filing, applicant, {"name": "甲"})
    for changes in ({"name": "乙"}, {"name": "丙", "note": "丁", "output": "1", "used": "2"}):
        with django_assert_num_queries(9):
            services.save(filing_id=filing.pk, seen_version=99, changes=changes, actor=applicant)


@pytest.mark.parametrize("count", [1, 3])
def test_many_filings_are_stored_in_the_same_queries_with_a_trail_each(applicant, count, django_assert_num_queries):
    rows = [filings.make_filing(applicant, scope_id=500 + n) for n in range(count + 1)]
    edits = [services.Edit(row.pk, 1, {"name": f"甲{row.pk}"}) for row in rows]
    forget_sheets()
    with django_assert_num_queries(11):
        assert services.save_all(edits=edits, actor=applicant) == count + 1
    assert [(stored(row).answers["name"], stored(row).version) for row in rows] == [(f"甲{row.pk}", 2) for row in rows]
    trail = AuditEntry.objects.filter(action="filings.save", target__in=[f"filings.filing:{row.pk}" for row in rows])
    assert [entry.data["paths"] for entry in trail] == [["name"]] * (count + 1)
    assert services.save_all(edits=edits, actor=applicant) == 0, "the same again changes nothing"


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda row, who: save(row, who, {"name": "乙"}, client="b" * 16), Stale),
        (lambda row, who: services.set_locked(filing_ids=[row.pk], locked=True), Refused),
        (lambda row, who: Filing.objects.filter(pk=row.pk).delete(), NotVisible),
    ],
)
def test_of_many_filings_all_are_stored_or_none(applicant, spoil, error):
    first, second = (filings.make_filing(applicant, scope_id=500 + n) for n in range(2))
    edits = [services.Edit(row.pk, 1, {"name": "甲"}, owner=f"第{row.scope_id}家") for row in (first, second)]
    spoil(second, applicant)
    with pytest.raises(error) as refused:
        services.save_all(edits=edits, actor=applicant)
    assert stored(first).answers == {}
    if error is Stale:
        assert [conflict.owner for conflict in refused.value.current] == ["第501家"]
