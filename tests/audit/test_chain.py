"""The arithmetic of the chain, and what verification finds when history was touched."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, InternalError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from greenportal.accounts.actors import Actor
from greenportal.audit import chain, services
from greenportal.audit.models import AuditAnchor, AuditEntry, AuditHead
from greenportal.audit.verification import Break

SYSTEM = Actor.system("试验")
A, B = "tests.thing:1", "tests.thing:2"


@pytest.fixture
def trail(db):
    """Three entries about A, two about B."""
    for number in range(3):
        services.record(actor=SYSTEM, action="tests.do", target=A, data={"n": number})
    for number in range(2):
        services.record(actor=SYSTEM, action="tests.do", target=B, data={"n": number})


def tamper(statement, *values):
    """Do as the owner, triggers off, what nobody may do."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(statement, values)
        cursor.execute("SET session_replication_role = DEFAULT")


def test_positions_are_dense_per_stream_and_each_row_names_its_predecessor(trail):
    rows = list(AuditEntry.objects.filter(stream=A).order_by("position"))
    assert [row.position for row in rows] == [1, 2, 3]
    assert [row.previous for row in rows] == [chain.GENESIS, rows[0].digest, rows[1].digest]
    assert AuditHead.objects.get(stream=A).digest == rows[2].digest


def test_an_untouched_trail_verifies(trail):
    services.anchor()
    services.record(actor=SYSTEM, action="tests.do", target=A)
    assert services.verify() == []


@pytest.mark.parametrize(
    "column", ["actor_name", "role", "address", "action", "target", "result", "user_id", "authority_id", "at", "data"]
)
def test_a_changed_column_is_named_with_its_row(trail, column):
    values = {
        "user_id": "7",
        "authority_id": "7",
        "at": "'2001-01-01'",
        "data": "'{\"n\": 9}'",
        "result": "'failed'",
        "target": "'tests.thing:9'",
    }
    tamper(
        f"UPDATE audit_auditentry SET {column} = {values.get(column, chr(39) + 'x' + chr(39))} WHERE stream = %s AND position = 2",
        A,
    )
    assert services.verify() == [Break(A, 2, "第2条记录的内容已被改动。")]


def test_a_changed_row_with_its_digest_made_right_breaks_at_the_next(trail):
    row = AuditEntry.objects.get(stream=A, position=2)
    content = {name: getattr(row, name) for name in chain.COLUMNS} | {"data": {"n": 9}}
    digest = chain.entry_digest(content, at=row.at, previous=row.previous)
    tamper("UPDATE audit_auditentry SET data = '{\"n\": 9}', digest = %s WHERE id = %s", digest, row.pk)
    assert services.verify() == [Break(A, 3, "第3条记录与上一条不衔接。")]


def test_a_missing_row_is_named(trail):
    tamper("DELETE FROM audit_auditentry WHERE stream = %s AND position = 2", A)
    assert services.verify() == [Break(A, 2, "缺少第2条记录。")]


def test_a_cut_tail_is_found_by_the_head(trail):
    tamper("DELETE FROM audit_auditentry WHERE stream = %s AND position = 3", A)
    assert services.verify() == [Break(A, 3, "末尾缺少记录：链头为第3条，实有2条。")]


def cut_with_head():
    tamper("DELETE FROM audit_auditentry WHERE stream = %s AND position = 3", A)
    last = AuditEntry.objects.get(stream=A, position=2)
    tamper("UPDATE audit_audithead SET position = 2, digest = %s WHERE stream = %s", last.digest, A)


def test_a_tail_cut_together_with_its_head_is_found_by_the_anchor(trail):
    services.anchor()
    cut_with_head()
    assert services.verify() == [Break(A, 3, "锚点记有第3条记录，现已缺失。")]


def test_control_without_an_anchor_that_cut_goes_unnoticed(trail):
    cut_with_head()
    assert services.verify() == []


def test_a_removed_stream_is_found_while_head_or_anchor_remain(trail):
    services.anchor()
    tamper("DELETE FROM audit_auditentry WHERE stream = %s", B)
    tamper("DELETE FROM audit_audithead WHERE stream = %s", B)
    assert services.verify() == [Break(B, 1, "整条审计流缺失：留有链头或锚点，但没有任何记录。")]


def test_a_stream_removed_with_head_and_anchors_breaks_the_seal(trail):
    services.anchor()
    for table in ("audit_auditentry", "audit_audithead", "audit_auditanchor"):
        tamper(f"DELETE FROM {table} WHERE stream = %s", B)
    assert services.verify() == [Break(chain.SEAL, 1, "第1次锚定的印记与其锚点不一致。")]


def test_a_seal_kept_elsewhere_shows_that_all_anchors_were_made_anew(trail):
    kept = services.anchor().digest
    assert services.verify(seal=kept) == []
    tamper("DELETE FROM audit_auditanchor")
    services.record(actor=SYSTEM, action="tests.do", target=A)
    services.anchor()
    assert services.verify() == []
    assert services.verify(seal=kept) == [Break(chain.SEAL, 1, "另存的印记不在库中：锚点已被删除或改写。")]


def test_anchoring_again_writes_only_heads_that_moved(trail):
    assert services.anchor().position == 2
    assert services.anchor().position == 0
    services.record(actor=SYSTEM, action="tests.do", target=B)
    assert services.anchor().position == 1
    assert AuditAnchor.objects.exclude(stream=chain.SEAL).count() == 3
    assert services.verify() == []


def test_the_command_ends_with_1_and_names_the_row(trail, capsys):
    tamper("UPDATE audit_auditentry SET action = 'x' WHERE stream = %s AND position = 2", A)
    with pytest.raises(CommandError) as caught:
        call_command("verify_audit")
    assert caught.value.returncode == 1
    assert capsys.readouterr().err.strip() == f"{A} #2: 第2条记录的内容已被改动。"


def test_the_command_says_that_the_trail_holds(trail, capsys):
    call_command("verify_audit")
    assert capsys.readouterr().out.strip() == "审计记录完整。"


@pytest.mark.parametrize("statement", ["UPDATE {} SET digest = 'x'", "DELETE FROM {}"])
@pytest.mark.parametrize("table", ["audit_auditentry", "audit_auditanchor"])
def test_the_trigger_refuses_the_owner_too(trail, statement, table):
    services.anchor()
    with pytest.raises(InternalError, match="Cannot update or delete"), transaction.atomic(), connection.cursor() as c:
        c.execute(statement.format(table))


def test_two_rows_cannot_take_one_position(trail):
    row = AuditEntry.objects.get(stream=A, position=3)
    row.pk = None
    with pytest.raises(IntegrityError, match="audit_position_dense"), transaction.atomic():
        row.save(force_insert=True)


def test_what_the_business_transaction_rolls_back_is_not_recorded_as_done(db):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        services.record(actor=SYSTEM, action="tests.do", target=A)
        raise ZeroDivisionError
    assert AuditEntry.objects.count() == 0


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.text()
    | st.floats(allow_nan=False)
    | st.decimals(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=8), JSON, max_size=4))
def test_plain_data_is_a_fixed_point_and_storable(data):
    once = chain.plain(data)
    assert chain.plain(once) == once
    assert b"\\u0000" not in chain.canonical(once)
    chain.canonical(once).decode("utf-8")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "data",
    [
        {"f": 1e22, "d": Decimal("1.10"), "t": datetime(2022, 9, 1, tzinfo=UTC), "u": UUID(int=1)},
        {"text": "a\0b\ud800c", "keys": {"z": 1, "a": [True, None]}, "set": {"b", "a"}},
        {"=cmd": "张三\n李四"},
    ],
)
def test_hard_values_survive_the_database_and_verify(data):
    services.record(actor=SYSTEM, action="tests.do", target=A, data=data)
    assert services.verify() == []


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 3, 200])
def test_many_entries_at_once_chain_like_one_after_the_other(count, django_assert_num_queries):
    services.record(actor=SYSTEM, action="tests.do", target=A)
    told = [
        services.Entry(action="tests.one", target=A),
        services.Entry(action="tests.two", target=A, result="refused"),
    ]
    told += [services.Entry(action="tests.do", target=f"tests.thing:{n + 100}", data={"n": n}) for n in range(count)]
    with django_assert_num_queries(6):
        services.record_all(actor=SYSTEM, entries=told)
    rows = AuditEntry.objects.filter(stream=A).order_by("position").values_list("position", "action", "result")
    assert list(rows) == [(1, "tests.do", "ok"), (2, "tests.one", "ok"), (3, "tests.two", "refused")]
    assert AuditEntry.objects.exclude(stream=A).filter(position=1).count() == count
    services.record(actor=SYSTEM, action="tests.do", target=A)
    assert services.verify() == []


@pytest.mark.django_db
def test_one_or_none_of_many_costs_what_it_did(django_assert_num_queries):
    services.record(actor=SYSTEM, action="tests.do", target=A)
    with django_assert_num_queries(0):
        services.record_all(actor=SYSTEM, entries=[])
    with django_assert_num_queries(5):
        services.record_all(actor=SYSTEM, entries=[services.Entry(action="tests.do", target=A)])
    assert services.verify() == []


def test_a_value_that_is_no_json_is_refused_by_name():
    with pytest.raises(TypeError, match="holds a object"):
        chain.plain({"x": object()})


def test_control_characters_cannot_forge_a_line():
    assert chain.clean("甲\n乙\r\t\0", 10) == "甲\ufffd乙\ufffd\ufffd\ufffd"
    assert chain.clean("一二三", 2) == "一二"
