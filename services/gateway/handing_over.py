"""What an endpoint does with the events it has read: hands them over and says what became of each."""

from collections.abc import Sequence

from msgspec.structs import replace

from chassis.database import Tx
from contracts.gateway.events import Result, Results
from services.gateway.call import Answer, Call
from services.gateway.intake_store import Access
from services.gateway.problems import Refused
from services.gateway.reading import Found
from services.gateway.taking import Fate, Outcome, Parcel, Sender, take_in_all

BATCH = 207


def handed_over(call: Call, tx: Tx, found: Sequence[Found], *, batch: bool) -> Answer:
    """202 or its problem for a single event, 207 with each one's fate for a batch; raises Refused."""
    (outcome,), call.messages = take_in_all(tx, [parcel(call, found, batch=batch)])
    return told(call, outcome, batch=batch)


def parcel(call: Call, found: Sequence[Found], *, batch: bool) -> Parcel:
    """The events with their sender; raises Refused where they are too many at a time."""
    if len(found) > 1:
        call.pace.take(call.caller.id, len(found) - 1)
    access = call.access(BATCH if batch else 202)
    return Parcel(Sender(call.caller, call.now, call.traceparent, access), found)


def told(call: Call, outcome: Outcome, *, batch: bool) -> Answer:
    """The answer to what became of the events."""
    call.noted, call.events = outcome.noted, outcome.going
    if batch:
        results = [_result(fate, call.trace) for fate in outcome.fates]
        return Answer(BATCH, Results(trace=call.trace, results=results))
    (fate,) = outcome.fates
    if isinstance(fate, Refused):
        call.problem = fate.problem
        return Answer(fate.status, fate.told(call.trace))
    return Answer(202, replace(fate, trace=call.trace))


def access(sent: Parcel, outcome: Outcome) -> Access:
    """The access for the record, where nothing new has put it there."""
    said = sent.sender.access
    fate = outcome.fates[0] if outcome.fates else None
    if said.status != BATCH and isinstance(fate, Refused):
        return replace(said, status=fate.status, problem=fate.problem)
    return replace(said, events=outcome.going)


def _result(fate: Fate, trace: str) -> Result:
    if isinstance(fate, Refused):
        return Result(status=fate.status, problem=fate.told(trace))
    return Result(status=202, taken=fate)
