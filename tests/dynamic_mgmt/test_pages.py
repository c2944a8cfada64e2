"""Pages of the register: who reaches them, what leaks, removal and link, import."""

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from dynamic_mgmt.models import DynamicTable, ListedUnit, RemovalProposal
from dynamic_mgmt.selectors.table_work import table_work
from dynamic_mgmt.selectors.tables import TableFilters, filtered
from dynamic_mgmt.services import judging
from dynamic_mgmt.views import register
from greenportal import clock
from greenportal.accounts.actors import Role
from greenportal.files.models import StoredFile
from tests.factories.accounts import make_user, sign_in
from tests.factories.directory import make_authority, make_organisation, make_subject
from tests.factories.dynamic_mgmt import make_listed
from tests.factories.rounds import DURING
from tests.factories.tables import actor, make_filed, make_stage
from tests.factories.workbooks import workbook_upload

pytestmark = pytest.mark.django_db
HOLDERS = [role for role in Role if role not in {Role.SYSTEM, Role.ANONYMOUS}]
CITY = {Role.CITY_LEAD, Role.CITY_REVIEWER}
READERS = CITY | {Role.DISTRICT_LEAD, Role.DISTRICT_OFFICER, Role.APPLICANT}


@pytest.fixture
def during_the_round():
    """Pages take the running clock: sessions and second factors are of today."""


def as_role(role: Role, **values) -> Client:
    return sign_in(Client(), make_user(role, **values))


@pytest.mark.parametrize("role", HOLDERS)
def test_each_role_reaches_its_pages_only(role):
    client, unit = as_role(role), make_listed()
    pages = {
        reverse("dynamic_mgmt:index"): READERS,
        reverse("dynamic_mgmt:import"): CITY,
        reverse("dynamic_mgmt:remove", args=[unit.pk]): CITY,
        reverse("dynamic_mgmt:link", args=[unit.pk]): CITY,
    }
    answers = {url: client.get(url).status_code for url in pages}
    assert answers == {url: 200 if role in allowed else 403 for url, allowed in pages.items()}
    own = client.get(reverse("dynamic_mgmt:unit", args=[unit.pk])).status_code
    assert own == (200 if role in CITY else 404 if role in READERS else 403)


def test_district_sees_its_units_and_nothing_of_others():
    home, away = make_authority("瓦房店市"), make_authority("庄河市")
    mine, theirs = make_subject(authority=home), make_subject(authority=away)
    own = make_listed("看得见的有限公司", organisation=mine.organisation)
    foreign = make_listed("看不见的有限公司", organisation=theirs.organisation)
    client = as_role(Role.DISTRICT_OFFICER, authority=home)
    for query in ({}, {"q": "有限公司"}, {"category": "factory"}):
        page = client.get(reverse("dynamic_mgmt:index"), query).content.decode()
        assert "看得见的有限公司" in page
        assert "看不见的有限公司" not in page
        assert "共 1 条" in page
    assert client.get(reverse("dynamic_mgmt:unit", args=[own.pk])).status_code == 200
    for pk in (foreign.pk, 10**9):
        assert client.get(reverse("dynamic_mgmt:unit", args=[pk])).status_code == 404


def test_district_does_not_see_removals_in_preparation():
    home = make_authority("瓦房店市")
    unit = make_listed(authority=home)
    user = make_user(Role.CITY_REVIEWER)
    RemovalProposal.objects.create(
        unit=unit,
        removed_on="2022-09-01",
        reason="尚未公开的原因",
        document_no="1号",
        proposed_by=user,
        proposed_at=unit.created_at,
    )
    url = reverse("dynamic_mgmt:unit", args=[unit.pk])
    assert "尚未公开的原因" not in as_role(Role.DISTRICT_LEAD, authority=home).get(url).content.decode()
    assert "尚未公开的原因" in sign_in(Client(), user).get(url).content.decode()


@pytest.fixture
def removal_in_preparation():
    """A table whose removal a city lead has written down and nobody has confirmed."""
    with clock.fixed(DURING):
        stage, lead = make_stage(), actor(Role.CITY_LEAD, authority_id=7)
        table = make_filed(stage)
        values = {"actor": stage.officer, "opinion": "remove", "reason": "虚构：指标不符合"}
        table = judging.give_opinion(table_id=table.pk, seen_version=table.version, **values)
        values = {"removed_on": clock.today(), "reason": "尚未公开的原因", "document_no": "虚构密文9号"}
        judging.propose_unit_removal(actor=lead, table_id=table.pk, seen_version=table.version, **values)
    return stage


def pages_of(client: Client, stage) -> dict[str, str]:
    table = stage.table()
    urls = {
        "table": reverse("dynamic_mgmt:table", args=[table.pk]),
        "unit": reverse("dynamic_mgmt:unit", args=[stage.unit.pk]),
        "board": reverse("dynamic_mgmt:tables"),
        "refusal": reverse("dynamic_mgmt:table_act", args=[table.pk, "opinion"]),
    }
    return {name: client.get(url).content.decode() for name, url in urls.items()}


SECRETS = ("尚未公开的原因", "虚构密文9号", "提出移出", "拟移出", "removal_proposed", "市局负责人-7")


@pytest.mark.parametrize("role", [Role.DISTRICT_LEAD, Role.DISTRICT_OFFICER, Role.APPLICANT])
def test_tables_tell_nobody_but_the_city_of_a_removal_in_preparation(removal_in_preparation, role):
    stage = removal_in_preparation
    more = {"organisation": stage.organisation} if role == Role.APPLICANT else {"authority": stage.authority}
    client = as_role(role, **more)
    pages = pages_of(client, stage)
    found = {name: [secret for secret in SECRETS if secret in page] for name, page in pages.items()}
    assert found == {"table": [], "unit": [], "board": [], "refusal": []}
    assert all("区县已提意见" in pages[name] for name in ("table", "unit", "board"))
    rows = client.get(reverse("dynamic_mgmt:tables"), {"state": "opinion_given"}).content.decode()
    assert reverse("dynamic_mgmt:table", args=[stage.table().pk]) in rows, "the filter speaks as the label"


def test_control_the_city_reads_the_removal_in_preparation(removal_in_preparation):
    client = as_role(Role.CITY_REVIEWER)
    pages = pages_of(client, removal_in_preparation)
    assert "尚未公开的原因" in pages["table"] and "市局提出移出" in pages["table"]
    assert all("拟移出，待复核" in pages[name] for name in ("table", "unit", "board"))
    url, link = reverse("dynamic_mgmt:tables"), reverse("dynamic_mgmt:table", args=[removal_in_preparation.table().pk])
    assert link in client.get(url, {"state": "removal_proposed"}).content.decode()
    assert link not in client.get(url, {"state": "opinion_given"}).content.decode()


def test_control_a_removal_dropped_leaves_no_trace_in_the_districts_history(removal_in_preparation):
    stage = removal_in_preparation
    with clock.fixed(DURING):
        table, other = stage.table(), actor(Role.CITY_LEAD, authority_id=0)
        judging.settle_removal(actor=other, table_id=table.pk, seen_version=table.version, confirm=False)
    officer, lead = as_role(Role.DISTRICT_OFFICER, authority=stage.authority), as_role(Role.CITY_LEAD)
    url = reverse("dynamic_mgmt:table", args=[stage.table().pk])
    assert "不予移出" in lead.get(url).content.decode()
    assert "不予移出" not in officer.get(url).content.decode()


@pytest.fixture
def proposal_in_preparation():
    """A table about which the reviewer proposed something to the lead."""
    with clock.fixed(DURING):
        stage = make_stage()
        table = make_filed(stage)
        args = {"table_id": table.pk, "opinion": "keep"}
        table = judging.give_opinion(actor=stage.officer, seen_version=table.version, **args)
        values = {"proposal": "renamed", "reason": "尚未公开的建议理由"}
        reviewer = actor(Role.CITY_REVIEWER)
        judging.propose(actor=reviewer, table_id=table.pk, seen_version=table.version, **values)
    return stage


PROPOSED = ("尚未公开的建议理由", "审核人员建议", "建议：变更名称", "提出处理建议")


def proposal_told(client: Client, stage) -> dict[str, list[str]]:
    return {name: [word for word in PROPOSED if word in page] for name, page in pages_of(client, stage).items()}


@pytest.mark.parametrize("role", [Role.DISTRICT_LEAD, Role.DISTRICT_OFFICER, Role.APPLICANT])
def test_pages_tell_nobody_but_the_city_what_its_reviewer_proposed(proposal_in_preparation, role):
    stage = proposal_in_preparation
    more = {"organisation": stage.organisation} if role == Role.APPLICANT else {"authority": stage.authority}
    client = as_role(role, **more)
    assert proposal_told(client, stage) == {"table": [], "unit": [], "board": [], "refusal": []}
    if role != Role.APPLICANT:
        # the page of a verb too, should a proposal ever stand where the district has one
        DynamicTable.objects.filter(pk=stage.table().pk).update(state="filed")
        shown = client.get(reverse("dynamic_mgmt:table_act", args=[stage.table().pk, "opinion"]))
        assert shown.status_code == 200 and not [word for word in PROPOSED if word in shown.content.decode()]


def test_control_the_city_reads_what_its_reviewer_proposed(proposal_in_preparation):
    stage, client = proposal_in_preparation, as_role(Role.CITY_LEAD)
    told = proposal_told(client, stage)
    assert {"尚未公开的建议理由", "审核人员建议", "提出处理建议"} <= set(told["table"])
    assert "建议：变更名称" in told["board"]
    act = client.get(reverse("dynamic_mgmt:table_act", args=[stage.table().pk, "send-back"])).content.decode()
    assert "审核人员建议" in act and "尚未公开的建议理由" in act


@pytest.mark.parametrize("role", [Role.CITY_REVIEWER, Role.CITY_LEAD, Role.DISTRICT_LEAD])
def test_the_reviewers_work_leads_to_what_has_no_proposal_and_the_filter_tells_the_city_alone(
    proposal_in_preparation, role
):
    proposed = proposal_in_preparation
    with clock.fixed(DURING):
        other = make_stage(proposed.authority.name, period=proposed.period)
        table, values = make_filed(other), {"actor": other.officer, "opinion": "keep"}
        judging.give_opinion(table_id=table.pk, seen_version=table.version, **values)
        (item,) = table_work(actor(Role.CITY_REVIEWER))
    assert item.status == "1张" and item.url.endswith("&state=unproposed")
    page = as_role(role, **({"authority": proposed.authority} if role == Role.DISTRICT_LEAD else {})).get(item.url)
    text = page.content.decode()
    shown = [reverse("dynamic_mgmt:table", args=[stage.table().pk]) in text for stage in (other, proposed)]
    city = role != Role.DISTRICT_LEAD
    assert (shown, "待提出处理建议" in text) == ([True, not city], city)
    who = actor(role) if city else proposed.officer
    rows = filtered(who, proposed.period, TableFilters(state="unproposed"))
    assert rows.count() == (1 if city else 2), "the selector too, without the form"


@pytest.mark.parametrize("verb", ["remove", "send-back", "recheck", "on-site"])
def test_the_reviewers_words_are_not_put_into_what_others_read(proposal_in_preparation, verb):
    table = proposal_in_preparation.table()
    lead, reviewer = as_role(Role.CITY_LEAD), as_role(Role.CITY_REVIEWER)
    url = reverse("dynamic_mgmt:table_act", args=[table.pk, verb])
    for client in (lead, reviewer):
        initial = client.get(url).context["form"].initial
        assert not {"reason", "decision", "proposal"} & initial.keys()
    # control: the decision and a new proposal begin with them
    for client, word in ((lead, "decide"), (reviewer, "propose")):
        form = client.get(reverse("dynamic_mgmt:table_act", args=[table.pk, word])).context["form"]
        assert form["reason"].value() == "尚未公开的建议理由"


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
def test_a_day_off_the_calendar_is_named_and_nothing_typed_is_lost(day, monkeypatch):
    monkeypatch.setattr(clock, "running", lambda: DURING)
    stage = make_stage()
    table = make_filed(stage)
    lead = as_role(Role.CITY_LEAD)
    period = {"label": "虚构半年报送", "key": "h1", "data_year": "2022", "closes_on": "2022-11-01", "opens_on": day}
    extension = {"authority": stage.authority.pk, "document_no": "虚构1号", "reason": "虚构理由", "until_on": day}
    asked = [
        (as_role(Role.DISTRICT_OFFICER, authority=stage.authority), "table_act", [table.pk, "return"],
         {"reason": "虚构：用水量有误", "due_on": day, "version": table.version}, "修改期限", "虚构：用水量有误"),
        (lead, "add_period", [], period, "开始日期", "虚构半年报送"),
        (lead, "extend", [stage.period.pk], extension, "延至", "虚构理由"),
    ]  # fmt: skip
    for client, name, args, values, label, kept in asked:
        page = client.post(reverse(f"dynamic_mgmt:{name}", args=args), values).content.decode()
        assert f"{label}离今天超过50年" in page and kept in page and day in page


def test_filters_stand_in_the_address_and_nonsense_does_not_filter():
    make_listed("甲有限公司", level="national")
    make_listed("乙有限公司", level="provincial")
    client, url = as_role(Role.CITY_REVIEWER), reverse("dynamic_mgmt:index")
    page = client.get(url, {"level": "provincial", "q": "乙"}).content.decode()
    assert "乙有限公司" in page
    assert "甲有限公司" not in page
    assert '<option value="provincial" selected>' in page
    assert "共 2 条" in client.get(url, {"year": "abc", "level": "moon"}).content.decode()


def test_list_year_and_publication_year_are_two_filters():
    make_listed("甲有限公司", list_year=2021, listed_on=date(2022, 1, 15))
    make_listed("乙有限公司", list_year=2022, listed_on=None, published_year=2023)
    make_listed("丙有限公司", list_year=2022, listed_on=date(2022, 9, 1))
    client, url = as_role(Role.CITY_REVIEWER), reverse("dynamic_mgmt:index")

    def names(**query: str) -> set[str]:
        page = client.get(url, query).content.decode()
        return {name for name in ("甲", "乙", "丙") if f"{name}有限公司" in page}

    assert (names(year="2022"), names(published="2022"), names(published="2023")) == (
        {"乙", "丙"},
        {"甲", "丙"},
        {"乙"},
    )


def test_pages_keep_the_filters():
    for number in range(51):
        make_listed(f"第{number:03}有限公司")
    page = as_role(Role.CITY_REVIEWER).get(reverse("dynamic_mgmt:index"), {"level": "national"}).content.decode()
    assert 'href="?level=national&amp;page=2"' in page


def test_removal_on_pages_takes_two_people():
    unit = make_listed()
    reviewer, lead = as_role(Role.CITY_REVIEWER), as_role(Role.CITY_LEAD)
    url = reverse("dynamic_mgmt:remove", args=[unit.pk])
    missing = reviewer.post(url, {"removed_on": "2022-09-01", "reason": "拒不填报"}).content.decode()
    assert "填写移出文号" in missing
    assert 'value="拒不填报"' in missing
    reviewer.post(url, {"removed_on": "2022-09-01", "reason": "拒不填报", "document_no": "1号"})
    proposal = RemovalProposal.objects.get()
    decide = reverse("dynamic_mgmt:decide", args=[proposal.pk])
    assert reviewer.post(decide, {"confirm": "1"}).status_code == 403
    assert f"复核移出名单：{unit.name_as_listed}" in lead.get(reverse("home")).content.decode()
    assert "已复核，该单位移出名单" in lead.post(decide, {"confirm": "1"}, follow=True).content.decode()
    assert "已复核，刷新页面查看" in lead.post(decide, {"confirm": "1"}, follow=True).content.decode()
    unit.refresh_from_db()
    assert str(unit.removed_on) == "2022-09-01"


def test_link_on_pages_names_an_unknown_code_and_stores_a_known_one():
    unit, organisation = make_listed(), make_organisation()
    client, url = as_role(Role.CITY_REVIEWER), reverse("dynamic_mgmt:link", args=[unit.pk])
    values = {"reason": "名单附件", "version": 1}
    unknown = client.post(url, {**values, "uscc": "91210202MA0TE5T16A"}).content.decode()
    assert "这一代码的单位尚未在系统登记" in unknown
    assert "第18位校验码" in client.post(url, {**values, "uscc": "91210202MA0TE5T16B"}).content.decode()
    assert client.post(url, {**values, "uscc": organisation.uscc.lower()}).status_code == 302
    unit.refresh_from_db()
    assert unit.organisation == organisation
    client.post(url, {**values, "version": 2, "uscc": ""})
    unit.refresh_from_db()
    assert unit.organisation is None


def test_list_is_looked_through_then_stored(django_capture_on_commit_callbacks):
    client, url = as_role(Role.CITY_REVIEWER), reverse("dynamic_mgmt:import")
    upload = workbook_upload(
        ["2022年度绿色制造名单"],
        ["类别", "批次", "年度", "名称", "省份", "来源"],
        ["绿色工厂(国家级)", "第七批", 2022, "试验（大连）有限公司", "辽宁省", ""],
        ["绿色工厂(国家级)", 7, 2022, "某石化(简称)", "辽宁省", ""],
    )
    preview = client.post(url, {"file": upload}).content.decode()
    assert "确认导入2项" in preview
    assert "不自动匹配1项" in preview
    assert ListedUnit.objects.count() == 0
    with django_capture_on_commit_callbacks(execute=True):
        client.post(url, {"file_id": StoredFile.objects.get().pk, "confirm": "1"})
    rows = ListedUnit.objects.order_by("id").values_list("name_as_listed", "batch", "matchable", "source")
    assert list(rows) == [("试验（大连）有限公司", "7", True, "名单.xlsx"), ("某石化(简称)", "7", False, "名单.xlsx")]


@pytest.mark.parametrize(
    ("role", "query", "told"),
    [
        (Role.DISTRICT_OFFICER, {}, register.EMPTY_DISTRICT),
        (Role.APPLICANT, {}, register.EMPTY_APPLICANT),
        (Role.CITY_LEAD, {}, register.EMPTY_CITY),
        (Role.DISTRICT_OFFICER, {"batch": "99"}, register.EMPTY_FILTERED),
    ],
)
def test_an_empty_register_says_why_and_what_to_do(role, query, told):
    client = as_role(role)
    page = client.get(reverse("dynamic_mgmt:index"), query).content.decode()
    others = {register.EMPTY_DISTRICT, register.EMPTY_APPLICANT, register.EMPTY_CITY, register.EMPTY_FILTERED} - {told}
    assert told in page
    assert not any(other in page for other in others)


@pytest.mark.parametrize("count", [1, 3])
def test_list_takes_the_same_queries_for_any_number(count, django_assert_num_queries):
    for _ in range(count):
        make_listed(organisation=make_organisation())
    client = as_role(Role.CITY_LEAD)
    client.get(reverse("dynamic_mgmt:index"))
    with django_assert_num_queries(5):
        client.get(reverse("dynamic_mgmt:index"))


def test_list_of_five_thousand_reads_one_page(django_assert_num_queries):
    now = make_listed().created_at
    ListedUnit.objects.bulk_create(
        ListedUnit(
            category="factory",
            level="national",
            batch="5",
            list_year=2020,
            name_as_listed=f"单位{n}",
            name_key=f"单位{n}",
            sort_key=f"dan wei {n:05}",
            created_at=now,
        )
        for n in range(5_000)
    )
    client = as_role(Role.CITY_LEAD)
    client.get(reverse("dynamic_mgmt:index"))
    with django_assert_num_queries(5):
        page = client.get(reverse("dynamic_mgmt:index")).content.decode()
    assert "共 101 页，5001 条" in page
    assert page.count("单位") < 200


@pytest.mark.parametrize("name", ["year", "published"])
@pytest.mark.parametrize("typed", ["20220920", "-0", "9" * 30])
def test_a_year_that_no_calendar_has_stays_in_its_filter(name, typed):
    answer = as_role(Role.CITY_LEAD).get(reverse("dynamic_mgmt:index"), {name: typed})
    assert answer.status_code == 200
    assert f'value="{typed}"' in answer.content.decode()
