from __future__ import annotations

import pytest

from greenportal.accounts.actors import Actor, Role
from greenportal.filings import services
from greenportal.filings.selectors import open_comments, task_status
from greenportal.findings.types import Invalid, NotVisible, ReasonRequired, Refused, WrongState
from tests.factories import accounts, filings


def comment(filing, actor, path="demo.name", **values):
    return services.add_comment(
        scope=filing.scope, scope_id=filing.scope_id, path=path, label="名称", kind="wrong", text="与执照不一致", actor=actor, **values
    )  # fmt: skip


@pytest.fixture
def officer(applicant):
    return accounts.make_actor(Role.DISTRICT_OFFICER)


def test_comment_keeps_what_was_seen_and_turns_the_section_red(applicant, officer):
    filing = filings.make_filing(applicant, answers={"name": "甲"})
    made = comment(filing, officer)
    assert (made.value_seen, made.answer) == ("甲", "open")
    assert list(open_comments(filing.scope, filing.scope_id)) == [made]
    assert next((row.key, str(row.status), row.comments) for row in task_status(filing)) == ("identity", "需修改", 1)


def test_changed_needs_a_change(applicant, officer):
    filing = filings.make_filing(applicant, answers={"name": "甲"})
    made = comment(filing, officer)
    with pytest.raises(Invalid, match="与退回时相同"):
        services.answer_comment(comment_id=made.pk, answer="changed", actor=applicant)
    services.save(filing_id=filing.pk, seen_version=1, changes={"name": "乙"}, actor=applicant)
    assert services.answer_comment(comment_id=made.pk, answer="changed", actor=applicant).answer == "changed"
    assert not open_comments(filing.scope, filing.scope_id).exists()


def test_explained_needs_a_reason(applicant, officer):
    made = comment(filings.make_filing(applicant), officer)
    with pytest.raises(ReasonRequired):
        services.answer_comment(comment_id=made.pk, answer="explained", text="  ", actor=applicant)
    answered = services.answer_comment(comment_id=made.pk, answer="explained", text="执照已变更", actor=applicant)
    assert (answered.answer, answered.answer_text, answered.answered_by_id) == (
        "explained",
        "执照已变更",
        applicant.user_id,
    )


def test_answering_twice_is_refused(applicant, officer):
    made = comment(filings.make_filing(applicant), officer)
    services.answer_comment(comment_id=made.pk, answer="explained", text="理由", actor=applicant)
    with pytest.raises(WrongState):
        services.answer_comment(comment_id=made.pk, answer="explained", text="理由", actor=applicant)


def test_who_may_not_edit_may_not_answer(applicant, officer):
    made = comment(filings.make_filing(applicant), officer)
    with pytest.raises(Refused):
        services.answer_comment(comment_id=made.pk, answer="explained", text="理由", actor=officer)


def test_who_may_not_see_may_not_answer_and_nobody_may_comment(db):
    owner, other = accounts.make_actor(Role.APPLICANT), accounts.make_actor(Role.APPLICANT)
    with filings.thing_scope(organisation_id=owner.organisation_id):
        filing = filings.make_filing(owner)
        made = comment(filing, owner)
        with pytest.raises(NotVisible):
            comment(filing, Actor.anonymous())
        with pytest.raises(NotVisible):
            services.answer_comment(comment_id=made.pk, answer="explained", text="理由", actor=other)


def test_a_comment_on_an_unknown_kind_of_owner_is_refused(applicant, officer):
    with pytest.raises(NotVisible):
        services.add_comment(
            scope="no.such", scope_id=1, path="demo.name", label="名称", kind="wrong", text="意见", actor=officer
        )


@pytest.mark.parametrize(("kind", "text"), [("bad", "意见"), ("wrong", " ")])
def test_comment_needs_kind_and_text(applicant, officer, kind, text):
    filing = filings.make_filing(applicant)
    with pytest.raises(Invalid):
        services.add_comment(
            scope=filing.scope, scope_id=1, path="demo.name", label="名称", kind=kind, text=text, actor=officer
        )


@pytest.mark.parametrize(
    ("path", "seen"),
    [("demo.models[r1].model", "甲"), ("demo.models[r9].model", ""), ("demo.nothing", ""), ("demo.name", "示例单位"),
     ("demo.models[r1]", '{"_id":"r1","model":"甲"}'), ("other.name", "")],
)  # fmt: skip
def test_value_seen_is_read_at_any_path(applicant, officer, path, seen):
    filing = filings.make_filing(applicant, answers=filings.COMPLETE)
    assert comment(filing, officer, path=path).value_seen == seen
