"""No full identity number is kept: the screen at each door, and for each what would be stored without it."""

from __future__ import annotations

import pytest
from django import forms

from greenportal import transitions
from greenportal.accounts import identity
from greenportal.accounts.actors import Role
from greenportal.audit.services import record
from greenportal.directory.forms import ServiceForm
from greenportal.files.pipeline import clean_name
from greenportal.filings import services
from greenportal.filings.models import FieldComment, Filing
from greenportal.findings.types import Invalid
from greenportal.rounds.forms import ServiceForm as RoundForm
from nominations.validators import clean_reason
from tests.factories.accounts import make_actor
from tests.factories.filings import SCOPE, make_filing, thing_scope
from tests.factories.roster import fictional_id

NUMBER = fictional_id(91)
TEXT = f"经办人{NUMBER}已核实"
#: How people write a number so that it is easier to read, or next to another one.
WRITTEN = [
    TEXT,
    f"{NUMBER[:6]} {NUMBER[6:14]} {NUMBER[14:]}",
    f"{NUMBER}\n{fictional_id(92)}",
    "".join(chr(ord(c) + 0xFEE0) for c in NUMBER),
]


@pytest.mark.parametrize("text", WRITTEN)
def test_a_number_is_found_as_people_write_it(text):
    assert identity.holds_number(text)
    assert identity.told_of(text) == identity.NO_NUMBERS


@pytest.mark.parametrize("text", ["", "9" * 17, f"{NUMBER}7", "110000001231000017", "2022-09-05", NUMBER[:-1]])
def test_other_figures_are_no_number(text):
    assert not identity.holds_number(text)


def test_the_code_of_a_legal_person_has_no_day_of_birth():
    assert identity.without_numbers("912102000000000000") == "912102000000000000"


class Named(ServiceForm):
    reason = forms.CharField(label="理由", required=False)
    id_number = forms.CharField(label="身份证件号码", required=False)


class OfRound(RoundForm):
    reason = forms.CharField(label="理由")


@pytest.mark.parametrize("form", [Named, OfRound])
def test_a_form_refuses_it_at_its_field_and_gives_the_rest_back(form):
    page = form({"reason": TEXT, "id_number": NUMBER})
    assert not page.is_valid()
    assert page.errors == {"reason": [identity.NO_NUMBERS]}
    assert form({"reason": "经办人已核实", "id_number": NUMBER}).is_valid()


def test_a_reason_refuses_it_in_every_machine():
    table = [transitions.row("stop", ["on"], "off", [Role.CITY_LEAD], "停", needs_reason=True)]
    move = {"state": "on", "action": "stop", "role": Role.CITY_LEAD, "window_open": True, "named": "开"}
    with pytest.raises(Invalid) as refused:
        transitions.find(table, reason=TEXT, **move)
    assert refused.value.errors == {"reason": [identity.NO_NUMBERS]}
    assert transitions.find(table, reason="已核实", **move).action == "stop"
    with pytest.raises(Invalid) as refused:
        clean_reason(TEXT)
    assert NUMBER not in str(refused.value.errors)


def test_the_name_of_a_file_loses_its_middle():
    name = clean_name(f"证明{NUMBER}.pdf")
    assert NUMBER not in name
    assert name == f"证明{NUMBER[:4]}{'_' * 10}{NUMBER[-4:]}.pdf"


@pytest.fixture
def applicant(db):
    with thing_scope():
        yield make_actor(Role.APPLICANT)


def test_a_sheet_of_any_owner_refuses_it_and_keeps_the_other_answers(applicant):
    filing = make_filing(applicant)
    changes = {"name": TEXT, "output": "100", "models[a].model": NUMBER, "models[b].model": "乙型"}
    saved = services.save(filing_id=filing.pk, seen_version=99, changes=changes, actor=applicant)
    told = {problem.path for problem in saved.problems if identity.NO_NUMBERS in problem.message}
    assert told == {f"{filing.sheet_key}.name", f"{filing.sheet_key}.models[a].model"}
    stored = Filing.objects.get(pk=filing.pk).answers
    assert stored["output"] == "100"
    assert [row.get("model") for row in stored["models"]] == ["乙型"]
    assert NUMBER not in str(stored)


def test_control_without_the_screen_it_would_be_stored(applicant, monkeypatch):
    filing = make_filing(applicant)
    monkeypatch.setattr(identity, "holds_number", lambda _text: False)
    services.save(filing_id=filing.pk, seen_version=99, changes={"name": TEXT}, actor=applicant)
    assert Filing.objects.get(pk=filing.pk).answers["name"] == TEXT
    assert Named({"reason": TEXT}).is_valid()
    assert clean_reason(TEXT) == TEXT


def test_a_remark_and_its_answer(applicant):
    filing = make_filing(applicant)
    remark = {"scope": SCOPE, "scope_id": filing.scope_id, "path": "demo.name", "label": "名称", "actor": applicant}
    remark["kind"] = FieldComment.Kind.values[0]
    with pytest.raises(Invalid):
        services.add_comment(**remark, text=TEXT)
    answer = {"comment_id": services.add_comment(**remark, text="请核对").pk, "answer": "explained", "actor": applicant}
    with pytest.raises(Invalid):
        services.answer_comment(**answer, text=TEXT)
    assert services.answer_comment(**answer, text="已核对").answer_text == "已核对"


def test_the_trail_stars_what_slipped_into_it(applicant):
    wrong = NUMBER[:-1] + ("1" if NUMBER[-1] != "1" else "2")
    entry = record(
        actor=applicant, action="tests.say", target="tests:1", data={"told": [TEXT, {"more": wrong}], "n": 3}
    )
    assert NUMBER not in str(entry.data)
    assert wrong not in str(entry.data)
    assert entry.data["n"] == 3
