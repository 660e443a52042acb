"""What a request says in JSON; what is no JSON, or breaks its contract, is refused."""

from typing import Any, TypeVar

import marshmallow as ma
import msgspec
from msgspec import Struct

from contracts.cloudevent import UNREADABLE
from contracts.problem import FieldError
from contracts.schema import schema
from services.gateway.call import Call
from services.gateway.limits import shallow
from services.gateway.problems import Refused

S = TypeVar("S", bound=Struct)


def json_of(call: Call) -> Any:
    """The body of a request, read; raises Refused (400, 415)."""
    if call.request.mimetype != "application/json":
        raise Refused("content-type", 415, "send application/json")
    shallow(call.body)
    try:
        return msgspec.json.decode(call.body)
    except UNREADABLE:
        raise Refused("unreadable", 400, "not JSON in UTF-8") from None


def checked(struct: type[S], said: Any) -> S:
    """What was said as the struct that its contract declares; raises Refused (422)."""
    try:
        return msgspec.convert(schema(struct).load(said), struct)
    except ma.ValidationError as error:
        messages = error.messages if isinstance(error.messages, dict) else {"": error.messages}
        faults = [FieldError(f"/{name}", str(why)) for name, why in messages.items()]
        raise Refused("query", 422, f"{faults[0].pointer}: {faults[0].detail}", faults) from None
