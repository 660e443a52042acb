"""What a service is made of, seen from the chassis: pure decisions, and a store that loads and saves."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from types import ModuleType
from typing import Any, Protocol

from msgspec import Struct

from chassis.database import Tx
from chassis.states import Stored
from contracts.cloudevent import CloudEvent
from contracts.event import Event
from contracts.registry import events_of

State = Any
"""A `Stored`; its `id` is the partition key."""
Command = Any
"""An imperative of the domain, e.g. AcceptTicket; has `ticket` where it comes from a timer."""
Fact = Any
"""What a decision returns: an event of any contract, a private fact, an Outgoing message, or a Refusal."""


class Known(Protocol):
    """What the decisions of one batch need to know beyond their state, fetched set-wise."""

    now: datetime

    def learn(self, fact: Fact) -> None:
        """Takes in a fact of this batch, so that the next decision knows it."""


class Outgoing(Struct, frozen=True):
    """What a decision wants sent besides its facts: a message as it is, with no place in any sequence."""

    exchange: str
    routing_key: str
    content_type: str
    body: str


class Stimulus(Struct, frozen=True):
    """One thing to react to: the ticket, the event that caused it (None for a timer), and its command."""

    key: str
    command: Callable[[Known], Command | None]
    event: CloudEvent[Event] | None = None
    publisher: str | None = None


@dataclass(frozen=True)
class Changes:
    """What one batch changed: new states, all facts with their envelopes, and what was learnt on the way."""

    states: Sequence[State]
    facts: Sequence[CloudEvent[Any]]
    known: Any


class Domain(Protocol):
    """The pure half of a service."""

    def initial(self, key: str, /) -> State: ...
    def decide(self, state: State, command: Command, /) -> Iterable[Fact]: ...
    def evolve(self, state: State, fact: Fact, /) -> State: ...


class Store(Protocol):
    """The half that knows SQL."""

    def load(self, tx: Tx, keys: Sequence[str], /) -> Mapping[str, State]: ...
    def know(
        self, tx: Tx, now: datetime, stimuli: Sequence[Stimulus], states: Mapping[str, State], /
    ) -> Any: ...
    def save(self, tx: Tx, changes: Changes, /) -> Sequence[Stored]:
        """Writes; returns the states that may be remembered, as `load` would give them."""

    def prove(self, tx: Tx, states: Sequence[Any], /) -> None:
        """Raises TransientFailure if somebody else has written one of these remembered states."""


@dataclass(frozen=True)
class Model:
    """A service's parts: its contract (what it publishes), its domain and its store."""

    contract: ModuleType
    domain: Domain
    store: Store

    def addressed(self, tx: Tx, stimuli: Sequence[Stimulus]) -> Sequence[Stimulus]:
        """The stimuli, each with the key that it is about; a store with `address` may know a better one."""
        address = getattr(self.store, "address", None)
        return address(tx, stimuli) if address else stimuli

    @cached_property
    def publisher(self) -> str:
        """The name under which the facts are published."""
        return self.contract.__name__.rpartition(".")[2]

    @cached_property
    def published(self) -> frozenset[type[Event]]:
        """The facts that go out; others only change the state."""
        return frozenset(events_of(self.contract))
