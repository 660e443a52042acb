"""`POST /hotline/{city}`: what a 12345 hotline sends, by its own fields and in its own words."""

from contracts.gateway.events import KEY, MOST_EVENTS, Results, Taken
from contracts.gateway.operation import Operation

MESSAGE = {"type": "object", "description": "One message by the city's own field names, e.g. 工单编号."}

SEND = Operation(
    method="POST", path="/hotline/{city}", name="sendToHotline",
    summary="Hands over a work order, or what a hotline says of one, or a batch of such messages.",
    bodies={
        "application/json": {
            "oneOf": [MESSAGE, {"type": "array", "minItems": 1, "maxItems": MOST_EVENTS, "items": MESSAGE}]
        }
    },
    headers={"Idempotency-Key": KEY},
    answers={202: Taken, 207: Results},
    problems=(400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 503),
)  # fmt: skip
