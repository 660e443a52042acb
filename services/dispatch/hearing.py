"""Which command follows from an order of the desk: one line for each event."""

from collections.abc import Callable, Mapping
from typing import Any

from contracts import intake
from contracts.cloudevent import CloudEvent
from contracts.event import Event
from services.dispatch import desk
from services.dispatch.pool import Known


def order(event: CloudEvent[Event], known: Known) -> desk.Order | desk.BlowWhistle:
    """The command of a desk's event, with the time and what the engine knows now."""
    said: Any = event.data
    about = {"actor": said.actor, "reason_code": said.reason_code, "at": known.now}
    command: desk.Order | desk.BlowWhistle = HEARD[type(said)](said, event.partitionkey, known, about)
    return command


def _whistle(
    said: intake.WhistleBlown, _number: str, known: Known, about: Mapping[str, Any]
) -> desk.BlowWhistle:
    named = {code: known.named[code] for code in said.departments if code in known.named}
    return desk.BlowWhistle(
        **about, cause=said.cause, departments=said.departments, named=named, arrive_by=said.arrive_by,
        basis=said.basis,
    )  # fmt: skip


def _asking(number: str, known: Known, about: Mapping[str, Any]) -> Mapping[str, Any]:
    """What whoever is asked next is weighed by."""
    return {**about, "pool": known.pool_of(number), "windows": known.windows}


def _naming(kind: type[desk.AssignTicket]) -> Callable[[Any, str, Known, Mapping[str, Any]], Any]:
    return lambda said, number, known, about: kind(
        **_asking(number, known, about), said=said.assignee, named=known.named.get(said.assignee),
        option=known.ordered(said.assignee, number),
    )  # fmt: skip


HEARD: Mapping[type[Event], Callable[[Any, str, Known, Mapping[str, Any]], Any]] = {
    intake.AssignmentOrdered: _naming(desk.AssignTicket),
    intake.ReassignmentOrdered: _naming(desk.ReassignTicket),
    intake.WithdrawalOrdered: lambda said, number, known, about: desk.TakeBack(
        **_asking(number, known, about)
    ),
    intake.WhistleBlown: _whistle,
}
