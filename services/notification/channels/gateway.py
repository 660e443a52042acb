"""An HTTP gateway for messages to persons: one signed JSON document each; what SMS and app have in common."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from chassis import clock, failpoints
from chassis.line import Deadline
from services.notification import outcomes
from services.notification.channels.post import Answer, Unreachable, post
from services.notification.channels.reach import NoWay, trusted
from services.notification.correspondence import Letter, Outcome
from services.notification.signing import gateway_headers

Document = Callable[[Letter], Mapping[str, Any]]
"""What a channel says of a letter besides its id and its address."""


class Gateway(Struct, frozen=True):
    """Where it is, the account there as `name:secret`, and the seconds it has for one request."""

    url: str
    key: str
    seconds: float


def send(
    letters: Sequence[Letter], gateway: Gateway, document: Document, deadline: Deadline
) -> dict[str, Outcome]:
    """Posts each letter by itself; by key what became of it. After a fault, or in the end, the rest waits."""
    found: dict[str, Outcome] = {}
    for letter in letters:
        if not deadline.left:
            break
        body = msgspec.json.encode(
            {"id": ident(letter), "to": letter.address, "template": letter.delivery.template}
            | dict(document(letter))
        )
        found[letter.key] = _said(gateway, body, ident(letter))
        failpoints.reach("after_send")
        if found[letter.key].fault:
            break
    return {letter.key: found.get(letter.key, outcomes.POSTPONED) for letter in letters}


def ident(letter: Letter) -> str:
    """The idempotency key of a message on its channel: the same for every try."""
    return f"{letter.key}.{letter.delivery.channel}"


def asked(gateway: Gateway, body: bytes, idempotency_key: str | None = None) -> Answer:
    """The gateway's answer to a signed document; raises NoWay or Unreachable."""
    place = trusted(gateway.url)
    name, _, secret = gateway.key.partition(":")
    moment = int(clock.now().timestamp())
    headers = gateway_headers(name, secret, place.path, body, moment, secrets.token_hex(8))
    headers["Content-Type"] = "application/json"
    if idempotency_key:
        headers["Idempotency-Key"] = idempotency_key
    return post(place, body, headers, gateway.seconds)


def _said(gateway: Gateway, body: bytes, idempotency_key: str) -> Outcome:
    try:
        return outcome_of(asked(gateway, body, idempotency_key))
    except NoWay:
        return outcomes.UNREACHABLE
    except Unreachable as error:
        return outcomes.TIMEOUT if error.code == "timeout" else outcomes.UNREACHABLE


def outcome_of(answer: Answer) -> Outcome:
    """2xx taken, 409 taken before; 404 and 410 nobody there; 429, 408, 425 and 5xx later; all else never."""
    status = answer.status
    if 200 <= status < 300 or status == 409:
        return outcomes.SENT
    if status in (404, 410):
        return outcomes.NO_ADDRESS
    if status == 429:
        return Outcome(error="throttled", again=True, wait=answer.retry_after or 0.0)
    if status >= 500 or status in (408, 425):
        return msgspec.structs.replace(outcomes.FAILING, wait=answer.retry_after or 0.0)
    return outcomes.REFUSED
