"""The JSON Schemas (2020-12) that other offices read, exported from the marshmallow contracts."""

from typing import Any, cast

import msgspec
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from msgspec import Raw, Struct

from contracts.cloudevent import CloudEvent
from contracts.envelope import Envelope
from contracts.public import PUBLIC, TYPES
from contracts.registry import EVENTS
from contracts.schema import schema

JsonSchema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"

_plugin = MarshmallowPlugin(schema_name_resolver=cast(Any, lambda _: None))  # unnamed schemas stand inside
APISpec("fengge", "1", "3.1.0", plugins=[_plugin])
_converter = cast(Any, _plugin.converter)


def exported() -> dict[str, JsonSchema]:
    """Every released schema by its name: envelopes, the data of each type, and what others see of it."""
    envelopes: dict[str, type[Struct]] = {"envelope": CloudEvent[Raw], "envelope.inbound": Envelope}
    told = {public_name(name): PUBLIC[event] for name, event in TYPES.items()}
    return {name: export(name, struct) for name, struct in (envelopes | EVENTS | told).items()}


def public_name(event_type: str) -> str:
    """What the schema of a fact is called as others see it."""
    return f"{event_type}.public"


def export(name: str, struct: type[Struct]) -> JsonSchema:
    """The JSON Schema of `struct`; unknown members are allowed, as readers are tolerant."""
    heading = {
        "$schema": DIALECT,
        "$id": f"urn:fengge:schema:{name}",
        "title": name,
        "description": described(struct),
    }
    members = msgspec.json.encode(_converter.schema2jsonschema(schema(struct)))
    # Python's end of text is ECMA 262's end of line without the multiline flag.
    portable = msgspec.json.decode(members.replace(rb'\\Z"', rb'$"'), type=JsonSchema)
    return heading | portable | {"additionalProperties": True}


def described(struct: type[Struct]) -> str:
    """The first sentence of the declaration, on one line."""
    declared = getattr(struct, "__origin__", struct)
    return " ".join((declared.__doc__ or "").partition("\n\n")[0].split())
