"""From arrivals to effects inside one transaction: admit, decide, save, publish; what fails stands alone."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg

from chassis import inbox, outbox, parked
from chassis.database import Tx
from chassis.delivery import INBOUND_EXCHANGE, Arrival, Unreadable
from chassis.fold import fold
from chassis.model import Command, Known, Model, Stimulus
from chassis.outbox import Message
from chassis.recovery import Park, Redeliver, TransientFailure, recover
from chassis.refusal import violation_reply
from contracts.cloudevent import opened
from contracts.problem import ContractViolation
from contracts.registry import EVENTS

log = logging.getLogger(__name__)

Handler = Callable[[Any, Any], Command | None]
"""A service's reaction to one event: (event, known) → command, or None where there is nothing to do."""


@dataclass
class Tally:
    """What became of a batch, and the messages to hand to the relay once it is committed."""

    messages: list[Message] = field(default_factory=list)
    effected: int = 0
    repeated: int = 0
    early: int = 0
    parked: int = 0
    redelivered: int = 0


@dataclass(frozen=True)
class Effects:
    """How one service turns arrivals into committed rows and messages."""

    model: Model
    handlers: Mapping[str, Handler]
    shards: int
    attempts: int

    def of_arrivals(self, tx: Tx, arrivals: Sequence[Arrival], now: datetime, tally: Tally) -> None:
        """Gives every arrival its effect, its place in the waiting line, or its parked record.

        If the batch fails it is halved, each half behind its own savepoint, until the bad event stands alone.
        """
        try:
            with tx.transaction():
                attempt = Tally()
                self._together(tx, arrivals, now, attempt)
        except (psycopg.OperationalError, psycopg.InterfaceError, TransientFailure):
            raise
        except Exception as error:
            if len(arrivals) == 1:
                self._recover(tx, arrivals[0], error, now, tally)
                return
            log.warning("batch halved", extra={"events": len(arrivals), "cause": type(error).__name__})
            middle = len(arrivals) // 2
            self.of_arrivals(tx, arrivals[:middle], now, tally)
            self.of_arrivals(tx, arrivals[middle:], now, tally)
        else:
            _add(tally, attempt)

    def of_stimuli(self, tx: Tx, stimuli: Sequence[Stimulus], now: datetime, tally: Tally) -> None:
        """Gives what a timer or an errand has come to its effect."""
        self._effect(tx, stimuli, now, tally)

    def of_unreadable(self, tx: Tx, message: Unreadable, tally: Tally) -> None:
        """Parks what breaks its contract, once, and answers the publisher where the broker vouches for one."""
        if not inbox.take_unreadable(tx, message):
            tally.repeated += 1
            return
        parked.park_unreadable(tx, message)
        tally.parked += 1
        if message.delivery.exchange == INBOUND_EXCHANGE:
            violation = message.violation
            self._answer(tx, message.delivery.publisher, violation, violation.about.get("id"), tally)

    def _together(self, tx: Tx, arrivals: Sequence[Arrival], now: datetime, tally: Tally) -> None:
        admission = inbox.admit(tx, arrivals)
        stimuli = [stimulus for arrival in admission.ready if (stimulus := self._stimulus(arrival))]
        self._effect(tx, stimuli, now, tally)
        inbox.settle(tx, admission)
        tally.effected += len(admission.ready)
        tally.repeated += len(admission.repeats)
        tally.early += len(admission.early)

    def _stimulus(self, arrival: Arrival) -> Stimulus | None:
        """The event with its data read, bound to its handler; None where this service has none."""
        inbound = arrival.exchange == INBOUND_EXCHANGE
        handler = self.handlers.get(arrival.event.type)
        if handler is None:
            _nothing_to_do(arrival.event.type, inbound)
            return None
        event = arrival.event if inbound else opened(arrival.event)

        def command(known: Known) -> Command | None:
            return handler(event, known)

        return Stimulus(event.partitionkey, command, event, arrival.publisher)

    def _effect(self, tx: Tx, stimuli: Sequence[Stimulus], now: datetime, tally: Tally) -> None:
        if not stimuli:
            return
        store = self.model.store
        states = store.load(tx, sorted({stimulus.key for stimulus in stimuli}))
        known = store.know(tx, now, stimuli, states)
        folded = fold(self.model, states, stimuli, known)
        if folded.changes.states:
            store.save(tx, folded.changes)
        messages = outbox.pack(self.model.publisher, folded.published, self.shards)
        tally.messages += outbox.append(tx, messages + folded.replies)

    def _answer(
        self, tx: Tx, publisher: str | None, violation: ContractViolation, instance: str | None, tally: Tally
    ) -> None:
        if publisher:
            reply = violation_reply(self.model.publisher, publisher, violation, instance)
            tally.messages += outbox.append(tx, [reply])

    def _recover(self, tx: Tx, arrival: Arrival, error: Exception, now: datetime, tally: Tally) -> None:
        attempt = arrival.attempt + 1
        verdict = recover(error, attempt, self.attempts, now)
        detail = (
            str(error)
            if isinstance(error, ContractViolation)
            else f"{type(error).__name__} at attempt {attempt}"
        )
        about = {"type": arrival.event.type, "event": arrival.event.id, "attempt": attempt}
        if not arrival.event.number and not arrival.resumed:
            event = arrival.event
            inbox.take(tx, [(event.source, event.id, event.time)])
        match verdict:
            case Redeliver(due_at):
                log.warning("event failed, will be tried again", extra=about, exc_info=error)
                inbox.wait(tx, arrival, attempt, due_at, detail)
                tally.redelivered += 1
            case Park(reason):
                log.error("event parked", extra=about | {"reason": reason}, exc_info=error)
                inbox.leave(tx, [arrival.ident])
                parked.park(tx, arrival, reason, detail)
                tally.parked += 1
                if isinstance(error, ContractViolation):
                    self._answer(tx, arrival.publisher, error, arrival.event.id, tally)


def _nothing_to_do(event_type: str, inbound: bool) -> None:
    """Facts of others may be none of our business; unknown ones and misrouted requests are not passed over."""
    if event_type not in EVENTS:
        raise ContractViolation("unknown-type", 422, f"{event_type!r} is not an event of this version")
    if inbound:
        raise ContractViolation("misrouted", 422, f"the routing key of {event_type} names another area")


def _add(tally: Tally, attempt: Tally) -> None:
    tally.messages += attempt.messages
    tally.effected += attempt.effected
    tally.repeated += attempt.repeated
    tally.early += attempt.early
    tally.parked += attempt.parked
    tally.redelivered += attempt.redelivered
