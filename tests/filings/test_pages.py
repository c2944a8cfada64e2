from __future__ import annotations

import json
import re

import pytest
from django.urls import reverse

from greenportal.accounts.actors import Role
from greenportal.filings import services
from greenportal.filings.models import Filing
from greenportal.filings.selectors import reading
from tests.factories import accounts, filings


@pytest.fixture
def owner(db):
    return accounts.make_user(Role.APPLICANT)


@pytest.fixture
def filing(owner, scope):
    return filings.make_filing(accounts.actor_for(owner))


@pytest.fixture
def signed(client, owner):
    return accounts.sign_in(client, owner)


def url(filing, section="identity", name="section"):
    return reverse(f"filings:{name}", args=[filing.pk, section])


def text(response):
    return response.content.decode()


def hidden(page):
    """The hidden inputs that a page carries."""
    found = {}
    for name in ("_version", "_client", "_base"):
        value = re.search(rf'name="{name}" value="([^"]*)"', page)[1]
        found[name] = value.replace("&quot;", '"')
    return found


def check_ids(page):
    """Every id that a page points at exists once."""
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids)), sorted({one for one in ids if ids.count(one) > 1})
    wanted = {one for row in re.findall(r'aria-(?:describedby|labelledby)="([^"]+)"', page) for one in row.split()}
    wanted |= set(re.findall(r'<label[^>]* for="([^"]+)"', page))
    wanted |= set(re.findall(r'<a href="#([^"]+)"', page))
    assert wanted <= set(ids), wanted - set(ids)


def test_page_shows_the_section_with_every_id_it_names(signed, filing):
    page = text(signed.get(url(filing)))
    assert "<h1>" in page
    assert "填写统一社会信用代码" not in page
    check_ids(page)
    assert " required" not in page
    assert "disabled" not in page


def test_save_without_script_stores_and_goes_to_the_next_section(signed, filing):
    page = text(signed.get(url(filing)))
    answer = signed.post(url(filing), {**hidden(page), "name": "甲", "uscc": "91210202MA0TE5T16A", "_done": "yes"})
    assert (answer.status_code, answer.url) == (302, url(filing, "energy"))
    kept = Filing.objects.get(pk=filing.pk)
    assert (kept.answers, kept.done_sections) == ({"name": "甲", "uscc": "91210202MA0TE5T16A"}, ["identity"])


def test_unusable_values_are_stored_and_shown_with_a_linked_summary(signed, filing):
    page = text(signed.get(url(filing)))
    answer = signed.post(url(filing), {**hidden(page), "name": "字" * 30, "uscc": "123"})
    shown = text(answer)
    assert answer.status_code == 422
    assert "<title>错误：" in shown
    assert shown.count("名称最多20字，现有30字，删去10字") == 2
    assert 'value="123"' in shown
    assert "字" * 30 in shown
    check_ids(shown)
    assert Filing.objects.get(pk=filing.pk).answers["uscc"] == "123"


def test_saying_done_with_gaps_names_them_and_keeps_the_rest(signed, filing):
    page = text(signed.get(url(filing)))
    shown = signed.post(url(filing), {**hidden(page), "name": "甲", "uscc": "", "_done": "yes"})
    assert shown.status_code == 422
    assert text(shown).count("填写统一社会信用代码（18位）") == 2
    assert Filing.objects.get(pk=filing.pk).done_sections == []
    check_ids(text(shown))


def test_later_goes_back_to_the_task_list_without_complaint(signed, filing):
    page = text(signed.get(url(filing)))
    answer = signed.post(url(filing), {**hidden(page), "name": "", "uscc": "12", "_later": "1"})
    assert (answer.status_code, answer.url) == (302, reverse("filings:sheet", args=[filing.pk]))
    assert "填写中" in text(signed.get(answer.url))


def test_change_from_the_check_page_returns_there(signed, filing):
    page = text(signed.get(url(filing) + "?back=check"))
    answer = signed.post(url(filing) + "?back=check", {**hidden(page), "name": "甲", "uscc": ""})
    assert answer.url == reverse("filings:check", args=[filing.pk])


def test_whole_form_does_not_overwrite_what_another_wrote_meanwhile(signed, filing, owner):
    page = text(signed.get(url(filing)))
    actor = accounts.actor_for(owner)
    services.save(filing_id=filing.pk, seen_version=1, changes={"note": "他人写的"}, actor=actor, client="f" * 16)
    signed.post(url(filing), {**hidden(page), "name": "甲", "uscc": "", "note": ""})
    assert Filing.objects.get(pk=filing.pk).answers == {"name": "甲", "note": "他人写的"}


def test_conflict_page_shows_both_and_saves_the_rest_and_the_choice(signed, filing, owner):
    page = text(signed.get(url(filing)))
    actor = accounts.actor_for(owner)
    services.save(filing_id=filing.pk, seen_version=1, changes={"name": "他人的名称"}, actor=actor, client="f" * 16)
    answer = signed.post(url(filing), {**hidden(page), "name": "我的名称", "uscc": "", "note": "同时写的"})
    shown = text(answer)
    assert answer.status_code == 409
    assert "我的名称" in shown
    assert "他人的名称" in shown
    check_ids(shown)
    assert Filing.objects.get(pk=filing.pk).answers == {"name": "他人的名称", "note": "同时写的"}
    signed.post(url(filing), {**hidden(shown), "name": "我的名称", "_later": "1"})
    assert Filing.objects.get(pk=filing.pk).answers["name"] == "我的名称"


def test_conflict_choice_of_the_other_text_changes_nothing(signed, filing, owner):
    page = text(signed.get(url(filing)))
    actor = accounts.actor_for(owner)
    services.save(filing_id=filing.pk, seen_version=1, changes={"name": "他人的名称"}, actor=actor, client="f" * 16)
    shown = text(signed.post(url(filing), {**hidden(page), "name": "我的名称"}))
    before = Filing.objects.get(pk=filing.pk).version
    signed.post(url(filing), {**hidden(shown), "name": "他人的名称", "_later": "1"})
    kept = Filing.objects.get(pk=filing.pk)
    assert (kept.answers["name"], kept.version) == ("他人的名称", before)


@pytest.mark.parametrize("why", ["closed", "locked"])
def test_refused_save_shows_what_was_typed(signed, filing, scope, why):
    page = text(signed.get(url(filing)))
    if why == "closed":
        scope["open"] = False
    else:
        services.set_locked(filing_ids=[filing.pk], locked=True)
    answer = signed.post(url(filing), {**hidden(page), "name": "最后一刻填写的", "note": "说明文字"})
    shown = text(answer)
    assert answer.status_code == 403
    assert "最后一刻填写的" in shown
    assert "说明文字" in shown
    assert ("已过截止时间" if why == "closed" else "已锁定") in shown
    assert Filing.objects.get(pk=filing.pk).answers == {}


def test_rows_are_added_and_removed_without_script(signed, filing):
    here = url(filing, "tables")
    page = text(signed.get(here))
    page = text(signed.post(here, {**hidden(page), "_add": "models"}))
    [name] = re.findall(r'name="(models__\w+?__model)"', page)
    check_ids(page)
    page = text(signed.post(here, {**hidden(page), name: "甲", "basic__1__met": "yes", "_add": "models"}))
    assert len(re.findall(r'name="models__\w+?__model"', page)) == 2
    kept = Filing.objects.get(pk=filing.pk).answers
    assert ([row["model"] for row in kept["models"]], kept["basic"]) == (["甲"], [{"_id": "1", "met": "yes"}])
    signed.post(here, {**hidden(page), name: "甲", "_remove": name.rpartition("__")[0]})
    assert Filing.objects.get(pk=filing.pk).answers["models"] == []


def test_boxes_all_unticked_are_stored_as_none(signed, owner, scope):
    filing = filings.make_filing(accounts.actor_for(owner), answers={"kinds": ["电", "煤"]})
    here = url(filing, "energy")
    page = text(signed.get(here))
    assert page.count("checked") == 2
    signed.post(here, {**hidden(page), "kinds__sent": "1", "_later": "1"})
    assert Filing.objects.get(pk=filing.pk).answers["kinds"] == []


def test_check_page_names_gaps_and_gives_each_change_link_its_own_name(signed, filing):
    page = text(signed.get(reverse("filings:check", args=[filing.pk])))
    names = re.findall(r'修改<span class="visually-hidden">：([^<]+)</span>', page)
    assert len(names) == len(set(names))
    assert "提交前请核对" in page
    assert "未填写" in page
    assert "填写名称" in page
    check_ids(page)


def test_who_may_only_look_gets_the_check_page_without_links(client, filing):
    accounts.sign_in(client, accounts.make_user(Role.DISTRICT_OFFICER))
    assert client.get(url(filing)).url == reverse("filings:check", args=[filing.pk])
    page = text(client.get(reverse("filings:check", args=[filing.pk])))
    assert "由申报单位填写" in page
    assert "修改<span" not in page
    assert "提交前请核对" not in page and "核对完毕" not in page


def test_foreign_and_absent_pages_answer_alike(client, owner):
    with filings.thing_scope(organisation_id=accounts.actor_for(owner).organisation_id):
        filing = filings.make_filing(accounts.actor_for(owner))
        accounts.sign_in(client, accounts.make_user(Role.APPLICANT))
        for name, more in (("sheet", []), ("check", []), ("section", ["identity"])):
            there = client.get(reverse(f"filings:{name}", args=[filing.pk, *more]))
            nowhere = client.get(reverse(f"filings:{name}", args=[filing.pk + 999, *more]))
            assert (there.status_code, nowhere.status_code) == (404, 404)
        assert client.post(url(filing, name="autosave"), {"name": "x"}).status_code == 404


@pytest.mark.parametrize("name", ["sheet", "check"])
def test_anonymous_is_sent_to_sign_in(client, filing, name):
    answer = client.get(reverse(f"filings:{name}", args=[filing.pk]))
    assert answer.status_code == 302
    assert reverse("account_login") in answer.url


def test_remark_is_shown_at_its_field_and_answered(signed, filing, owner):
    officer = accounts.make_actor(Role.DISTRICT_OFFICER)
    remark = services.add_comment(
        scope=filing.scope, scope_id=1, path="demo.name", label="名称", kind="wrong", text="与执照不一致", actor=officer
    )
    page = text(signed.get(url(filing)))
    assert "与执照不一致" in page
    check_ids(page)
    there = reverse("filings:comment", args=[filing.pk, remark.pk])
    refused = signed.post(there, {"answer": "changed"})
    assert refused.status_code == 422
    assert "与退回时相同" in text(refused)
    check_ids(text(refused))
    assert signed.post(there, {"answer": "explained", "text": "执照已变更"}).url == url(filing)
    remark.refresh_from_db()
    assert remark.answer == "explained"


# --- autosave ---------------------------------------------------------------------------------------------------------


def auto(client, filing, section="identity", **data):
    return client.post(url(filing, section, "autosave"), data)


def test_autosave_stores_answers_with_time_and_computed_values(signed, filing):
    answer = auto(signed, filing, "energy", output="4", used="１", _version="1", _client="a" * 16)
    body = answer.json()
    assert (answer.status_code, body["version"], body["errors"], body["computed"]) == (200, 2, {}, {"ratio": "0.250"})
    assert re.fullmatch(r"\d\d:\d\d", body["saved_at"])
    assert answer.cookies["portal_saved_at"].value == body["saved_at"]


def test_autosave_names_what_is_unusable_and_keeps_it(signed, filing):
    body = auto(signed, filing, "energy", output="很多", _version="1", _client="a" * 16).json()
    assert list(body["errors"]) == ["output"]
    assert Filing.objects.get(pk=filing.pk).answers == {"output": "很多"}


def test_autosave_of_a_page_that_another_page_overtook_gets_both_texts(signed, filing):
    auto(signed, filing, name="甲", _version="1", _client="a" * 16)
    answer = auto(signed, filing, name="乙", _version="1", _client="b" * 16)
    [row] = answer.json()["conflicts"]
    assert (answer.status_code, row["name"], row["mine"], row["theirs"]) == (409, "name", "乙", "甲")
    assert Filing.objects.get(pk=filing.pk).answers == {"name": "甲"}


def test_autosaves_of_one_page_follow_each_other(signed, filing):
    for value in ("甲", "甲乙", "甲"):
        assert auto(signed, filing, name=value, _version="1", _client="a" * 16).status_code == 200
    assert Filing.objects.get(pk=filing.pk).answers == {"name": "甲"}


def test_going_back_to_the_first_text_after_an_autosave_is_a_change(signed, owner, scope):
    filing = filings.make_filing(accounts.actor_for(owner), answers={"name": "起初"})
    state = hidden(text(signed.get(url(filing))))
    auto(signed, filing, name="改了", _version="1", _client=state["_client"])
    signed.post(url(filing), {**state, "name": "起初", "uscc": "", "note": "", "_later": "1"})
    assert Filing.objects.get(pk=filing.pk).answers["name"] == "起初"


@pytest.mark.parametrize(
    "state",
    [{}, {"_version": "x" * 50}, {"_version": "9" * 11}, {"_client": "<b>"}, {"_base": "[" * 3000}, {"_base": "7"}],
)
def test_autosave_with_a_forged_state_still_saves(signed, filing, state):
    assert auto(signed, filing, name="甲", **state).status_code == 200
    assert Filing.objects.get(pk=filing.pk).answers == {"name": "甲"}


def test_autosave_after_the_session_ended_says_so(client, filing):
    answer = auto(client, filing, name="甲")
    assert (answer.status_code, "登录已过期" in answer.json()["message"]) == (401, True)


def test_autosave_of_a_locked_sheet_says_why(signed, filing):
    services.set_locked(filing_ids=[filing.pk], locked=True)
    answer = auto(signed, filing, name="甲")
    assert (answer.status_code, "已锁定" in answer.json()["message"]) == (403, True)


def test_autosave_ignores_fields_of_other_sections_and_of_the_model(signed, filing):
    auto(signed, filing, output="1", locked="on", scope_id="9", version="99", done_sections='["identity"]')
    kept = Filing.objects.get(pk=filing.pk)
    assert (kept.answers, kept.locked, kept.scope_id, kept.version, kept.done_sections) == ({}, False, 1, 1, [])


def test_pages_cost_a_constant_number_of_queries(signed, owner, scope, django_assert_num_queries):
    for scope_id, rows in ((11, 1), (12, 3)):
        models = [{"_id": f"r{n}", "model": "甲"} for n in range(rows)]
        filing = filings.make_filing(accounts.actor_for(owner), scope_id=scope_id, answers={"models": models})
        reading.sheet_of(filing)
        with django_assert_num_queries(SECTION_QUERIES):
            assert signed.get(url(filing, "tables")).status_code == 200
        with django_assert_num_queries(CHECK_QUERIES):
            assert signed.get(reverse("filings:check", args=[filing.pk])).status_code == 200


SECTION_QUERIES = 6
CHECK_QUERIES = 4


def test_base_is_json_of_the_values_drawn(signed, filing):
    base = json.loads(hidden(text(signed.get(url(filing, "energy"))))["_base"])
    assert set(base) == {"output", "used", "key_user", "reason", "kinds"}
