"""`POST /hotline/{city}`: a 12345 hotline's messages, read by the city's file and kept like any event."""

from collections.abc import Sequence
from typing import Any

from chassis.database import Tx
from contracts.gateway import hotline
from contracts.hotline.city import City
from contracts.hotline.inward import event_of
from contracts.problem import ContractViolation
from services.gateway.call import Answer, Call, Endpoint
from services.gateway.handing_over import handed_over
from services.gateway.json_body import json_of
from services.gateway.limits import few_enough
from services.gateway.problems import Refused
from services.gateway.reading import Found


def send(call: Call, tx: Tx) -> Answer:
    """What became of the message, or of each message of the batch; raises Refused."""
    sent, batch = found(call)
    return handed_over(call, tx, sent, batch=batch)


def found(call: Call) -> tuple[Sequence[Found], bool]:
    """The events that the messages are, and whether they are a batch; raises Refused."""
    city = own_city(call, call.arguments["city"])
    said = json_of(call)
    batch = isinstance(said, list)
    messages = said if batch else [said]
    few_enough(len(messages))
    return [_found(call, city, each) for each in messages], batch


def own_city(call: Call, name: str) -> City:
    """The city of that name, if the caller is its hotline; raises Refused (404) where it is not."""
    city = call.cities.get(name)
    if city is None or city.source not in call.caller.sources:
        raise Refused("not-found", 404, "no hotline of yours has this name")
    return city


def _found(call: Call, city: City, message: Any) -> Found:
    if not isinstance(message, dict):
        return ContractViolation("unreadable", 400, "a message is a JSON object", source=city.source)
    try:
        return event_of(city, message, call.now)
    except ContractViolation as violation:
        return violation


ENDPOINTS = (Endpoint(hotline.SEND, send, found=found),)
