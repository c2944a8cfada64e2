"""What an officer saw and found out: signatures and seals on a document, independence of the evaluator."""

from __future__ import annotations

import pytest

from greenportal.accounts.actors import Actor, Role
from greenportal.accounts.models import Membership, User
from greenportal.audit.models import AuditEntry
from greenportal.findings.types import Invalid, NotVisible, Refused, Stale, WrongState
from nominations import rules
from nominations.models import Nomination, Submission
from nominations.selectors.content import contents
from nominations.services import drafting, rechecking, submitting
from nominations.services.documents import attach, mark_signatures
from nominations.services.independence import record_independence
from tests.factories import nominations as make
from tests.factories.accounts import make_membership

pytestmark = pytest.mark.django_db


def outcome(nomination: Nomination, rule: str) -> tuple[str, str]:
    rechecking.recheck(nomination_ids=[nomination.pk])
    nomination.refresh_from_db()
    found = {f["rule"]: f for f in nomination.last_check.findings}
    return found[rule]["outcome"], found[rule]["because"]


def mark(actor, nomination, document, signed=True, sealed=True):
    return mark_signatures(
        actor=actor, nomination_id=nomination.pk, document_id=document.pk, signed=signed, sealed=sealed
    )


def found_out(actor, nomination, independent=True, reason="已电话核实并查看合同", **changes):
    values = {"nomination_id": nomination.pk, "seen_version": nomination.version, **changes}
    return record_independence(actor=actor, independent=independent, reason=reason, **values)


def test_seals_are_met_when_every_document_was_seen_complete(district):
    nomination = make.make_handed_in(district)
    report, third = nomination.documents.order_by("slot")
    assert outcome(nomination, "SEALS")[0] == "manual"
    mark(district.officer, nomination, report)
    assert outcome(nomination, "SEALS") == ("manual", "签字盖章尚未核对：第三方评价报告。")
    mark(district.officer, nomination, third)
    assert outcome(nomination, "SEALS") == ("met", "已上传的材料签字盖章齐全。")
    mark(district.officer, nomination, third, sealed=False)
    assert outcome(nomination, "SEALS") == ("not_met", "缺少签字或盖章：第三方评价报告。")
    mark(district.officer, nomination, third, signed=None, sealed=None)
    assert outcome(nomination, "SEALS")[0] == "manual"
    third.refresh_from_db()
    assert (third.inspected_by_id, third.inspected_at) == (None, None)


def test_a_mark_says_who_looked_at_which_file_and_leaves_the_confirmation_alone(district):
    nomination = make.make_handed_in(district)
    document = nomination.documents.get(slot="self_report")
    before = contents([nomination.pk])[nomination.pk].digest
    made = mark(district.officer, nomination, document, signed=True, sealed=False)
    assert (made.inspected_by_id, made.inspected_at is not None) == (district.officer.user_id, True)
    entry = AuditEntry.objects.filter(action="nomination.mark_signatures").get()
    assert entry.data == {
        "slot": "self_report",
        "document": document.pk,
        "sha256": document.file.sha256,
        "signed": True,
        "sealed": False,
    }
    assert contents([nomination.pk])[nomination.pk].digest == before == nomination.confirmed_sha256


def test_a_replaced_document_is_looked_at_anew(district):
    nomination = make.make_complete(district)
    document = nomination.documents.get(slot="self_report", removed_at=None)
    mark(district.officer, nomination, document)
    file = make.make_file(district.officer)
    fresh = attach(actor=district.officer, nomination_id=nomination.pk, slot="self_report", file_id=file.pk)
    assert (fresh.signed, fresh.sealed) == (None, None)
    with pytest.raises(NotVisible):
        mark(district.officer, nomination, document)


def test_a_document_of_another_nomination_is_not_marked(district):
    one, other = make.make_handed_in(district), make.make_handed_in(district)
    document = other.documents.get(slot="self_report")
    with pytest.raises(NotVisible):
        mark(district.officer, one, document)
    document.refresh_from_db()
    assert document.signed is None


def test_independence_stops_or_passes_with_its_reason(district):
    nomination = make.make_handed_in(district)
    assert outcome(nomination, "INDEPENDENCE")[0] == "manual"
    nomination = found_out(district.officer, nomination)
    assert outcome(nomination, "INDEPENDENCE") == (
        "met",
        "声明评价机构未参与自评价报告编写。法定代表人缺少一方信息，未比对。",
    )
    nomination = found_out(district.officer, nomination, independent=False, reason="自评价报告由该机构人员编写")
    assert outcome(nomination, "INDEPENDENCE") == ("not_met", "评价机构参与了自评价报告编写。")
    assert nomination.independence_reason == "自评价报告由该机构人员编写"
    assert nomination.independence_by_id == district.officer.user_id
    told = AuditEntry.objects.filter(action="nomination.independence").order_by("-position").first().data
    assert (told["independent"], told["reason"]) == (False, "自评价报告由该机构人员编写")


def test_another_evaluator_empties_what_was_found_of_the_former(district):
    nomination = found_out(district.officer, make.make_complete(district))
    nomination = drafting.choose_evaluator(
        actor=district.officer,
        nomination_id=nomination.pk,
        seen_version=nomination.version,
        evaluator_id=make.good_evaluator(district.round).pk,
    )
    nomination.refresh_from_db()
    assert (nomination.independence, nomination.independence_reason, nomination.independence_by) == (None, "", None)


def test_independence_needs_reason_evaluator_and_the_version_seen(district):
    nomination = make.make_complete(district)
    with pytest.raises(Invalid, match="填写核实情况"):
        found_out(district.officer, nomination, reason=" ")
    with pytest.raises(Stale):
        found_out(district.officer, nomination, seen_version=nomination.version - 1)
    with pytest.raises(WrongState, match="还没有选择第三方评价机构"):
        found_out(district.officer, make.make_draft(district))
    assert not Nomination.objects.filter(independence__isnull=False).exists()


@pytest.mark.parametrize("who", ["applicant", "city", "other district", "two hats"])
def test_only_the_district_itself_records_what_it_found(district, who):
    nomination = make.make_handed_in(district)
    document = nomination.documents.get(slot="self_report")
    actors = {
        "applicant": lambda: make.applicant_of(nomination),
        "city": make.make_city,
        "other district": lambda: make.make_district("庄河市", year=district.round).officer,
        "two hats": lambda: district.officer,
    }
    actor = actors[who]()
    if who == "two hats":
        make_membership(User.objects.get(pk=actor.user_id), Role.APPLICANT, organisation=nomination.applicant)
    for verb in (lambda: mark(actor, nomination, document), lambda: found_out(actor, nomination)):
        with pytest.raises((Refused, NotVisible)):
            verb()
    document.refresh_from_db()
    nomination.refresh_from_db()
    assert (document.signed, nomination.independence) == (None, None)


def test_after_finalising_nothing_more_is_recorded(district):
    ready = make.ready_list(district, stage="finalised")
    nomination = ready.nominations[0]
    with pytest.raises(Refused, match="先撤销定稿"):
        mark(district.officer, nomination, nomination.documents.get(slot="self_report"))
    with pytest.raises(Refused, match="先撤销定稿"):
        found_out(district.officer, nomination)


def both_hats(actor: Actor, nomination: Nomination) -> None:
    """Make the person a handler of the applicant too."""
    make_membership(User.objects.get(pk=actor.user_id), Role.APPLICANT, organisation=nomination.applicant)


@pytest.mark.parametrize("verb", ["set_key_energy_user", "set_industry_standard"])
def test_nobody_switches_a_condition_off_for_his_own_organisation(district, verb):
    words = {"value": False, "reason": "年耗能低"} if verb == "set_key_energy_user" else {"standard": ""}

    def establish(nomination: Nomination) -> Nomination:
        mine = {"actor": district.officer, "nomination_id": nomination.pk, "seen_version": nomination.version}
        return getattr(drafting, verb)(**mine, **words)

    own = make.make_draft(district)
    other = make.make_draft(district)
    before = (own.key_energy_user, own.industry_standard)
    both_hats(district.officer, own)
    with pytest.raises(Refused, match=rules.TWO_HATS):
        establish(own)
    own.refresh_from_db()
    assert (own.key_energy_user, own.industry_standard) == before
    assert establish(other).version == other.version + 1


def test_nobody_submits_a_list_with_his_own_organisation_on_it(district):
    ready = make.ready_list(district)
    verb = {"actor": district.lead, "list_id": ready.list.pk, "seen_version": ready.list.version}
    both_hats(district.lead, ready.nominations[0])
    with pytest.raises(Refused, match=rules.TWO_HATS):
        submitting.submit(**verb)
    assert not Submission.objects.exists()
    assert make.the_list(district).state == "sealed"
    Membership.objects.filter(user_id=district.lead.user_id, role=Role.APPLICANT).delete()
    assert submitting.submit(**verb).receipt_no
