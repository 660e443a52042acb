"""`POST /events`: CloudEvents over HTTP, each kept before it is answered."""

from chassis.database import Tx
from contracts.gateway import events
from services.gateway.call import Answer, Call, Endpoint
from services.gateway.handing_over import handed_over
from services.gateway.limits import shallow
from services.gateway.reading import read


def send(call: Call, tx: Tx) -> Answer:
    """What became of the event, or of each event of the batch; raises Refused."""
    shallow(call.body)
    found, batch = read(call.request.headers.get("Content-Type", ""), dict(call.request.headers), call.body)
    return handed_over(call, tx, found, batch=batch)


ENDPOINTS = (Endpoint(events.SEND, send),)
