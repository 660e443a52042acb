"""The marshmallow contract of every event, derived from its declaration so that the two cannot differ."""

from collections.abc import Callable
from functools import cache
from typing import Any

import marshmallow as ma
import msgspec
from marshmallow import fields, validate
from msgspec import inspect

FieldMaker = Callable[[Any, dict[str, Any]], fields.Field[Any]]


class ReaderSchema(ma.Schema):
    """A tolerant reader: unknown members are dropped, as the compatibility rules ask."""

    class Meta:
        unknown = ma.EXCLUDE


def _text(kind: Any, options: dict[str, Any]) -> fields.Field[Any]:
    checks: list[Any] = []
    if kind.min_length is not None or kind.max_length is not None:
        checks.append(validate.Length(min=kind.min_length, max=kind.max_length))
    if kind.pattern is not None:
        checks.append(validate.Regexp(kind.pattern))
    return fields.String(validate=checks, **options)


def _number(kind: Any, options: dict[str, Any]) -> fields.Field[Any]:
    checks = [validate.Range(min=kind.ge, max=kind.le)] if kind.ge is not None or kind.le is not None else []
    return fields.Integer(strict=True, validate=checks, **options)


def _list(kind: Any, options: dict[str, Any]) -> fields.Field[Any]:
    checks = [validate.Length(min=kind.min_length, max=kind.max_length)] if kind.max_length is not None else []
    return fields.List(_field(kind.item_type, {}), validate=checks, **options)


def _dict(kind: Any, options: dict[str, Any]) -> fields.Field[Any]:
    return fields.Dict(keys=_field(kind.key_type, {}), values=_field(kind.value_type, {}), **options)


def _union(kind: Any, options: dict[str, Any]) -> fields.Field[Any]:
    """Only `X | None` occurs in the published language."""
    (present,) = [member for member in kind.types if not isinstance(member, inspect.NoneType)]
    return _field(present, options | {"allow_none": True})


MAKERS: dict[type, FieldMaker] = {
    inspect.StrType: _text,
    inspect.IntType: _number,
    inspect.BoolType: lambda kind, options: fields.Boolean(truthy={True}, falsy={False}, **options),
    inspect.DateTimeType: lambda kind, options: fields.AwareDateTime(format="iso", **options),
    inspect.LiteralType: lambda kind, options: fields.String(
        validate=[validate.OneOf(kind.values)], **options
    ),
    inspect.ListType: _list,
    inspect.DictType: _dict,
    inspect.UnionType: _union,
    inspect.StructType: lambda kind, options: fields.Nested(schema_class(kind.cls), **options),
}


def _field(kind: inspect.Type, options: dict[str, Any]) -> fields.Field[Any]:
    if isinstance(kind, inspect.Metadata):
        return _field(kind.type, options)
    return MAKERS[type(kind)](kind, options)


@cache
def schema_class(struct: type[msgspec.Struct]) -> type[ma.Schema]:
    """The marshmallow schema of `struct`: same members, same limits, unknown members dropped."""
    shape = inspect.type_info(struct)
    assert isinstance(shape, inspect.StructType)
    return ReaderSchema.from_dict(
        {field.encode_name: _field(field.type, {"required": field.required}) for field in shape.fields},
        name=struct.__name__,
    )


@cache
def schema(struct: type[msgspec.Struct]) -> ma.Schema:
    """One reusable instance of the schema of `struct`."""
    return schema_class(struct)()
