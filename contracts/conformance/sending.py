"""Messages of a file, sent as they are: what a running Fengge says is wrong with each."""

from collections.abc import Iterable, Iterator, Sequence

from contracts.cloudevent import SINGLE
from contracts.conformance.door import Door
from contracts.conformance.finding import Finding
from contracts.conformance.wire import Wire
from contracts.gate import admit
from contracts.intake import routing_key


def by_http(door: Door, messages: Iterable[tuple[str, bytes]]) -> Iterator[Finding]:
    """Sends messages one by one, and tells what the gateway refuses; raises Unreachable."""
    for where, body in messages:
        answer = door.ask("POST", "/events", body, {"Content-Type": SINGLE})
        if answer.status < 400:
            continue
        problem = answer.problem()
        name = problem.type.rpartition(":")[2] if problem else "internal"
        faults = [(fault.detail, fault.pointer) for fault in problem.errors] if problem else []
        for detail, pointer in faults or [(problem.detail if problem else answer.told(), "")]:
            yield _finding(where, name, detail, pointer)


def by_amqp(wire: Wire, messages: Sequence[tuple[str, bytes]], wait: float) -> Iterator[Finding]:
    """Sends messages that the contracts take, and tells what the services refuse; raises PublishFailed."""
    events = {where: admit(SINGLE, body) for where, body in messages}
    wire.publish(
        (routing_key(events[where].source, events[where].data), SINGLE, body) for where, body in messages
    )
    places = {(event.source, event.id): where for where, event in events.items()}
    for refusal in wire.refusals(wait, lambda told: (told.source, told.instance) in places):
        where = places[str(refusal.source), str(refusal.instance)]
        yield _finding(where, refusal.problem.rpartition(":")[2], refusal.detail)


def _finding(where: str, problem: str, detail: str, pointer: str = "") -> Finding:
    return Finding(where=where, level="error", problem=problem, detail=detail, pointer=pointer)
