"""What the application's database role may do: everything its work needs, and nothing to history.

The role owns nothing, so it can switch off no trigger. Tables listed here lose UPDATE, DELETE and
TRUNCATE even though every other table allows the first two.
"""

from __future__ import annotations

from django.apps import apps
from django.db import connection, transaction
from psycopg2 import sql

#: Rows that are only ever added. A table is append-only when its model carries a pgtrigger.Protect
#: against update and delete together; these names come from the models, not from a list kept by hand.
_BOTH = "UPDATE OR DELETE"
#: Rows that no code changes and that prove what lay on paper; by right alone, without a trigger of their own.
_PROOFS = ("nominations.SealScan", "nominations.PaperCount")


def append_only_tables() -> list[str]:
    """Return the tables whose models forbid update and delete of any row, sorted."""
    found = set()
    for model in apps.get_models():
        for trigger in getattr(model._meta, "triggers", []):
            if str(getattr(trigger, "operation", "")) == _BOTH and getattr(trigger, "condition", None) is None:
                found.add(model._meta.db_table)
    found |= {apps.get_model(label)._meta.db_table for label in _PROOFS}
    return sorted(found)


def kept_tables() -> dict[str, list[str]]:
    """Return the tables whose rows may change but never go, each with its columns that may change.

    Read from the triggers of the models: one against delete, perhaps one that makes columns read-only. A trigger
    can be ignored by a session that sets `pgtrigger.ignore`; a right that was not granted cannot.
    """
    history, found = append_only_tables(), {}
    for model in apps.get_models():
        triggers = getattr(model._meta, "triggers", [])
        kept = any(str(getattr(trigger, "operation", "")) == "DELETE" for trigger in triggers)
        if not kept or model._meta.db_table in history:
            continue
        fixed = {name for trigger in triggers for name in getattr(trigger, "fields", None) or ()}
        fields = model._meta.concrete_fields
        found[model._meta.db_table] = [str(f.column) for f in fields if f.name not in fixed and not f.primary_key]
    return found


def grant(role: str) -> list[str]:
    """Create `role` if it is not there and give it exactly what the application needs; return the append-only tables.

    Run as the owner after each migration: new tables get their rights then.
    """
    name = sql.Identifier(role)
    history = append_only_tables()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        if cursor.fetchone() is None:
            cursor.execute(sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE").format(name))
        database = sql.Identifier(str(connection.settings_dict["NAME"]))
        for statement in (
            sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {db} TO {role}"),
            sql.SQL("GRANT USAGE ON SCHEMA public TO {role}"),
            sql.SQL("REVOKE CREATE ON SCHEMA public FROM PUBLIC"),
            sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}"),
            sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}"),
            sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}"),
            sql.SQL("REVOKE INSERT, UPDATE, DELETE ON TABLE django_migrations FROM {role}"),
        ):
            cursor.execute(statement.format(role=name, db=database))
        for table in history:
            cursor.execute(sql.SQL("REVOKE UPDATE, DELETE ON TABLE {} FROM {}").format(sql.Identifier(table), name))
        for table, columns in kept_tables().items():
            changing = sql.SQL(", ").join(map(sql.Identifier, columns))
            where = sql.Identifier(table)
            cursor.execute(sql.SQL("REVOKE UPDATE, DELETE ON TABLE {} FROM {}").format(where, name))
            cursor.execute(sql.SQL("GRANT UPDATE ({}) ON TABLE {} TO {}").format(changing, where, name))
        cursor.execute(sql.SQL("REVOKE DELETE ON TABLE {} FROM {}").format(sql.Identifier("audit_audithead"), name))
    return history
