"""定稿 names every character that no font has, so that no packet stops half-way."""

from __future__ import annotations

import pytest

from greenportal.findings.types import Invalid
from nominations.models import ListVersion, NominationVersion
from nominations.services import finalising
from tests.factories import nominations as make

pytestmark = pytest.mark.django_db


def test_a_character_that_no_font_has_is_named_at_finalising_and_nothing_is_frozen(district):
    nomination = make.make_checked(district, profile="主要产品为\ue863轴承")
    make.decide_all(district)
    row = make.the_list(district)
    values = {"list_id": row.pk, "seen_version": row.version, "contact": "李四试", "phone": "0411-85550100"}
    with pytest.raises(Invalid) as refused:
        finalising.finalise(actor=district.officer, **values)
    assert refused.value.errors == {
        str(nomination.pk): [
            f"{nomination.subject.name}：“单位简介”中有字库没有的字符“\ue863”（U+E863），打印会缺字。"
            "改用规范汉字，或由系统管理员安装含有该字的字体。"
        ]
    }
    assert not ListVersion.objects.exists()
    assert not NominationVersion.objects.exists()


def test_a_contact_that_cannot_be_printed_is_refused_at_its_field(district):
    make.make_checked(district)
    make.decide_all(district)
    row = make.the_list(district)
    values = {"list_id": row.pk, "seen_version": row.version, "phone": "0411-85550100"}
    with pytest.raises(Invalid) as refused:
        finalising.finalise(actor=district.officer, contact="李\ue863", **values)
    assert list(refused.value.errors) == ["contact"]
    assert "U+E863" in refused.value.errors["contact"][0]
    assert finalising.finalise(actor=district.officer, contact="李䶮", **values).number == 1
