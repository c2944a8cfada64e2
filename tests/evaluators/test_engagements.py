"""Claims, the cap, confirmation, disputes and withdrawal."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from evaluators.models import Engagement, Evaluator
from evaluators.navigation import work
from evaluators.selectors.desk import ends_of, projects
from evaluators.selectors.detail import claim_overdue, evaluator_page
from evaluators.services import claim, confirm, counting, decide_dispute, dispute, notifying, withdraw
from evaluators.services.counting import tell_nominations
from evaluators.services.leads import assign_leads
from evaluators.states import COUNTED, EngagementState
from greenportal import clock
from greenportal.accounts.actors import Actor, Role
from greenportal.audit.models import AuditEntry
from greenportal.findings.types import Invalid, NotVisible, Refused, Stale
from greenportal.jobs.models import Job
from greenportal.mail.models import OutboxMail
from greenportal.mail.services import rendered
from greenportal.rounds import services
from greenportal.rounds.models import Round
from tests.factories.accounts import actor_for, make_user, sign_in
from tests.factories.directory import make_authority, make_organisation, make_subject
from tests.factories.evaluators import group_of, join, make_engagement, make_evaluator, make_registration
from tests.factories.rounds import DURING, make_lead, open_round_2022, prepare_round_2022

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("试验")
S = EngagementState


def fill(evaluator: Evaluator, round_: Round, count: int, **values: Any) -> list[Engagement]:
    return [
        claim(
            actor=SYSTEM,
            evaluator_id=evaluator.pk,
            round_id=round_.pk,
            subject_id=make_subject().pk,
            category="factory",
            **values,
        )
        for _ in range(count)
    ]


def numbers(evaluator: Evaluator, round_: Round) -> list[tuple[int | None, bool]]:
    rows = Engagement.objects.filter(group=group_of(evaluator), round=round_, state__in=COUNTED)
    return list(rows.order_by("id").values_list("ordinal", "over_cap"))


def as_evaluator(evaluator: Evaluator, role: Role = Role.EVALUATOR_ADMIN) -> Actor:
    return Actor(role=role, organisation_id=evaluator.organisation_id)


def test_sixteenth_claim_is_flagged_and_the_fifteenth_is_not(round_2022):
    evaluator = make_evaluator()
    fill(evaluator, round_2022, 16)
    assert numbers(evaluator, round_2022) == [(n, n > 15) for n in range(1, 17)]


def test_cap_may_be_passed_by_the_caller(round_2022):
    evaluator = make_evaluator()
    fill(evaluator, round_2022, 3, cap=2)
    assert numbers(evaluator, round_2022) == [(1, False), (2, False), (3, True)]


def test_affiliates_count_together(round_2022):
    first = make_evaluator()
    second = make_evaluator(group=group_of(first))
    fill(first, round_2022, 2, cap=2)
    fill(second, round_2022, 1, cap=2)
    assert numbers(first, round_2022) == [(1, False), (2, False), (3, True)]


def test_other_round_and_other_group_count_apart(round_2022):
    Round.objects.filter(pk=round_2022.pk).update(year=2021)
    other_round = open_round_2022()
    evaluator, stranger = make_evaluator(), make_evaluator()
    fill(evaluator, other_round, 2, cap=2)
    fill(stranger, round_2022, 2, cap=2)
    fill(evaluator, round_2022, 1, cap=2)
    assert numbers(evaluator, round_2022) == [(1, False)]


def test_same_claim_again_is_the_same_row(round_2022):
    evaluator, subject = make_evaluator(), make_subject()
    values = {"evaluator_id": evaluator.pk, "round_id": round_2022.pk, "subject_id": subject.pk, "category": "factory"}
    assert claim(actor=SYSTEM, **values) == claim(actor=SYSTEM, **values)
    assert Engagement.objects.count() == 1


def test_second_evaluator_for_a_claimed_subject_is_refused(round_2022):
    subject = make_subject()
    values = {"round_id": round_2022.pk, "subject_id": subject.pk, "category": "factory"}
    claim(actor=SYSTEM, evaluator_id=make_evaluator().pk, **values)
    with pytest.raises(Invalid) as caught:
        claim(actor=SYSTEM, evaluator_id=make_evaluator().pk, **values)
    assert caught.value.message == "这一申报已登记评价机构。需要更换的，先撤回原评价项目。"


def test_design_product_has_no_evaluator(round_2022):
    with pytest.raises(Invalid, match="绿色设计产品不需要第三方评价"):
        claim(
            actor=SYSTEM,
            evaluator_id=make_evaluator().pk,
            round_id=round_2022.pk,
            subject_id=make_subject(kind="product").pk,
            category="product",
        )


def test_unknown_evaluator_or_subject_is_not_visible(round_2022):
    with pytest.raises(NotVisible):
        claim(actor=SYSTEM, evaluator_id=0, round_id=round_2022.pk, subject_id=make_subject().pk, category="factory")
    with pytest.raises(NotVisible):
        claim(actor=SYSTEM, evaluator_id=make_evaluator().pk, round_id=round_2022.pk, subject_id=0, category="factory")


def test_evaluator_without_a_group_gets_one_by_its_first_claim(round_2022):
    evaluator = Evaluator.objects.create(organisation=make_organisation(), created_at=round_2022.created_at)
    engagement = fill(evaluator, round_2022, 1)[0]
    assert (engagement.ordinal, engagement.group) == (1, group_of(evaluator))


def test_withdrawal_closes_the_gap_and_lifts_the_flag_of_the_next(round_2022):
    evaluator = make_evaluator()
    rows = fill(evaluator, round_2022, 17)
    withdraw(actor=SYSTEM, engagement_id=rows[3].pk, reason="更换")
    assert numbers(evaluator, round_2022) == [(n, n > 15) for n in range(1, 17)]
    rows[15].refresh_from_db()
    assert (rows[15].ordinal, rows[15].over_cap) == (15, False)
    job = Job.objects.get(kind="nominations.recheck")
    assert job.payload == {"engagement_ids": [rows[3].pk, rows[15].pk], "cause": "evaluators.cap"}


def test_dispute_stops_counting_and_upholding_restores_the_old_place(round_2022, reviewer):
    evaluator = make_evaluator()
    rows = fill(evaluator, round_2022, 16)
    disputed = dispute(actor=as_evaluator(evaluator), engagement_id=rows[0].pk, reason="未签合同")
    assert (disputed.ordinal, disputed.over_cap, disputed.state) == (None, False, S.DISPUTED)
    assert disputed.dispute_due_at is not None
    assert numbers(evaluator, round_2022) == [(n, False) for n in range(1, 16)]
    decide_dispute(actor=reviewer, engagement_id=rows[0].pk, uphold=True, reason="合同齐备")
    assert numbers(evaluator, round_2022) == [(n, n > 15) for n in range(1, 17)]
    rows[0].refresh_from_db()
    assert (rows[0].ordinal, rows[0].state) == (1, S.UPHELD)


def test_voided_claim_makes_room_for_another_evaluator(round_2022, reviewer):
    evaluator, subject = make_evaluator(), make_subject()
    values = {"round_id": round_2022.pk, "subject_id": subject.pk, "category": "factory"}
    false_claim = claim(actor=SYSTEM, evaluator_id=evaluator.pk, **values)
    dispute(actor=as_evaluator(evaluator), engagement_id=false_claim.pk, reason="未受委托")
    decide_dispute(actor=reviewer, engagement_id=false_claim.pk, uphold=False, reason="没有合同")
    assert claim(actor=SYSTEM, evaluator_id=make_evaluator().pk, **values).ordinal == 1
    assert numbers(evaluator, round_2022) == []


def test_confirming_keeps_the_number_and_dates_it(round_2022):
    evaluator = make_evaluator()
    engagement = fill(evaluator, round_2022, 1)[0]
    confirmed = confirm(actor=as_evaluator(evaluator), engagement_id=engagement.pk, seen_version=1)
    assert (confirmed.state, confirmed.ordinal, confirmed.version) == (S.CONFIRMED, 1, 2)
    assert confirmed.confirmed_at is not None
    assert AuditEntry.objects.filter(target=f"evaluators.engagement:{engagement.pk}").count() == 2


def test_move_of_a_row_changed_meanwhile_is_stale(round_2022):
    evaluator = make_evaluator()
    engagement = fill(evaluator, round_2022, 1)[0]
    Engagement.objects.filter(pk=engagement.pk).update(version=2)
    with pytest.raises(Stale):
        confirm(actor=as_evaluator(evaluator), engagement_id=engagement.pk, seen_version=1)


def test_foreign_evaluator_learns_nothing(round_2022):
    engagement = fill(make_evaluator(), round_2022, 1)[0]
    for act in (confirm, withdraw):
        with pytest.raises(NotVisible):
            act(actor=as_evaluator(make_evaluator()), engagement_id=engagement.pk)
    with pytest.raises(NotVisible):
        dispute(actor=as_evaluator(make_evaluator()), engagement_id=engagement.pk, reason="不是我")


def test_foreign_district_and_applicant_cannot_claim_or_withdraw(round_2022):
    subject, foreign = make_subject(authority=make_authority("瓦房店市")), make_authority("庄河市")
    strangers = [
        Actor(role=Role.DISTRICT_OFFICER, authority_id=foreign.pk),
        Actor(role=Role.APPLICANT, organisation_id=make_organisation().pk),
    ]
    values = {"evaluator_id": make_evaluator().pk, "round_id": round_2022.pk, "subject_id": subject.pk}
    for actor in strangers:
        with pytest.raises(Refused):
            claim(actor=actor, category="factory", **values)
    engagement = claim(actor=SYSTEM, category="factory", **values)
    for actor in strangers:
        with pytest.raises(NotVisible):
            withdraw(actor=actor, engagement_id=engagement.pk)


def test_own_district_and_applicant_may_claim(round_2022):
    subject, evaluator = make_subject(), make_evaluator()
    values = {"evaluator_id": evaluator.pk, "round_id": round_2022.pk, "subject_id": subject.pk}
    claim(actor=Actor(role=Role.DISTRICT_LEAD, authority_id=subject.authority_id), category="factory", **values)
    claim(actor=Actor(role=Role.APPLICANT, organisation_id=subject.organisation_id), category="park", **values)
    assert [ordinal for ordinal, _ in numbers(evaluator, round_2022)] == [1, 2]


def test_database_refuses_a_second_equal_ordinal(round_2022):
    evaluator = make_evaluator()
    make_engagement(evaluator, round_2022, ordinal=1)
    with pytest.raises(IntegrityError, match="engagement_ordinal_once"), transaction.atomic():
        make_engagement(evaluator, round_2022, ordinal=1)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_database_refuses_a_number_on_what_does_not_count(round_2022):
    with pytest.raises(IntegrityError, match="engagement_ordinal_when_counted"), transaction.atomic():
        make_engagement(make_evaluator(), round_2022, state="disputed", ordinal=1)


# --- the word that 12 are reached: once, to administrators --------------------------------------------------------------


def near_mails() -> list[OutboxMail]:
    return list(OutboxMail.objects.filter(template="evaluator_cap_near").order_by("id"))


def test_the_twelfth_claim_is_mailed_once_to_the_administrators_of_the_whole_group(round_2022):
    first = make_evaluator()
    second = make_evaluator(group=group_of(first))
    admins = [make_user(Role.EVALUATOR_ADMIN, organisation=body.organisation) for body in (first, second)]
    make_user(Role.EVALUATOR, organisation=first.organisation)
    make_user(Role.EVALUATOR_ADMIN, organisation=make_evaluator().organisation)
    rows = fill(first, round_2022, 11)
    assert near_mails() == []
    fill(second, round_2022, 1)
    assert [mail.recipient for mail in near_mails()] == [admin.email for admin in admins]
    assert (near_mails()[0].context["count"], near_mails()[0].context["cap"]) == (12, 15)
    withdraw(actor=SYSTEM, engagement_id=rows[0].pk)
    fill(first, round_2022, 5)
    assert len(near_mails()) == 2


@pytest.mark.parametrize(("elsewhere", "told"), [(8, []), (9, [12])])
def test_three_here_and_nine_elsewhere_are_mailed_as_twelve(elsewhere, told, round_2022):
    evaluator = make_evaluator()
    make_user(Role.EVALUATOR_ADMIN, organisation=evaluator.organisation)
    make_registration(evaluator, round_2022, declared_elsewhere=elsewhere)
    fill(evaluator, round_2022, 3)
    assert [mail.context["count"] for mail in near_mails()] == told
    # The flag on an evaluation is still that of the portal's own count.
    assert [over for _, over in numbers(evaluator, round_2022)] == [False] * 3


def test_a_merge_that_reaches_twelve_is_mailed(round_2022, reviewer, second):
    one, other = make_evaluator(), make_evaluator()
    admin = make_user(Role.EVALUATOR_ADMIN, organisation=other.organisation)
    fill(one, round_2022, 8)
    fill(other, round_2022, 4)
    assert near_mails() == []
    join(one, other, reviewer)
    assert [mail.recipient for mail in near_mails()] == [admin.email]


def test_a_rulebook_without_the_number_warns_nobody(round_2022, monkeypatch):
    evaluator = make_evaluator()
    make_user(Role.EVALUATOR_ADMIN, organisation=evaluator.organisation)
    monkeypatch.setattr(counting, "warn_from", lambda _book: None)
    fill(evaluator, round_2022, 12)
    assert near_mails() == []


def test_a_group_that_was_told_is_not_looked_up_again(round_2022, monkeypatch):
    evaluator = make_evaluator()
    make_user(Role.EVALUATOR_ADMIN, organisation=evaluator.organisation)
    fill(evaluator, round_2022, 12)
    seen = []
    monkeypatch.setattr(notifying, "handlers_of", lambda **values: seen.append(values) or [])
    fill(evaluator, round_2022, 1)
    assert seen == []
    OutboxMail.objects.filter(template="evaluator_cap_near").delete()
    fill(evaluator, round_2022, 1)
    assert len(seen) == 1


# --- disputes past their day --------------------------------------------------------------------------------------------


def disputed(round_: Round) -> Engagement:
    evaluator = make_evaluator()
    return dispute(actor=as_evaluator(evaluator), engagement_id=fill(evaluator, round_, 1)[0].pk, reason="未签合同")


@pytest.mark.parametrize(("days", "after"), [(None, 5), (9, 9), (0, None)])
def test_the_due_date_of_a_dispute_is_what_the_city_lead_set_for_the_round(days, after):
    lead = make_lead()
    row = prepare_round_2022(actor=lead)
    if days is not None:
        changes = {"numbers|dispute_days|value": Decimal(days)}
        services.revise(actor=lead, round_id=row.pk, seen_version=row.version, changes=changes, reason="办理期限")
        row.refresh_from_db()
    year = services.open_round(actor=lead, round_id=row.pk, seen_version=row.version)
    due = disputed(year).dispute_due_at
    assert due == (None if after is None else clock.now() + timedelta(days=after))


def test_the_city_reads_of_an_overdue_dispute_on_its_desk_and_once_by_mail(round_2022, reviewer):
    user = make_user(Role.CITY_REVIEWER)
    engagement = disputed(round_2022)
    due = engagement.dispute_due_at
    assert due is not None
    mails = OutboxMail.objects.filter(template="evaluator_dispute_overdue")

    def desk() -> list[tuple[str, str]]:
        return [(item.status, item.colour) for item in work(reviewer) if "异议" in item.title]

    for moment, wanted in ((due - timedelta(seconds=1), ("机构有异议", "amber")), (due, ("已超过认定期限", "red"))):
        with clock.fixed(moment):
            assert desk() == [wanted]
            notifying.remind_disputes()
            notifying.remind_disputes()
            assert mails.count() == (moment >= due)
            page = evaluator_page(reviewer, engagement.evaluator, round_2022)
            assert [line.overdue for line in page.engagements] == [moment >= due]
    assert mails.get().recipient == user.email
    with clock.fixed(due + timedelta(days=3)):
        notifying.remind_disputes()
        decide_dispute(actor=reviewer, engagement_id=engagement.pk, uphold=True, reason="合同齐备")
        assert notifying.remind_disputes() == 0
    assert mails.count() == 1


def year_with(lead: Actor, days: int | None) -> Round:
    """An open round; days: what its city lead set for confirming a claim; shipped is 0, not set."""
    row = prepare_round_2022(actor=lead)
    if days is not None:
        changes = {"numbers|claim_days|value": Decimal(days)}
        services.revise(actor=lead, round_id=row.pk, seen_version=row.version, changes=changes, reason="确认期限")
        row.refresh_from_db()
    return services.open_round(actor=lead, round_id=row.pk, seen_version=row.version)


@pytest.mark.parametrize(("days", "after"), [(None, None), (7, 7)])
def test_a_claim_bears_the_due_date_that_the_city_set_and_none_without(days, after):
    lead = make_lead()
    row = fill(make_evaluator(), year_with(lead, days), 1)[0]
    assert row.confirm_due_at == (None if after is None else clock.now() + timedelta(days=after))
    with clock.fixed(DURING + timedelta(days=100)):
        assert claim_overdue(row) is (after is not None)


def test_an_unanswered_claim_is_reminded_once_marked_and_goes_on_counting(reviewer):
    year = year_with(make_lead(), 7)
    evaluator = make_evaluator()
    user = make_user(Role.EVALUATOR_ADMIN, organisation=evaluator.organisation)
    row = fill(evaluator, year, 1)[0]
    due = row.confirm_due_at
    assert due is not None
    mails = OutboxMail.objects.filter(template="evaluator_claim_due")
    for moment in (due - timedelta(days=1, seconds=1), due - timedelta(days=1), due, due + timedelta(days=9)):
        with clock.fixed(moment):
            notifying.remind_claims()
            notifying.remind_claims()
            assert mails.count() == (moment >= due - timedelta(days=1))
            late = moment >= due
            assert [line.answer_overdue for line in evaluator_page(reviewer, evaluator, year).engagements] == [late]
            assert [line.overdue for line in projects(actor_for(user), round_id=year.pk)] == [late]
            items = [(i.status, i.due_at) for i in work(actor_for(user)) if i.title.startswith("确认评价项目")]
            assert items == [("已超过确认期限" if late else "待机构确认", due)]
            row.refresh_from_db()
            assert (row.state, row.ordinal, row.over_cap) == ("claimed", 1, False)
    assert mails.get().recipient == user.email


@pytest.mark.parametrize(("late", "told"), [(False, "请在{}前确认；"), (True, "已超过确认期限，请尽快确认；")])
def test_a_claims_lead_is_reminded_too_and_a_late_word_says_so(late, told):
    """Control: a handler of the body who does not lead the claim, and one who led it once, are not written to."""
    evaluator = make_evaluator()
    row = fill(evaluator, year_with(make_lead(), 7), 1)[0]
    admin, lead, former, _ = (
        make_user(role, organisation=evaluator.organisation)
        for role in (Role.EVALUATOR_ADMIN, Role.EVALUATOR, Role.EVALUATOR, Role.EVALUATOR)
    )
    for people in ([former.pk], [lead.pk]):
        assign_leads(actor=actor_for(admin), engagement_id=row.pk, user_ids=people)
    with clock.fixed(row.confirm_due_at + (timedelta() if late else -timedelta(hours=1))):
        notifying.remind_claims()
    mails = OutboxMail.objects.filter(template="evaluator_claim_due")
    assert set(mails.values_list("recipient", flat=True)) == {admin.email, lead.email}
    for mail in map(rendered, mails):
        assert told.format(clock.spoken(row.confirm_due_at)) in mail.body
        assert mail.subject.startswith("评价项目已超过确认期限：" if late else "请确认评价项目：")


@pytest.mark.parametrize("size", [1, 3])
def test_claims_that_were_told_cost_two_queries_an_hour(size, django_assert_num_queries):
    evaluator = make_evaluator()
    make_user(Role.EVALUATOR_ADMIN, organisation=evaluator.organisation)
    rows = fill(evaluator, year_with(make_lead(), 7), size)
    with clock.fixed(rows[0].confirm_due_at):
        assert notifying.remind_claims() == size
        with django_assert_num_queries(2):
            assert notifying.remind_claims() == size


def test_an_answered_claim_is_neither_reminded_nor_overdue():
    evaluator = make_evaluator()
    make_user(Role.EVALUATOR_ADMIN, organisation=evaluator.organisation)
    rows = fill(evaluator, year_with(make_lead(), 7), 2)
    confirm(actor=as_evaluator(evaluator), engagement_id=rows[0].pk)
    dispute(actor=as_evaluator(evaluator), engagement_id=rows[1].pk, reason="未签合同")
    with clock.fixed(DURING + timedelta(days=30)):
        assert notifying.remind_claims() == 0
        assert not OutboxMail.objects.filter(template="evaluator_claim_due").exists()
        assert not any(claim_overdue(row) for row in Engagement.objects.all())


@pytest.mark.parametrize("days", [None, 7])
def test_pages_say_the_due_date_or_that_none_is_set(days, monkeypatch):
    evaluator, year = make_evaluator(), year_with(make_lead(), days)
    row = fill(evaluator, year, 1)[0]
    monkeypatch.setattr(clock, "running", lambda: DURING + timedelta(days=8))
    own = sign_in(Client(), make_user(Role.EVALUATOR_ADMIN, organisation=evaluator.organisation))
    city = sign_in(Client(), make_user(Role.CITY_REVIEWER))
    pages = [(own, name) for name in ("mine", "detail", "engagement", "confirm", "dispute")]
    with clock.fixed(DURING + timedelta(days=8)):
        for client, name in [*pages, (city, "detail"), (city, "engagement")]:
            one = {"mine": [], "detail": [evaluator.pk]}.get(name, [row.pk])
            page = client.get(reverse(f"evaluators:{name}", args=one)).content.decode()
            told = "登记时没有规定确认期限" if days is None else clock.spoken(DURING + timedelta(days=7))
            assert told in page, name
            assert ("已超过确认期限" in page) == (days is not None and name in {"mine", "detail", "engagement"}), name


@pytest.mark.parametrize("days", [None, 7])
def test_the_home_gives_a_claim_no_day_that_nobody_set(days):
    """Control: with a number set the claim bears its own day, and says nothing of the district's clock."""
    evaluator, year = make_evaluator(), year_with(make_lead(), days)
    user = make_user(Role.EVALUATOR_ADMIN, organisation=evaluator.organisation)
    row = fill(evaluator, year, 1)[0]
    item = next(i for i in work(actor_for(user)) if i.title.startswith("确认评价项目"))
    ends = clock.spoken(ends_of(year.pk, at=clock.now()).submit)
    assert item.due_at == (None if days is None else DURING + timedelta(days=7))
    told = f"；登记时没有规定确认期限，区市县{ends}前报送" if days is None else ""
    assert item.detail == f"{row.subject.authority.name}{told}"


@pytest.mark.parametrize("ids", [[1, 5, 9], [1, 7, 9], [1, 5, 7, 9], [9]])
def test_news_of_other_evaluations_is_not_lost_in_a_job_that_waits(ids):
    """The job that waits keeps its own rows: only the very same rows may join it."""
    tell_nominations(actor=Actor.system("试验"), cause="evaluators.cap", engagement_ids=[1, 5, 9])
    tell_nominations(actor=Actor.system("试验"), cause="evaluators.cap", engagement_ids=ids)
    kept = [job.payload["engagement_ids"] for job in Job.objects.filter(kind="nominations.recheck")]
    assert sorted(kept) == sorted([[1, 5, 9]] if ids == [1, 5, 9] else [[1, 5, 9], ids])
