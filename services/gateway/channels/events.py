"""`POST /events`: CloudEvents over HTTP, each kept before it is answered."""

from collections.abc import Sequence

from chassis.database import Tx
from contracts.gateway import events
from services.gateway.call import Answer, Call, Endpoint
from services.gateway.handing_over import handed_over
from services.gateway.limits import shallow
from services.gateway.reading import Found, read


def send(call: Call, tx: Tx) -> Answer:
    """What became of the event, or of each event of the batch; raises Refused."""
    sent, batch = found(call)
    return handed_over(call, tx, sent, batch=batch)


def found(call: Call) -> tuple[Sequence[Found], bool]:
    """The events of the request, and whether they are a batch; raises Refused."""
    shallow(call.body)
    return read(call.request.headers.get("Content-Type", ""), dict(call.request.headers), call.body)


ENDPOINTS = (Endpoint(events.SEND, send, found=found),)
