from __future__ import annotations

from datetime import timedelta

import pytest

from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.filings.models import Filing
from greenportal.filings.services import save
from greenportal.findings.types import Invalid, NotVisible, Refused, Stale, WindowClosed, WrongState
from greenportal.jobs.models import Job
from nominations.models import Nomination, StateChange
from nominations.selectors.content import contents
from nominations.services import documents, drafting, handing_in
from tests.factories import nominations as make
from tests.factories.accounts import make_actor

pytestmark = pytest.mark.django_db


def digest_of(nomination: Nomination) -> str:
    return contents([nomination.pk])[nomination.pk].digest


def test_handing_in_moves_locks_and_asks_for_a_check(district):
    nomination = make.make_complete(district)
    actor = make.applicant_of(nomination)
    nomination = make.confirm(nomination, actor=actor)
    done = handing_in.hand_in(actor=actor, nomination_id=nomination.pk, seen_version=nomination.version)
    assert done.nomination.state == "handed_in"
    assert done.nomination.handed_in_at == clock.now()
    assert set(Filing.objects.filter(scope_id=nomination.pk).values_list("locked", flat=True)) == {True}
    assert list(StateChange.objects.values_list("action", "source", "target")) == [("hand_in", "draft", "handed_in")]
    assert Job.objects.filter(kind="nominations.recheck", payload__cause="hand_in", state="due").count() == 1


def test_soft_gaps_are_listed_and_do_not_stop(district):
    nomination = make.make_handed_in(district)
    gaps = handing_in.gaps(
        nomination, contents([nomination.pk])[nomination.pk], handing_in.rulebook_at(nomination.round_id)[0]
    )
    assert gaps.hard == ()
    assert {g.path for g in gaps.soft} >= {"document:truth_statement", "document:credit_china"}


def test_hard_gaps_stop_with_one_message_each(district):
    nomination = make.make_draft(district)
    nomination = make.confirm(nomination)
    actor = district.officer
    with pytest.raises(Invalid) as caught:
        handing_in.hand_in(actor=actor, nomination_id=nomination.pk, seen_version=nomination.version)
    assert "document:self_report" in caught.value.errors
    assert "statement.ex1_exists" in caught.value.errors
    nomination.refresh_from_db()
    assert nomination.state == "draft"
    assert set(Filing.objects.filter(scope_id=nomination.pk).values_list("locked", flat=True)) == {False}


def test_without_the_legal_representative_nothing_is_handed_in(district):
    nomination = make.make_complete(district)
    with pytest.raises(Refused, match="请先由法定代表人核对并确认"):
        handing_in.hand_in(actor=district.officer, nomination_id=nomination.pk, seen_version=nomination.version)


def test_an_answer_changed_after_the_confirmation_voids_it(district):
    nomination = make.confirm(make.make_complete(district))
    filing = nomination.sheets.get(sheet_key="factory_basic").filing
    save(filing_id=filing.pk, seen_version=filing.version, changes={"profile": "改过的简介"}, actor=district.officer)
    with pytest.raises(Refused, match="重新核对并确认"):
        handing_in.hand_in(actor=district.officer, nomination_id=nomination.pk, seen_version=nomination.version)


def test_a_document_added_after_the_confirmation_voids_it(district):
    nomination = make.confirm(make.make_complete(district))
    file = make.make_file(district.officer)
    documents.attach(actor=district.officer, nomination_id=nomination.pk, slot="other", file_id=file.pk)
    nomination.refresh_from_db()
    with pytest.raises(Refused, match="重新核对并确认"):
        handing_in.hand_in(actor=district.officer, nomination_id=nomination.pk, seen_version=nomination.version)


def test_the_confirmation_is_of_the_content_that_was_shown(district):
    nomination = make.make_complete(district)
    with pytest.raises(Invalid, match="有改动"):
        handing_in.confirm(
            actor=make.applicant_of(nomination), nomination_id=nomination.pk, seen_sha256="0" * 64, name="张三试"
        )


def test_the_officer_says_where_the_paper_signature_is(district):
    nomination = make.make_complete(district)
    sha = digest_of(nomination)
    with pytest.raises(Invalid, match="填写纸质签字件的存放说明"):
        handing_in.confirm(actor=district.officer, nomination_id=nomination.pk, seen_sha256=sha, name="张三试")
    done = handing_in.confirm(
        actor=district.officer, nomination_id=nomination.pk, seen_sha256=sha, name="张三试", basis="存于3号柜"
    )
    assert (done.confirmed_via, done.confirmed_by_name) == ("paper", "张三试")


def test_a_dated_link_confirms_once(district):
    nomination = make.make_complete(district)
    _, token = handing_in.ask_confirmation(actor=make.applicant_of(nomination), nomination_id=nomination.pk)
    done = handing_in.confirm_by_link(token=token, seen_sha256=digest_of(nomination), name="张三试")
    assert (done.confirmed_via, done.confirmed_sha256) == ("link", digest_of(nomination))
    with pytest.raises(WrongState):
        handing_in.confirm_by_link(token=token, seen_sha256=digest_of(nomination), name="张三试")


def test_a_link_for_other_content_confirms_nothing_and_stays_usable(district):
    nomination = make.make_complete(district)
    actor = make.applicant_of(nomination)
    _, token = handing_in.ask_confirmation(actor=actor, nomination_id=nomination.pk)
    filing = nomination.sheets.get(sheet_key="factory_basic").filing
    save(filing_id=filing.pk, seen_version=filing.version, changes={"profile": "后来改的"}, actor=actor)
    with pytest.raises(Invalid, match="有改动"):
        handing_in.confirm_by_link(token=token, seen_sha256=digest_of(nomination), name="张三试")
    nomination.refresh_from_db()
    assert nomination.confirmed_sha256 == ""


def test_an_expired_link_confirms_nothing(district):
    nomination = make.make_complete(district)
    _, token = handing_in.ask_confirmation(actor=district.officer, nomination_id=nomination.pk)
    with clock.fixed(clock.now() + timedelta(days=8)), pytest.raises(WrongState):
        handing_in.confirm_by_link(token=token, seen_sha256=digest_of(nomination), name="张三试")


def test_taking_back_opens_the_filings_again(district):
    nomination = make.make_handed_in(district)
    actor = make.applicant_of(nomination)
    done = handing_in.take_back(actor=actor, nomination_id=nomination.pk, seen_version=nomination.version)
    assert done.state == "draft"
    assert set(Filing.objects.filter(scope_id=nomination.pk).values_list("locked", flat=True)) == {False}


def test_answers_do_not_change_once_handed_in(district):
    nomination = make.make_handed_in(district)
    filing = nomination.sheets.get(sheet_key="factory_basic").filing
    with pytest.raises(Refused, match="内容已锁定"):
        save(filing_id=filing.pk, seen_version=filing.version, changes={"profile": "x"}, actor=district.officer)


def test_a_form_that_is_behind_is_told_so(district):
    nomination = make.confirm(make.make_complete(district))
    with pytest.raises(Stale) as caught:
        handing_in.hand_in(actor=district.officer, nomination_id=nomination.pk, seen_version=nomination.version - 1)
    assert caught.value.current == nomination.version


@pytest.mark.parametrize(
    "role",
    [Role.DISTRICT_OFFICER, Role.DISTRICT_LEAD, Role.APPLICANT, Role.EVALUATOR, Role.CITY_REVIEWER, Role.AUDITOR],
)
def test_strangers_find_no_nomination(district, role):
    nomination = make.confirm(make.make_complete(district))
    stranger = make_actor(role, authority=make.make_authority("普兰店区") if "district" in role else None)
    with pytest.raises(NotVisible):
        handing_in.hand_in(actor=stranger, nomination_id=nomination.pk, seen_version=nomination.version)


def test_the_districts_own_cut_off_closes_handing_in(district):
    nomination = make.confirm(make.make_complete(district))
    late = clock.local_instant(clock.today().replace(month=10, day=16))
    with clock.fixed(late), pytest.raises(WindowClosed, match="办理期限已过"):
        handing_in.hand_in(actor=district.officer, nomination_id=nomination.pk, seen_version=nomination.version)
    with clock.fixed(late - timedelta(milliseconds=1)):
        done = handing_in.hand_in(actor=district.officer, nomination_id=nomination.pk, seen_version=nomination.version)
    assert done.nomination.state == "handed_in"


def test_one_subject_is_nominated_once_per_category_and_round(district):
    nomination = make.make_draft(district)
    with pytest.raises(Invalid, match="已有申报"):
        make.make_draft(district, subject=nomination.subject)
    assert Nomination.objects.count() == 1


def test_a_firm_has_several_factories(district):
    first = make.make_draft(district)
    second = make.make_subject(first.applicant, district.authority, kind="factory", name="二厂")
    assert make.make_draft(district, subject=second).applicant_id == first.applicant_id


def test_sheets_begin_with_what_the_directory_knows(district):
    nomination = make.make_draft(district)
    answers = nomination.sheets.get(sheet_key="factory_basic").filing.answers
    assert answers["uscc"] == nomination.applicant.uscc
    assert answers["factory_name"] == nomination.subject.name
    assert answers["legal_representative"] == "张三试"


def test_last_years_answers_are_copied_but_not_its_documents(district):
    old = make.make_complete(district, profile="去年的简介")
    drafting.Round.objects.filter(pk=district.round.pk).update(state="closed")
    year = make.open_round_2022()
    new = drafting.copy_last(actor=district.officer, nomination_id=old.pk, round_id=year.pk)
    assert new.copied_from_id == old.pk
    assert new.sheets.get(sheet_key="factory_basic").filing.answers["profile"] == "去年的简介"
    assert (new.documents.count(), new.evaluator_id, new.confirmed_sha256) == (0, None, "")


def test_figures_of_a_year_and_officers_findings_are_not_copied(district):
    old = make.make_draft(district)
    row = {"_id": "r1", "product": "轴承", "unit": "kgce/t", "value": "1.4", "year": "2021", "benchmark_key": "none"}
    entries = [row, {"_id": "r2", "value": "3"}]
    Filing.objects.filter(pk=old.sheets.get(sheet_key="energy").filing_id).update(answers={"entries": entries})
    drafting.Round.objects.filter(pk=district.round.pk).update(state="closed")
    new = drafting.copy_last(actor=district.officer, nomination_id=old.pk, round_id=make.open_round_2022().pk)
    copied = new.sheets.get(sheet_key="energy").filing.answers
    assert copied["entries"] == [{"_id": "r1", "product": "轴承", "unit": "kgce/t"}]


def test_choosing_another_evaluator_withdraws_the_first_engagement(district):
    nomination = make.make_complete(district)
    first = nomination.engagement
    other = make.good_evaluator(district.round)
    done = drafting.choose_evaluator(
        actor=district.officer, nomination_id=nomination.pk, seen_version=nomination.version, evaluator_id=other.pk
    )
    first.refresh_from_db()
    assert first.state == "withdrawn"
    assert done.engagement.evaluator_id == other.pk


def test_nobody_evaluates_himself(district):
    nomination = make.make_draft(district)
    own = make.make_evaluator(organisation=nomination.applicant)
    with pytest.raises(Invalid, match="不能评价自己"):
        drafting.choose_evaluator(
            actor=district.officer, nomination_id=nomination.pk, seen_version=nomination.version, evaluator_id=own.pk
        )


def test_a_product_needs_no_evaluator(district):
    nomination = make.make_draft(district, "product")
    evaluator = make.good_evaluator(district.round)
    with pytest.raises(Invalid, match="不需要第三方评价"):
        drafting.choose_evaluator(
            actor=district.officer,
            nomination_id=nomination.pk,
            seen_version=nomination.version,
            evaluator_id=evaluator.pk,
        )


def test_a_file_of_somebody_else_is_not_attached(district):
    nomination = make.make_draft(district)
    stranger = make_actor(Role.APPLICANT)
    theirs = make.make_file(stranger)
    with pytest.raises(NotVisible):
        documents.attach(actor=district.officer, nomination_id=nomination.pk, slot="other", file_id=theirs.pk)


def test_a_slot_for_one_document_replaces_and_keeps_the_former(district):
    nomination = make.make_draft(district)
    for _ in range(2):
        file = make.make_file(district.officer)
        documents.attach(actor=district.officer, nomination_id=nomination.pk, slot="self_report", file_id=file.pk)
    assert nomination.documents.filter(slot="self_report", removed_at=None).count() == 1
    assert nomination.documents.filter(slot="self_report").count() == 2


def test_evidence_uploaded_once_is_reused_in_another_category(district):
    factory = make.make_complete(district)
    subject = make.make_subject(factory.applicant, district.authority, kind="supply_chain", name="供应链")
    chain = make.make_draft(district, "supply_chain", subject=subject)
    source = factory.documents.first()
    reused = documents.reuse(
        actor=make.applicant_of(factory), nomination_id=chain.pk, slot="other", document_id=source.pk
    )
    assert reused.file_id == source.file_id


def test_evidence_of_another_firm_is_not_reused(district):
    one, two = make.make_complete(district), make.make_draft(district)
    source = one.documents.first()
    with pytest.raises(NotVisible):
        documents.reuse(actor=district.officer, nomination_id=two.pk, slot="other", document_id=source.pk)
