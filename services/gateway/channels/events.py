"""`POST /events`: CloudEvents over HTTP, each kept before it is answered."""

from msgspec.structs import replace

from chassis.database import Tx
from contracts.gateway import events
from contracts.gateway.events import Result, Results
from services.gateway.call import Answer, Call, Endpoint
from services.gateway.limits import shallow
from services.gateway.problems import Refused
from services.gateway.reading import read
from services.gateway.taking import Fate, Sender, take_in


def send(call: Call, tx: Tx) -> Answer:
    """What became of the event, or of each event of the batch; raises Refused."""
    shallow(call.body)
    found, batch = read(call.request.headers.get("Content-Type", ""), dict(call.request.headers), call.body)
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


ENDPOINTS = (Endpoint(events.SEND, send),)
