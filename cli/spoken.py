"""What an operator tells a service by an event, and what followed, or why nothing did."""

import time
from collections.abc import Sequence
from typing import Any

import msgspec
from psycopg.rows import dict_row

from cli.place import START, Place
from cli.say import Failure
from contracts import intake
from contracts.event import Event
from contracts.problem import ContractViolation
from contracts.publisher import INSIDE, Publisher, PublishFailed

SOURCE = "urn:fengge:cli"
PATIENCE = 15.0
"""Seconds to wait for the answer; what was taken later has its effect all the same."""

FOLLOWED = "SELECT type, data FROM history WHERE ticket = %s AND causationid = %s ORDER BY no"
REFUSED = """
SELECT body FROM outbox
WHERE exchange = 'gov.replies' AND created_at > now() - interval '5 min' AND position(%s IN body) > 0
"""


def tell(
    place: Place, event: Event, user: str = "intake", service: str = "ticket", kept: str = ""
) -> list[dict[str, Any]]:
    """Publishes `event` and waits for the facts that follow; raises Failure with the reason if none do.

    `service` is who hears it; its facts stand in the ticket's history as soon as the ticket service knows.
    Where it publishes none, the statement `kept` finds what it has kept, by ticket and id of the event.
    """
    key = intake.ticket_of(SOURCE, event)
    try:
        with Publisher(place.amqp_url(user), source=SOURCE, exchange=INSIDE) as publisher:
            sent = publisher.submit(event)
    except PublishFailed as error:
        raise Failure(f"The broker did not take it: {error}\n{START}") from None
    except ContractViolation as error:
        raise Failure(f"Refused: {error.detail}") from None
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if facts := _answer(place, key, sent, service, kept):
            return list(facts)
        time.sleep(0.2)  # what a service has done tells nobody outside
    raise Failure(
        f"No answer for {PATIENCE:.0f} seconds; event {sent} has its effect as soon as the service runs."
    )


def _answer(place: Place, key: str, sent: str, service: str, kept: str) -> Sequence[dict[str, Any]]:
    with (
        place.transaction(service if kept else "ticket") as tx,
        tx.cursor(row_factory=dict_row) as cursor,
    ):
        facts = cursor.execute((kept or FOLLOWED).encode(), [key, sent]).fetchall()
    if facts:
        return facts
    with place.transaction(service) as tx:
        replies = tx.execute(REFUSED, [sent]).fetchall()
    for (body,) in replies:
        raise Failure(f"Refused: {msgspec.json.decode(body)['data']['detail']}")
    return facts
