"""The answer to a publisher whose event was refused, on its own reply queue."""

from collections.abc import Iterator
from uuid import uuid4

import msgspec

from chassis.clock import now
from chassis.model import Stimulus
from contracts import cloudevent
from contracts.cloudevent import CloudEvent
from contracts.event import type_of
from contracts.intake import EventRefused
from contracts.problem import TITLES, ContractViolation, Refusal, problem_type

REPLIES_EXCHANGE = "gov.replies"


def violation_reply(
    service: str, publisher: str, violation: ContractViolation, instance: str | None
) -> tuple[str, str, str, str]:
    """The message that tells `publisher` what is wrong with its event `instance`, which is now parked."""
    refused = EventRefused(
        problem=problem_type(violation.problem),
        title=TITLES.get(violation.problem, violation.problem),
        status=violation.status,
        detail=violation.detail,
        instance=instance,
        source=violation.about.get("source"),
        errors=[msgspec.structs.asdict(error) for error in violation.errors],
        parked=True,
    )
    return publisher_reply(service, publisher, refused)


def refusal_reply(service: str, stimulus: Stimulus, refusal: Refusal) -> Iterator[tuple[str, str, str, str]]:
    """The message that tells an outside publisher why the domain refused; none for our own services."""
    if not stimulus.publisher or stimulus.event is None:
        return
    refused = EventRefused(
        problem=problem_type(refusal.problem),
        title=TITLES.get(refusal.problem, refusal.problem),
        status=refusal.status,
        detail=refusal.detail,
        instance=stimulus.event.id,
        source=stimulus.event.source,
        ticket=stimulus.key,
        errors=[{"command": refusal.command, "state": refusal.state, "allowed": " ".join(refusal.allowed)}],
    )
    yield publisher_reply(service, stimulus.publisher, refused)


def publisher_reply(service: str, publisher: str, refused: EventRefused) -> tuple[str, str, str, str]:
    """A refusal as the message that brings it to `publisher`."""
    event = CloudEvent(
        specversion="1.0",
        id=str(uuid4()),
        source=f"urn:fengge:{service}",
        type=type_of(EventRefused),
        time=now(),
        data=refused,
        causationid=refused.instance or "",
    )
    content_type, body = cloudevent.encode([event])
    return REPLIES_EXCHANGE, publisher, content_type, body.decode()
