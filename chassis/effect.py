"""From arrivals to effects inside one transaction: admit, decide, save, publish; what fails stands alone."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from msgspec.structs import replace

from chassis import clock, inbox, outbox, parked, waiting
from chassis.database import Tx
from chassis.delivery import GATED, INBOUND_EXCHANGE, OUTSIDE_EXCHANGE, Arrival, Unreadable
from chassis.fold import fold
from chassis.halving import Care, halve
from chassis.inbox import Admission
from chassis.model import Command, Model, Stimulus
from chassis.positions import Positions
from chassis.recovery import Deadly, Park, Redeliver, recover
from chassis.refusal import violation_reply
from chassis.remembered import Remembered
from chassis.states import Stored
from chassis.tally import Tally
from contracts.cloudevent import opened
from contracts.problem import ContractViolation
from contracts.registry import EVENTS

log = logging.getLogger(__name__)

REMEMBERED = 6_000
"""States that are remembered at least; twice as many at most, of one to two kilobytes each."""
DEADLY = "the process died each time it began to handle this event"

Handler = Callable[[Any, Any], Command | None]
"""A service's reaction to one event: (event, known) → command, or None where there is nothing to do."""


class Door(Protocol):
    """What judges what other systems have sent to the broker, and takes it in."""

    def take(self, tx: Tx, arrivals: Sequence[Arrival], now: datetime) -> Tally:
        """What became of each, in order; nothing here is in the inbox, which knows no senders."""

    def note(self, tx: Tx, message: Unreadable, now: datetime) -> None:
        """Keeps on record what could not be read, and why."""


@dataclass(frozen=True)
class Effects:
    """How one service turns arrivals into committed rows and messages."""

    model: Model
    handlers: Mapping[str, Handler]
    shards: int
    attempts: int
    passes: Callable[[str], bool] = lambda event_type: False
    """Whether nobody wants an event of this type at the moment, although there is a handler for it."""
    positions: Positions = field(default_factory=Positions)
    states: Remembered[str, Stored] = field(default_factory=partial(Remembered, REMEMBERED))
    """As this process committed them last. They may be wrong: every use is proved by a write or a look."""
    door: Door | None = None

    def committed(self, tally: Tally) -> None:
        """Remembers how streams and states stand now."""
        self.positions.put(tally.moved)
        self.states.put(tally.saved)

    def forget(self) -> None:
        """Something failed: perhaps because what is remembered was wrong."""
        self.positions.forget()
        self.states.forget()

    def of_arrivals(
        self, tx: Tx, arrivals: Sequence[Arrival], now: datetime, tally: Tally, care: Care = Care.TOGETHER
    ) -> None:
        """Gives every arrival its effect, its place in the waiting line, or its parked record.

        With `care` a failing batch is halved until the bad event stands alone; without, its error is raised.
        """
        if care <= Care.TOGETHER:
            self._together(tx, arrivals, now, tally, care)
            return

        def together(some: Sequence[Arrival]) -> None:
            part = Tally()
            self._together(tx, some, now, part, care, followers=len(some) > 1)
            tally.add(part)

        def alone(arrival: Arrival, error: Exception) -> None:
            self._recover(tx, arrival, error, now, tally)

        halve(tx, care, arrivals, together, alone)

    def of_stimuli(
        self, tx: Tx, stimuli: Sequence[Stimulus], now: datetime, tally: Tally, care: Care = Care.TOGETHER
    ) -> None:
        """Gives what a timer or an errand has come to its effect; with `care` names the tickets that fail."""

        def together(some: Sequence[Stimulus]) -> None:
            part = Tally(effected=len(some))
            self._effect(tx, some, now, part, care)
            tally.add(part)

        def alone(stimulus: Stimulus, error: Exception) -> None:
            log.error("what was due failed", extra={"ticket": stimulus.key}, exc_info=error)
            tally.failed.append(stimulus.key)

        if care <= Care.TOGETHER:
            together(stimuli)
        elif stimuli:
            halve(tx, care, stimuli, together, alone)

    def of_unreadable(self, tx: Tx, message: Unreadable, tally: Tally) -> None:
        """Parks what breaks its contract, once, and answers the publisher if the broker vouches for one."""
        # One that a person wanted tried again is parked again; any other only the first time.
        new = (
            waiting.leave(tx, [message.waits_as]) if message.waits_as else inbox.take_unreadable(tx, message)
        )
        tally.resumed += bool(message.waits_as)
        if not new:
            tally.repeated += 1
            return
        parked.park_unreadable(tx, message)
        tally.parked += 1
        if message.delivery.exchange == OUTSIDE_EXCHANGE and self.door:
            self.door.note(tx, message, clock.now())
        if message.delivery.exchange in GATED:
            violation = message.violation
            self._answer(tx, message.delivery.publisher, violation, violation.about.get("id"), tally)

    def _together(
        self,
        tx: Tx,
        arrivals: Sequence[Arrival],
        now: datetime,
        tally: Tally,
        care: Care,
        *,
        followers: bool = True,
    ) -> None:
        if self.door:
            arrivals = self._through(self.door, tx, arrivals, now, tally)
        trusted = self.positions.plain(arrivals) if care is Care.TRUSTING else {}
        admission = inbox.admit(tx, arrivals, trusted, followers=followers)
        stimuli = [stimulus for arrival in admission.ready if (stimulus := self._stimulus(arrival))]
        self._effect(tx, self.model.addressed(tx, stimuli), now, tally, care)
        tally.moved |= inbox.settle(tx, admission)
        if not followers and admission.ready:
            waiting.wake_next(tx, arrivals[0], now)
        tally.effected += len(admission.ready)
        tally.ready += admission.ready
        tally.repeated += len(admission.repeats)
        tally.early += len(admission.early)
        tally.resumed += sum(1 for arrival in admission.ready + admission.repeats if arrival.waits_as)
        if admission.early:
            _tell_early(admission, tally)

    def _through(
        self, door: Door, tx: Tx, arrivals: Sequence[Arrival], now: datetime, tally: Tally
    ) -> Sequence[Arrival]:
        """Leaves to the door what other systems sent; returns the rest."""
        came = [arrival for arrival in arrivals if arrival.exchange == OUTSIDE_EXCHANGE]
        if not came:
            return arrivals
        if any(arrival.deadly for arrival in came):
            raise Deadly(DEADLY)
        came = list(waiting.still_mine(tx, came))
        tally.add(door.take(tx, came, now))
        tally.resumed += waiting.leave(tx, [arrival.waits_as for arrival in came if arrival.waits_as])
        return [arrival for arrival in arrivals if arrival.exchange != OUTSIDE_EXCHANGE]

    def _stimulus(self, arrival: Arrival) -> Stimulus | None:
        """The event with its data read, bound to its handler; None where this service has none."""
        if arrival.deadly:
            raise Deadly(DEADLY)
        inbound = arrival.exchange == INBOUND_EXCHANGE
        handler = self.handlers.get(arrival.event.type)
        if handler is None:
            _nothing_to_do(arrival.event.type, inbound)
            return None
        if self.passes(arrival.event.type):
            return None
        event = arrival.event if inbound else opened(arrival.event)

        return Stimulus(event.partitionkey, partial(handler, event), event, arrival.publisher)

    def _effect(self, tx: Tx, stimuli: Sequence[Stimulus], now: datetime, tally: Tally, care: Care) -> None:
        if not stimuli:
            return
        store = self.model.store
        keys = sorted({stimulus.key for stimulus in stimuli})
        trusted = self._remembered(keys) if care is Care.TRUSTING else {}
        states = {**trusted, **self._load(tx, [key for key in keys if key not in trusted])}
        known = store.know(tx, now, stimuli, states)
        folded = fold(self.model, states, stimuli, known)
        if folded.changes.states or folded.changes.facts:
            saved = store.save(tx, folded.changes)
            if care <= Care.TOGETHER:  # behind a savepoint it may still be taken back
                tally.saved |= {state.id: state for state in saved}
        written = {state.id for state in folded.changes.states}
        store.prove(tx, [state for key, state in trusted.items() if key not in written])
        messages = outbox.pack(self.model.publisher, folded.published, self.shards)
        tally.messages += outbox.append(tx, messages + folded.messages)
        tally.published += folded.published

    def _remembered(self, keys: Sequence[str]) -> dict[str, Stored]:
        return {key: state for key in keys if (state := self.states.get(key))}

    def _load(self, tx: Tx, keys: Sequence[str]) -> Mapping[str, Stored]:
        return self.model.store.load(tx, keys) if keys else {}

    def _answer(
        self, tx: Tx, publisher: str | None, violation: ContractViolation, instance: str | None, tally: Tally
    ) -> None:
        if publisher:
            reply = violation_reply(self.model.publisher, publisher, violation, instance)
            tally.messages += outbox.append(tx, [reply])

    def _recover(self, tx: Tx, arrival: Arrival, error: Exception, now: datetime, tally: Tally) -> None:
        arrival = replace(arrival, attempt=arrival.attempt + 1)
        event = arrival.event
        about = {
            "type": event.type,
            "event": event.id,
            "attempt": arrival.attempt,
            "trace": event.traceparent[3:35],
        }
        # The savepoint took back that its id was taken, and that it left the waiting line.
        if arrival.waits_as and not arrival.taken:
            waiting.leave(tx, [arrival.waits_as])
        if not event.number and not arrival.taken and not inbox.take(tx, [arrival]):
            tally.repeated += 1  # another process has dealt with a copy of it meanwhile
            tally.resumed += bool(arrival.waits_as)
            return
        match recover(error, arrival.attempt, self.attempts, now):
            case Redeliver(due_at):
                log.warning("event failed, will be tried again", extra=about, exc_info=error)
                waiting.wait_until(tx, arrival, due_at, _what(error))
                tally.redelivered += 1
                tally.waiting += not arrival.waits_as
            case Park(reason):
                log.error("event parked", extra=about | {"reason": reason}, exc_info=error)
                waiting.leave(tx, [arrival.ident])
                tally.resumed += bool(arrival.waits_as)
                if parked.park(tx, arrival, reason, f"{_what(error)} (attempt {arrival.attempt})") is None:
                    tally.repeated += 1
                    return
                tally.parked += 1
                if isinstance(error, ContractViolation):
                    self._answer(tx, arrival.publisher, error, event.id, tally)


def _tell_early(admission: Admission, tally: Tally) -> None:
    """What came early waits, unless it has followed in the same batch; a copy of what has is a repeat."""
    done: dict[tuple[str, str], Arrival | None] = {arrival.ident: arrival for arrival in admission.ready}
    for arrival in admission.early:
        if arrival.ident not in done:
            tally.waiting += not arrival.waits_as
        elif done[arrival.ident] is arrival:
            done[arrival.ident] = None
        else:
            tally.repeated += 1
            tally.resumed += bool(arrival.waits_as)


def _what(error: Exception) -> str:
    """What may be kept of an error: the text only where it is ours; any other may quote a requester."""
    return str(error) if isinstance(error, ContractViolation | Deadly) else type(error).__name__


def _nothing_to_do(event_type: str, inbound: bool) -> None:
    """Others' facts may be none of our business; unknown ones and misrouted requests are not passed over."""
    if event_type not in EVENTS:
        raise ContractViolation("unknown-type", 422, f"{event_type!r} is not an event of this version")
    if inbound:
        raise ContractViolation("misrouted", 422, f"the routing key of {event_type} names another area")
