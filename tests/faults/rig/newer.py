"""Services of a release to come: every fact has one more member, and dispatch states one fact more.

`python -m chassis.runner tests.faults.rig.newer:Ticket`; imported before the services, so that they are
made of the contracts as this release has them.
"""

from types import ModuleType, SimpleNamespace
from typing import Any

import msgspec

from contracts import cloudevent, dispatch, evaluation, notification, ticket
from contracts.event import Event, type_of
from contracts.registry import EVENTS, events_of

MEMBER = ("future_member", dict[str, Any], msgspec.field(default_factory=lambda: {"a": [1]}))
ONE_IN = 10
"""Of so many assignments one is annotated."""


def _publish(module: ModuleType, event: type[Event]) -> None:
    """Makes `event` part of the contract, or its newer shape."""
    setattr(module, event.__name__, event)
    EVENTS[type_of(event)] = event
    cloudevent._data[type_of(event)] = msgspec.json.Decoder(event)


def _defined(module: ModuleType, name: str, *members: Any, base: type[Event] = Event) -> None:
    made: Any = msgspec.defstruct(
        name, members, bases=(base,), module=module.__name__, frozen=True, kw_only=True
    )
    _publish(module, made)


for publisher in (ticket, dispatch, evaluation, notification):
    for fact in events_of(publisher):
        _defined(publisher, fact.__name__, MEMBER, base=fact)
_defined(dispatch, "AssignmentAnnotated", ("assignment", str))

from chassis.model import Model  # noqa: E402
from services.dispatch import domain, store  # noqa: E402
from services.dispatch.service import DispatchService  # noqa: E402
from services.evaluation.service import EvaluationService as Evaluation  # noqa: E402
from services.notification.service import NotificationService as Notification  # noqa: E402
from services.ticket.service import TicketService as Ticket  # noqa: E402

__all__ = ["Dispatch", "Evaluation", "Notification", "Ticket"]


def decide(state: Any, command: Any) -> list[Any]:
    """What today's dispatch decides, and a remark on some assignments."""
    facts: list[Any] = domain.decide(state, command)
    taken = [fact for fact in facts if type(fact) is dispatch.AssignmentAccepted]
    if taken and sum(state.id.encode()) % ONE_IN == 0:
        annotated: Any = vars(dispatch)["AssignmentAnnotated"]
        return [*facts, annotated(assignment=taken[0].assignment)]
    return facts


class Dispatch(DispatchService):
    """Says what services of this release do not know."""

    model = Model(
        dispatch, SimpleNamespace(initial=domain.initial, decide=decide, evolve=domain.evolve), store
    )
