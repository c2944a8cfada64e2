"""Log lines: one JSON object each, with the number of the request that the answer bears too."""

import io
import json
import logging
import secrets
import uuid

import pytest
import structlog
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str

from greenportal import logs
from greenportal.accounts.actors import Role
from tests.factories.accounts import make_user


@pytest.fixture
def lines():
    """Write through the configured formatter into memory; yields a function that reads what was written."""
    description = logs.configuration(style="json", level="INFO")["formatters"]["lines"]
    formatter = description.pop("()")(**description)
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel("INFO")
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    root.removeHandler(handler)
    root.setLevel(level)


def test_line_of_a_library_and_line_of_ours_have_one_shape(lines):
    with logs.bound(request_id="abc"):
        logging.getLogger("some.library").warning("它说 %s", "好")
        structlog.get_logger("greenportal.x").info("saved", rows=3)

    library, ours = lines()
    assert (library["event"], library["level"], library["logger"], library["request_id"]) == (
        "它说 好",
        "warning",
        "some.library",
        "abc",
    )
    assert (ours["event"], ours["rows"], ours["request_id"]) == ("saved", 3, "abc")
    assert library["timestamp"].endswith("Z")


def test_number_of_the_request_ends_with_it(lines):
    with logs.bound(request_id="abc"):
        pass
    logging.getLogger("x").warning("after")

    assert "request_id" not in lines()[0]


def test_trace_of_an_error_is_part_of_its_line(lines):
    try:
        raise RuntimeError("broken")
    except RuntimeError:
        logging.getLogger("x").exception("failed")

    [line] = lines()
    assert "RuntimeError: broken" in line["exception"]


@pytest.mark.django_db
def test_answer_bears_the_number_of_its_request(client):
    first, second = client.get("/readyz"), client.get("/readyz")

    assert len(first["X-Request-ID"]) == 16
    assert first["X-Request-ID"] != second["X-Request-ID"]


def test_token_of_a_link_is_in_no_line_whoever_writes_it(lines):
    token = secrets.token_urlsafe(32)
    with logs.bound(path=f"/nominations/confirm/{token}/"):
        logging.getLogger("django.request").warning("Forbidden: %s", f"/accounts/invitation/{token}/")
        logging.getLogger("django.request").warning("Not Found: %s", f"/green/accounts/invitation/{token}")
        structlog.get_logger("greenportal.x").info("left", next=f"/?next=%2Fnominations%2Fopinion%2F{token}%2F")
        try:
            raise RuntimeError(f"/nominations/opinion/{token}/")
        except RuntimeError:
            logging.getLogger("x").exception("failed")

    written = lines()
    assert [line["event"] for line in written[:2]] == [
        "Forbidden: /accounts/invitation/<token>/",
        "Not Found: /green/accounts/invitation/<token>",
    ]
    assert {line["path"] for line in written} == {"/nominations/confirm/<token>/"}
    assert len(written) == 4
    assert token not in str(written)


def test_control_what_names_a_thing_stays_readable(lines):
    kept = f"/files/{uuid.uuid4()}/ issued/ab/{'ab' * 32}.pdf /nominations/lists/12/rank/ /static/{'x' * 50}.css"
    logging.getLogger("x").warning(kept)

    assert lines()[0]["event"] == kept


@pytest.mark.django_db
def test_key_of_a_password_reset_is_masked_too():
    user = make_user(Role.APPLICANT)
    key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"

    assert logs.masked(f"/accounts/password/reset/key/{key}/") == "/accounts/password/reset/key/<token>/"


@pytest.mark.django_db
def test_path_bound_to_a_request_holds_no_token(client, monkeypatch):
    bound = []
    real = logs.bound
    monkeypatch.setattr(logs, "bound", lambda **values: bound.append(values) or real(**values))
    token = secrets.token_urlsafe(32)
    client.get(f"/nominations/confirm/{token}/")
    client.get("/readyz")

    assert [values["path"] for values in bound] == ["/nominations/confirm/<token>/", "/readyz"]
