"""What the broker lets a system do, and what the services answer to each kind of wrong message."""

import secrets
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import msgspec
import pika
from msgspec import Struct

from contracts.cloudevent import SINGLE
from contracts.conformance.finding import Step
from contracts.conformance.wire import Attempt, Wire
from contracts.conformance.wrong import WRONG, request
from contracts.event import type_of
from contracts.intake import EventRefused, RequestCancelled
from contracts.numbering import ticket_number
from contracts.problem import problem_type
from contracts.publisher.line import INSIDE, OUTSIDE

FORBIDDEN: dict[str, tuple[int, Attempt]] = {
    "reading a queue of the services": (403, lambda on: on.basic_get("ticket.0")),
    "making a queue": (403, lambda on: on.queue_declare("", exclusive=True)),
    "telling a fact": (403, lambda on: on.basic_publish("ticket.events", "0", b"{}", mandatory=True)),
    "going past the gateway": (403, lambda on: on.basic_publish(INSIDE, "request.x", b"{}", mandatory=True)),
    "signing with another name": (
        406,
        lambda on: on.basic_publish(OUTSIDE, "request.x", b"{}", pika.BasicProperties(user_id="nobody")),
    ),
}
"""What the broker refuses, and its code (AMQP 0-9-1, 1.2)."""


class Expected(Struct, frozen=True):
    """A message that will be refused: by which problem, and under which id, where that can be read."""

    name: str
    problem: str
    status: int
    instance: str | None

    def answered(self, refusal: EventRefused) -> bool:
        """Whether this is the answer to it; without an id the problem tells."""
        return refusal.instance == self.instance and (
            self.instance is not None or refusal.problem == problem_type(self.problem)
        )

    def judged(self, refusal: EventRefused) -> Step:
        """Whether the answer is the right one."""
        right = (refusal.problem, refusal.status) == (problem_type(self.problem), self.status)
        return Step(name=self.name, failure=None if right else f"got {refusal.status} {refusal.problem}")


def trial(wire: Wire, source: str, wait: float) -> Iterator[Step]:
    """Everything, in order; leaves a request taken back, and parked messages. Raises PublishFailed."""
    for name, (code, attempt) in FORBIDDEN.items():
        came = wire.attempt(attempt)
        yield Step(name=f"refused: {name}", failure=None if came == code else f"expected {code}; got {came}")
    run = f"conformance-{secrets.token_hex(8)}"
    now, key = datetime.now(UTC).isoformat(), f"request.{ticket_number(source, run)}"
    first, again = request(source, run, now), request(source, run, now, "again")
    right = [first, first, again]
    wire.publish((key, SINGLE, msgspec.json.encode(event)) for event in right)
    yield Step(name="a request, confirmed")
    expected = [Expected("a request that is a ticket already", "duplicate", 409, again["id"])]
    for number, wrong in enumerate(WRONG):
        event = request(source, run, now, f"wrong-{number}")
        wire.publish([(key, wrong.content_type, wrong.made(event))])
        instance = event["id"] if wrong.named else None
        expected.append(Expected(f"wrong: {wrong.name}", wrong.problem, wrong.status, instance))
    yield from _answers(wire, expected, wait)
    back = first | {"id": f"{run}/2", "type": type_of(RequestCancelled)}
    back["data"] = {"ticket": ticket_number(source, run)}
    wire.publish([(key, SINGLE, msgspec.json.encode(back))])
    yield Step(name="taking it back, confirmed")


def _answers(wire: Wire, expected: Sequence[Expected], wait: float) -> Iterator[Step]:
    """What came of each; the order in which they come is nobody's promise."""
    open_ = list(expected)
    for refusal in wire.refusals(wait, lambda told: any(each.answered(told) for each in open_)):
        found = next(each for each in open_ if each.answered(refusal))
        open_.remove(found)
        yield found.judged(refusal)
        if not open_:
            return
    for each in open_:
        yield Step(name=each.name, failure=f"no answer within {wait:g} s")
