"""The marshmallow contract of every event, derived from its declaration so that the two cannot differ.

Where marshmallow is more liberal than JSON is (1 for true, a week date for a moment), a strict field stands
in; tests/contracts/test_both_readers_agree.py proves that nothing is left.
"""

from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Annotated, Any

import marshmallow as ma
import msgspec
from marshmallow import fields, validate
from msgspec import inspect

from contracts.terms import dated

FieldMaker = Callable[[Any, dict[str, Any]], fields.Field[Any]]


class ReaderSchema(ma.Schema):
    """A tolerant reader: unknown members are dropped, as the compatibility rules ask."""

    class Meta:
        unknown = ma.EXCLUDE


class Truth(fields.Boolean):
    """true or false, and not the 1 that Python takes for true."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Moment(fields.AwareDateTime):
    """An RFC 3339 date and time with its zone, read by msgspec: Python's parser also takes week dates."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> datetime:
        try:
            moment: datetime = msgspec.convert(value, Annotated[datetime, msgspec.Meta(tz=True)])
        except msgspec.ValidationError as error:
            kind = "RFC 3339 date and time with zone"
            raise self.make_error("invalid", input=value, obj_type=kind) from error
        return moment


def _length(kind: Any) -> list[validate.Validator]:
    if kind.min_length is None and kind.max_length is None:
        return []
    return [validate.Length(min=kind.min_length, max=kind.max_length)]


def _text(kind: Any, options: dict[str, Any]) -> fields.Field[Any]:
    checks = _length(kind)
    if kind.pattern is not None:
        checks.append(validate.Regexp(kind.pattern))
    return fields.String(validate=checks, **options)


def _range(kind: Any) -> list[validate.Validator]:
    return [validate.Range(min=kind.ge, max=kind.le)] if kind.ge is not None or kind.le is not None else []


def _number(kind: Any, options: dict[str, Any]) -> fields.Field[Any]:
    return fields.Integer(strict=True, validate=_range(kind), **options)


def _decimal(kind: Any, options: dict[str, Any]) -> fields.Field[Any]:
    """Only answers and forms have decimals, never an event: what readers make of them differs."""
    return fields.Float(validate=_range(kind), **options)


def _choice(kind: Any, options: dict[str, Any]) -> fields.Field[Any]:
    return fields.String(validate=[validate.OneOf(kind.values)], **options)


def _list(kind: Any, options: dict[str, Any]) -> fields.Field[Any]:
    return fields.List(_field(kind.item_type, {}), validate=_length(kind), **options)


def _dict(kind: Any, options: dict[str, Any]) -> fields.Field[Any]:
    return fields.Dict(keys=_field(kind.key_type, {}), values=_field(kind.value_type, {}), **options)


def _union(kind: Any, options: dict[str, Any]) -> fields.Field[Any]:
    """Only `X | None` occurs in the published language."""
    (present,) = [member for member in kind.types if not isinstance(member, inspect.NoneType)]
    return _field(present, options | {"allow_none": True})


def _nested(kind: Any, options: dict[str, Any]) -> fields.Field[Any]:
    inner: type[ma.Schema] = schema_class(kind.cls)
    return fields.Nested(inner, **options)


MAKERS: dict[type, FieldMaker] = {
    inspect.StrType: _text,
    inspect.IntType: _number,
    inspect.FloatType: _decimal,
    inspect.BoolType: lambda _, options: Truth(**options),
    inspect.DateTimeType: lambda _, options: Moment(format="iso", **options),
    inspect.LiteralType: _choice,
    inspect.ListType: _list,
    inspect.DictType: _dict,
    inspect.UnionType: _union,
    inspect.StructType: _nested,
    inspect.RawType: lambda _, options: fields.Raw(**options),
}


def _field(kind: inspect.Type, options: dict[str, Any]) -> fields.Field[Any]:
    if isinstance(kind, inspect.Metadata):
        return _field(kind.type, options | _promised(kind))
    return MAKERS[type(kind)](kind, options)


def _promised(kind: inspect.Metadata) -> dict[str, Any]:
    """What readers of the JSON Schema may rely on besides; of it only years are looked at here."""
    options: dict[str, Any] = {"validate": _years} if "years" in (kind.extra or {}) else {}
    return options | {"metadata": dict(kind.extra_json_schema)} if kind.extra_json_schema else options


def _years(moment: datetime) -> None:
    try:
        dated(moment)
    except ValueError as error:
        raise ma.ValidationError(str(error)) from None


@cache
def schema_class(struct: type[msgspec.Struct]) -> type[ma.Schema]:
    """The marshmallow schema of `struct`: same members, same limits, unknown members dropped."""
    shape = inspect.type_info(struct)
    assert isinstance(shape, inspect.StructType)
    members = {field.encode_name: _field(field.type, {"required": field.required}) for field in shape.fields}
    return ReaderSchema.from_dict(members, name=shape.cls.__name__)


@cache
def schema(struct: type[msgspec.Struct]) -> ma.Schema:
    """One reusable instance of the schema of `struct`."""
    return schema_class(struct)()
