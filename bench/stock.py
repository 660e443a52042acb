"""The usual way, for comparison: nameko's own event handlers and dispatcher, one transaction per message.

The same decisions, tables and events as the real services; what differs is the delivery: no inbox, no outbox,
no batches; each handler commits and then publishes its facts one by one, each confirmed.
"""

import os
import sys
import warnings
from typing import Any

from contracts.registry import SERVICES

PLAYER = "world"
"""The broker user that plays residents, whose word counts as theirs; nameko's handlers are not told users."""
_idle: list[Any] = []


def main(service: str) -> int:
    """Runs the stock form of one service until SIGTERM (settings as a real one's)."""
    warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
    os.environ["PSYCOPG_WAIT_FUNC"] = "wait_select"
    import eventlet

    eventlet.monkey_patch()
    from nameko.runners import ServiceRunner

    runner = ServiceRunner({"AMQP_URI": os.environ["AMQP_URL"], "max_workers": 10})
    runner.add_service(stock_service(service))
    runner.start()
    print("ready", flush=True)
    runner.wait()
    return 0


def stock_service(name: str) -> type:
    """A nameko service whose handlers do for one message what the real service does for a batch."""
    from nameko.events import EventDispatcher, event_handler

    from chassis.shell import marked
    from contracts.event import publisher_of, type_of
    from deploy.topology import service_class

    real = service_class(name)
    members: dict[str, Any] = {"name": f"stock_{name}", "dispatch": EventDispatcher()}
    for method, events in marked(real, "consumes"):
        for event in events:
            handler = _handler(real, method)
            handler.__name__ = f"on_{publisher_of(event)}_{event.__name__}"
            source = f"stock_{publisher_of(event)}"
            members[handler.__name__] = event_handler(source, type_of(event))(handler)
    return type(f"Stock{name.capitalize()}", (), members)


def _handler(real: type[Any], method: str) -> Any:
    from functools import partial

    import psycopg

    from chassis.clock import now
    from chassis.fold import fold
    from chassis.model import Stimulus
    from chassis.settings import read
    from contracts import cloudevent

    service = real()
    service.begin(read(os.environ), None)
    reaction = getattr(service, method)

    def handle(self: Any, payload: str) -> None:
        (raw,) = cloudevent.decode(cloudevent.SINGLE, payload.encode())
        event = cloudevent.opened(raw)
        connection = _idle.pop() if _idle else psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
        with connection.transaction():
            store = real.model.store
            stimulus = Stimulus(event.partitionkey, partial(reaction, event), event, PLAYER)
            states = store.load(connection, [event.partitionkey])
            known = store.know(connection, now(), [stimulus], states)
            folded = fold(real.model, states, [stimulus], known)
            if folded.changes.states:
                store.save(connection, folded.changes)
        _idle.append(connection)
        for fact in folded.published:
            self.dispatch(fact.type, cloudevent.encode([fact])[1].decode())

    return handle


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in SERVICES:
        sys.exit(f"usage: python -m bench.stock {'|'.join(SERVICES)}")
    sys.exit(main(sys.argv[1]))
