"""What the directory knows stands in the right field: the legal person is not what it nominates."""

from __future__ import annotations

from greenportal.directory.models import Organisation, Subject
from greenportal.rounds.rulebook import load
from nominations.constants import Category
from nominations.selectors.prefill import prefilled
from nominations.services.drafting import sheets_for

SUBJECT = Subject(name="澄渊牌轴承（演示）", organisation=Organisation(name="澄渊演示轴承制造有限公司"))


def test_a_products_maker_and_the_product_have_each_their_own_name():
    sheet = sheets_for(load("2022"), Category.PRODUCT)[0]
    known = prefilled(SUBJECT, sheet)
    assert (known["organisation_name"], known["product_name"]) == ("澄渊演示轴承制造有限公司", "澄渊牌轴承（演示）")
