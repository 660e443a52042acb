"""Facts of a ticket's history as they are read: their plain names, publishers, what they say. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

LEFT_OUT = frozenset(
    ("explanation", "source", "external_id", "requester_ref", "assignment", "key", "suggested")
)
"""What is told elsewhere, or to nobody."""


def name_of(event: Mapping[str, Any]) -> str:
    """The plain name of an event, e.g. OfferMade."""
    return plain(str(event["type"]))


def plain(type_: str) -> str:
    """The plain name of a type, e.g. OfferMade of cn.fengge.dispatch.OfferMade.v1."""
    return type_.split(".")[-2] if type_.count(".") > 1 else type_


def publisher_of(event: Mapping[str, Any]) -> str:
    """The service that published an event."""
    return str(event["source"].rpartition(":")[2])


def said(data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What a fact says, by name, without what is told elsewhere."""
    for key, value in data.items():
        if key not in LEFT_OUT and value is not None:
            yield key, value
