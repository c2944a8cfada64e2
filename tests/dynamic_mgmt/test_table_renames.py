"""变更名称 in the judgement leads to the rename; batch and count never change by it."""

import pytest

from dynamic_mgmt.forms.tables import DecisionForm, OpinionForm
from dynamic_mgmt.models import ListedUnit, UnitChange, UnitName
from dynamic_mgmt.services import judging
from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.findings.types import Invalid
from tests.factories.tables import actor, make_filed, make_stage

pytestmark = pytest.mark.django_db
FILED = {
    "renamed": "yes",
    "current_name": "虚构新名有限公司",
    "rename_on": "2022-03-01",
    "rename_proof": "试验登记1号",
}


def opined(stage, **answers):
    table = make_filed(stage, **answers)
    return judging.give_opinion(
        actor=stage.officer, table_id=table.pk, seen_version=table.version, opinion="renamed", reason="已更名"
    )


def test_the_district_proposes_and_the_lead_who_decides_renames_the_unit():
    stage = make_stage()
    before = (stage.unit.batch, stage.unit.list_year, stage.unit.name_as_listed, ListedUnit.objects.count())
    table = opined(stage, **FILED)
    assert UnitChange.objects.get().state == "proposed"
    lead = actor(Role.CITY_LEAD)
    table = judging.decide(actor=lead, table_id=table.pk, seen_version=table.version, decision="renamed")
    unit = ListedUnit.objects.get(pk=stage.unit.pk)
    assert (table.state, unit.current_name, UnitChange.objects.get().state) == (
        "decided",
        "虚构新名有限公司",
        "confirmed",
    )
    assert before == (unit.batch, unit.list_year, unit.name_as_listed, ListedUnit.objects.count())


def test_who_proposed_leaves_the_rename_for_another_lead():
    stage = make_stage()
    table = make_filed(stage)
    table = judging.give_opinion(
        actor=stage.officer, table_id=table.pk, seen_version=table.version, opinion="keep", reason=""
    )
    judging.decide(
        actor=actor(Role.CITY_LEAD),
        table_id=table.pk,
        seen_version=table.version,
        decision="renamed",
        reason="登记机关已核准",
        new_name="虚构新名有限公司",
        changed_on=clock.today(),
        document_no="试验登记1号",
    )
    assert UnitChange.objects.get().state == "proposed"
    assert not UnitName.objects.exists()


def test_without_name_day_and_proof_nothing_moves():
    stage = make_stage()
    with pytest.raises(Invalid) as caught:
        opined(stage)
    assert set(caught.value.errors) == {"new_name", "changed_on", "document_no"}
    assert stage.table().state == "filed"


@pytest.mark.parametrize("form", [OpinionForm(), DecisionForm()])
def test_what_is_needed_at_times_says_when_and_is_not_called_optional(form):
    for name in form.needed_at_times:
        field = form.fields[name]
        assert field.optional is False
        assert "填写" in field.help_text or "须写明" in field.help_text
