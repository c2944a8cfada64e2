"""Pages of the directory: who reaches them, what they keep, how a list comes in."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from greenportal.accounts.actors import Role
from greenportal.directory.models import Authority, Industry
from greenportal.directory.services import load_directory
from greenportal.files.models import StoredFile
from tests.factories.accounts import make_user, sign_in
from tests.factories.workbooks import workbook_upload

pytestmark = pytest.mark.django_db
HOLDERS = [role for role in Role if role not in {Role.SYSTEM, Role.ANONYMOUS}]
CITY = {Role.CITY_LEAD, Role.CITY_REVIEWER}


def as_role(role: Role) -> Client:
    return sign_in(Client(), make_user(role))


def pages() -> dict[str, set[Role]]:
    unit = Authority.objects.get(code="DL-TPW")
    return {
        reverse("directory:authorities"): CITY,
        reverse("directory:authority", args=[unit.pk]): {Role.CITY_LEAD},
        reverse("directory:industries"): CITY,
        reverse("directory:import_industries"): CITY,
        reverse("directory:industry_search") + "?q=34": set(HOLDERS),
    }


@pytest.mark.parametrize("role", HOLDERS)
def test_each_role_reaches_its_pages_only(role):
    load_directory()
    client = as_role(role)
    answers = {url: client.get(url).status_code for url in pages()}
    assert answers == {url: 200 if role in allowed else 403 for url, allowed in pages().items()}


def test_stranger_is_sent_to_sign_in():
    load_directory()
    for url in pages():
        assert Client().get(url).status_code == 302


@pytest.mark.parametrize("count", [1, 3])
def test_roster_takes_the_same_queries_for_any_number(count, django_assert_num_queries):
    client = as_role(Role.CITY_LEAD)
    load_directory()
    Authority.objects.exclude(pk__in=list(Authority.objects.values_list("pk", flat=True)[:count])).filter(
        membership=None
    ).delete()
    client.get(reverse("directory:authorities"))
    with django_assert_num_queries(5):
        client.get(reverse("directory:authorities"))


def test_lead_edits_a_unit_and_a_stale_form_keeps_what_was_typed():
    load_directory()
    client, unit = as_role(Role.CITY_LEAD), Authority.objects.get(code="DL-TPW")
    url = reverse("directory:authority", args=[unit.pk])
    typed = {"name": unit.name, "kind": "zone", "territories": ["210281"], "starts_on": "2020-07-01", "version": 1}
    assert client.post(url, {**typed, "note": "市局核定"}).status_code == 302
    unit.refresh_from_db()
    assert (unit.note, unit.version, str(unit.starts_on)) == ("市局核定", 2, "2020-07-01")
    page = client.post(url, {**typed, "note": "我的说明"}).content.decode()
    assert "这一主管部门刚被他人修改" in page
    assert 'value="我的说明"' in page
    assert "<title>错误：" in page


def test_wrong_field_is_named_at_the_field():
    load_directory()
    unit = Authority.objects.get(code="DL-TPW")
    page = as_role(Role.CITY_LEAD).post(reverse("directory:authority", args=[unit.pk]), {"kind": "zone"})
    text = page.content.decode()
    assert 'id="id_name_error"' in text
    assert "填写名称" in text


def test_every_described_field_has_its_description():
    load_directory()
    unit = Authority.objects.get(code="DL-TPW")
    text = as_role(Role.CITY_LEAD).post(reverse("directory:authority", args=[unit.pk]), {}).content.decode()
    named = {name for group in re.findall(r'aria-describedby="([^"]+)"', text) for name in group.split()}
    assert named
    assert named <= set(re.findall(r'id="([^"]+)"', text))


def test_search_answers_as_options_and_as_json():
    load_directory()
    client, url = as_role(Role.APPLICANT), reverse("directory:industry_search")
    assert "3451 滚动轴承制造" in client.get(url, {"q": "gundong"}).content.decode()
    assert client.get(url, {"q": "轴承", "format": "json"}).json() == {
        "items": [
            {"code": "3451", "name": "滚动轴承制造", "section": "C", "checked": True},
            {"code": "3452", "name": "滑动轴承制造", "section": "C", "checked": False},
        ],
        "more": False,
    }
    assert client.get(url, {"q": "34", "format": "json"}).json()["more"] is True
    assert client.get(url, {"q": "", "format": "json"}).json() == {"items": [], "more": False}
    assert "可直接填写四位代码" in client.get(url, {"q": "没有"}).content.decode()


def test_search_text_is_escaped():
    client = as_role(Role.APPLICANT)
    assert "<b>" not in client.get(reverse("directory:industry_search"), {"q": "<b>"}).content.decode()


def test_list_is_looked_through_then_stored_and_the_workbook_removed(django_capture_on_commit_callbacks):
    client, url = as_role(Role.CITY_REVIEWER), reverse("directory:import_industries")
    upload = workbook_upload(["行业代码", "行业名称"], [3451, "滚动轴承制造"], ["C3452", "滑动轴承制造"])
    preview = client.post(url, {"file": upload})
    assert "确认导入2项" in preview.content.decode()
    assert Industry.objects.count() == 0
    file = StoredFile.objects.get(kind="directory.import")
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(url, {"file_id": file.pk, "confirm": "1"}).status_code == 302
    assert sorted(Industry.objects.values_list("code", "name")) == [("3451", "滚动轴承制造"), ("3452", "滑动轴承制造")]
    assert StoredFile.objects.count() == 0


def test_rows_to_mend_are_listed_and_cannot_be_confirmed():
    client, url = as_role(Role.CITY_REVIEWER), reverse("directory:import_industries")
    page = client.post(url, {"file": workbook_upload(["行业代码", "行业名称"], [3451, ""])}).content.decode()
    assert "第2行：代码3451缺少名称" in page
    assert "确认导入" not in page
    file = StoredFile.objects.get()
    assert "先更正下列各行" not in page
    refused = client.post(url, {"file_id": file.pk, "confirm": "1"}).content.decode()
    assert "第2行：代码3451缺少名称" in refused
    assert Industry.objects.count() == 0


def test_other_persons_upload_cannot_be_confirmed():
    url = reverse("directory:import_industries")
    as_role(Role.CITY_REVIEWER).post(url, {"file": workbook_upload(["行业代码", "行业名称"], [3451, "滚动轴承制造"])})
    file = StoredFile.objects.get()
    other = as_role(Role.CITY_LEAD)
    assert other.post(url, {"file_id": file.pk, "confirm": "1"}).status_code == 404
    assert other.post(url, {"file_id": "x", "confirm": "1"}).status_code == 404
    assert Industry.objects.count() == 0


@pytest.mark.parametrize("data", [{}, {"file": "text"}])
def test_missing_file_is_asked_for(data):
    page = as_role(Role.CITY_REVIEWER).post(reverse("directory:import_industries"), data)
    assert page.status_code == 200
    assert "有内容需要修改" in page.content.decode()
