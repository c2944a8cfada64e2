"""Registering legal persons and what is nominated of theirs."""

import pytest
from django.db import IntegrityError, transaction

from greenportal.accounts.actors import Actor, Role
from greenportal.audit.models import AuditEntry
from greenportal.directory.fictional import fictional_uscc
from greenportal.directory.models import Organisation, Subject
from greenportal.directory.selectors import organisations_visible_to, subjects_visible_to
from greenportal.directory.services import (
    NameConflict,
    register_organisation,
    register_subject,
    rename_organisation,
)
from greenportal.findings.types import Invalid, NotVisible, ReasonRequired, Refused, Stale
from tests.factories.directory import make_authority, make_organisation, make_subject, make_territory

pytestmark = pytest.mark.django_db
CITY = Actor(role=Role.CITY_REVIEWER, name="市局审核员")
CODE = fictional_uscc(900_001)
REGISTRARS = {Role.DISTRICT_OFFICER, Role.DISTRICT_LEAD, Role.CITY_REVIEWER, Role.CITY_LEAD, Role.SYSTEM}


def district(name: str = "瓦房店市") -> Actor:
    return Actor(role=Role.DISTRICT_OFFICER, name="区县经办人", authority_id=make_authority(name).pk)


def test_new_code_makes_the_organisation_with_a_sort_key():
    organisation = register_organisation(
        actor=district(), uscc=CODE.lower(), name=" 试验（大连）　有限公司 ", ownership="private", is_central=True
    )
    assert (organisation.uscc, organisation.name) == (CODE, "试验（大连） 有限公司")
    assert (organisation.ownership, organisation.is_central) == ("private", True)
    assert organisation.sort_key.startswith("shi yan")
    assert AuditEntry.objects.filter(target=f"directory.organisation:{organisation.pk}").count() == 1


def test_known_code_returns_the_same_row_and_keeps_what_is_stored():
    first = register_organisation(actor=CITY, uscc=CODE, name="试验有限公司", legal_representative="甲")
    again = register_organisation(actor=CITY, uscc=CODE, name="试验有限公司", legal_representative="乙")
    assert again.pk == first.pk
    assert Organisation.objects.get(pk=first.pk).legal_representative == "甲"
    assert AuditEntry.objects.filter(action="directory.register_organisation").count() == 1


def test_name_that_differs_in_width_only_is_the_same():
    first = register_organisation(actor=CITY, uscc=CODE, name="试验（大连）有限公司")
    assert register_organisation(actor=CITY, uscc=CODE, name="试验(大连)有限公司 ") == first


def test_other_name_for_a_known_code_asks():
    register_organisation(actor=CITY, uscc=CODE, name="试验有限公司")
    with pytest.raises(NameConflict) as caught:
        register_organisation(actor=district(), uscc=CODE, name="试用有限公司")
    assert (caught.value.registered, caught.value.given, caught.value.status) == ("试验有限公司", "试用有限公司", 409)
    assert caught.value.message == (
        f"统一社会信用代码{CODE}已登记为“试验有限公司”，与填写的“试用有限公司”不一致。"
        "核对证照：名称有误的改为已登记名称；单位已更名的报市局办理更名。"
    )


def test_conflict_is_settled_by_keeping_the_registered_name():
    first = register_organisation(actor=CITY, uscc=CODE, name="试验有限公司")
    kept = register_organisation(actor=CITY, uscc=CODE, name="试用有限公司", on_conflict="keep")
    assert (kept.pk, kept.name) == (first.pk, "试验有限公司")


@pytest.mark.parametrize("name", ["", "　", "长" * 121])
def test_name_is_asked_for(name):
    with pytest.raises(Invalid, match="填写单位名称"):
        register_organisation(actor=CITY, uscc=CODE, name=name)


def test_unknown_ownership_is_refused():
    with pytest.raises(Invalid, match="选择单位性质"):
        register_organisation(actor=CITY, uscc=CODE, name="试验有限公司", ownership="moon")


def test_database_refuses_a_code_that_slipped_past_the_service():
    with pytest.raises(IntegrityError, match="organisation_uscc_shape"), transaction.atomic():
        make_organisation(uscc="91210202MA0TE5T1OA")


def test_city_renames_with_reason_and_trail():
    organisation = make_organisation(name="旧名有限公司")
    rename_organisation(
        actor=CITY,
        organisation_id=organisation.pk,
        name="新名有限公司",
        seen_name="旧名有限公司",
        reason="营业执照变更",
    )
    organisation.refresh_from_db()
    assert (organisation.name, organisation.sort_key) == ("新名有限公司", "xin ming you xian gong si")
    entry = AuditEntry.objects.get(action="directory.rename_organisation")
    assert entry.data == {"before": "旧名有限公司", "after": "新名有限公司", "reason": "营业执照变更"}


def test_rename_of_a_name_changed_meanwhile_is_stale():
    organisation = make_organisation(name="现名有限公司")
    with pytest.raises(Stale) as caught:
        rename_organisation(
            actor=CITY, organisation_id=organisation.pk, name="新名有限公司", seen_name="旧名有限公司", reason="变更"
        )
    assert caught.value.current == "现名有限公司"


def test_rename_needs_a_reason_and_a_row():
    organisation = make_organisation(name="旧名有限公司")
    with pytest.raises(ReasonRequired):
        rename_organisation(
            actor=CITY, organisation_id=organisation.pk, name="新名", seen_name="旧名有限公司", reason=" "
        )
    with pytest.raises(NotVisible):
        rename_organisation(actor=CITY, organisation_id=0, name="新名", seen_name="旧名有限公司", reason="变更")


def test_branch_sites_are_subjects_of_one_organisation_in_two_districts():
    organisation = make_organisation(name="试验集团有限公司")
    wafangdian, zhuanghe = make_authority("瓦房店市"), make_authority("庄河市")
    make_territory("210281", "瓦房店市")
    make_territory("210283", "庄河市")
    first = register_subject(
        actor=CITY,
        organisation_id=organisation.pk,
        kind="factory",
        name="瓦房店厂区",
        authority_id=wafangdian.pk,
        territory_code="210281",
        address="试验路1号",
        industry_code="3451",
    )
    second = register_subject(
        actor=CITY,
        organisation_id=organisation.pk,
        kind="factory",
        name="庄河厂区",
        authority_id=zhuanghe.pk,
        territory_code="210283",
        address="试验路2号",
    )
    assert first.pk != second.pk
    assert (first.territory_id, first.address, first.industry_id) == ("210281", "试验路1号", "3451")
    assert (second.territory_id, second.address, second.industry_id) == ("210283", "试验路2号", None)


def test_zone_may_report_a_site_on_a_districts_territory():
    make_territory("210211", "甘井子区")
    zone = make_authority("高新区", kind="zone")
    subject = register_subject(
        actor=Actor(role=Role.DISTRICT_OFFICER, authority_id=zone.pk),
        organisation_id=make_organisation().pk,
        kind="park",
        name="试验园区",
        authority_id=zone.pk,
        territory_code="210211",
    )
    assert (subject.authority_id, subject.territory_id) == (zone.pk, "210211")


def test_same_subject_again_is_the_same_row():
    actor, organisation = district(), make_organisation()
    values = {"organisation_id": organisation.pk, "kind": "product", "name": "轴承", "authority_id": actor.authority_id}
    assert register_subject(actor=actor, **values) == register_subject(actor=actor, **values)
    assert Subject.objects.count() == 1


def test_subject_of_another_district_is_told_without_naming_it():
    organisation = make_organisation()
    make_subject(organisation, make_authority("庄河市"), name="一厂")
    actor = district("瓦房店市")
    with pytest.raises(Invalid) as caught:
        register_subject(
            actor=actor, organisation_id=organisation.pk, kind="factory", name="一厂", authority_id=actor.authority_id
        )
    assert caught.value.message == "这一申报对象已登记在其他推荐单位名下。请与市局联系核对推荐单位。"


def test_every_wrong_field_is_named_at_once():
    department = make_authority("生态环境部门", kind="department")
    with pytest.raises(Invalid) as caught:
        register_subject(
            actor=CITY, organisation_id=0, kind="moon", name="一厂", authority_id=department.pk, territory_code="999999"
        )
    assert caught.value.errors == {
        "kind": ["选择类别。"],
        "authority": ["选择推荐单位（区市县或先导区）。"],
        "organisation": ["先登记所属单位。"],
        "territory": ["选择所在行政区划。"],
    }


@pytest.mark.parametrize("role", list(Role))
def test_who_may_register(role):
    authority = make_authority()
    actor = Actor(role=role, authority_id=authority.pk)
    if role in REGISTRARS:
        organisation = register_organisation(actor=actor, uscc=CODE, name="试验有限公司")
        register_subject(
            actor=actor, organisation_id=organisation.pk, kind="factory", name="一厂", authority_id=authority.pk
        )
    else:
        with pytest.raises(Refused):
            register_organisation(actor=actor, uscc=CODE, name="试验有限公司")
        with pytest.raises(Refused):
            register_subject(
                actor=actor,
                organisation_id=make_organisation().pk,
                kind="factory",
                name="一厂",
                authority_id=authority.pk,
            )
        assert Subject.objects.count() == 0


@pytest.mark.parametrize("role", list(Role))
def test_who_may_rename(role):
    organisation = make_organisation(name="旧名有限公司")
    values = {"organisation_id": organisation.pk, "name": "新名", "seen_name": "旧名有限公司", "reason": "变更"}
    if role in {Role.CITY_REVIEWER, Role.CITY_LEAD, Role.SYSTEM}:
        assert rename_organisation(actor=Actor(role=role), **values).name == "新名"
    else:
        with pytest.raises(Refused):
            rename_organisation(actor=Actor(role=role), **values)


def test_district_cannot_register_for_another_district():
    with pytest.raises(Refused, match="只能登记本区市县"):
        register_subject(
            actor=district("瓦房店市"),
            organisation_id=make_organisation().pk,
            kind="factory",
            name="一厂",
            authority_id=make_authority("庄河市").pk,
        )


def test_each_actor_sees_its_own_organisations_and_subjects():
    mine, theirs = make_authority("瓦房店市"), make_authority("庄河市")
    own, foreign = make_subject(authority=mine), make_subject(authority=theirs)
    shared = make_organisation()
    half, other_half = make_subject(shared, mine), make_subject(shared, theirs)

    def seen(actor: Actor) -> tuple[set[int], set[int]]:
        return (
            set(organisations_visible_to(actor).values_list("id", flat=True)),
            set(subjects_visible_to(actor).values_list("id", flat=True)),
        )

    everyone = ({own.organisation_id, foreign.organisation_id, shared.pk}, {own.pk, foreign.pk, half.pk, other_half.pk})
    assert seen(CITY) == everyone
    assert seen(Actor(role=Role.DISTRICT_LEAD, authority_id=mine.pk)) == (
        {own.organisation_id, shared.pk},
        {own.pk, half.pk},
    )
    assert seen(Actor(role=Role.APPLICANT, organisation_id=shared.pk)) == ({shared.pk}, {half.pk, other_half.pk})
    assert seen(Actor(role=Role.EVALUATOR, organisation_id=shared.pk)) == ({shared.pk}, set())
    for role in (Role.AUDITOR, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.DEPARTMENT, Role.ANONYMOUS):
        assert seen(Actor(role=role, authority_id=mine.pk)) == (set(), set())
    assert seen(Actor(role=Role.DISTRICT_LEAD)) == (set(), set())
