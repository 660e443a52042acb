"""The webhook channel: facts for other systems by Standard Webhooks 1.0, to addresses of the world."""

from collections.abc import Sequence
from datetime import datetime

from chassis.settings import Network
from services.notification import outcomes
from services.notification.channels.post import Answer, Unreachable, post
from services.notification.channels.reach import NoWay, foreign
from services.notification.correspondence import Outcome
from services.notification.signing import webhook_headers, webhook_secret
from services.notification.subscribers import Queued, Subscriber, secret_numbers

GONE = "gone"
NUMBER = "fengge-sequence"
"""The header with the number from which on a subscriber can have messages sent again."""


def send(
    message: Queued,
    subscriber: Subscriber,
    root: str,
    intranet: Sequence[Network],
    at: datetime,
    seconds: float,
) -> tuple[int | None, Outcome]:
    """Posts one message within `seconds`; the status if there was one, and what became of it."""
    body = message.body.encode()
    secrets = [webhook_secret(root, subscriber.id, number) for number in secret_numbers(subscriber, at)]
    headers = webhook_headers(secrets, message.ident, int(at.timestamp()), body)
    try:
        place = foreign(subscriber.url, intranet)
        answer = post(
            place, body, {"Content-Type": "application/json", NUMBER: str(message.no), **headers}, seconds
        )
    except NoWay as error:
        return None, Outcome(error=error.code, again=True, fault=True)
    except Unreachable as error:
        return None, outcomes.TIMEOUT if error.code == "timeout" else outcomes.UNREACHABLE
    return answer.status, outcome_of(answer)


def outcome_of(answer: Answer) -> Outcome:
    """2xx is received, 410 means never again; all else is tried by the schedule, redirects too."""
    status, wait = answer.status, answer.retry_after or 0.0
    if 200 <= status < 300:
        return outcomes.SENT
    if status == 410:
        return Outcome(error=GONE)
    if status == 429:
        return Outcome(error="throttled", again=True, wait=wait)
    if status >= 500:
        return Outcome(error="failing", again=True, fault=True, wait=wait)
    return Outcome(error="redirected" if 300 <= status < 400 else "refused", again=True, wait=wait)
