"""`/reconcile`: what a system has sent in a period, and what is held of it."""

from collections.abc import Sequence
from typing import Any, TypeVar

import marshmallow as ma
import msgspec
from msgspec import Struct

from chassis.database import Tx
from contracts.cloudevent import UNREADABLE
from contracts.gateway import reconcile
from contracts.gateway.reconcile import Period, Sent
from contracts.problem import FieldError
from contracts.schema import schema
from services.gateway.call import Answer, Call, Endpoint
from services.gateway.limits import shallow
from services.gateway.problems import Refused
from services.gateway.reconciling import reconciled

S = TypeVar("S", bound=Struct)


def look(call: Call, tx: Tx) -> Answer:
    """Every event of the period in one list."""
    period = _checked(Period, call.request.args.to_dict())
    return _answer(call, tx, period)


def compare(call: Call, tx: Tx) -> Answer:
    """The same; ids that never came are missing as well."""
    if call.request.mimetype != "application/json":
        raise Refused("content-type", 415, "send application/json")
    shallow(call.body)
    try:
        said = msgspec.json.decode(call.body)
    except UNREADABLE:
        raise Refused("unreadable", 400, "not JSON in UTF-8") from None
    sent = _checked(Sent, said)
    return _answer(call, tx, sent, sent.ids)


def _answer(call: Call, tx: Tx, period: Period | Sent, ids: Sequence[str] = ()) -> Answer:
    if period.source not in call.caller.sources:
        raise Refused("forbidden", 403, "this source is not yours")
    try:
        return Answer(200, reconciled(tx, period.source, period.from_, period.to, call.now, ids))
    except ValueError as error:
        raise Refused("query", 422, str(error)) from None


def _checked(struct: type[S], said: Any) -> S:
    try:
        return msgspec.convert(schema(struct).load(said), struct)
    except ma.ValidationError as error:
        messages = error.messages if isinstance(error.messages, dict) else {"": error.messages}
        faults = [FieldError(f"/{name}", str(why)) for name, why in messages.items()]
        raise Refused("query", 422, f"{faults[0].pointer}: {faults[0].detail}", faults) from None


ENDPOINTS = (Endpoint(reconcile.LOOK, look), Endpoint(reconcile.COMPARE, compare))
