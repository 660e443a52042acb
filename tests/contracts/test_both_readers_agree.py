"""marshmallow contract and fast codec take the same, refuse the same, and read the same event."""

import re
from typing import Any

import marshmallow as ma
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct, inspect

from contracts.envelope import Envelope
from contracts.registry import EVENTS
from contracts.schema import schema
from contracts.terms import NO_NUL
from tests.contracts.payloads import (
    EXAMPLES,
    HOSTILE_NUMBERS,
    HOSTILE_SHAPES,
    HOSTILE_TEXTS,
    MOMENTS,
    valid,
    with_one_thing_out_of_place,
)

STRUCTS: dict[str, type[Struct]] = EVENTS | {"envelope": Envelope}
every_struct = pytest.mark.parametrize("struct", STRUCTS.values(), ids=STRUCTS.keys())
thorough = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


def by_marshmallow(struct: type[Struct], body: bytes) -> Struct | None:
    """What the gate makes of `body`; None where it refuses. What it lets through must fit the struct."""
    try:
        members = schema(struct).load(msgspec.json.decode(body))
    except ma.ValidationError:
        return None
    return msgspec.convert(members, struct)


def by_codec(struct: type[Struct], body: bytes) -> Struct | None:
    """What the fast codec makes of `body`; None where it refuses."""
    try:
        return msgspec.json.decode(body, type=struct)
    except msgspec.ValidationError:
        return None


@every_struct
@thorough
@given(data=st.data())
def test_both_read_a_valid_payload_the_same_and_agree_when_one_thing_is_out_of_place(
    struct: type[Struct], data: st.DataObject
) -> None:
    payload = data.draw(valid(struct))
    body = msgspec.json.encode(payload)
    event = by_codec(struct, body)
    assert event is not None
    assert by_marshmallow(struct, body) == event
    body = msgspec.json.encode(data.draw(with_one_thing_out_of_place(payload)))
    assert by_marshmallow(struct, body) == by_codec(struct, body)


@every_struct
def test_both_agree_on_every_hostile_value_in_every_member(struct: type[Struct]) -> None:
    sample = minimal(struct)
    for member in struct.__struct_encode_fields__:
        for value in (*HOSTILE_TEXTS, *MOMENTS, *HOSTILE_NUMBERS, *HOSTILE_SHAPES):
            body = msgspec.json.encode(sample | {member: value})
            assert by_marshmallow(struct, body) == by_codec(struct, body), (member, value)


@every_struct
def test_a_written_event_is_read_as_the_same_event(struct: type[Struct]) -> None:
    event = msgspec.convert(minimal(struct), struct)
    body = msgspec.json.encode(event)
    assert by_codec(struct, body) == by_marshmallow(struct, body) == event


def test_no_text_of_the_language_takes_a_nul_character() -> None:
    for name, struct in STRUCTS.items():
        for at, kind in texts(inspect.type_info(struct), name):
            assert kind.pattern, at
            assert kind.pattern.startswith("^"), at
            assert re.match(kind.pattern, "a\0b") is None, at


def test_an_unpaired_surrogate_is_refused_by_the_parser_both_share() -> None:
    for body in (b'{"title": "\\ud800"}', b'{"title": "\xed\xa0\x80"}'):
        with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
            msgspec.json.decode(body)


def minimal(struct: type[Struct]) -> dict[str, Any]:
    """One plain payload with the required members only."""
    shape = inspect.type_info(struct)
    assert isinstance(shape, inspect.StructType)
    return {field.encode_name: plain(field.type) for field in shape.fields if field.required}


def plain(kind: Any) -> Any:
    """The plainest value of a type."""
    if isinstance(kind, inspect.Metadata):
        return plain(kind.type)
    if isinstance(kind, inspect.LiteralType):
        return kind.values[0]
    if isinstance(kind, inspect.StructType):
        return minimal(kind.cls)
    if isinstance(kind, inspect.StrType) and kind.pattern not in (None, NO_NUL):
        return next(text for text in EXAMPLES if re.match(kind.pattern or "", text))
    if isinstance(kind, inspect.IntType) and kind.ge is not None:
        return kind.ge
    return PLAIN[type(kind)]


PLAIN: dict[type, Any] = {
    inspect.StrType: "7K3M-9QXR-2B4D-T8WZ",
    inspect.IntType: 404,
    inspect.BoolType: True,
    inspect.DateTimeType: "2026-11-21T10:00:00+08:00",
    inspect.ListType: [],
    inspect.DictType: {},
}


def texts(kind: Any, at: str) -> Any:
    """Every text inside a type, with its place."""
    match kind:
        case inspect.StrType():
            yield at, kind
        case inspect.StructType():
            for field in kind.fields:
                yield from texts(field.type, f"{at}/{field.encode_name}")
        case inspect.UnionType():
            for member in kind.types:
                yield from texts(member, at)
        case inspect.ListType():
            yield from texts(kind.item_type, f"{at}/*")
        case inspect.DictType():
            yield from texts(kind.key_type, f"{at}/key")
            yield from texts(kind.value_type, f"{at}/*")
