"""The application's database role adds to history and can do nothing else to it."""

import pytest
from django.core.management import call_command
from django.db import ProgrammingError, connection, transaction

from greenportal.accounts.actors import Actor
from greenportal.audit import grants, services

ROLE = "greenportal_test_app_h2"


@pytest.fixture
def app_role(db):
    """The role, granted; made in the test's transaction, so gone afterwards."""
    services.record(actor=Actor.system(), action="tests.do", target="tests.thing:1")
    services.anchor()
    call_command("grant_app_role", "--role", ROLE)
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {ROLE}")
        yield
        cursor.execute("RESET ROLE")


@pytest.mark.parametrize("table", ["audit_auditentry", "audit_auditanchor", "filings_filingversion"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_role_cannot_change_history(app_role, table, statement):
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic(), connection.cursor() as c:
        c.execute(statement.format(table))


@pytest.mark.parametrize("table", ["nominations_sealscan", "nominations_papercount"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_the_role_cannot_change_proofs_of_paper(app_role, table, statement):
    refused(statement.format(table))


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM nominations_listversion",
        "UPDATE nominations_listversion SET payload = '{}'",
        "UPDATE nominations_listversion SET sha256 = ''",
        "DELETE FROM evaluators_sanction",
        "DELETE FROM evaluators_engagement",
        "DELETE FROM dynamic_mgmt_listedunit",
    ],
)
def test_ignoring_triggers_lets_the_role_remove_nothing_that_must_stay(app_role, statement):
    with connection.cursor() as cursor:
        cursor.execute("SET pgtrigger.ignore = '{nominations_listversion,evaluators_sanction}'")
    refused(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE nominations_listversion SET voided_at = now(), void_reason = '有误'",
        "SELECT 1 FROM nominations_listversion FOR UPDATE",
        "UPDATE evaluators_sanction SET lifted_on = now()",
        "UPDATE evaluators_engagement SET state = state, version = version + 1",
        "UPDATE dynamic_mgmt_listedunit SET removed_on = now()",
        "DELETE FROM nominations_nomination WHERE false",
    ],
)
def test_control_what_may_change_the_role_changes(app_role, statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def refused(statement):
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic(), connection.cursor() as c:
        c.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE audit_auditentry DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
        "DROP TABLE audit_auditanchor",
        "DELETE FROM audit_audithead",
        "TRUNCATE audit_audithead",
        "CREATE TABLE mine (id int)",
        "DELETE FROM django_migrations",
    ],
)
def test_the_role_cannot_get_round_it(app_role, statement):
    refused = pytest.raises(ProgrammingError, match=r"permission denied|must be owner")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_role_can_do_its_work(app_role):
    services.record(actor=Actor.system(), action="tests.do", target="tests.thing:1")
    services.anchor()
    assert services.verify() == []


def test_control_the_owner_with_the_trigger_off_can_and_verification_names_it(db):
    services.record(actor=Actor.system(), action="tests.do", target="tests.thing:1")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_auditentry DISABLE TRIGGER USER")
        cursor.execute("UPDATE audit_auditentry SET action = 'tests.undo'")
        cursor.execute("ALTER TABLE audit_auditentry ENABLE TRIGGER USER")
    assert [found.position for found in services.verify()] == [1]


def test_every_model_that_forbids_both_is_history():
    tables = grants.append_only_tables()
    assert {"audit_auditentry", "audit_auditanchor", "filings_filingversion", "findings_checkrun"} <= set(tables)
    assert "accounts_membership" not in tables
