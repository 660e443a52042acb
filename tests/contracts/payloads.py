"""Random payloads for any struct of the published language: valid, or with one thing out of place."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from msgspec import Struct, inspect

from contracts.terms import NO_NUL

HOSTILE_TEXTS = (
    "", " ", "\n", "a\n", "\0", "a\0b", "\ufeffa", "\u2028", "\u3000", "é𠮷",
    "grid_officer\n", "YES", "true", "1", "null",
    "x" * 129, "é" * 128, "𠮷" * 500, "x" * 501, "x" * 2001, "街" * 20_000, "街" * 20_001,
    "a@b", "a@b\n", "a@b@c", "a b@c",
    "7K3M-9QXR-2B4D-T8WZ", "7k3m-9qxr-2b4d-t8wz", "7K3M-9QXR-2B4D-T8WZ\n", "7K3M-9QXR-2B4D-T8WU", "----" * 5,
)  # fmt: skip
MOMENTS = (
    "2026-11-21T10:00:00Z", "2026-11-21 10:00:00Z", "2026-11-21t10:00:00z", "2026-11-21T10:00:00+0800",
    "2026-11-21T10:00:00+08", "2026-11-21T10:00Z", "2026-11-21T10:00:00,5Z", "2026-11-21T10:00:00.1234567Z",
    "2026-11-21T10:00:00.9999999Z", "2026-11-21T23:59:60Z", "2026-11-21T24:00:00Z", "2026-11-21T10:00:00",
    "2026-11-21", "2026-W47-6T10:00:00Z", "20261121T100000Z",
    "2026-11-21T10:00:00-00:00", "2026-11-21T10:00:00+24:00",
    "1999-12-31T23:59:59-08:00", "2000-01-01T00:00:00+14:00", "2999-12-31T23:59:59Z", "3000-01-01T00:00:00Z",
    "2026-02-29T00:00:00Z", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+08:00",
    "9999-12-31T23:59:59.9999999-08:00",
    "2026-11-21T10:00:00Z\n", " 2026-11-21T10:00:00Z", "2026/11/21 10:00:00", "1763719200",
)  # fmt: skip
HOSTILE_NUMBERS = (
    0,
    1,
    -1,
    1.0,
    -0.0,
    0.5,
    1e3,
    1e300,
    2**31,
    2**53 + 1,
    2**63,
    2**64,
    10**30,
    1_000_000,
    1_000_001,
)
HOSTILE_SHAPES: tuple[Any, ...] = (
    None,
    True,
    False,
    [],
    {},
    [None],
    [[]],
    {"": None},
    {"0": 1},
    ["a"],
    [1, "a"],
    {"name": "a\0"},
)
EXAMPLES = (
    "7K3M-9QXR-2B4D-T8WZ", "0000-0000-0000-0000", "SO-7K3M-9QXR-2B4D-T8WZ", "2026-11-23", "2026-02-31",
    "09:30", "FREQ=WEEKLY;BYDAY=MO,TH", "FREQ=DAILY", "a", "街道-㐀鿿", "go-0312", "_.:/+@-",
    "urn:hotline:12345",
    "/hotline?a=%20#b",
    "a@b", "街@道.中国", "application/json", "application/json; charset=utf-8", "application/vnd.a+json", "",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "a" * 43, "012345",
)  # fmt: skip


def moments(years: SearchStrategy[int]) -> SearchStrategy[str]:
    """Moments of these years, anywhere."""
    return st.builds(
    datetime,
    years, st.integers(1, 12), st.integers(1, 28), st.integers(0, 23),
    st.integers(0, 59), st.integers(0, 59), st.integers(0, 999_999),
    st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes))),
).map(datetime.isoformat)  # fmt: skip


MOMENT, MOMENT_OF_OURS = moments(st.integers(1, 9999)), moments(st.integers(2000, 2999))
HOSTILE: SearchStrategy[Any] = st.one_of(
    *(st.sampled_from(values) for values in (HOSTILE_TEXTS, MOMENTS, HOSTILE_NUMBERS, HOSTILE_SHAPES)),
    st.text(max_size=5),
)


@cache
def valid(struct: type[Struct]) -> SearchStrategy[dict[str, Any]]:
    """JSON objects that `struct` takes, with or without its optional members."""
    shape = inspect.type_info(struct)
    assert isinstance(shape, inspect.StructType)
    return _object(shape)


@cache
def out_of_place(struct: type[Struct]) -> SearchStrategy[Any]:
    """Payloads of which one part was replaced, removed or added; some are still valid."""
    return valid(struct).flatmap(with_one_thing_out_of_place)


@st.composite
def with_one_thing_out_of_place(draw: st.DrawFn, given: dict[str, Any]) -> Any:
    """This payload, which is changed, after one part was replaced, removed or added."""
    payload: Any = {"whole": given}
    holder, key = draw(st.sampled_from(list(_places(payload))))
    deed = draw(st.sampled_from(["replace", "replace", "replace", "remove", "add", "spoil"]))
    if deed == "remove" and holder is not payload:
        del holder[key]
    elif deed == "add" and isinstance(holder, dict):
        holder[draw(st.text(max_size=8))] = draw(HOSTILE)
    elif deed == "spoil" and isinstance(holder[key], str):
        holder[key] += draw(st.sampled_from(["\n", "\0", " ", "x", "\u0661"]))
    else:
        holder[key] = draw(HOSTILE)
    return payload["whole"] if "whole" in payload else draw(HOSTILE)


def _places(part: Any) -> Any:
    for key in list(part) if isinstance(part, dict) else range(len(part)):
        yield part, key
        if isinstance(part[key], dict | list):
            yield from _places(part[key])


def _object(shape: inspect.StructType) -> SearchStrategy[dict[str, Any]]:
    required = {field.encode_name: _value(field.type) for field in shape.fields if field.required}
    optional = {field.encode_name: _value(field.type) for field in shape.fields if not field.required}
    return st.fixed_dictionaries(required, optional=optional)


def _value(kind: Any) -> SearchStrategy[Any]:
    if isinstance(kind, inspect.Metadata):
        return MOMENT_OF_OURS if "years" in (kind.extra or {}) else _value(kind.type)
    return MAKERS[type(kind)](kind)


def _text(kind: inspect.StrType) -> SearchStrategy[str]:
    most = 12 if kind.max_length is None else min(12, kind.max_length)
    if kind.pattern in (None, NO_NUL):
        letters = st.characters(codec="utf-8", exclude_characters="\0")
        return st.text(letters, min_size=kind.min_length or 0, max_size=most)
    return st.sampled_from([text for text in EXAMPLES if re.match(kind.pattern or "", text)])


def _list(kind: inspect.ListType) -> SearchStrategy[list[Any]]:
    return st.lists(
        _value(kind.item_type), max_size=3 if kind.max_length is None else min(3, kind.max_length)
    )


MAKERS: dict[type, Callable[[Any], SearchStrategy[Any]]] = {
    inspect.StrType: _text,
    inspect.IntType: lambda kind: st.integers(kind.ge, kind.le),
    inspect.BoolType: lambda _: st.booleans(),
    inspect.DateTimeType: lambda _: MOMENT,
    inspect.LiteralType: lambda kind: st.sampled_from(kind.values),
    inspect.ListType: _list,
    inspect.DictType: lambda kind: st.dictionaries(
        _value(kind.key_type), _value(kind.value_type), max_size=3
    ),
    inspect.UnionType: lambda kind: st.one_of(*map(_value, kind.types)),
    inspect.NoneType: lambda _: st.none(),
    inspect.StructType: _object,
}
