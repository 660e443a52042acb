"""Each stimulus through command → decide → evolve, in order, in memory: the one path of every event."""

import hashlib
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import astuple, replace

from chassis.model import Changes, Fact, Known, Model, Outgoing, State, Stimulus
from chassis.refusal import refusal_reply
from contracts.cloudevent import CloudEvent
from contracts.event import type_of
from contracts.problem import Refusal


@dataclass
class Folded:
    """What a batch of decisions came to: changes to save, facts to publish, other messages to send."""

    changes: Changes
    published: list[CloudEvent[Any]] = field(default_factory=list)
    messages: list[tuple[str, str, str, str]] = field(default_factory=list)
    """Answers to refused publishers, and what is Outgoing."""


def fold(model: Model, states: Mapping[str, State], stimuli: Sequence[Stimulus], known: Known) -> Folded:
    """Decides all stimuli in order; a later one sees what the earlier ones changed."""
    publisher, published = model.publisher, model.published
    present: dict[str, State] = dict(states)
    changed: dict[str, None] = {}
    recorded: list[CloudEvent[Any]] = []
    folded = Folded(Changes([], recorded, known))
    for stimulus in stimuli:
        key = stimulus.key
        command = stimulus.command(known)
        if command is None:
            continue
        state = before = present.get(key) or model.domain.initial(key)
        for fact in model.domain.decide(state, command):
            if isinstance(fact, Refusal | Outgoing):
                folded.messages.extend(_messages(publisher, stimulus, fact))
                continue
            state = model.domain.evolve(state, fact)
            known.learn(fact)
            if type(fact) in published:
                state = replace(state, sequence=state.sequence + 1)
                event = envelope(publisher, fact, key, state.sequence, stimulus, known)
                folded.published.append(event)
                recorded.append(event)
            elif stimulus.event is not None and fact is stimulus.event.data:
                recorded.append(stimulus.event)
        if state is not before:
            present[key] = state
            changed[key] = None
    return Folded(
        Changes([present[key] for key in changed], recorded, known), folded.published, folded.messages
    )


def _messages(
    publisher: str, stimulus: Stimulus, fact: Refusal | Outgoing
) -> Iterable[tuple[str, str, str, str]]:
    return refusal_reply(publisher, stimulus, fact) if isinstance(fact, Refusal) else [astuple(fact)]


def envelope(
    publisher: str, fact: Fact, key: str, number: int, stimulus: Stimulus, known: Known
) -> CloudEvent[Any]:
    """The fact as a CloudEvent of `publisher`, number `number` of its ticket, caused by `stimulus`."""
    cause = stimulus.event
    return CloudEvent(
        specversion="1.0",
        id=f"{key}.{publisher}.{number}",
        source=f"urn:fengge:{publisher}",
        type=type_of(type(fact)),
        time=known.now,
        data=fact,
        partitionkey=key,
        sequence=str(number),
        sequencetype="Integer",
        correlationid=cause.correlationid if cause else key,
        causationid=cause.id if cause else "",
        traceparent=_next_span(cause.traceparent, cause.source, cause.id)
        if cause
        else _next_span("", key, str(known.now)),
    )


def _next_span(traceparent: str, *cause: str) -> str:
    """A child of the cause's span; else all that has this cause makes one trace (W3C Trace Context)."""
    if len(traceparent) == 55:
        return f"00-{traceparent[3:35]}-{random.getrandbits(64):016x}-{traceparent[53:]}"
    trace = hashlib.blake2b("\n".join(cause).encode(), digest_size=16).hexdigest()
    return f"00-{trace}-{random.getrandbits(64):016x}-01"
