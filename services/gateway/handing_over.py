"""What an endpoint does with the events it has read: hands them over and says what became of each."""

from collections.abc import Sequence

from msgspec.structs import replace

from chassis.database import Tx
from contracts.gateway.events import Result, Results
from services.gateway.call import Answer, Call
from services.gateway.problems import Refused
from services.gateway.reading import Found
from services.gateway.taking import Fate, Sender, take_in


def handed_over(call: Call, tx: Tx, found: Sequence[Found], *, batch: bool) -> Answer:
    """202 or its problem for a single event, 207 with each one's fate for a batch; raises Refused."""
    if len(found) > 1:
        call.pace.take(call.caller.id, len(found) - 1)
    sender = Sender(call.caller, call.now, call.traceparent, call.access(207 if batch else 202))
    fates, call.messages, call.noted = take_in(tx, sender, found)
    call.events = len(call.messages)
    if batch:
        return Answer(207, Results(trace=call.trace, results=[_result(fate, call.trace) for fate in fates]))
    (fate,) = fates
    if isinstance(fate, Refused):
        call.problem = fate.problem
        return Answer(fate.status, fate.told(call.trace))
    return Answer(202, replace(fate, trace=call.trace))


def _result(fate: Fate, trace: str) -> Result:
    if isinstance(fate, Refused):
        return Result(status=fate.status, problem=fate.told(trace))
    return Result(status=202, taken=fate)
