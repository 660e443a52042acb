"""Each stimulus through command, decision and change, in order: shown with a service that counts."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from chassis.fold import Folded, fold
from chassis.model import Changes, Model, Outgoing, Stimulus
from contracts import dispatch, ticket
from contracts.cloudevent import CloudEvent
from contracts.event import Event, type_of
from contracts.intake import EventRefused
from contracts.problem import Refusal

NOW = datetime(2026, 11, 21, tzinfo=UTC)


class Counter(Struct, frozen=True):
    """How often a ticket was cancelled, and what it has noted for itself."""

    id: str
    sequence: int = 0
    cancelled: int = 0
    noted: int = 0


class Noted(Struct, frozen=True):
    """A private fact."""


class CountingDomain:
    """Cancels up to twice, notes anything, passes facts of others on."""

    def initial(self, key: str, /) -> Counter:
        return Counter(key)

    def decide(self, state: Counter, command: Any, /) -> Iterable[Any]:
        if command == "cancel":
            if state.cancelled == 2:
                return [Refusal(command="cancel", state="twice", detail="enough", allowed=["note"])]
            return [ticket.TicketCancelled(reason_code=f"n{state.cancelled}")]
        return [Noted()] if command == "note" else [command]

    def evolve(self, state: Counter, fact: Any, /) -> Counter:
        if isinstance(fact, ticket.TicketCancelled):
            return replace(state, cancelled=state.cancelled + 1)
        return replace(state, noted=state.noted + 1)


@dataclass
class Memory:
    """Knows the time, and what it learnt."""

    now: datetime = NOW
    learnt: list[Any] = field(default_factory=list)

    def learn(self, fact: Any) -> None:
        self.learnt.append(fact)


class NoStore:
    """Folding needs none."""

    def load(self, *_: Any) -> dict[str, Any]:
        return {}

    def know(self, *_: Any) -> Memory:
        return Memory()

    def save(self, _tx: Any, _changes: Changes, /) -> list[Any]:
        return []

    def prove(self, *_: Any) -> None:
        return None


MODEL = Model(ticket, CountingDomain(), NoStore())


def folded(*stimuli: Stimulus, states: dict[str, Counter] | None = None) -> Folded:
    return fold(MODEL, states or {}, stimuli, Memory())


def says(
    key: str, command: Any, event: CloudEvent[Event] | None = None, publisher: str | None = None
) -> Stimulus:
    return Stimulus(key, lambda known: command, event, publisher)


def event_of(data: Event, key: str = "T", traceparent: str = "") -> CloudEvent[Event]:
    return CloudEvent(
        specversion="1.0", id="cause", source="urn:x", type=type_of(type(data)), time=NOW, data=data,
        partitionkey=key, sequence="1", correlationid="flow", traceparent=traceparent,
    )  # fmt: skip


def test_a_later_decision_sees_what_an_earlier_one_changed() -> None:
    result = folded(says("T", "cancel"), says("T", "cancel"))
    assert [event.data.reason_code for event in result.published] == ["n0", "n1"]


def test_the_facts_of_each_ticket_are_numbered_on_from_its_state() -> None:
    result = folded(
        says("A", "cancel"), says("B", "cancel"), says("A", "cancel"), states={"A": Counter("A", 7)}
    )
    assert [(event.partitionkey, event.number, event.id) for event in result.published] == [
        ("A", 8, "A.ticket.8"), ("B", 1, "B.ticket.1"), ("A", 9, "A.ticket.9"),
    ]  # fmt: skip
    assert [(state.id, state.sequence) for state in result.changes.states] == [("A", 9), ("B", 1)]


def test_a_private_fact_changes_the_state_and_is_neither_published_nor_numbered() -> None:
    result = folded(says("T", "note"))
    assert result.changes.states == [Counter("T", noted=1)]
    assert (result.published, list(result.changes.facts)) == ([], [])


def test_a_foreign_fact_is_recorded_with_its_own_envelope_and_not_published() -> None:
    fact = dispatch.FirstContactMade(assignment="a", assignee="b", in_time=True)
    event = event_of(fact)
    result = folded(says("T", fact, event))
    assert (result.published, list(result.changes.facts)) == ([], [event])


def test_a_refusal_changes_nothing_and_answers_the_outside_publisher() -> None:
    event = event_of(dispatch.FirstContactMade(assignment="a", assignee="b", in_time=True))
    result = folded(says("T", "cancel", event, "intake"), states={"T": Counter("T", 5, cancelled=2)})
    assert (result.published, result.changes.states) == ([], [])
    ((exchange, routing_key, _, body),) = result.messages
    assert (exchange, routing_key) == ("gov.replies", "intake")
    assert type_of(EventRefused) in body
    assert '"state":"twice"' in body


def test_a_refusal_of_what_our_own_services_say_is_answered_to_nobody() -> None:
    event = event_of(dispatch.FirstContactMade(assignment="a", assignee="b", in_time=True))
    assert folded(says("T", "cancel", event), states={"T": Counter("T", 5, cancelled=2)}).messages == []


def test_a_message_that_is_no_fact_goes_out_as_it_is_and_has_no_number() -> None:
    result = folded(says("T", Outgoing("gov.facts", "key", "text/plain", "words")))
    assert result.messages == [("gov.facts", "key", "text/plain", "words")]
    assert (result.published, result.changes.states, list(result.changes.facts)) == ([], [], [])


def test_nothing_to_do_changes_nothing() -> None:
    result = folded(says("T", None))
    assert (result.published, result.changes.states) == ([], [])


def test_an_effect_names_its_cause_and_stays_in_its_trace() -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    cause = event_of(
        dispatch.FirstContactMade(assignment="a", assignee="b", in_time=True),
        traceparent=f"00-{trace}-b7ad6b7169203331-01",
    )
    (effect,) = folded(says("T", "cancel", cause)).published
    assert (effect.causationid, effect.correlationid) == ("cause", "flow")
    assert effect.traceparent.startswith(f"00-{trace}-")
    assert effect.traceparent != cause.traceparent
