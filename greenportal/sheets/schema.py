"""The JSON schema of a sheet's canonical answers (draft 2020-12), for exchange and for tools."""

from __future__ import annotations

from typing import Any

from greenportal.sheets.types import Field, FieldType, Required, Sheet, Table

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_PATTERNS = {
    FieldType.INTEGER: r"^-?(0|[1-9][0-9]*)$",
    FieldType.DECIMAL: r"^-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?$",
    FieldType.DATE: r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    FieldType.MONTH: r"^[0-9]{4}-(0[1-9]|1[0-2])$",
    FieldType.YEAR: r"^[0-9]{4}$",
    FieldType.USCC: r"^[0-9A-HJ-NPQRTUWXY]{18}$",
    FieldType.POSTCODE: r"^[0-9]{6}$",
    FieldType.INDUSTRY: r"^[0-9]{4}$",
}


def json_schema(sheet: Sheet) -> dict[str, Any]:
    """Return the schema: every key optional but the hard ones without a condition, nothing else allowed.

    An empty text means not filled in, so each pattern also admits it unless the field is hard.
    """
    properties: dict[str, Any] = {field.key: _field(field) for field in sheet.fields()}
    properties.update({table.key: _table(table) for table in sheet.tables()})
    conditional = {field.key for section in sheet.sections if section.show_if for field in section.fields}
    return {
        "$schema": DIALECT,
        "$id": f"urn:greenportal:sheet:{sheet.key}:{sheet.sha256}",
        "title": sheet.title,
        "type": "object",
        "properties": properties,
        "required": [field.key for field in sheet.fields() if _always(field) and field.key not in conditional],
        "additionalProperties": False,
    }


def _always(field: Field) -> bool:
    return field.required == Required.HARD and not field.show_if and not field.formula


def _field(field: Field) -> dict[str, Any]:
    schema: dict[str, Any] = {"title": field.label}
    if field.unit:
        schema["x-unit"] = field.unit
    if field.is_number:
        schema["x-decimals"] = field.decimals
        schema |= {
            f"x-{name}": str(limit) for name, limit in (("min", field.min), ("max", field.max)) if limit is not None
        }
    single = _single(field)
    if field.is_list:
        return schema | {"type": "array", "items": single, "uniqueItems": True}
    if _always(field):
        return schema | {"minLength": 1} | single
    return schema | {"anyOf": [single, {"const": ""}]}


def _single(field: Field) -> dict[str, Any]:
    if field.choices:
        return {"enum": [choice.value for choice in field.choices]}
    if field.type == FieldType.YESNO:
        return {"enum": ["yes", "no"]}
    if field.type == FieldType.INDUSTRIES:
        return {"type": "string", "pattern": _PATTERNS[FieldType.INDUSTRY]}
    if pattern := _PATTERNS.get(field.type):
        return {"type": "string", "pattern": pattern}
    return {"type": "string", "maxLength": field.max_length}


def _table(table: Table) -> dict[str, Any]:
    row = {
        "type": "object",
        "properties": {"_id": {"type": "string", "pattern": "^[A-Za-z0-9]{1,40}$"}}
        | {column.key: _loose(column) for column in table.columns},
        "required": ["_id"],
        "additionalProperties": False,
    }
    schema: dict[str, Any] = {"title": table.label, "type": "array", "items": row, "maxItems": table.max_rows}
    if table.fixed:
        row["properties"]["_id"] = {"enum": [fixed.id for fixed in table.fixed]}  # type: ignore[index]
        schema["maxItems"] = len(table.fixed)
    return schema


def _loose(column: Field) -> dict[str, Any]:
    base = _field(column)
    if "anyOf" in base:
        return base
    base.pop("minLength", None)
    return {"title": column.label, "anyOf": [_single(column), {"const": ""}]}
