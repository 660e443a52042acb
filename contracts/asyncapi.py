"""The AsyncAPI 3.0 document of the published language: who may send what where, and who hears it."""

from collections.abc import Iterable
from typing import Any

from contracts.cloudevent import BATCH, SINGLE
from contracts.event import Event, publisher_of, type_of
from contracts.intake import EventRefused
from contracts.jsonschemas import described, public_name
from contracts.public import TYPES
from contracts.registry import EVENTS, INBOUND, SERVICES

Document = dict[str, Any]
LANGUAGE_VERSION = "1.0.0"
"""Of the published language as a whole; each event carries its own in its type."""

EXTENSIONS = {
    "partitionkey": "the ticket; order is kept per partition key",
    "sequence": "1..n per publisher and ticket, as text",
    "correlationid": "the whole flow: the id of the event that began it",
    "causationid": "the id of the event that caused this one",
    "traceparent": "W3C Trace Context",
}
QUORUM = {"durable": True, "exclusive": False, "autoDelete": False, "x-queue-type": "quorum"}


def document() -> Document:
    """The whole document; schemas are references to the files beside it."""
    channels = {"gov.outside": _outside()}
    channels |= {f"{service}.events": _events(service) for service in SERVICES}
    channels |= {"gov.facts": _facts(), "gov.replies": _replies()}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Fengge 蜂格",
            "version": LANGUAGE_VERSION,
            "description": "Events that route residents' requests: request, assignment, rating.",
        },
        "defaultContentType": SINGLE,
        "x-batch-content-type": BATCH,
        "x-cloudevents-extensions": EXTENSIONS,
        "channels": channels,
        "operations": dict(_operations()),
        "components": {"messages": dict(_messages())},
    }


def _channel(exchange: str, kind: str, description: str, events: Iterable[str]) -> Document:
    where = {"name": exchange, "type": kind, "durable": True, "autoDelete": False}
    return {
        "address": exchange,
        "description": description,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in sorted(events)},
        "bindings": {"amqp": {"is": "routingKey", "exchange": where, "bindingVersion": "0.3.0"}},
    }


def _outside() -> Document:
    said = "What outside systems tell us of assignees and residents; the gateway takes it in."
    channel = _channel("gov.outside", "topic", said, INBOUND)
    return channel | {"x-routing-key": "<area>.<ticket>, area one of request, assignment, rating"}


def _events(service: str) -> Document:
    mine = [name for name, event in EVENTS.items() if publisher_of(event) == service]
    channel = _channel(f"{service}.events", "direct", f"Facts of the {service} service.", mine)
    subscriber = {"name": "<subscriber>.<shard>", **QUORUM, "x-single-active-consumer": True}
    return channel | {
        "x-routing-key": "the shard of partitionkey, 0 to N-1",
        "x-subscriber-queue": subscriber,
    }


def _facts() -> Document:
    """What outside systems hear: the same facts, with their public members."""
    told = [public_name(name) for name in TYPES]
    channel = _channel("gov.facts", "direct", "Facts as other offices see them: no person, no words.", told)
    queue = {"name": "gov.facts.<user>", **QUORUM}
    return channel | {"x-routing-key": "the event type", "x-subscriber-queue": queue}


def _replies() -> Document:
    refused = [type_of(EventRefused)]
    channel = _channel("gov.replies", "direct", "Why an event of an outside system was not taken.", refused)
    queue = {"name": "gov.replies.<user>", **QUORUM}
    return channel | {"x-routing-key": "the AMQP user of the publisher", "x-reply-queue": queue}


def _operations() -> Iterable[tuple[str, Document]]:
    """As seen from Fengge: it receives the intake and sends everything else."""
    yield "take", _operation("receive", "gov.outside", {"ack": True})
    for service in SERVICES:
        yield (
            f"tell_{service}",
            _operation("send", f"{service}.events", {"deliveryMode": 2, "mandatory": True}),
        )
    yield "tell_others", _operation("send", "gov.facts", {"deliveryMode": 2, "mandatory": True})
    yield "refuse", _operation("send", "gov.replies", {"deliveryMode": 2})


def _operation(action: str, channel: str, amqp: Document) -> Document:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "bindings": {"amqp": amqp | {"bindingVersion": "0.3.0"}},
    }


def _messages() -> Iterable[tuple[str, Document]]:
    for name, event in EVENTS.items():
        yield name, _message(event, name)
    for name, event in TYPES.items():
        yield public_name(name), _message(event, public_name(name))


def _message(event: type[Event], name: str) -> Document:
    """`name` is that of its schema and its sample."""
    envelope = "envelope.inbound" if name in INBOUND else "envelope"
    data = {"type": {"const": type_of(event)}, "data": {"$ref": f"./{name}.schema.json"}}
    return {
        "name": name,
        "title": event.__name__,
        "summary": described(event),
        "contentType": SINGLE,
        "payload": {
            "allOf": [
                {"$ref": f"./{envelope}.schema.json"},
                {"type": "object", "required": ["type", "data"], "properties": data},
            ]
        },
        "examples": [{"name": "sample", "payload": {"$ref": f"./samples/{name}.json"}}],
    }
